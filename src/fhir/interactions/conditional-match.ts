/**
 * The criteria of conditional interactions: a search that says which resource is meant.
 * https://hl7.org/fhir/R4/http.html#ccreate, https://hl7.org/fhir/R4/http.html#cond-update
 */
import { FhirError } from '../../shared/errors.ts';
import { key32 } from '../../store/keys.ts';
import type { Version } from '../../store/resources/version.ts';
import type { SearchQuery } from '../../store/search/query.ts';
import type { Context } from '../context.ts';
import { parseSearchIn } from '../search/parse.ts';
import { demand } from './guard.ts';

export interface Criteria {
  readonly type: string;
  /** `Patient?identifier=x`, its parameters in one order: equal criteria have equal texts. */
  readonly text: string;
  readonly query: SearchQuery;
  /** What `store.exclusively` holds, so that two who find nothing do not both create. */
  readonly locks: readonly string[];
}

/** Of any request (https://hl7.org/fhir/R4/http.html#parameters); they say nothing about which resource is meant. */
const general = new Set(['_format', '_pretty', '_summary', '_elements']);
const shaping = /^_(count|sort|include|revinclude|total|contained|containedType|maxresults|score|page)(:|$)/;

/**
 * Reads criteria as a URL's parameters or as If-None-Exist has them. They find only what the caller may search; the
 * value sets and hierarchies that they name are looked up. Throws `forbidden`, `invalid` for what is no search parameter, and `precondition` when nothing is asked, as that finds anything.
 */
export async function criteriaOf(context: Context, type: string, given: URLSearchParams | string): Promise<Criteria> {
  demand(context.access, 's', type);
  const params = effective(typeof given === 'string' ? fromText(type, given) : given);
  if (params.size === 0) {
    throw new FhirError('precondition', `The criteria for ${type} are empty: they would find any.`);
  }
  const { query } = await parseSearchIn(context, { type, params, strict: true });
  params.sort();
  return { type, text: `${type}?${params}`, query, locks: locksOf(type, params) };
}

/** If-None-Exist has what would follow the question mark; some clients send it, and the type, too. */
function fromText(type: string, text: string): URLSearchParams {
  const question = text.indexOf('?');
  const before = question < 0 ? '' : text.slice(0, question).replace(/^\/+/, '');
  if (before !== '' && before !== type && !before.endsWith(`/${type}`) && !/[=&]/.test(before)) {
    throw new FhirError('invalid', `The criteria ${JSON.stringify(text)} are not for ${type}.`);
  }
  return new URLSearchParams(/[=&]/.test(before) ? text : text.slice(question + 1));
}

function effective(given: URLSearchParams): URLSearchParams {
  const params = new URLSearchParams();
  for (const [name, value] of given) {
    if (shaping.test(name)) {
      throw new FhirError('invalid', `${name} says nothing about which resource is meant; criteria cannot have it.`);
    }
    if (!general.has(name) && value !== '') params.append(name, value);
  }
  return params;
}

/** What each of these says is one resource's alone, so that different criteria with the same identifier wait for each other. */
const identities: Readonly<Record<string, (value: string) => string>> = {
  _id: (value) => value,
  identifier: (value) => value.replace(/^.*(?<!\\)\|/, ''),
  url: (value) => value.replace(/\|.*$/, ''),
};

/**
 * PostgreSQL has room for some thousands of locks in all, and a Bundle may have as many criteria: names share this many. Who
 * shares one without need waits for a moment, no more.
 */
const lockCount = 1024;

function locksOf(type: string, params: URLSearchParams): readonly string[] {
  const own = [...params].flatMap(([name, value]) => {
    const identity = Object.hasOwn(identities, name) ? identities[name] : undefined;
    if (!identity) return [];
    return value.split(/(?<!\\),/).map((one) => `${type}?${name}=${identity(one)}`);
  });
  const names = own.length > 0 ? own : [`${type}?${params}`];
  return names.map((name) => `criteria ${key32(name) & (lockCount - 1)}`);
}

/** The current versions that fulfil the criteria, `count` at most. */
export async function matches(
  { store }: Pick<Context, 'store'>,
  { query }: Criteria,
  count = 2,
): Promise<readonly Version[]> {
  const { versions } = await store.search({ ...query, count, sort: [], total: 'none' });
  return versions;
}

/** The only one, or undefined. Throws `multipleMatches`. */
export async function theMatch(context: Pick<Context, 'store'>, criteria: Criteria): Promise<Version | undefined> {
  const [only, ...others] = await matches(context, criteria);
  if (others.length > 0) throw tooMany(criteria);
  return only;
}

export function tooMany({ text }: Criteria): FhirError {
  return new FhirError('multipleMatches', `${text} finds more than one; the criteria are not selective enough.`);
}

/** Searches under way at once: a large Bundle leaves connections to everybody else. */
const searchesAtOnce = 4;

/** `work` on each item, a few at once; the results in the order of the items. */
async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as T);
  };
  await Promise.all(Array.from({ length: Math.min(searchesAtOnce, items.length) }, worker));
  return results;
}

/** What each of many criteria finds, two at most, by their text; those that are a single token in one round trip a type. */
export async function matchesOfAll(
  context: Pick<Context, 'store'>,
  all: readonly Criteria[],
): Promise<ReadonlyMap<string, readonly Version[]>> {
  const distinct = [...new Map(all.map((one) => [one.text, one])).values()];
  const groups = new Map<string, (readonly [Criteria, Token])[]>();
  const others: Criteria[] = [];
  for (const criteria of distinct) {
    const token = tokenOf(criteria);
    if (token) groups.set(token.param, [...(groups.get(token.param) ?? []), [criteria, token]]);
    else others.push(criteria);
  }
  const found = new Map<string, readonly Version[]>();
  for (const [param, group] of groups) {
    const type = group[0]?.[0].type ?? '';
    const versions = await context.store.findTokens({ type, param, values: group.map(([, token]) => token) });
    for (const [at, [{ text }]] of group.entries()) found.set(text, versions[at] ?? []);
  }
  const rest = await inParallel(others, (criteria) => matches(context, criteria));
  for (const [at, { text }] of others.entries()) found.set(text, rest[at] ?? []);
  return found;
}

interface Token {
  readonly param: string;
  readonly system: string;
  readonly code: string;
}

/** The one token that criteria are, when they are nothing else. */
function tokenOf({ query: { where } }: Criteria): Token | undefined {
  const [clause, ...more] = where;
  if (clause?.kind !== 'token' || clause.not || more.length > 0) return undefined;
  const [value, ...values] = clause.any;
  if (value?.system === undefined || value.code === undefined || values.length > 0) return undefined;
  return { param: clause.param, system: value.system, code: value.code };
}
