/** The :missing modifier. https://hl7.org/fhir/R4/search.html#missing */
import { paramKey } from '../keys.ts';
import { type Condition, exists } from './condition.ts';
import type { ClauseOf } from './query.ts';
import type { Sql } from './sql.ts';

const tables = {
  token: ['sp_token'],
  reference: ['sp_ref', 'sp_token'],
  string: ['sp_str'],
  date: ['sp_date'],
  number: ['sp_qty'],
  quantity: ['sp_qty'],
  uri: ['sp_uri'],
  composite: ['sp_comp'],
  special: ['sp_pos'],
} as const;
const everywhere = [...new Set(Object.values(tables).flat())];

export function missing(sql: Sql, { param, of, missing: wanted }: ClauseOf<'missing'>): Condition {
  // A reference that has only an identifier is there, too.
  const keys = sql.bind([paramKey(param), paramKey(`${param}:identifier`)], 'int4[]');
  return {
    holds(v) {
      const present = (of ? tables[of] : everywhere).map((table) => {
        const t = sql.alias();
        return exists(`${table} ${t} WHERE ${t}.v = ${v} AND ${t}.p = ANY (${keys})`);
      });
      return `${wanted ? 'NOT ' : ''}(${present.join(' OR ')})`;
    },
  };
}
