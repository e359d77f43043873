/** A statement under construction: every value becomes a parameter, every table reference gets an alias of its own. */

type SqlType = 'int4' | 'int8' | 'float8' | 'text' | 'int4[]' | 'int8[]' | 'text[]' | 'pg_snapshot';

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

export interface Sql {
  /** The placeholder of the snapshot that is searched instead of what is current. */
  readonly asOf: string | undefined;
  /** The placeholder of a value, with the type that PostgreSQL is to take it for. */
  bind(value: unknown, type: SqlType): string;
  alias(): string;
  /** The statement, with only those values that its text uses. */
  finish(text: string): Statement;
}

/** `asOf`: what is to be seen is what this `pg_snapshot` sees. */
export function beginSql(asOf?: string): Sql {
  const values: unknown[] = [];
  let aliases = 0;
  function bind(value: unknown, type: SqlType): string {
    values.push(value);
    return `$${values.length}::${type}`;
  }
  return {
    bind,
    asOf: asOf === undefined ? undefined : bind(asOf, 'pg_snapshot'),
    alias() {
      aliases += 1;
      return `t${aliases}`;
    },
    finish(text) {
      // PostgreSQL wants to know the type of every parameter, also of those that a plan left out.
      const used = [...new Set([...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)))];
      const renumbered = text.replace(/\$(\d+)/g, (_, number) => `$${used.indexOf(Number(number)) + 1}`);
      return { text: renumbered, values: used.map((number) => values[number - 1]) };
    },
  };
}
