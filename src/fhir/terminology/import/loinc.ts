/**
 * Imports LOINC from its unpacked release: terms, parts, answers, hierarchy and linguistic variants.
 * https://loinc.org/kb/users-guide/ https://hl7.org/fhir/R4/loinc.html
 */
import { basename } from 'node:path';
import { FhirError } from '../../../shared/errors.ts';
import type { Store } from '../../../store/store.ts';
import { csvRows, fileBelow, filesBelow, type Row } from './files.ts';
import { type Counts, type Loader, openLoader, type Progress } from './loader.ts';

export interface LoincOptions {
  readonly store: Pick<Store, 'db' | 'transaction'>;
  readonly folder: string;
  /** Of the release; without it the folder's name tells (`Loinc_2.80`). */
  readonly version?: string;
  /** Linguistic variants wanted, by language. */
  readonly languages: readonly string[];
  readonly progress: Progress;
}

/** Columns that are properties of the term: https://hl7.org/fhir/R4/loinc.html#props */
const properties = [
  'STATUS',
  'COMPONENT',
  'PROPERTY',
  'TIME_ASPCT',
  'SYSTEM',
  'SCALE_TYP',
  'METHOD_TYP',
  'CLASS',
  'CLASSTYPE',
  'ORDER_OBS',
  'EXAMPLE_UCUM_UNITS',
  'VersionFirstReleased',
  'VersionLastChanged',
] as const;

const otherNames = ['SHORTNAME', 'DisplayName', 'CONSUMER_NAME'] as const;

function versionOf({ version, folder }: LoincOptions): string {
  const found = version ?? /\d+\.\d+/.exec(basename(folder))?.[0];
  if (found === undefined) throw new FhirError('invalid', 'The version of the release is missing: give --version.');
  return found;
}

async function addTerm(loader: Loader, row: Row): Promise<void> {
  const { LOINC_NUM: code = '', LONG_COMMON_NAME: display, STATUS, DefinitionDescription: definition } = row;
  if (code === '') return;
  const isGone = STATUS === 'DEPRECATED';
  const named = display || row['COMPONENT'] || code;
  await loader.concept({
    code,
    display: named,
    ...(definition ? { definition } : {}),
    inactive: isGone,
    abstract: false,
  });
}

/** After the terms themselves, because names are filed under them. */
async function addTermDetails(loader: Loader, row: Row): Promise<void> {
  const { LOINC_NUM: code = '', RELATEDNAMES2: related = '', LONG_COMMON_NAME: display = '' } = row;
  if (code === '') return;
  await loader.words(code, `${display} ${related}`);
  for (const use of otherNames) {
    const value = row[use];
    if (value) await loader.name({ code, language: 'en', use, value });
  }
  for (const name of properties) {
    const value = row[name];
    if (value) await loader.property({ code, kind: 's', name, value });
  }
}

interface Part {
  readonly code: string;
  readonly display: string;
  readonly inactive: boolean;
}

/** Those of the table of parts, and those that only the hierarchy has. */
async function* partsOf(folder: string): AsyncGenerator<Part> {
  for (const file of await filesBelow(folder, /^Part\.csv$/)) {
    for await (const { PartNumber: code, PartDisplayName, PartName, Status } of csvRows(file)) {
      if (code) yield { code, display: PartDisplayName || PartName || code, inactive: Status === 'DEPRECATED' };
    }
  }
  for await (const { CODE: code, CODE_TEXT: display } of hierarchyRows(folder)) {
    if (code?.startsWith('LP')) yield { code, display: display || code, inactive: false };
  }
}

/** Parts group terms and are no values themselves. */
async function addParts(loader: Loader, folder: string): Promise<void> {
  const known = new Set<string>();
  for await (const part of partsOf(folder)) {
    if (known.has(part.code)) continue;
    known.add(part.code);
    await loader.concept({ ...part, abstract: true });
  }
}

async function* hierarchyRows(folder: string): AsyncGenerator<Row> {
  for (const file of await filesBelow(folder, /^(?:ComponentHierarchyBySystem|MultiAxialHierarchy)\.csv$/)) {
    yield* csvRows(file);
  }
}

interface Answer {
  readonly code: string;
  readonly list: string;
  readonly display: string;
}

async function* answers(folder: string): AsyncGenerator<Answer> {
  for (const file of await filesBelow(folder, /^AnswerList\.csv$/)) {
    for await (const { AnswerStringId: code, AnswerListId: list, DisplayText: display } of csvRows(file)) {
      if (code && list) yield { code, list, display: display || code };
    }
  }
}

async function addAnswers(loader: Loader, folder: string): Promise<void> {
  const known = new Set<string>();
  for await (const { code, display } of answers(folder)) {
    if (known.has(code)) continue;
    known.add(code);
    await loader.concept({ code, display, inactive: false, abstract: false });
  }
}

/** A file of links from terms (`LoincNumber`) to codes, as properties. */
async function addPropertyFile(
  loader: Loader,
  folder: string,
  name: RegExp,
  read: (row: Row) => { readonly name: string; readonly value: string | undefined },
): Promise<void> {
  for (const file of await filesBelow(folder, name)) {
    for await (const row of csvRows(file)) {
      const { LoincNumber: code } = row;
      const { name: property, value } = read(row);
      if (code && value && property) await loader.property({ code, kind: 'c', name: property, value });
    }
  }
}

async function addLinks(loader: Loader, folder: string): Promise<void> {
  for await (const { code, list, display } of answers(folder)) {
    await loader.words(code, display);
    await loader.property({ code, kind: 'c', name: 'answer-list', value: list });
  }
  for await (const { code, display } of partsOf(folder)) await loader.words(code, display);
  await addPropertyFile(loader, folder, /^LoincAnswerListLink\.csv$/, ({ AnswerListId }) => ({
    name: 'AnswerListId',
    value: AnswerListId,
  }));
  // http://loinc.org/property/COMPONENT
  await addPropertyFile(loader, folder, /^LoincPartLink_Primary\.csv$/, ({ Property = '', PartNumber }) => ({
    name: Property.slice(Property.lastIndexOf('/') + 1),
    value: PartNumber,
  }));
  for await (const { IMMEDIATE_PARENT: parent, CODE: child } of hierarchyRows(folder)) {
    if (parent && child) await loader.parent(child, parent);
  }
}

/** The axes of a term, of which a variant makes the name when it has no other. */
const axes = ['COMPONENT', 'PROPERTY', 'TIME_ASPCT', 'SYSTEM', 'SCALE_TYP', 'METHOD_TYP'] as const;

function variantName(row: Row): string {
  const whole = row['LinguisticVariantDisplayName'] || row['LONG_COMMON_NAME'];
  if (whole) return whole;
  return axes.flatMap((axis) => row[axis] || []).join(':');
}

async function addVariants(loader: Loader, { folder, languages }: LoincOptions): Promise<void> {
  for (const file of await filesBelow(folder, /^[a-z]{2}[A-Z]{2}\d+LinguisticVariant\.csv$/)) {
    const name = basename(file);
    const [language, region] = [name.slice(0, 2), name.slice(2, 4)];
    if (!languages.includes(language)) continue;
    for await (const row of csvRows(file)) {
      const value = variantName(row);
      const code = row['LOINC_NUM'];
      if (code && value) await loader.name({ code, language: `${language}-${region}`, use: 'LONG_COMMON_NAME', value });
    }
  }
}

/** Reads the whole release; nothing of it is seen before everything is there. */
export async function importLoinc(options: LoincOptions): Promise<Counts & { readonly version: string }> {
  const { store, folder, progress } = options;
  const table = await fileBelow(folder, /^Loinc\.csv$/, 'Loinc.csv');
  const version = versionOf(options);
  const system = { url: 'http://loinc.org', version, name: 'LOINC', title: 'LOINC', language: 'en' };
  const loader = await openLoader(store, system, progress);
  for await (const row of csvRows(table)) await addTerm(loader, row);
  await addParts(loader, folder);
  await addAnswers(loader, folder);
  for await (const row of csvRows(table)) await addTermDetails(loader, row);
  await addLinks(loader, folder);
  await addVariants(loader, options);
  return { version, ...(await loader.finish()) };
}
