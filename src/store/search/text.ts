/** Full text: `_text` and `_content`. https://hl7.org/fhir/R4/search.html#text */
import { type Condition, clauseKey, either, exists, type Match } from './condition.ts';
import { currentOf } from './meta.ts';
import type { ClauseOf, TextQuery } from './query.ts';
import type { Sql } from './sql.ts';
import { words } from './words.ts';

/** Each word as it is written and as its French stem. */
const languages = ['simple', 'french'];

/** A `tsquery`; of a phrase the words follow each other. */
function tsquery(sql: Sql, query: TextQuery): string {
  if ('words' in query) {
    const text = sql.bind(words(query.words), 'text');
    return `(${languages.map((language) => `phraseto_tsquery('pg_catalog.${language}', ${text})`).join(' || ')})`;
  }
  if ('not' in query) return `(!! ${tsquery(sql, query.not)})`;
  const [parts, operator] = 'all' in query ? [query.all, '&&'] : [query.any, '||'];
  return `(${parts.map((part) => tsquery(sql, part)).join(` ${operator} `)})`;
}

export function text(sql: Sql, type: string, clause: ClauseOf<'text'>): Condition {
  const from = currentOf(sql, type);
  const found = either(
    clause.any.map((query): Match => {
      const asked = tsquery(sql, query);
      return (t) => `${t}.${clause.part} @@ ${asked}`;
    }),
  );
  return {
    holds(v) {
      const t = sql.alias();
      return exists(`sp_text ${t} WHERE ${t}.v = ${v} AND ${found(t)}`);
    },
    list() {
      const [t, r] = [sql.alias(), sql.alias()];
      // The texts of all types are in one table.
      return `SELECT ${t}.v FROM sp_text ${t} WHERE ${found(t)} AND ${exists(`${from(r)} AND ${r}.v = ${t}.v`)}`;
    },
    current: true,
    key: `${type} ${clauseKey(clause)}`,
  };
}

/** Whether there is a search for text anywhere in the clauses. */
export function asksForText(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(asksForText);
  if (typeof value !== 'object' || value === null) return false;
  return (value as { kind?: unknown }).kind === 'text' || Object.values(value).some(asksForText);
}
