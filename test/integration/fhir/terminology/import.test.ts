/** `livedoc import` of big code systems, and questions to them. https://hl7.org/fhir/R4/snomedct.html https://hl7.org/fhir/R4/loinc.html */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ValueSet } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importLoinc } from '../../../../src/fhir/terminology/import/loinc.ts';
import { importSnomed } from '../../../../src/fhir/terminology/import/snomed.ts';
import { type OpenTerminology, openTerminology } from '../../../../src/fhir/terminology/open-terminology.ts';
import type { ExpandAsked } from '../../../../src/fhir/terminology/terminology.ts';
import { loincRelease, snomedRelease, toy } from '../../../support/releases.ts';
import { withStore } from '../../../support/store.ts';
import { valueSet } from '../../../support/terminology.ts';

const opened = withStore();
const snomed = 'http://snomed.info/sct';
const loinc = 'http://loinc.org';
const progress = () => {};
const languages = ['fr'];

let terminology: OpenTerminology;
let folders: { readonly loinc: string; readonly snomed: string };
let counts: { readonly loinc: object; readonly snomed: object };

beforeAll(async () => {
  folders = { loinc: await loincRelease(), snomed: await snomedRelease() };
  const { store } = opened;
  counts = {
    loinc: await importLoinc({ store, folder: folders.loinc, version: '9.99', languages, progress }),
    snomed: await importSnomed({ store, folder: folders.snomed, languages, progress }),
  };
  terminology = await openTerminology({ store });
});
afterAll(async () => {
  await terminology?.close();
  for (const folder of Object.values(folders ?? {})) await rm(folder, { recursive: true });
});

const codes = (set: ValueSet) => set.expansion?.contains?.map(({ code }) => code);
const expand = async (url: string, rest: Partial<ExpandAsked> = {}) =>
  codes(await terminology.expand({ url, excludeNested: true, ...rest }));
const byEcl = (ecl: string) => expand(`${snomed}?fhir_vs=ecl/${encodeURIComponent(ecl)}`);

describe('an import', () => {
  it('tells what it wrote', () => {
    expect(counts.loinc).toEqual({
      version: '9.99',
      concepts: 7,
      names: 5,
      properties: 16,
      links: 4,
      ancestors: 6,
      skipped: 0,
    });
    expect(counts.snomed).toMatchObject({ concepts: 9, links: 3, ancestors: 4, skipped: 0 });
  });

  it('may be repeated: what was there is replaced, and nothing of it is left', async () => {
    const { store } = opened;
    const again = await importSnomed({ store, folder: folders.snomed, languages, progress });
    expect(again).toEqual(counts.snomed);
    const rows = await store.db.query({
      text: `SELECT (SELECT count(*)::int FROM term_system) AS systems, (SELECT count(*)::int FROM term_concept) AS concepts,
                    (SELECT count(*)::int FROM term_ancestor) AS ancestors`,
    });
    expect(rows).toEqual([{ systems: 2, concepts: 16, ancestors: 10 }]);
  });

  it('that breaks off leaves what was there, and its remains go with the next', async () => {
    const { store } = opened;
    const folder = await snomedRelease('20270101');
    const [file] = (await readdir(folder, { recursive: true })).filter((name) => name.includes('Relationship'));
    await rm(join(folder, file ?? ''));
    await expect(importSnomed({ store, folder, languages, progress })).rejects.toThrow('sct2_Relationship');
    const [description] = (await readdir(folder, { recursive: true })).filter((name) => name.includes('Concept_'));
    await writeFile(join(folder, description ?? ''), 'id\tactive\n1\t1\n1\t1\n');
    await writeFile(join(folder, file ?? ''), 'id\n');
    await expect(importSnomed({ store, folder, languages, progress })).rejects.toThrow();
    expect(await expand(`${snomed}?fhir_vs=isa/${toy.ball}`)).toEqual([toy.ball, toy.redBall]);
    await rm(folder, { recursive: true });
    const whole = await snomedRelease('20270101');
    await importSnomed({ store, folder: whole, languages, progress });
    const unseen = await store.db.query({ text: 'SELECT 1 FROM term_system WHERE NOT complete' });
    expect(unseen).toEqual([]);
    await rm(whole, { recursive: true });
  });

  it.each([
    [importLoinc, 'Loinc.csv'],
    [importSnomed, 'sct2_Concept_Snapshot'],
  ])('refuses a folder that is no release', async (run, name) => {
    const options = { store: opened.store, folder: 'docs', languages, progress };
    await expect(run(options)).rejects.toThrow(name);
  });
});

describe('snomedct.html: implicit value sets', () => {
  it.each([
    ['isa', `=isa/${toy.ball}`, [toy.ball, toy.redBall]],
    ['a reference set', `=refset/${toy.refset}`, [toy.kite]],
    ['reference sets', '=refset', [toy.kite]],
  ])('%s', async (_, query, found) => expect(await expand(`${snomed}?fhir_vs${query}`)).toEqual(found));

  it('all of it, in an edition and version', async () => {
    const url = `${snomed}/900000000000207008/version/20260101?fhir_vs`;
    const set = await terminology.expand({ url, count: 3 });
    expect([set.expansion?.total, codes(set)?.length]).toEqual([9, 3]);
  });

  it.each([
    [`<< ${toy.ball} |Ball|`, [toy.ball, toy.redBall]],
    [`< ${toy.root}`, [toy.ball, toy.redBall, toy.kite]],
    [`<! ${toy.root}`, [toy.ball, toy.kite]],
    [`>> ${toy.redBall}`, [toy.root, toy.ball, toy.redBall]],
    [`>! ${toy.redBall}`, [toy.ball]],
    [`^ ${toy.refset}`, [toy.kite]],
    [`< ${toy.root} MINUS << ${toy.ball}`, [toy.kite]],
    [`(< ${toy.root} AND << ${toy.ball}) OR ${toy.kite}`, [toy.ball, toy.redBall, toy.kite]],
    [`< ${toy.root} : ${toy.colour} |Colour| = ${toy.red}`, [toy.redBall, toy.kite]],
    [`<< ${toy.ball} : ${toy.colour} = *`, [toy.redBall]],
    [`< ${toy.root} : ${toy.colour} = ${toy.red}, ${toy.shape} = << ${toy.kite}`, [toy.redBall, toy.kite]],
    [`< ${toy.root} : { ${toy.colour} = ${toy.red}, ${toy.shape} = ${toy.kite} }`, [toy.redBall]],
    [`< ${toy.root} : { ${toy.colour} = ${toy.red} } OR ${toy.shape} = ${toy.ball}`, [toy.redBall, toy.kite]],
    [`< ${toy.root} : ${toy.shape} != ${toy.ball}`, [toy.redBall, toy.kite]],
    [`< ${toy.root} : [0..0] ${toy.colour} = ${toy.red}`, [toy.ball]],
    [`< ${toy.root} : [1..*] * = (${toy.red} OR ${toy.ball})`, [toy.redBall, toy.kite]],
    [`* : R ${toy.colour} = << ${toy.ball}`, [toy.red]],
    [`< ${toy.root} . ${toy.shape}`, [toy.kite]],
    [`(< ${toy.root} : ${toy.colour} = ${toy.red}) MINUS ${toy.kite}`, [toy.redBall]],
  ])('ECL %s', async (ecl, found) => expect(await byEcl(ecl)).toEqual(found));

  it.each([
    '<',
    `< ${toy.root} :`,
    `* : ${toy.colour} = #5`,
    `* : { ${toy.colour} = *`,
    `* : [2..3] ${toy.colour} = *`,
    `(${toy.root}`,
    `${toy.root} ${toy.ball}`,
    '('.repeat(200),
    'x'.repeat(3000),
  ])('refuses the ECL %s', async (ecl) => await expect(byEcl(ecl)).rejects.toMatchObject({ status: 422 }));
});

describe('snomedct.html: names and properties', () => {
  it('has preferred names in the language that is asked for', async () => {
    const display = async (displayLanguage: string) =>
      (await terminology.validateCode({ coding: { system: snomed, code: toy.ball }, displayLanguage })).display;
    expect([await display('en'), await display('fr'), await display('nl')]).toEqual(['Ball', 'Ballon d’été', 'Ball']);
  });

  it('knows inactive concepts, and calls what has no preferred name by its full one', async () => {
    const found = await terminology.validateCode({ coding: { system: snomed, code: toy.lost } });
    expect(found).toMatchObject({ result: true, inactive: true, display: 'Lost toy (toy)' });
  });

  it('looks up parents, children and attributes', async () => {
    const out = await terminology.lookup({ system: snomed, code: toy.redBall });
    const properties = out.filter(({ name }) => name === 'property').map(({ part = [] }) => part[0]?.valueCode);
    expect(properties).toEqual([
      'inactive',
      'parent',
      'moduleId',
      'effectiveTime',
      'sufficientlyDefined',
      toy.colour,
      toy.shape,
    ]);
  });

  it.each([
    [toy.root, toy.redBall, 'subsumes'],
    [toy.redBall, toy.root, 'subsumed-by'],
    [toy.kite, toy.ball, 'not-subsumed'],
  ])('%s and %s: %s', async (codeA, codeB, outcome) =>
    expect(await terminology.subsumes({ system: snomed, codeA, codeB })).toBe(outcome),
  );

  it.each([
    ['balloN', [toy.ball]],
    ['d ete', [toy.ball]],
    ['red', [toy.redBall]],
    ['round thing', [toy.ball]],
    ['all', []],
  ])('finds by the beginnings of words in any language: %s', async (filter, found) =>
    expect((await expand(`${snomed}?fhir_vs=isa/${toy.root}`, { filter })) ?? []).toEqual(found),
  );

  it.each([
    [{ property: 'parent', op: '=', value: toy.root }, [toy.ball, toy.kite]],
    [{ property: toy.colour, op: '=', value: toy.red }, [toy.redBall, toy.kite]],
    [{ property: toy.colour, op: 'exists', value: 'true' }, [toy.redBall, toy.kite]],
    [{ property: 'inactive', op: '=', value: 'true' }, [toy.lost]],
    [{ property: 'concept', op: 'in', value: toy.refset }, [toy.kite]],
  ] as const)('#filters: %j', async (filter, found) => {
    const set = valueSet('it', { system: snomed, filter: [{ ...filter }] });
    const all = codes(await terminology.expand({ valueSet: set, excludeNested: true }));
    expect([...(all ?? [])].sort()).toEqual([...found].sort());
  });

  it('pages through a selection, and says how many there are', async () => {
    const set = await terminology.expand({ url: `${snomed}?fhir_vs=isa/${toy.root}`, offset: 1, count: 2 });
    expect([set.expansion?.total, codes(set)]).toEqual([4, [toy.ball, toy.redBall]]);
  });

  it('gives search what a code subsumes', async () => {
    const below = await terminology.related({ system: snomed, code: toy.ball }, 'below', 100);
    expect(below.map(({ code }) => code)).toEqual([toy.ball, toy.redBall]);
  });

  it("makes R4's own value sets of SNOMED CT work", async () => {
    const url = 'http://hl7.org/fhir/ValueSet/body-site';
    const found = await terminology.validateCode({ url, coding: { system: snomed, code: toy.ball } });
    expect([found.result, found.unknownSystems]).toEqual([false, []]);
  });
});

describe('loinc.html', () => {
  it('has the terms below a part, and the answers of a list', async () => {
    expect(await expand('http://loinc.org/vs/LP9902-9')).toEqual(['99002-9', '99003-7']);
    expect(await expand('http://loinc.org/vs/LL9901-1')).toEqual(['LA9901-1', 'LA9902-9']);
    expect((await terminology.expand({ url: 'http://loinc.org/vs', count: 0 })).expansion?.total).toBe(7);
  });

  it('has names in French: the long one, or one made of the axes', async () => {
    const display = async (code: string) =>
      (await terminology.validateCode({ coding: { system: loinc, code }, displayLanguage: 'fr' })).display;
    expect([await display('99002-9'), await display('99001-1')]).toEqual([
      'Vacillement du jouet',
      'Gargouillis:Quantitatif',
    ]);
  });

  it.each([
    [{ property: 'SCALE_TYP', op: '=', value: 'Qn' }, ['99001-1', '99003-7']],
    [{ property: 'COMPONENT', op: '=', value: 'LP9902-9' }, ['99002-9']],
    [{ property: 'CLASS', op: 'regex', value: 'T.Y' }, ['99001-1', '99002-9', '99003-7']],
    [{ property: 'parent', op: '=', value: 'LP9901-1' }, ['99001-1', 'LP9902-9']],
  ] as const)('#filters: %j', async (filter, found) => {
    const set = valueSet('it', { system: loinc, filter: [{ ...filter }] });
    expect(codes(await terminology.expand({ valueSet: set, excludeNested: true }))).toEqual(found);
  });

  it('finds by related names, knows what is deprecated and what is only a part', async () => {
    expect(await expand('http://loinc.org/vs', { filter: 'bubb', count: 10 })).toEqual(['99001-1']);
    const old = await terminology.validateCode({ coding: { system: loinc, code: '99003-7' } });
    expect(old).toMatchObject({ result: true, inactive: true });
    const part = await terminology.validateCode({ coding: { system: loinc, code: 'LP9901-1' }, abstract: false });
    expect(part.result).toBe(false);
  });
});
