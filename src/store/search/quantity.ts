/** Number and quantity parameters. https://hl7.org/fhir/R4/search.html#quantity */
import { paramKey, systemKey } from '../keys.ts';
import { compare, leastEnd } from './compare.ts';
import { type Condition, clauseKey, type Match, rowCondition } from './condition.ts';
import type { ClauseOf, QuantityValue } from './query.ts';
import type { Sql } from './sql.ts';

function unitMatch(sql: Sql, { system, code }: QuantityValue): Match {
  const unit = code === undefined ? undefined : sql.bind(systemKey(code), 'int4');
  const sys = system === undefined ? undefined : sql.bind(systemKey(system), 'int4');
  return (t) => [...(unit ? [`${t}.unit = ${unit}`] : []), ...(sys ? [`${t}.sys = ${sys}`] : []), 'TRUE'].join(' AND ');
}

/** Most stored values are one number, whose end is its beginning; the wide ones are looked for by their end. */
function quantityMatches(sql: Sql, value: QuantityValue): readonly Match[] {
  const { prefix, low, high } = value;
  const bounds = { low: sql.bind(low, 'float8'), high: sql.bind(high, 'float8') };
  const inUnit = unitMatch(sql, value);
  const whole: Match = (t) => `${inUnit(t)} AND ${compare(prefix, `${t}.lo`, `${t}.hi`, bounds)}`;
  const end = leastEnd(prefix, bounds);
  if (end === undefined) return [whole];
  return [
    (t) => `${t}.hi = ${t}.lo AND ${t}.lo >= ${end} AND ${whole(t)}`,
    (t) => `${t}.hi > ${t}.lo AND ${t}.hi >= ${end} AND ${whole(t)}`,
  ];
}

export function quantity(sql: Sql, clause: ClauseOf<'quantity'>): Condition {
  const p = sql.bind(paramKey(clause.param), 'int4');
  const matches = clause.any.flatMap((value) => quantityMatches(sql, value));
  return { ...rowCondition(sql, 'sp_qty', p, matches), key: clauseKey(clause) };
}
