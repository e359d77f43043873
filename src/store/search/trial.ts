/**
 * Finding few or many is not known before it is tried: a search that knows it of all its clauses but one lists what that one
 * finds, up to the number from which on it is many, and makes the page of it in the same statement. That saves the round
 * trip that counts beforehand for every patient and every date that nobody has asked for in the last minute.
 */
import type { Compiling } from './compile.ts';
import type { Condition } from './condition.ts';

export interface Trial {
  readonly untried: Condition;
  /** The conditions, of which the untried one finds what the table expression has. */
  readonly conditions: readonly Condition[];
  /** A common table expression. */
  readonly listed: string;
  /** An expression: how many it has; as many as `dense` are too many, and then the page is empty. */
  readonly found: string;
}

/** A trial of the one condition that is not known; undefined where there is none, or where several are not. */
export function trialOf(
  { sql, dense }: Compiling,
  conditions: readonly Condition[],
  untried: Condition | undefined,
): Trial | undefined {
  if (!untried?.list) return undefined;
  const [few, f, x] = [sql.alias(), sql.alias(), sql.alias()];
  const found = `(SELECT count(*)::int FROM ${few})`;
  const listed: Condition = {
    holds: untried.holds,
    list: () => `SELECT ${f}.v FROM ${few} ${f} WHERE ${found} < ${dense}`,
    current: untried.current,
    most: 0,
  };
  return {
    untried,
    conditions: conditions.map((condition) => (condition === untried ? listed : condition)),
    listed: `${few} AS MATERIALIZED (SELECT ${x}.v FROM (${untried.list()}) ${x} LIMIT ${dense})`,
    found,
  };
}
