/** Date parameters. https://hl7.org/fhir/R4/search.html#date */
import { paramKey } from '../keys.ts';
import { clampTime } from './clamp-time.ts';
import { type Bounds, compare, leastEnd } from './compare.ts';
import { all, type Condition, clauseKey, type Match, rowCondition } from './condition.ts';
import type { ClauseOf, RangeValue } from './query.ts';
import type { Sql } from './sql.ts';

/** Longer stored ranges have an index of their own, in which this number is written (migration fhir_store). */
const DAY = 86_400_000;
const isLong = (t: string) => `${t}.hi - ${t}.lo > ${DAY}`;

function boundsOf(sql: Sql, { low, high }: RangeValue): Bounds {
  return { low: sql.bind(clampTime(low), 'int8'), high: sql.bind(clampTime(high), 'int8') };
}

/**
 * What several values together ask of one row, as alternatives of which each is a range of one index: an end after x means
 * a beginning after x less a day, but for the long ones, which are looked for by their end.
 */
function rowMatches(sql: Sql, values: readonly RangeValue[]): readonly Match[] {
  const asked = values.map((value) => ({ prefix: value.prefix, bounds: boundsOf(sql, value) }));
  const whole: Match = (t) =>
    asked.map(({ prefix, bounds }) => `(${compare(prefix, `${t}.lo`, `${t}.hi`, bounds)})`).join(' AND ');
  const ends = asked.map(({ prefix, bounds }) => leastEnd(prefix, bounds)).filter((end) => end !== undefined);
  if (ends.length === 0) return [whole];
  const begins = (t: string) => ends.map((end) => `${t}.lo >= ${end} - ${DAY}`).join(' AND ');
  const finishes = (t: string) => ends.map((end) => `${t}.hi >= ${end}`).join(' AND ');
  return [
    (t) => `NOT (${isLong(t)}) AND ${begins(t)} AND ${whole(t)}`,
    (t) => `${isLong(t)} AND ${finishes(t)} AND ${whole(t)}`,
  ];
}

/** A clause by itself: some value of it holds for some row. */
export function date(sql: Sql, clause: ClauseOf<'date'>): Condition {
  const p = sql.bind(paramKey(clause.param), 'int4');
  const matches = clause.any.flatMap((value) => rowMatches(sql, [value]));
  return { ...rowCondition(sql, 'sp_date', p, matches), key: clauseKey(clause) };
}

/**
 * Clauses of one parameter with a value each, as the two ends of a period are: where the parameter has one value, one row
 * must fulfil all of them, which makes one short range of an index of two long ones.
 */
export function dates(sql: Sql, clauses: readonly ClauseOf<'date'>[]): Condition {
  const [first, ...more] = clauses as [ClauseOf<'date'>, ...ClauseOf<'date'>[]];
  const p = sql.bind(paramKey(first.param), 'int4');
  const matches = rowMatches(
    sql,
    clauses.flatMap(({ any }) => any),
  );
  const alone = matches.map(
    (match): Match =>
      (t) =>
        `${t}.alone AND ${match(t)}`,
  );
  const each = clauses.map((clause) => date(sql, clause));
  const several = () => {
    const t = sql.alias();
    return `SELECT ${t}.v FROM sp_date ${t} WHERE ${t}.p = ${p} AND NOT ${t}.alone AND ${all(each, `${t}.v`)}`;
  };
  return {
    holds: (v) => all(each, v),
    list: () => `${rowCondition(sql, 'sp_date', p, alone).list()} UNION ALL ${several()}`,
    key: [first, ...more].map(clauseKey).join(' '),
    dates: { param: first.param, alone },
  };
}
