/** Reference parameters. https://hl7.org/fhir/R4/search.html#reference */
import { FhirError } from '../../shared/errors.ts';
import { paramKey, resourceKey, valueKey } from '../keys.ts';
import { type Condition, clauseKey, equalityCondition, type Match, MOST_STREAMS, rowCondition } from './condition.ts';
import type { ClauseOf, ReferenceValue } from './query.ts';
import type { Sql } from './sql.ts';

/** The key of what a reference that is searched for points at. */
export function soughtTarget({ type, id, url }: ReferenceValue): bigint {
  if (url !== undefined) return valueKey(url);
  if (type !== undefined && id !== undefined) return resourceKey(type, id);
  throw new FhirError('invalid', 'A reference to search for needs a type and an id, or a URL.');
}

export function reference(sql: Sql, clause: ClauseOf<'reference'>): Condition {
  const keys = [...new Set(clause.any.map(soughtTarget))];
  const p = sql.bind(paramKey(clause.param), 'int4');
  if (keys.length > MOST_STREAMS) {
    const targets = sql.bind(keys, 'int8[]');
    const condition = rowCondition(sql, 'sp_ref', p, [(t) => `${t}.target = ANY (${targets})`]);
    return { ...condition, key: clauseKey(clause) };
  }
  const matches = keys.map((key): Match => {
    const target = sql.bind(key, 'int8');
    return (t) => `${t}.target = ${target}`;
  });
  return { ...equalityCondition(sql, 'sp_ref', p, matches), key: clauseKey(clause) };
}
