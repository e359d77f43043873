/** Tiny releases in the formats of LOINC and SNOMED CT; every code and name in them is invented. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'livedoc-release-'));
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return folder;
}

const loincColumns = [
  'LOINC_NUM',
  'COMPONENT',
  'SCALE_TYP',
  'CLASS',
  'STATUS',
  'SHORTNAME',
  'LONG_COMMON_NAME',
  'RELATEDNAMES2',
];

/** Three terms below two parts, one answer list, French names. */
export function loincRelease(): Promise<string> {
  const rows = [
    ['99001-1', 'Gargle', 'Qn', 'TOY', 'ACTIVE', 'Gargle Toy-vol', 'Gargle [Volume] in Toy', 'Gurgle; "Bubble", noise'],
    ['99002-9', 'Wobble', 'Ord', 'TOY', 'ACTIVE', 'Wobble Toy', 'Wobble of Toy', ''],
    ['99003-7', 'Wobble', 'Qn', 'TOY', 'DEPRECATED', 'Old wobble', 'Former wobble of Toy', ''],
  ];
  const csv = (lines: readonly (readonly string[])[]) =>
    lines.map((line) => line.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\r\n');
  return folderWith({
    'LoincTable/Loinc.csv': `\uFEFF${csv([loincColumns, ...rows])}\r\n`,
    'AccessoryFiles/PartFile/Part.csv': csv([
      ['PartNumber', 'PartTypeName', 'PartName', 'PartDisplayName', 'Status'],
      ['LP9901-1', 'COMPONENT', 'Toys', 'Toys', 'ACTIVE'],
      ['LP9902-9', 'COMPONENT', 'Wobble', 'Wobbling', 'ACTIVE'],
    ]),
    'AccessoryFiles/PartFile/LoincPartLink_Primary.csv': csv([
      ['LoincNumber', 'LongCommonName', 'PartNumber', 'Property'],
      ['99002-9', 'x', 'LP9902-9', 'http://loinc.org/property/COMPONENT'],
    ]),
    'AccessoryFiles/ComponentHierarchyBySystem/ComponentHierarchyBySystem.csv': csv([
      ['PATH_TO_ROOT', 'SEQUENCE', 'IMMEDIATE_PARENT', 'CODE', 'CODE_TEXT'],
      ['', '1', '', 'LP9901-1', 'Toys'],
      ['LP9901-1', '1', 'LP9901-1', 'LP9902-9', 'Wobbling'],
      ['LP9901-1', '2', 'LP9901-1', '99001-1', 'Gargle'],
      ['LP9901-1.LP9902-9', '1', 'LP9902-9', '99002-9', 'Wobble'],
      ['LP9901-1.LP9902-9', '2', 'LP9902-9', '99003-7', 'Wobble'],
    ]),
    'AccessoryFiles/AnswerFile/AnswerList.csv': csv([
      ['AnswerListId', 'AnswerStringId', 'DisplayText'],
      ['LL9901-1', 'LA9901-1', 'A little'],
      ['LL9901-1', 'LA9902-9', 'A lot'],
    ]),
    'AccessoryFiles/AnswerFile/LoincAnswerListLink.csv': csv([
      ['LoincNumber', 'AnswerListId'],
      ['99002-9', 'LL9901-1'],
    ]),
    'AccessoryFiles/LinguisticVariants/frFR99LinguisticVariant.csv': csv([
      ['LOINC_NUM', 'COMPONENT', 'SCALE_TYP', 'LONG_COMMON_NAME', 'LinguisticVariantDisplayName'],
      ['99001-1', 'Gargouillis', 'Quantitatif', '', ''],
      ['99002-9', 'Vacillement', 'Ordinal', 'Vacillement du jouet', ''],
    ]),
    'AccessoryFiles/LinguisticVariants/deDE99LinguisticVariant.csv': csv([
      ['LOINC_NUM', 'LONG_COMMON_NAME'],
      ['99001-1', 'Gurgeln'],
    ]),
  });
}

/** Identifiers of the toy hierarchy. */
export const toy = {
  root: '9990000001',
  ball: '9990000002',
  redBall: '9990000003',
  kite: '9990000004',
  lost: '9990000005',
  refset: '9990000009',
  colour: '9990000010',
  red: '9990000011',
  shape: '9990000012',
} as const;

const tab = (lines: readonly (readonly string[])[]) => `${lines.map((line) => line.join('\t')).join('\r\n')}\r\n`;
const fsn = '900000000000003001';
const synonym = '900000000000013009';

/** Five toys: a root, a ball with a red one below, a kite, and one that is no longer used. */
export function snomedRelease(date = '20260101'): Promise<string> {
  const module = '900000000000207008';
  const description = (id: string, code: string, language: string, type: string, term: string) => [
    id,
    date,
    '1',
    module,
    code,
    language,
    type,
    term,
    '900000000000448009',
  ];
  const relationship = (id: string, source: string, target: string, type: string, active = '1', group = '0') => [
    id,
    date,
    active,
    module,
    source,
    target,
    group,
    type,
    '900000000000011006',
    '900000000000451002',
  ];
  const concepts = [toy.root, toy.ball, toy.redBall, toy.kite, toy.refset, toy.colour, toy.red, toy.shape];
  return folderWith({
    [`Snapshot/Terminology/sct2_Concept_Snapshot_INT_${date}.txt`]: tab([
      ['id', 'effectiveTime', 'active', 'moduleId', 'definitionStatusId'],
      ...concepts.map((id) => [id, date, '1', module, '900000000000074008']),
      [toy.lost, date, '0', module, '900000000000074008'],
    ]),
    [`Snapshot/Terminology/sct2_Description_Snapshot-en_INT_${date}.txt`]: tab([
      [
        'id',
        'effectiveTime',
        'active',
        'moduleId',
        'conceptId',
        'languageCode',
        'typeId',
        'term',
        'caseSignificanceId',
      ],
      description('8880000001', toy.root, 'en', fsn, 'Toy (toy)'),
      description('8880000002', toy.ball, 'en', fsn, 'Ball (toy)'),
      description('8880000003', toy.ball, 'en', synonym, 'Round "thing"'),
      description('8880000004', toy.ball, 'en', synonym, 'Ball'),
      description('8880000005', toy.redBall, 'en', synonym, 'Red ball'),
      description('8880000006', toy.kite, 'en', synonym, 'Kite'),
      description('8880000007', toy.lost, 'en', fsn, 'Lost toy (toy)'),
    ]),
    [`Snapshot/Terminology/sct2_Description_Snapshot-fr_INT_${date}.txt`]: tab([
      [
        'id',
        'effectiveTime',
        'active',
        'moduleId',
        'conceptId',
        'languageCode',
        'typeId',
        'term',
        'caseSignificanceId',
      ],
      description('8880000008', toy.ball, 'fr', synonym, 'Truc rond'),
      description('8880000009', toy.ball, 'fr', synonym, 'Ballon d’été'),
      description('8880000010', toy.ball, 'nl', synonym, 'Bal'),
    ]),
    [`Snapshot/Refset/Language/der2_cRefset_LanguageSnapshot-en_INT_${date}.txt`]: tab([
      ['id', 'effectiveTime', 'active', 'moduleId', 'refsetId', 'referencedComponentId', 'acceptabilityId'],
      ...['8880000004', '8880000005', '8880000006', '8880000009'].map((id) => [
        `uuid-${id}`,
        date,
        '1',
        module,
        '900000000000509007',
        id,
        '900000000000548007',
      ]),
    ]),
    [`Snapshot/Terminology/sct2_Relationship_Snapshot_INT_${date}.txt`]: tab([
      [
        'id',
        'effectiveTime',
        'active',
        'moduleId',
        'sourceId',
        'destinationId',
        'relationshipGroup',
        'typeId',
        'characteristicTypeId',
        'modifierId',
      ],
      relationship('7770000001', toy.ball, toy.root, '116680003'),
      relationship('7770000002', toy.redBall, toy.ball, '116680003'),
      relationship('7770000003', toy.kite, toy.root, '116680003'),
      relationship('7770000004', toy.lost, toy.root, '116680003', '0'),
      relationship('7770000005', toy.redBall, toy.red, toy.colour, '1', '1'),
      relationship('7770000006', toy.redBall, toy.kite, toy.shape, '1', '1'),
      relationship('7770000007', toy.kite, toy.red, toy.colour, '1', '1'),
      relationship('7770000008', toy.kite, toy.kite, toy.shape, '1', '2'),
    ]),
    [`Snapshot/Refset/Content/der2_Refset_SimpleSnapshot_INT_${date}.txt`]: tab([
      ['id', 'effectiveTime', 'active', 'moduleId', 'refsetId', 'referencedComponentId'],
      ['uuid-1', date, '1', module, toy.refset, toy.kite],
      ['uuid-2', date, '0', module, toy.refset, toy.ball],
    ]),
  });
}
