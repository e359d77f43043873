/** The :missing modifier. https://hl7.org/fhir/R4/search.html#missing */
import { paramKey } from '../keys.ts';
import { type Condition, exists } from './condition.ts';
import type { ClauseOf } from './query.ts';
import type { Sql } from './sql.ts';

const tables = ['sp_token', 'sp_ref', 'sp_str', 'sp_date', 'sp_qty', 'sp_uri'];

export function missing(sql: Sql, { param, missing: wanted }: ClauseOf<'missing'>): Condition {
  // A reference that has only an identifier is there, too.
  const keys = sql.bind([paramKey(param), paramKey(`${param}:identifier`)], 'int4[]');
  return {
    holds(v) {
      const present = tables.map((table) => {
        const t = sql.alias();
        return exists(`${table} ${t} WHERE ${t}.v = ${v} AND ${t}.p = ANY (${keys})`);
      });
      return `${wanted ? 'NOT ' : ''}(${present.join(' OR ')})`;
    },
  };
}
