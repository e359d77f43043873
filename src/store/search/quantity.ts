/** Number and quantity parameters. https://hl7.org/fhir/R4/search.html#quantity */
import { paramKey, systemKey } from '../keys.ts';
import { compare, isPoint, isWide, leastEnd } from './compare.ts';
import { type Condition, clauseKey, type Match, type Ranges, rangeCondition } from './condition.ts';
import type { ClauseOf, QuantityValue } from './query.ts';
import type { Sql } from './sql.ts';

const ranges: Ranges = { table: 'sp_qty', walked: 'lo + 0 AS lo, hi + 0 AS hi, unit, sys' };

function unitMatch(sql: Sql, { system, code }: QuantityValue): Match {
  const unit = code === undefined ? undefined : sql.bind(systemKey(code), 'int4');
  const sys = system === undefined ? undefined : sql.bind(systemKey(system), 'int4');
  return (t) => [...(unit ? [`${t}.unit = ${unit}`] : []), ...(sys ? [`${t}.sys = ${sys}`] : []), 'TRUE'].join(' AND ');
}

/**
 * Most stored values are one number, whose end is its beginning: the others have indexes of their own, and each kind is asked for
 * by itself, so that PostgreSQL can take no index but the right one.
 */
function quantityMatches(sql: Sql, value: QuantityValue): readonly Match[] {
  const { prefix, low, high } = value;
  const bounds = { low: sql.bind(low, 'float8'), high: sql.bind(high, 'float8') };
  const inUnit = unitMatch(sql, value);
  const end = leastEnd(prefix, bounds);
  return [
    // Of one number the end is what the beginning is, which is what its index has.
    (t) => `${isPoint(`${t}.lo`, `${t}.hi`)} AND ${inUnit(t)} AND ${compare(prefix, `${t}.lo`, `${t}.lo`, bounds)}`,
    (t) => {
      const from = end === undefined ? '' : `AND ${t}.hi >= ${end}`;
      return `${isWide(`${t}.lo`, `${t}.hi`)} AND ${inUnit(t)} ${from} AND ${compare(prefix, `${t}.lo`, `${t}.hi`, bounds)}`;
    },
  ];
}

export function quantity(sql: Sql, clause: ClauseOf<'quantity'>): Condition {
  const p = sql.bind(paramKey(clause.param), 'int4');
  const matches = clause.any.flatMap((value) => quantityMatches(sql, value));
  return { ...rangeCondition(sql, ranges, p, matches), key: clauseKey(clause) };
}
