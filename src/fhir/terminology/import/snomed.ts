/**
 * Imports SNOMED CT from an unpacked RF2 release: its Snapshot files.
 * https://confluence.ihtsdotools.org/display/DOCRELFMT https://hl7.org/fhir/R4/snomedct.html
 */
import { basename } from 'node:path';
import { FhirError } from '../../../shared/errors.ts';
import type { Store } from '../../../store/store.ts';
import { fileBelow, filesBelow, tabRows } from './files.ts';
import { IdSet } from './id-set.ts';
import { type Counts, type Loader, openLoader, type Progress } from './loader.ts';

export interface SnomedOptions {
  readonly store: Pick<Store, 'db' | 'transaction'>;
  readonly folder: string;
  /** Of the edition, for its version; default: the International Edition. */
  readonly module?: string;
  /** Languages whose descriptions are wanted besides English. */
  readonly languages: readonly string[];
  readonly progress: Progress;
}

const url = 'http://snomed.info/sct';
const international = '900000000000207008';
const isA = '116680003';
const synonym = '900000000000013009';
const fullySpecified = '900000000000003001';
const preferred = '900000000000548007';
const defined = '900000000000073002';
/** Language reference sets by whose preferences concepts are displayed: US English before others. */
const usEnglish = '900000000000509007';

async function addConcepts(loader: Loader, file: string): Promise<void> {
  for await (const { id: code, active } of tabRows(file)) {
    if (code) await loader.concept({ code, display: code, inactive: active !== '1', abstract: false });
  }
  for await (const { id: code, moduleId, effectiveTime, definitionStatusId } of tabRows(file)) {
    if (!code) continue;
    if (moduleId) await loader.property({ code, kind: 'c', name: 'moduleId', value: moduleId });
    if (effectiveTime) await loader.property({ code, kind: 's', name: 'effectiveTime', value: effectiveTime });
    const value = String(definitionStatusId === defined);
    await loader.property({ code, kind: 'b', name: 'sufficientlyDefined', value });
  }
}

/** Descriptions that are preferred in some language, and those that are in US English. */
async function readPreferences(
  folder: string,
): Promise<{ readonly any: IdSet; readonly us: IdSet; readonly hasUs: boolean }> {
  const [any, us] = [new IdSet(), new IdSet()];
  let hasUs = false;
  for (const file of await filesBelow(folder, /^der2_cRefset_Language.*Snapshot.*\.txt$/)) {
    for await (const row of tabRows(file)) {
      const { active, refsetId, referencedComponentId: id, acceptabilityId } = row;
      if (active !== '1' || acceptabilityId !== preferred || !id) continue;
      any.add(id);
      if (refsetId !== usEnglish) continue;
      us.add(id);
      hasUs = true;
    }
  }
  return { any, us, hasUs };
}

interface Description {
  readonly id: string;
  readonly code: string;
  readonly language: string;
  readonly type: string;
  readonly term: string;
}

/** The active descriptions of the languages wanted. */
async function* descriptions({ folder, languages }: SnomedOptions): AsyncGenerator<Description> {
  const wanted = new Set(['en', ...languages]);
  for (const file of await filesBelow(folder, /^sct2_Description_.*Snapshot.*\.txt$/)) {
    for await (const row of tabRows(file)) {
      const { id, active, conceptId: code, languageCode: language = '', typeId: type, term } = row;
      if (active === '1' && wanted.has(language) && id && code && type && term)
        yield { id, code, language, type, term };
    }
  }
}

/** Names of all languages; a concept is displayed by its preferred English synonym, or else by its full name. */
async function addDescriptions(loader: Loader, options: SnomedOptions): Promise<void> {
  const { any, us, hasUs } = await readPreferences(options.folder);
  const displayed = hasUs ? us : any;
  const named = new IdSet();
  for await (const { id, code, language, type, term } of descriptions(options)) {
    const use = type === synonym && any.has(id) ? preferred : type;
    await loader.name({ code, language, use, value: term });
    if (language !== 'en' || type !== synonym || !displayed.has(id)) continue;
    named.add(code);
    await loader.display(code, term);
  }
  for await (const { code, language, type, term } of descriptions(options)) {
    if (language === 'en' && type === fullySpecified && !named.has(code)) await loader.display(code, term);
  }
}

async function addRelationships(loader: Loader, file: string): Promise<void> {
  for await (const row of tabRows(file)) {
    const { active, sourceId: code, destinationId: value, typeId: name, relationshipGroup } = row;
    if (active !== '1' || !code || !value || !name) continue;
    if (name === isA) await loader.parent(code, value);
    else await loader.property({ code, kind: 'c', name, value, group: Number(relationshipGroup) || 0 });
  }
}

async function addMembers(loader: Loader, folder: string): Promise<void> {
  for (const file of await filesBelow(folder, /^der2_Refset_Simple.*Snapshot.*\.txt$/)) {
    for await (const { active, refsetId: value, referencedComponentId: code } of tabRows(file)) {
      if (active === '1' && code && value) await loader.property({ code, kind: 'c', name: 'memberOf', value });
    }
  }
}

/** `http://snomed.info/sct/MODULE/version/YYYYMMDD`, the date being that in the files' names. */
function versionOf(file: string, module: string): string {
  const date = /_(\d{8})\.txt$/.exec(basename(file))?.[1];
  if (date === undefined) throw new FhirError('invalid', `The name of ${file} has no date.`);
  return `${url}/${module}/version/${date}`;
}

/** Reads the whole release; nothing of it is seen before everything is there. */
export async function importSnomed(options: SnomedOptions): Promise<Counts & { readonly version: string }> {
  const { store, folder, module = international, progress } = options;
  const concepts = await fileBelow(folder, /^sct2_Concept_.*Snapshot.*\.txt$/, 'sct2_Concept_Snapshot file');
  const relationships = await fileBelow(
    folder,
    /^sct2_Relationship_.*Snapshot.*\.txt$/,
    'sct2_Relationship_Snapshot file',
  );
  const version = versionOf(concepts, module);
  const system = { url, version, name: 'SNOMED_CT', title: 'SNOMED CT', language: 'en' };
  const loader = await openLoader(store, system, progress);
  await addConcepts(loader, concepts);
  await addDescriptions(loader, options);
  await addRelationships(loader, relationships);
  await addMembers(loader, folder);
  return { version, ...(await loader.finish()) };
}
