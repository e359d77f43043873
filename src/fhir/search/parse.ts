/**
 * A search URL as a query of the store, and what it asks of the answer.
 * https://hl7.org/fhir/R4/search.html
 */
import type { Issue } from '../../shared/errors.ts';
import type { Clause, SearchQuery, SortKey } from '../../store/search/query.ts';
import { isSearchable } from './clause.ts';
import { criterion, isUnknownParameter, restriction, type Searcher } from './criteria.ts';
import { type Include, parseInclude } from './include-value.ts';
import { demandIndexed } from './limits.ts';
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
}

interface Draft extends WithParameters {
  readonly type: string;
  readonly where: Clause[];
  readonly includes: Include[];
  sort: SortKey[];
  count: number;
  total: SearchQuery['total'];
  summary: boolean;
}

type Control = (draft: Draft, value: string, name: string) => void;

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
  _sort(draft, value, name) {
    draft.sort = value.split(',').map((key) => sortKey(draft, key, name));
  },
  _total(draft, value, name) {
    if (!['none', 'estimate', 'accurate'].includes(value)) throw bad(name, 'it is none, estimate or accurate');
    draft.total = value === 'none' ? 'none' : 'accurate';
  },
  _summary(draft, value, name) {
    if (value === 'count') draft.summary = true;
    else if (!['true', 'text', 'data', 'false', ''].includes(value)) {
      throw bad(name, `${JSON.stringify(value)} is none of true, text, data, count and false`);
    }
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

const repeatable = new Set(['_include', '_revinclude']);

/** Throws `forbidden` and `invalid`; with `strict` also for parameters that would otherwise be ignored with a warning. */
export function parseSearch(
  searcher: Searcher,
  {
    type,
    params,
    strict = false,
  }: { readonly type: string; readonly params: URLSearchParams; readonly strict?: boolean },
): Search {
  if ([...params].length > maxParameters) throw bad('list', `more than ${maxParameters} parameters`);
  const { parameters } = searcher;
  const draft: Draft = {
    parameters,
    type,
    where: [],
    includes: [],
    sort: [],
    count: defaultCount,
    total: 'none',
    summary: false,
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
  const { where, sort, summary, includes } = draft;
  const narrowed = [...where, ...restriction(searcher, type)];
  const count = summary ? 0 : draft.count;
  const total = summary ? 'accurate' : draft.total;
  return { query: { type, where: narrowed, sort, count, total }, includes, summary, used, warnings };
}

function apply(searcher: Searcher, draft: Draft, name: string, value: string, seen: Set<string>): void {
  const [base = ''] = name.split(':');
  const control = Object.hasOwn(controls, base) ? controls[base] : undefined;
  if (!control) {
    // An empty value asks nothing: https://hl7.org/fhir/R4/search.html#empty says nothing either, but forms send them.
    if (value === '') return;
    demandOnce(draft, base, seen);
    draft.where.push(criterion(searcher, draft.type, name, value));
    return;
  }
  if (base !== name && !repeatable.has(base)) throw bad(name, 'it has no modifiers');
  if (seen.has(name) && !repeatable.has(base)) throw bad(name, 'it is given twice');
  seen.add(name);
  control(draft, value, name);
}

/** https://hl7.org/fhir/R4/searchparameter-definitions.html#SearchParameter.multipleAnd */
function demandOnce({ type, parameters }: Draft, code: string, seen: Set<string>): void {
  const once = parameterOf({ parameters }, type, code)?.limits?.multipleAnd === false;
  if (once && seen.has(code)) throw bad(code, 'it may be given only once');
  seen.add(code);
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

function sortKey({ type, parameters }: Draft, key: string, name: string): SortKey {
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
