/** Whether a resource fulfils the search parameters that an access is narrowed by, from its own index rows. */
import type { Resource } from '@medplum/fhirtypes';
import type { Within } from '../fhir/access.ts';
import type { IndexRow } from '../store/search/index-row.ts';
import { membershipHolds } from './membership.ts';
import { alternatives } from './scope-query.ts';

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

function holds(resource: Resource, rows: readonly IndexRow[], pair: Pair, within: Within): boolean {
  const isMember = membershipHolds(resource, rows, pair, within);
  if (isMember !== undefined) return isMember;
  const [name, value] = pair;
  const [code = '', modifier] = name.split(':');
  if (code === '_id') return modifier === undefined && alternatives(value).includes(resource.id ?? '');
  const own = rows.filter(({ param }) => param === `${resource.resourceType}.${code}`);
  const isAny = alternatives(value).some((one) => own.some((row) => fits(row, one)));
  if (modifier === undefined) return isAny;
  if (modifier === 'not') return !isAny;
  return modifier === 'missing' && value === String(own.length === 0);
}

/**
 * Whether the resource has all pairs of at least one of the ways. Parameters of kinds other than token, reference and uri, and
 * unknown ones, are never fulfilled: what cannot be judged is refused.
 */
export function fulfils(resource: Resource, ways: Ways, extract: Extract, within: Within = () => false): boolean {
  if (ways.length === 0) return false;
  if (ways.some((way) => way.length === 0)) return true;
  const rows = extract(resource);
  return ways.some((way) => way.every((pair) => holds(resource, rows, pair, within)));
}

const isPlain = (name: string) => /^[A-Za-z_-]+$/.test(name) && !name.startsWith('_compartment');

/**
 * The same with fewer ways: those that differ in the values of their first parameter alone become one, for which an index
 * is asked once.
 */
export function merged(ways: Ways): Ways {
  const found = new Map<string, readonly Pair[]>();
  for (const way of ways) {
    const [first, ...rest] = way;
    const key = JSON.stringify(first && isPlain(first[0]) ? [first[0], rest] : [first, rest]);
    const before = found.get(key)?.[0];
    if (!before || !first || before[1].split(',').includes(first[1])) {
      if (!before) found.set(key, way);
      continue;
    }
    found.set(key, [[first[0], `${before[1]},${first[1]}`], ...rest]);
  }
  return [...found.values()];
}
