/** Sorting by any parameter: values of a row, and what comes after a position. https://hl7.org/fhir/R4/search.html#sort */
import { paramKey } from '../keys.ts';
import { currentOf } from './meta.ts';
import type { Position } from './position.ts';
import type { SortKey } from './query.ts';
import type { Sql } from './sql.ts';

/** Table, column and PostgreSQL type of what each kind is sorted by. */
export const sources = {
  token: ['sp_token', 'val', 'text'],
  string: ['sp_str', 'val', 'text'],
  date: ['sp_date', 'lo', 'int8'],
  quantity: ['sp_qty', 'lo', 'float8'],
  uri: ['sp_uri', 'val', 'text'],
} as const;

/** Rows that are there to be found, but not to be sorted by: a concept that is only a text, a word of a name. */
const wholes: Readonly<Partial<Record<SortKey['kind'], (t: string) => string>>> = {
  token: (t) => `${t}.val <> ''`,
  string: (t) => `${t}.exact <> 0`,
};

/** Whether the order is that in which versions were written, which needs no values. */
export function recency(sort: readonly SortKey[]): 'descending' | 'ascending' | undefined {
  const [first] = sort;
  if (!first) return 'descending';
  if (first.kind !== 'updated') return undefined;
  return first.descending ? 'descending' : 'ascending';
}

/** Sort keys from `_lastUpdated` on change nothing, because no two versions share their place. */
export function effective(sort: readonly SortKey[]): readonly SortKey[] {
  const at = sort.findIndex(({ kind }) => kind === 'updated');
  return at < 0 ? sort : sort.slice(0, at + 1);
}

/** The value by which version `v` is sorted, least first or greatest first of several; NULL for none. */
export function sortValue(sql: Sql, type: string, { param, kind, descending }: SortKey, v: string): string {
  if (kind === 'updated') return v;
  const t = sql.alias();
  if (kind === 'id') {
    // By id; of several types with the same one, by type: no two resources have the same place.
    const place = `split_part(${t}.ref, '/', 2) || ' ' || split_part(${t}.ref, '/', 1)`;
    return `(SELECT ${place} FROM ${currentOf(sql, type)(t)} AND ${t}.v = ${v})`;
  }
  const p = sql.bind(paramKey(param), 'int4');
  if (kind === 'reference') {
    // Local ones by type and id; what is elsewhere has no order of its own.
    const r = sql.alias();
    return `(SELECT ${descending ? 'max' : 'min'}(${r}.ref) FROM sp_ref ${t} JOIN resource ${r} ON ${r}.rkey = ${t}.target WHERE ${t}.v = ${v} AND ${t}.p = ${p})`;
  }
  const [table, column] = sources[kind];
  const whole = wholes[kind]?.(t) ?? 'TRUE';
  return `(SELECT ${descending ? 'max' : 'min'}(${t}.${column}) FROM ${table} ${t} WHERE ${t}.v = ${v} AND ${t}.p = ${p} AND ${whole})`;
}

function typeOf(kind: SortKey['kind']): 'int8' | 'float8' | 'text' {
  if (kind === 'updated') return 'int8';
  return kind === 'id' || kind === 'reference' ? 'text' : sources[kind][2];
}

/** Equal values follow each other in the direction of the first key. */
function tieIsDescending(sort: readonly SortKey[]): boolean {
  return sort[0]?.descending ?? true;
}

/** A condition over the columns k0, k1 ... and v of `c`: the row comes after the position. Rows without a value are last. */
export function afterPosition(sql: Sql, sort: readonly SortKey[], { v, keys }: Position, c: string): string {
  const equal: string[] = [];
  const ways: string[] = [];
  sort.forEach(({ kind, descending }, at) => {
    const key = keys[at] ?? null;
    const column = `${c}.k${at}`;
    if (key === null) {
      equal.push(`${column} IS NULL`);
      return;
    }
    const value = sql.bind(key, typeOf(kind));
    ways.push([...equal, `(${column} ${descending ? '<' : '>'} ${value} OR ${column} IS NULL)`].join(' AND '));
    equal.push(`${column} = ${value}`);
  });
  // No two resources of a type have one id; one that was written since the page before is not to come again.
  if (sort.some(({ kind }) => kind === 'id')) return `(${ways.map((way) => `(${way})`).join(' OR ')})`;
  ways.push([...equal, `${c}.v ${tieIsDescending(sort) ? '<' : '>'} ${sql.bind(v, 'int8')}`].join(' AND '));
  return `(${ways.map((way) => `(${way})`).join(' OR ')})`;
}

/** The same for what comes before the position. */
export function beforePosition(sql: Sql, sort: readonly SortKey[], { v, keys }: Position, c: string): string {
  const equal: string[] = [];
  const ways: string[] = [];
  sort.forEach(({ kind, descending }, at) => {
    const key = keys[at] ?? null;
    const column = `${c}.k${at}`;
    if (key === null) {
      ways.push([...equal, `${column} IS NOT NULL`].join(' AND '));
      equal.push(`${column} IS NULL`);
      return;
    }
    const value = sql.bind(key, typeOf(kind));
    ways.push([...equal, `${column} ${descending ? '>' : '<'} ${value}`].join(' AND '));
    equal.push(`${column} = ${value}`);
  });
  if (!sort.some(({ kind }) => kind === 'id')) {
    ways.push([...equal, `${c}.v ${tieIsDescending(sort) ? '>' : '<'} ${sql.bind(v, 'int8')}`].join(' AND '));
  }
  return `(${ways.map((way) => `(${way})`).join(' OR ')})`;
}

/** The order of a row's columns k0, k1 ... and v, or the opposite one. */
export function orderBy(sort: readonly SortKey[], c: string, backwards = false): string {
  const words = (descending: boolean) => (descending === backwards ? 'ASC' : 'DESC');
  const nulls = backwards ? 'NULLS FIRST' : 'NULLS LAST';
  const keys = sort.map(({ descending }, at) => `${c}.k${at} ${words(descending)} ${nulls}`);
  return [...keys, `${c}.v ${words(tieIsDescending(sort))}`].join(', ');
}
