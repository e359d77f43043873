/**
 * Opens the terminology service: what it knows, what it remembers, and how it hears of changes.
 * https://hl7.org/fhir/R4/terminology-service.html
 */
import { FhirError } from '../../shared/errors.ts';
import type { Store } from '../../store/store.ts';
import type { Watches } from '../../store/watch.ts';
import type { Codes } from '../definitions/value-sets.ts';
import { unableToJudge } from './code-problems.ts';
import { type Composed, compose, composedOf, languageOf, unknownValueSet } from './compose.ts';
import { coreSource } from './core-source.ts';
import { expansionOf, type Found } from './expand.ts';
import { findMatches } from './find-matches.ts';
import { importedSystems } from './imported-systems.ts';
import { list } from './listing.ts';
import { lookup, subsumes } from './lookup.ts';
import type { Hit } from './membership.ts';
import { type Recent, recent } from './recent.ts';
import { type Base, isPlain, type Scope, scopeOf, type Tables } from './scope.ts';
import { layered } from './source.ts';
import { storedSource } from './stored-source.ts';
import type { System } from './system.ts';
import type { Asked, ExpandAsked, SystemCode, Terminology, ValidateAsked, Validation } from './terminology.ts';
import { translate } from './translate.ts';
import { validate } from './validate-code.ts';
import { wordsOf } from './words.ts';

export interface TerminologyOptions {
  /** Absent: nothing was put on this server. */
  readonly store?: Pick<Store, 'search' | 'resources' | 'db'> & Pick<Watches, 'watch'>;
  /** A folder with CodeSystem-*.json, ValueSet-*.json and ConceptMap-*.json of this server's own. */
  readonly folder?: string;
}

export interface OpenTerminology extends Terminology {
  close(): Promise<void>;
}

/** Codes of one answer; more are asked for in pages. */
const answerLimit = 10_000;
/** Codes that may be listed to make one page. */
const listLimit = 100_000;
/** Codes of a value set that bindings keep in memory. */
const memberLimit = 5000;

/** What is remembered until a definition changes. */
interface Caches {
  readonly composed: Recent<Promise<Composed>>;
  readonly hits: Recent<readonly Hit[]>;
  readonly members: Recent<{ readonly codes: Codes | undefined }>;
}

const fresh = (): Caches => ({ composed: recent(500), hits: recent(50), members: recent(500) });

/** A question with everything that its answer needs. */
interface Work {
  readonly scope: Scope;
  readonly caches: Caches;
}

async function composedFor(
  { scope, caches }: Work,
  asked: Pick<ExpandAsked, 'url' | 'valueSet'>,
): Promise<{ composed: Composed; key?: string }> {
  if (asked.valueSet) return { composed: await compose(scope, asked.valueSet) };
  const url = asked.url ?? '';
  const found = await scope.valueSet(url);
  if (!found) throw unknownValueSet(url);
  return { composed: await composedOf(scope, caches.composed, found), key: found.key };
}

/** Kept where nothing but the value set decides what is listed. */
async function hitsOf({ scope, caches }: Work, composed: Composed, key: string | undefined, asked: ExpandAsked) {
  const words = asked.filter === undefined ? [] : wordsOf(asked.filter);
  const before = key === undefined || words.length > 0 ? undefined : caches.hits.get(key);
  if (before) return before;
  const limit = asked.count === undefined ? answerLimit : listLimit;
  const hits = await list(scope, composed, { words, limit });
  if (key !== undefined && words.length === 0 && hits.length <= answerLimit) caches.hits.set(key, hits);
  return hits;
}

/** A value set that is one selection of one big system is paged by that system. */
async function pageOf(scope: Scope, composed: Composed, asked: ExpandAsked): Promise<Found | undefined> {
  const { offset = 0, count, activeOnly, filter } = asked;
  const [part, ...others] = composed.include;
  if (count === undefined || activeOnly || !composed.inactive || others.length > 0 || composed.exclude.length > 0)
    return;
  if (part?.system === undefined || part.concepts || part.imports.length > 0) return;
  const known = await scope.system(part.system, part.version);
  if (!known?.page) return;
  const words = filter === undefined ? [] : wordsOf(filter);
  const { total, concepts } = await known.page(
    { filters: part.filters, words, limit: answerLimit },
    offset,
    Math.min(count, answerLimit),
  );
  const { url, version } = known.about;
  const hits = concepts.map((concept) => ({ system: url, ...(version ? { version } : {}), concept, known }));
  return { hits, total, paged: true };
}

async function expand(work: Work, asked: ExpandAsked) {
  const { composed, key } = await composedFor(work, asked);
  const language = asked.displayLanguage ?? languageOf(composed.valueSet);
  const spoken = language === undefined ? asked : { ...asked, displayLanguage: language };
  const page = await pageOf(work.scope, composed, asked);
  if (page) return expansionOf(spoken, composed, page, answerLimit);
  const all = await hitsOf(work, composed, key, asked);
  const wanted = all.filter(
    ({ concept, system }) =>
      !(asked.activeOnly && concept.inactive) &&
      !(asked.excludeNotForUI && concept.abstract) &&
      !asked.excludeSystem?.some((one) => one === system || one.startsWith(`${system}|`)),
  );
  return expansionOf(spoken, composed, { hits: wanted, total: wanted.length }, answerLimit);
}

/** The value set taken apart; or, where one that it imports is not known, that nobody can say. */
async function importedFor({ scope, caches }: Work, asked: ValidateAsked): Promise<Composed | Validation> {
  const found = asked.valueSet ? { valueSet: asked.valueSet } : await scope.valueSet(asked.url ?? '');
  if (!found) throw unknownValueSet(asked.url ?? '');
  try {
    return 'key' in found ? await composedOf(scope, caches.composed, found) : await compose(scope, found.valueSet);
  } catch (error) {
    if (!(error instanceof FhirError) || error.kind !== 'notFound') throw error;
    return unableToJudge(asked, found.valueSet, error.message);
  }
}

async function validateCode(work: Work, asked: ValidateAsked) {
  const { scope } = work;
  if (asked.url === undefined && !asked.valueSet) return validate({ scope, asked });
  const composed = await importedFor(work, asked);
  if (!('include' in composed)) return composed;
  const displayLanguage = asked.displayLanguage ?? languageOf(composed.valueSet);
  return validate({ scope, asked: { ...asked, ...(displayLanguage ? { displayLanguage } : {}) }, composed });
}

function codesBySystem(hits: readonly Hit[]): Codes {
  const codes = new Map<string, Set<string>>();
  for (const { system, concept } of hits) {
    if (concept.abstract) continue;
    const own = codes.get(system) ?? new Set();
    codes.set(system, own.add(concept.code));
  }
  return codes;
}

const noTables: Tables = { find: () => Promise.resolve(undefined), versions: () => Promise.resolve([]) };

/** Nothing is read before the first question. */
export async function openTerminology({ store, folder }: TerminologyOptions): Promise<OpenTerminology> {
  const core = coreSource(folder);
  const stored = store && storedSource(store);
  const tables = store ? importedSystems(store) : noTables;
  const systems = recent<Promise<System>>(300);
  let caches = fresh();
  const watching = await store?.watch(['CodeSystem', 'ValueSet', 'ConceptMap'], async (changed) => {
    await stored?.changed(changed);
    caches = fresh();
  });

  async function workOf(asked: Asked): Promise<Work> {
    // Taken before the definitions are: what is made of old definitions must not be found among the new ones.
    const kept = caches;
    const base: Base = { source: stored ? layered([await stored.current(), core]) : core, tables, systems };
    return { scope: scopeOf(base, asked), caches: isPlain(asked) ? kept : fresh() };
  }

  async function members(url: string): Promise<Codes | undefined> {
    const work = await workOf({});
    const before = work.caches.members.get(url);
    if (before) return before.codes;
    let codes: Codes | undefined;
    try {
      const { composed } = await composedFor(work, { url });
      codes = codesBySystem(await list(work.scope, composed, { words: [], limit: memberLimit }));
    } catch (error) {
      if (!(error instanceof FhirError) || error.status >= 500) throw error;
    }
    work.caches.members.set(url, { codes });
    return codes;
  }

  return {
    expand: async (asked) => expand(await workOf(asked), asked),
    validateCode: async (asked) => validateCode(await workOf(asked), asked),
    lookup: async (asked) => lookup((await workOf(asked)).scope, asked),
    findMatches: async (asked) => findMatches((await workOf(asked)).scope, asked),
    subsumes: async (asked) => subsumes((await workOf(asked)).scope, asked),
    translate: async (asked) => translate((await workOf(asked)).scope, asked),
    async codesOf(url, limit, access) {
      const work = await workOf(access ? { access } : {});
      const { composed } = await composedFor(work, { url });
      const hits = await list(work.scope, composed, { words: [], limit });
      return hits.map(({ system, concept }): SystemCode => ({ system, code: concept.code }));
    },
    async related({ system, code }, direction, limit) {
      const known = await (await workOf({})).scope.system(system);
      const concept = await known?.find(code);
      if (!known || !concept) return [{ system, code }];
      const codes = await known[direction === 'below' ? 'descendants' : 'ancestors'](concept.code, limit - 1);
      return [concept.code, ...codes].map((one) => ({ system, code: one }));
    },
    members,
    membersNow: (url) => caches.members.get(url)?.codes,
    close: async () => watching?.close(),
  };
}
