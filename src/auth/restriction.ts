/** Whether a resource fulfils the search parameters that an access is narrowed by, from its own index rows. */
import type { Resource } from '@medplum/fhirtypes';
import type { IndexRow } from '../store/search/index-row.ts';

/** Search parameter and value, as in a URL. */
export type Pair = readonly [name: string, value: string];

/** Ways, each a list of search parameters that must all hold; `[[]]` is no restriction, `[]` is no way at all. */
export type Ways = readonly (readonly Pair[])[];

/** The ways that are a way of both. */
export function both(some: Ways, others: Ways): Ways {
  return some.flatMap((one) => others.map((other) => [...one, ...other]));
}

/** What a resource can be found by. */
export type Extract = (resource: Resource) => readonly IndexRow[];

/** `a,b` is either; a comma that belongs to a value is written `\,`. */
function alternatives(value: string): readonly string[] {
  return value.split(/(?<!\\),/).map((one) => one.replaceAll('\\,', ','));
}

function tokenFits(row: { system?: string; code: string }, value: string): boolean {
  const bar = value.indexOf('|');
  if (bar < 0) return row.code === value;
  const [system, code] = [value.slice(0, bar), value.slice(bar + 1)];
  return (row.system ?? '') === system && (code === '' || row.code === code);
}

function fits(row: IndexRow, value: string): boolean {
  if (row.kind === 'token') return tokenFits(row, value);
  if (row.kind === 'uri') return row.value === value;
  if (row.kind !== 'reference') return false;
  return row.target ? `${row.target.type}/${row.target.id}` === value : row.url === value;
}

function holds(resource: Resource, rows: readonly IndexRow[], [name, value]: Pair): boolean {
  const [code = '', modifier] = name.split(':');
  if (code === '_id') return modifier === undefined && alternatives(value).includes(resource.id ?? '');
  const own = rows.filter(({ param }) => param === `${resource.resourceType}.${code}`);
  const isAny = alternatives(value).some((one) => own.some((row) => fits(row, one)));
  if (modifier === undefined) return isAny;
  if (modifier === 'not') return !isAny;
  return modifier === 'missing' && value === String(own.length === 0);
}

/**
 * Whether the resource has all of `pairs`. Parameters of kinds other than token, reference and uri, and unknown ones, are
 * never fulfilled: what cannot be judged is refused.
 */
export function fulfils(resource: Resource, pairs: readonly Pair[], extract: Extract): boolean {
  if (pairs.length === 0) return true;
  const rows = extract(resource);
  return pairs.every((pair) => holds(resource, rows, pair));
}
