/** The special parameter `near`: positions within a distance. https://hl7.org/fhir/R4/location.html#positional */
import { paramKey } from '../keys.ts';
import { type Condition, clauseKey, type Match, rowCondition } from './condition.ts';
import type { ClauseOf, Near } from './query.ts';
import type { Sql } from './sql.ts';

/** Mean radius of the earth (IUGG), kilometres. */
const EARTH_KM = 6371.0088;

/** A band of latitudes, which the index gives, and in it the great circle distance (haversine). */
function nearMatch(sql: Sql, { latitude, longitude, kilometres }: Near): Match {
  const reach = (kilometres / EARTH_KM) * (180 / Math.PI);
  const [lat, lon] = [sql.bind(latitude, 'float8'), sql.bind(longitude, 'float8')];
  const [south, north] = [sql.bind(latitude - reach, 'float8'), sql.bind(latitude + reach, 'float8')];
  // Half the chord of the distance, squared; a quarter of the way round the earth is as far as the sine grows.
  const most = sql.bind(Math.sin(Math.min(kilometres / EARTH_KM / 2, Math.PI / 2)) ** 2 + 1e-15, 'float8');
  return (t) =>
    `${t}.lat >= ${south} AND ${t}.lat <= ${north} AND power(sind((${t}.lat - ${lat}) / 2), 2)
      + cosd(${lat}) * cosd(${t}.lat) * power(sind((${t}.lon - ${lon}) / 2), 2) <= ${most}`;
}

export function near(sql: Sql, clause: ClauseOf<'near'>): Condition {
  const p = sql.bind(paramKey(clause.param), 'int4');
  const matches = clause.any.map((circle) => nearMatch(sql, circle));
  return { ...rowCondition(sql, 'sp_pos', p, matches), key: clauseKey(clause) };
}
