/** String and uri parameters. https://hl7.org/fhir/R4/search.html#string, https://hl7.org/fhir/R4/search.html#uri */
import { paramKey, valueKey } from '../keys.ts';
import { type Condition, clauseKey, type Match, rowCondition } from './condition.ts';
import { fold } from './fold.ts';
import type { ClauseOf } from './query.ts';
import type { Sql } from './sql.ts';
import { beginningWith, storedString, storedUri } from './stored-text.ts';

function beginning(sql: Sql, text: string): Match {
  const [from, to] = beginningWith(text).map((end) => sql.bind(end, 'text'));
  return (t) => `${t}.val >= ${from} AND ${t}.val < ${to}`;
}

/** `%` and `_` of what is searched for mean themselves. */
function likeText(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

/** Whole values in the order of their characters, which is what the column's collation is. */
const orders = { gt: '>', lt: '<', ge: '>=', le: '<=' } as const;

function isOrder(match: ClauseOf<'string'>['match']): match is keyof typeof orders {
  return match in orders;
}

export function stringMatch(sql: Sql, match: ClauseOf<'string'>['match'], text: string): Match {
  const folded = storedString(fold(text));
  if (isOrder(match)) {
    const value = sql.bind(folded, 'text');
    return (t) => `${t}.val ${orders[match]} ${value} AND ${t}.exact <> 0`;
  }
  if (match === 'starts') return beginning(sql, folded);
  if (match === 'contains' || match === 'ends') {
    const pattern = sql.bind(`%${likeText(folded)}${match === 'ends' ? '' : '%'}`, 'text');
    return (t) => `${t}.val LIKE ${pattern}`;
  }
  const [value, exact] = [sql.bind(folded, 'text'), sql.bind(valueKey(text), 'int8')];
  if (match === 'equal') return (t) => `${t}.val = ${value}`;
  return (t) => `${t}.val = ${value} AND ${t}.exact = ${exact}`;
}

/** Finding how often a text occurs inside others costs as much as finding where. */
function keyOf(clause: ClauseOf<'string' | 'uri'>): string | undefined {
  return clause.match === 'contains' || clause.match === 'ends' ? undefined : clauseKey(clause);
}

export function string(sql: Sql, clause: ClauseOf<'string'>): Condition {
  const p = sql.bind(paramKey(clause.param), 'int4');
  const matches = clause.any.map((text) => stringMatch(sql, clause.match, text));
  return { ...rowCondition(sql, 'sp_str', p, matches), key: keyOf(clause) };
}

/** `http://a/b/c` is below itself and `http://a/b`, but not below `http://a/b/cd`. */
function ancestors(uri: string): string[] {
  const found = [uri];
  for (let at = uri.length - 1; at > 0; at -= 1) {
    if (uri[at] !== '/' || uri[at - 1] === '/' || uri[at - 1] === ':') continue;
    found.push(uri.slice(0, at), uri.slice(0, at + 1));
  }
  return found;
}

export function uriMatch(sql: Sql, match: ClauseOf<'uri'>['match'], uri: string): Match {
  const text = storedUri(uri);
  if (match === 'below') {
    const whole = sql.bind(text, 'text');
    const within = beginning(sql, text.endsWith('/') ? text : `${text}/`);
    return (t) => `(${t}.val = ${whole} OR (${within(t)}))`;
  }
  const values = sql.bind(match === 'above' ? ancestors(text) : [text], 'text[]');
  return (t) => `${t}.val = ANY (${values})`;
}

export function uri(sql: Sql, clause: ClauseOf<'uri'>): Condition {
  const p = sql.bind(paramKey(clause.param), 'int4');
  const matches = clause.any.map((value) => uriMatch(sql, clause.match, value));
  return { ...rowCondition(sql, 'sp_uri', p, matches), key: keyOf(clause) };
}
