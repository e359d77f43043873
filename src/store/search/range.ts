/**
 * Date, number and quantity parameters: two ranges are compared.
 * https://hl7.org/fhir/R4/search.html#prefix
 */
import { paramKey, systemKey } from '../keys.ts';
import { clampTime } from './clamp-time.ts';
import { type Condition, clauseKey, type Match, rowCondition } from './condition.ts';
import type { ClauseOf, QuantityValue, RangeValue } from './query.ts';
import type { Sql } from './sql.ts';

/** Placeholders of the searched range. */
interface Bounds {
  readonly low: string;
  readonly high: string;
}

type Compare = (lo: string, hi: string, bounds: Bounds) => string;

/** What each prefix asks of a stored range, so that an index led by its low end can begin somewhere where possible. */
const comparisons: Readonly<Record<RangeValue['prefix'], Compare>> = {
  // The searched range fully contains the stored one.
  eq: (lo, hi, { low, high }) => `${lo} >= ${low} AND ${lo} <= ${high} AND ${hi} <= ${high}`,
  ne: (lo, hi, { low, high }) => `NOT (${lo} >= ${low} AND ${hi} <= ${high})`,
  gt: (_, hi, { high }) => `${hi} > ${high}`,
  lt: (lo, _, { low }) => `${lo} < ${low}`,
  ge: (lo, hi, { low, high }) => `(${hi} > ${high} OR ${lo} >= ${low})`,
  le: (lo, hi, { low, high }) => `(${lo} < ${low} OR ${hi} <= ${high})`,
  sa: (lo, _, { high }) => `${lo} > ${high}`,
  eb: (_, hi, { low }) => `${hi} < ${low}`,
  ap: (lo, hi, { low, high }) => `${lo} <= ${high} AND ${hi} >= ${low}`,
};

/** Longer stored dates are few and have an index of their own; DAY is written in it (migration fhir_store). */
const DAY = 86_400_000;
const isLong: Match = (t) => `${t}.hi - ${t}.lo > ${DAY}`;

/**
 * Prefixes that look at the end of the stored range: hi > x means lo > x - a day for all but the long ones, and those are few.
 * As two matches, each of which is a range of one index.
 */
function dateMatches(sql: Sql, { prefix, low, high }: RangeValue): Match[] {
  const bounds = { low: sql.bind(clampTime(low), 'int8'), high: sql.bind(clampTime(high), 'int8') };
  const compare: Match = (t) => comparisons[prefix](`${t}.lo`, `${t}.hi`, bounds);
  const byEnd = { gt: bounds.high, ge: bounds.low, ap: bounds.low }[prefix as string];
  if (byEnd === undefined) return [compare];
  return [
    (t) => `${t}.lo >= ${byEnd} - ${DAY} AND ${compare(t)}`,
    (t) => `${isLong(t)} AND ${t}.hi >= ${byEnd} AND ${compare(t)}`,
  ];
}

export function date(sql: Sql, clause: ClauseOf<'date'>): Condition {
  const p = sql.bind(paramKey(clause.param), 'int4');
  const matches = clause.any.flatMap((value) => dateMatches(sql, value));
  return { ...rowCondition(sql, 'sp_date', p, matches), key: clauseKey(clause) };
}

function quantityMatch(sql: Sql, { prefix, low, high, system, code }: QuantityValue): Match {
  const bounds = { low: sql.bind(low, 'float8'), high: sql.bind(high, 'float8') };
  const unit = code === undefined ? undefined : sql.bind(systemKey(code), 'int4');
  const sys = system === undefined ? undefined : sql.bind(systemKey(system), 'int4');
  return (t) =>
    [
      ...(unit === undefined ? [] : [`${t}.unit = ${unit}`]),
      ...(sys === undefined ? [] : [`${t}.sys = ${sys}`]),
      comparisons[prefix](`${t}.lo`, `${t}.hi`, bounds),
    ].join(' AND ');
}

export function quantity(sql: Sql, clause: ClauseOf<'quantity'>): Condition {
  const p = sql.bind(paramKey(clause.param), 'int4');
  const matches = clause.any.map((value) => quantityMatch(sql, value));
  return { ...rowCondition(sql, 'sp_qty', p, matches), key: clauseKey(clause) };
}

/** The same for a column that holds an instant, as meta.lastUpdated is. */
export function instantMatch(sql: Sql, column: string, { prefix, low, high }: RangeValue): Match {
  const bounds = { low: sql.bind(clampTime(low), 'int8'), high: sql.bind(clampTime(high), 'int8') };
  return (t) => `(${comparisons[prefix](`${t}.${column}`, `${t}.${column}`, bounds)})`;
}
