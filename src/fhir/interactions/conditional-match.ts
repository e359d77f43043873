/**
 * The criteria of conditional interactions: a search that says which resource is meant.
 * https://hl7.org/fhir/R4/http.html#ccreate, https://hl7.org/fhir/R4/http.html#cond-update
 */
import { FhirError } from '../../shared/errors.ts';
import type { Version } from '../../store/resources/version.ts';
import type { SearchQuery } from '../../store/search/query.ts';
import type { Context } from '../context.ts';
import { searcherOf } from '../search/criteria.ts';
import { parseSearch } from '../search/parse.ts';
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
 * Reads criteria as a URL's parameters or as If-None-Exist has them. They find only what the caller may search. Throws
 * `forbidden`, `invalid` for what is no search parameter, and `precondition` when nothing is asked, as that finds anything.
 */
export function criteriaOf(context: Context, type: string, given: URLSearchParams | string): Criteria {
  demand(context.access, 's', type);
  const params = effective(typeof given === 'string' ? fromText(type, given) : given);
  if (params.size === 0) {
    throw new FhirError('precondition', `The criteria for ${type} are empty: they would find any.`);
  }
  const { query } = parseSearch(searcherOf(context), { type, params, strict: true });
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

function locksOf(type: string, params: URLSearchParams): readonly string[] {
  const own = [...params].flatMap(([name, value]) => {
    const identity = Object.hasOwn(identities, name) ? identities[name] : undefined;
    if (!identity) return [];
    return value.split(/(?<!\\),/).map((one) => `${type}?${name}=${identity(one)}`);
  });
  return own.length > 0 ? own : [`${type}?${params}`];
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
