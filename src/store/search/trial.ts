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
  /** An expression: how many it has; as many as `enough` are too many, and then the page is empty. */
  readonly found: string;
  readonly enough: number;
}

/**
 * A trial of the one condition that is not known; undefined where there is none, or where several are not. From `enough` on,
 * walking is no longer than listing.
 */
export function trialOf(
  { sql }: Compiling,
  conditions: readonly Condition[],
  untried: Condition | undefined,
  enough: number,
): Trial | undefined {
  if (!untried?.list) return undefined;
  const [few, f, x] = [sql.alias(), sql.alias(), sql.alias()];
  const found = `(SELECT count(*)::int FROM ${few})`;
  const listed: Condition = {
    holds: untried.holds,
    list: () => `SELECT ${f}.v FROM ${few} ${f} WHERE ${found} < ${enough}`,
    current: untried.current,
    most: 0,
  };
  return {
    untried,
    conditions: conditions.map((condition) => (condition === untried ? listed : condition)),
    listed: `${few} AS MATERIALIZED (SELECT ${x}.v FROM (${untried.list()}) ${x} LIMIT ${enough})`,
    found,
    enough,
  };
}
