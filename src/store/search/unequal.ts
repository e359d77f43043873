/**
 * That one of several values is another than what is asked for: `ne` of `_filter`, which is asked of each value by itself.
 * https://hl7.org/fhir/R4/search_filter.html#ops
 */
import { paramKey } from '../keys.ts';
import { type Condition, either, type Match, rowCondition } from './condition.ts';
import type { ClauseOf } from './query.ts';
import { soughtTarget } from './reference.ts';
import type { Sql } from './sql.ts';
import { stringMatch, uriMatch } from './string.ts';
import { codeMatch } from './token.ts';

type Equal = ClauseOf<'unequal'>['to'];

/** Rows that are there to be found by a text or a word are no values of their own. */
const wholes: Readonly<Partial<Record<Equal['kind'], Match>>> = {
  token: (t) => `${t}.val <> ''`,
  string: (t) => `${t}.exact <> 0`,
};

const tables = { token: 'sp_token', string: 'sp_str', uri: 'sp_uri', reference: 'sp_ref' } as const;

function equals(sql: Sql, to: Equal): readonly Match[] {
  switch (to.kind) {
    case 'token':
      return to.any.map((value) => codeMatch(sql, value));
    case 'string':
      return to.any.map((text) => stringMatch(sql, 'equal', text));
    case 'uri':
      return to.any.map((uri) => uriMatch(sql, 'exact', uri));
    case 'reference': {
      const targets = sql.bind(to.any.map(soughtTarget), 'int8[]');
      return [(t) => `${t}.target = ANY (${targets})`];
    }
  }
}

export function unequal(sql: Sql, { to }: ClauseOf<'unequal'>): Condition {
  const p = sql.bind(paramKey(to.param), 'int4');
  const equal = either(equals(sql, to));
  const { holds } = rowCondition(sql, tables[to.kind], p, [
    (t) => `NOT ${equal(t)} AND ${wholes[to.kind]?.(t) ?? 'TRUE'}`,
  ]);
  // Nearly everything fulfils it: nothing is driven from it.
  return { holds };
}
