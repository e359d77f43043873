/**
 * A search URL as a query of the store, and what it asks of the answer.
 * https://hl7.org/fhir/R4/search.html
 */
import type { Issue } from '../../shared/errors.ts';
import type { Clause, SearchQuery, SortKey } from '../../store/search/query.ts';
import type { Context } from '../context.ts';
import { isResourceType } from '../definitions/types.ts';
import { isSearchable } from './clause.ts';
import { type ContainedAsked, type ContainedSearch, containedSearch, type SearchPart } from './contained-search.ts';
import { criterion, isUnknownParameter, restriction, type Searcher, searcherOf } from './criteria.ts';
import { type Include, parseInclude } from './include-value.ts';
import { demandIndexed } from './limits.ts';
import { lookingUp } from './look-up.ts';
import { isImplied } from './membership.ts';
import { parameterOf, type WithParameters } from './parameters.ts';
import { bad } from './values.ts';

export const defaultCount = 20;
export const maxCount = 1000;
/** More parameters than this in one search are a mistake or an attack. */
const maxParameters = 200;

export interface Search {
  readonly query: SearchQuery;
  readonly includes: readonly Include[];
  /** Only the total is wanted. */
  readonly summary: boolean;
  /** What the search was really made of, for the self link. */
  readonly used: URLSearchParams;
  /** What was ignored. */
  readonly warnings: readonly Issue[];
  /** Of a search that finds contained resources. */
  readonly contained?: ContainedSearch;
}

export interface SearchRequest {
  readonly type: string;
  readonly params: URLSearchParams;
  /** Refuses parameters that are not known. */
  readonly strict?: boolean;
}

export interface SearchRequests extends Omit<SearchRequest, 'type'> {
  /** Searched together, by parameters that all of them have; at least one. */
  readonly types: readonly string[];
  /** What else resources of a type must fulfil. */
  readonly within?: (type: string) => readonly Clause[];
}

interface Draft extends WithParameters {
  readonly types: readonly string[];
  readonly where: ReadonlyMap<string, Clause[]>;
  readonly includes: Include[];
  /** For each of `types`. */
  sort: readonly (readonly SortKey[])[];
  count: number;
  total: SearchQuery['total'];
  summary: boolean;
  contained: 'false' | 'true' | 'both';
  containedType: 'container' | 'contained';
}

type Control = (draft: Draft, value: string, name: string) => void;

function isOneOf<T extends string>(value: string, known: readonly T[]): value is T {
  return known.includes(value as T);
}

/** What a search asks for that is done to its finished answer (summary/apply.ts and `http`); links keep it. */
const later: Control = () => undefined;

/** Parameters that shape the answer. */
const controls: Readonly<Record<string, Control>> = {
  _count(draft, value, name) {
    if (!/^\d{1,9}$/.test(value)) throw bad(name, `${JSON.stringify(value)} is no number of resources`);
    draft.count = Math.min(Number(value), maxCount);
    // https://hl7.org/fhir/R4/search.html#count: zero asks for the total alone.
    if (draft.count === 0) draft.summary = true;
  },
  _type(_draft, value, name) {
    if (namedTypes([value]).length === 0) throw bad(name, 'it names no type');
  },
  _sort(draft, value, name) {
    draft.sort = sortKeys(draft, value, name);
  },
  _total(draft, value, name) {
    if (!['none', 'estimate', 'accurate'].includes(value)) throw bad(name, 'it is none, estimate or accurate');
    draft.total = value as SearchQuery['total'];
  },
  _summary(draft, value, name) {
    if (value === 'count') draft.summary = true;
    else if (!['true', 'text', 'data', 'false', ''].includes(value)) {
      throw bad(name, `${JSON.stringify(value)} is none of true, text, data, count and false`);
    }
  },
  // https://hl7.org/fhir/R4/search.html#query: who names a query wants its answer and no other.
  _query(_draft, value, name) {
    throw bad(name, `there is no query named ${JSON.stringify(value)}; this server has no named queries`);
  },
  // https://hl7.org/fhir/R4/search.html#contained
  _contained(draft, value, name) {
    if (!isOneOf(value, ['false', 'true', 'both'])) throw bad(name, 'it is false, true or both');
    if (value !== 'false' && draft.types.length > 1) throw bad(name, 'it is for the search of one type');
    draft.contained = value;
  },
  _containedType(draft, value, name) {
    if (!isOneOf(value, ['container', 'contained'])) throw bad(name, 'it is container or contained');
    draft.containedType = value;
  },
  _elements: later,
  _format: later,
  _pretty: later,
  _include(draft, value, name) {
    draft.includes.push(parseInclude(draft, name, value));
  },
  _revinclude(draft, value, name) {
    draft.includes.push(parseInclude(draft, name, value));
  },
};

const repeatable = new Set(['_include', '_revinclude', '_type']);

/** The search of one type. Throws `forbidden` and `invalid`; with `strict` also for parameters that would otherwise be ignored. */
export function parseSearch(searcher: Searcher, { type, ...rest }: SearchRequest): Search {
  return parseSearches(searcher, { ...rest, types: [type] });
}

/** The search of one type within an operation, its value sets and hierarchies looked up. */
export async function parseSearchIn(context: Context, { type, ...rest }: SearchRequest): Promise<Search> {
  const search = await parseSearchesIn(context, { ...rest, types: [type] });
  // What is found would be of other types.
  if (search.contained) throw bad('_contained', 'it is for searches alone');
  return search;
}

/** The same for several types. */
export function parseSearchesIn(context: Context, request: SearchRequests): Promise<Search> {
  return lookingUp(context, (lookUp) => parseSearches({ ...searcherOf(context), lookUp }, request));
}

/** Each type is asked for each value by itself. */
const mostQuestions = 100_000;

function demandFewValues(types: readonly string[], params: URLSearchParams): void {
  if (types.length === 1) return;
  const values = [...params.values()].reduce((sum, value) => sum + value.split(/,| or | and /).length, 0);
  if (values * types.length <= mostQuestions) return;
  throw bad('_type', `${values} values for ${types.length} types are too many; name fewer types`);
}

/** The most types that the chains of one search of one type may lead to. */
const mostTypes = 1000;

function parseSearches(given: Searcher, { types, params, strict = false, within = () => [] }: SearchRequests): Search {
  if ([...params].length > maxParameters) throw bad('list', `more than ${maxParameters} parameters`);
  demandFewValues(types, params);
  const searcher = { ...given, budget: { left: mostTypes * types.length } };
  const { parameters } = searcher;
  const draft: Draft = {
    parameters,
    types,
    where: new Map(types.map((type) => [type, []])),
    includes: [],
    sort: [],
    count: defaultCount,
    total: 'none',
    summary: false,
    contained: 'false',
    containedType: 'container',
  };
  const used = new URLSearchParams();
  const warnings: Issue[] = [];
  const seen = new Set<string>();
  for (const [name, value] of params) {
    try {
      apply(searcher, draft, name, value, seen);
      used.append(name, value);
    } catch (error) {
      if (strict || !isUnknownParameter(error)) throw error;
      warnings.push(...error.issues.map((issue) => ({ ...issue, severity: 'warning' as const })));
    }
  }
  const { sort, summary, includes } = draft;
  // A search of the system chose its types by it before; elsewhere nothing but those named is found.
  const only = namedTypes(used.getAll('_type'));
  const named = (type: string): Clause[] =>
    only.length === 0 || only.includes(type) ? [] : [{ kind: 'either', ways: [] }];
  const parts = types.map((type, at) => ({
    type,
    where: narrowed(searcher, type, [...(draft.where.get(type) ?? []), ...named(type), ...within(type)]),
    sort: sort[at] ?? [],
  }));
  const inside = withContained(searcher, draft, { within, names: used.keys() }, parts);
  const [first, ...also] = (inside?.parts ?? parts) as [(typeof parts)[number], ...typeof parts];
  const count = summary ? 0 : draft.count;
  const total = summary ? 'accurate' : draft.total;
  const query = { ...first, count, total, ...(also.length > 0 ? { also } : {}) };
  return { query, includes, summary, used, warnings, ...(inside ? { contained: inside.search } : {}) };
}

/** The parts of a search that finds contained resources, too, or nothing else; undefined for any other. */
function withContained(
  searcher: Searcher,
  { types: [type = ''], where, sort: [sort = []], contained, containedType }: Draft,
  rest: Pick<ContainedAsked, 'within' | 'names'>,
  parts: readonly SearchPart[],
): ReturnType<typeof containedSearch> | undefined {
  if (contained === 'false') return undefined;
  const alone = containedType === 'contained';
  const asked = { ...rest, type, contained, alone, where: where.get(type) ?? [], sort };
  return containedSearch(searcher, asked, parts);
}

/** What is asked, and what the caller may see of it. */
function narrowed(searcher: Searcher, type: string, asked: readonly Clause[]): readonly Clause[] {
  return [...asked, ...restriction(searcher, type).filter((clause) => !isImplied(searcher, clause, asked))];
}

function apply(searcher: Searcher, draft: Draft, name: string, value: string, seen: Set<string>): void {
  const [base = ''] = name.split(':');
  const control = Object.hasOwn(controls, base) ? controls[base] : undefined;
  if (!control) {
    // An empty value asks nothing: https://hl7.org/fhir/R4/search.html#empty says nothing either, but forms send them.
    if (value === '') return;
    demandOnce(draft, base, seen);
    // All or none: what one type does not have is ignored for the others too.
    const clauses = draft.types.map((type) => criterion(searcher, type, name, value));
    for (const [at, type] of draft.types.entries()) draft.where.get(type)?.push(clauses[at] as Clause);
    return;
  }
  if (base !== name && !repeatable.has(base)) throw bad(name, 'it has no modifiers');
  if (seen.has(name) && !repeatable.has(base)) throw bad(name, 'it is given twice');
  seen.add(name);
  control(draft, value, name);
}

/** https://hl7.org/fhir/R4/searchparameter-definitions.html#SearchParameter.multipleAnd */
function demandOnce({ types, parameters }: Draft, code: string, seen: Set<string>): void {
  const once = types.some((type) => parameterOf({ parameters }, type, code)?.limits?.multipleAnd === false);
  if (once && seen.has(code)) throw bad(code, 'it may be given only once');
  seen.add(code);
}

/** The types that `_type` names; throws `invalid` for what is none. */
export function namedTypes(values: readonly string[]): readonly string[] {
  const named = [...new Set(values.flatMap((value) => value.split(',')).filter((type) => type !== ''))];
  const wrong = named.find((type) => !isResourceType(type));
  if (wrong !== undefined) throw bad('_type', `${JSON.stringify(wrong)} is no resource type of FHIR R4`);
  return named;
}

function sortKeys({ types, parameters }: Draft, value: string, name: string): readonly (readonly SortKey[])[] {
  const keys = types.map((type) => value.split(',').map((key) => sortKey({ type, parameters }, key, name)));
  const kinds = (one: readonly SortKey[]) => one.map(({ kind }) => kind).join();
  const [first = [], ...others] = keys;
  if (others.some((one) => kinds(one) !== kinds(first))) throw bad(name, 'the types cannot be sorted by it together');
  return keys;
}

const sortKinds: Readonly<Partial<Record<string, SortKey['kind']>>> = {
  number: 'quantity',
  quantity: 'quantity',
  date: 'date',
  string: 'string',
  token: 'token',
  uri: 'uri',
  reference: 'reference',
};

function sortKey({ type, parameters }: WithParameters & { type: string }, key: string, name: string): SortKey {
  const descending = key.startsWith('-');
  const code = descending ? key.slice(1) : key;
  if (code === '_id') return { param: '_id', kind: 'id', descending };
  if (code === '_lastUpdated') return { param: '_lastUpdated', kind: 'updated', descending };
  const parameter = parameterOf({ parameters }, type, code);
  if (parameter) demandIndexed(type, parameter);
  const kind = parameter && isSearchable(parameter) ? sortKinds[parameter.type] : undefined;
  if (!kind) throw bad(name, `${JSON.stringify(code)} is nothing that ${type} can be sorted by`);
  return { param: `${type}.${code}`, kind, descending };
}
