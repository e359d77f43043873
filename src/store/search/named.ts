/**
 * What codes, identifiers' types and references are called: the modifiers :text and :code-text. The dictionary has each text
 * once; from it the search rows are found by code and label. https://hl7.org/fhir/R4/search.html#token
 */
import { paramKey } from '../keys.ts';
import { type Condition, clauseKey, either, exists, type Match } from './condition.ts';
import { fold } from './fold.ts';
import type { ClauseOf } from './query.ts';
import type { Sql } from './sql.ts';
import { beginningWith, storedString } from './stored-text.ts';

const places = { token: ['sp_token', 'code'], reference: ['sp_ref', 'target'] } as const;

/** Names that begin with one of the texts. */
function nameMatch(sql: Sql, texts: readonly string[]): Match {
  return either(
    texts.map((text): Match => {
      const [from, to] = beginningWith(storedString(fold(text))).map((end) => sql.bind(end, 'text'));
      return (d) => `${d}.name >= ${from} AND ${d}.name < ${to}`;
    }),
  );
}

/** From the words of a kind to the search rows, `on` which columns. */
function listed(sql: Sql, table: string, p: string, words: Match, on: (t: string, d: string) => string): string {
  const [d, t, w] = [sql.alias(), sql.alias(), sql.alias()];
  return `SELECT ${t}.v FROM (SELECT DISTINCT ${w}.code, ${w}.label, ${w}.sys FROM dictionary ${w} WHERE ${words(w)} OFFSET 0) ${d}
    CROSS JOIN LATERAL (SELECT ${t}.v FROM ${table} ${t} WHERE ${t}.p = ${p} AND ${on(t, d)} OFFSET 0) ${t}`;
}

/** Rows whose text, with `codes` also whose code, begins with one of `any`. */
export function named(sql: Sql, clause: ClauseOf<'named'>): Condition {
  const p = sql.bind(paramKey(clause.param), 'int4');
  const [table, column] = places[clause.of];
  const begins = nameMatch(sql, clause.any);
  const words =
    (kind: string, more = ''): Match =>
    (d) =>
      `${d}.p = ${p} AND ${d}.kind = '${kind}'${more && ` AND ${d}.${more}`} AND ${begins(d)}`;
  const isCalled: Match = (t) => {
    const d = sql.alias();
    const same = `${d}.label = ${t}.label AND ${d}.code = ANY (ARRAY[${t}.${column}, 0])`;
    return exists(`dictionary ${d} WHERE ${words('n')(d)} AND ${same}`);
  };
  const isCoded: Match = (t) => {
    const d = sql.alias();
    return exists(`dictionary ${d} WHERE ${words('c')(d)} AND ${d}.code = ${t}.code AND ${d}.sys = ${t}.sys`);
  };
  return {
    holds(v) {
      const t = sql.alias();
      const called = either(clause.codes ? [isCalled, isCoded] : [isCalled])(t);
      return exists(`${table} ${t} WHERE ${t}.v = ${v} AND ${t}.p = ${p} AND ${called}`);
    },
    list() {
      const ways = [
        listed(
          sql,
          table,
          p,
          words('n', 'code <> 0'),
          (t, d) => `${t}.${column} = ${d}.code AND ${t}.label = ${d}.label`,
        ),
        // Identifiers of a type: the label says which, whatever their value.
        listed(sql, table, p, words('n', 'code = 0'), (t, d) => `${t}.label = ${d}.label`),
      ];
      if (clause.codes)
        ways.push(listed(sql, table, p, words('c'), (t, d) => `${t}.code = ${d}.code AND ${t}.sys = ${d}.sys`));
      return ways.join(' UNION ALL ');
    },
    key: clauseKey(clause),
  };
}
