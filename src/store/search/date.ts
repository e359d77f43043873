/** Date parameters. https://hl7.org/fhir/R4/search.html#date */
import { paramKey } from '../keys.ts';
import { clampTime } from './clamp-time.ts';
import { type Bounds, compare, leastEnd } from './compare.ts';
import { all, type Condition, clauseKey, type Match, type Ranges, rangeCondition } from './condition.ts';
import type { ClauseOf, RangeValue } from './query.ts';
import type { Sql } from './sql.ts';

/** Longer stored ranges have indexes of their own, in which this number is written (migration range_indexes). */
const DAY = 86_400_000;
const isLong = (t: string) => `${t}.hi - ${t}.lo > ${DAY}`;
const isShort = (t: string) => `${t}.hi - ${t}.lo <= ${DAY}`;

const ranges: Ranges = { table: 'sp_date', walked: 'lo + 0 AS lo, hi + 0 AS hi, alone' };

/** What rows are, that are asked for by themselves because each has its own index: together they are all rows. */
export const aloneKinds: readonly Match[] = [
  (t) => `${t}.alone AND ${isShort(t)}`,
  (t) => `${t}.alone AND ${isLong(t)}`,
];
export const severalKinds: readonly Match[] = [
  (t) => `NOT ${t}.alone AND ${isShort(t)}`,
  (t) => `NOT ${t}.alone AND ${isLong(t)}`,
];

function boundsOf(sql: Sql, { low, high }: RangeValue): Bounds {
  return { low: sql.bind(clampTime(low), 'int8'), high: sql.bind(clampTime(high), 'int8') };
}

/**
 * What several values together ask of one row, of each kind of rows (short ones, long ones): an end after x means a beginning
 * after x less a day, but for the long ones, which are looked for by their end.
 */
function rowMatches(sql: Sql, values: readonly RangeValue[], kinds: readonly Match[]): readonly Match[] {
  const asked = values.map((value) => ({ prefix: value.prefix, bounds: boundsOf(sql, value) }));
  const whole: Match = (t) =>
    asked.map(({ prefix, bounds }) => `(${compare(prefix, `${t}.lo`, `${t}.hi`, bounds)})`).join(' AND ');
  const ends = asked.map(({ prefix, bounds }) => leastEnd(prefix, bounds)).filter((end) => end !== undefined);
  const begins: Match = (t) => ends.map((end) => ` AND ${t}.lo >= ${end} - ${DAY}`).join('');
  const finishes: Match = (t) => ends.map((end) => ` AND ${t}.hi >= ${end}`).join('');
  return kinds.map(
    (kind, at): Match =>
      (t) =>
        `${kind(t)}${at === 0 ? begins(t) : finishes(t)} AND ${whole(t)}`,
  );
}

/** A clause by itself: some value of it holds for some row. */
export function date(sql: Sql, clause: ClauseOf<'date'>): Condition {
  const p = sql.bind(paramKey(clause.param), 'int4');
  const matches = clause.any.flatMap((value) =>
    [aloneKinds, severalKinds].flatMap((kinds) => rowMatches(sql, [value], kinds)),
  );
  return { ...rangeCondition(sql, ranges, p, matches), key: clauseKey(clause) };
}

/**
 * Clauses of one parameter with a value each, as the two ends of a period are: where the parameter has one value, one row
 * must fulfil all of them, which makes one short range of an index of two long ones.
 */
export function dates(sql: Sql, clauses: readonly ClauseOf<'date'>[]): Condition {
  const [first, ...more] = clauses as [ClauseOf<'date'>, ...ClauseOf<'date'>[]];
  const p = sql.bind(paramKey(first.param), 'int4');
  const values = clauses.flatMap(({ any }) => any);
  const alone = rowMatches(sql, values, aloneKinds);
  const rest = more.map((clause) => date(sql, clause));
  // Of a version with several values, one fulfils the first clause, and for each other one there is some that does.
  const several = rowMatches(sql, values.slice(0, 1), severalKinds).map(
    (match): Match =>
      (t) =>
        `${match(t)} AND ${all(rest, `${t}.v`)}`,
  );
  return {
    ...rangeCondition(sql, ranges, p, [...alone, ...several]),
    key: clauses.map(clauseKey).join(' '),
    dates: { param: first.param, alone, several },
  };
}
