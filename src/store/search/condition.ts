/** What a clause is to the planner: a question about one version, and, unless it is a negation, a list of versions. */
import { key64 } from '../keys.ts';
import type { Clause } from './query.ts';
import type { Sql } from './sql.ts';

/** An SQL condition over the row that the alias names. */
export type Match = (t: string) => string;

export interface Condition {
  /** A boolean expression over the version `v` (an SQL expression). */
  holds(v: string): string;
  /**
   * A query of one column `v`: every current or stale version that fulfils the condition, in no order, some maybe
   * twice. Absent where that would be nearly everything (negations).
   */
  readonly list?: (() => string) | undefined;
  /** Whether the list leaves out the stale ones. */
  readonly current?: boolean | undefined;
  /** The same as few queries, each of which an index gives in order of v. Absent where no index does. */
  readonly streams?: ((walk: Walk) => readonly string[]) | undefined;
  /** A query of the same among the versions of an array (an expression), each a place in one index. */
  readonly among?: ((versions: string) => string) | undefined;
  /** Whether the streams pass over what does not fulfil it, and not every row that they read does. */
  readonly filters?: boolean | undefined;
  /** By what its frequency is remembered; absent: finding it out costs too much. */
  readonly key?: string | undefined;
  /** At most as many versions fulfil it as the least frequent of these, which are cheaper to count. */
  readonly within?: readonly Condition[] | undefined;
  /** At most so many versions fulfil it, where that is known beforehand. */
  readonly most?: number | undefined;
  /** Of date clauses: what rows must fulfil that are the only value of `param`, and that are not; each is a range of one index. */
  readonly dates?: { readonly param: string; readonly alone: readonly Match[]; readonly several: readonly Match[] };
}

/** In which direction versions are walked, and between which bounds of v (expressions, both outside). */
export interface Walk {
  readonly descending: boolean;
  readonly above?: string | undefined;
  readonly below?: string | undefined;
}

/** The bounds and order of a walk along column `v` (an expression). */
export function walking(v: string, { descending, above, below }: Walk): string {
  const bounds = [above && `AND ${v} > ${above}`, below && `AND ${v} < ${below}`].filter(Boolean).join(' ');
  return `${bounds} ORDER BY ${v} ${descending ? 'DESC' : 'ASC'}`;
}

/** The same clause always has the same key, however long it is. */
export function clauseKey(clause: Clause): string {
  return `${clause.kind} ${key64(JSON.stringify(clause))}`;
}

/** With more alternatives than this, merging a stream for each costs more than sorting what they find together. */
export const MOST_STREAMS = 8;

/** OFFSET 0 keeps the planner from turning the question into a join, which it might begin at the wrong end. */
export function exists(from: string): string {
  return `EXISTS (SELECT FROM ${from} OFFSET 0)`;
}

export function either(matches: readonly Match[]): Match {
  return (t) => `(${matches.map((match) => `(${match(t)})`).join(' OR ')})`;
}

type Listed = Condition & { readonly list: () => string };

/** There is a row of an index table, of the parameter `p` (a placeholder), for which one of the matches is true. */
export function rowCondition(sql: Sql, table: string, p: string, matches: readonly Match[]): Listed {
  const select = (match: Match) => {
    const t = sql.alias();
    return `SELECT ${t}.v FROM ${table} ${t} WHERE ${t}.p = ${p} AND (${match(t)})`;
  };
  return {
    holds(v) {
      const t = sql.alias();
      return exists(`${table} ${t} WHERE ${t}.v = ${v} AND ${t}.p = ${p} AND ${either(matches)(t)}`);
    },
    // Each match is a range of the index of its own; joined by OR they would be none.
    list: () => matches.map(select).join(' UNION ALL '),
  };
}

/** A row condition whose matches are equalities on the leading columns of an index that goes on with v. */
export function equalityCondition(sql: Sql, table: string, p: string, matches: readonly Match[]): Condition {
  const select = (match: Match, more: (v: string) => string) => {
    const t = sql.alias();
    return `SELECT ${t}.v FROM ${table} ${t} WHERE ${t}.p = ${p} AND ${match(t)} ${more(`${t}.v`)}`;
  };
  return {
    ...rowCondition(sql, table, p, matches),
    streams: (walk) => matches.map((match) => select(match, (v) => walking(v, walk))),
    among: (versions) =>
      matches.map((match) => select(match, (v) => `AND ${v} = ANY (${versions})`)).join(' UNION ALL '),
  };
}

/** A table of ranges, and its columns as a walk by recency has them: in sums that keep the planner from the indexes by value. */
export interface Ranges {
  readonly table: string;
  readonly walked: string;
}

/**
 * A row condition whose matches are ranges. Those that find much are walked along in order of v, where the index by
 * recency tells of each row whether it matches; `equal` is what that index has before v.
 */
export function rangeCondition(
  sql: Sql,
  { table, walked }: Ranges,
  p: string,
  matches: readonly Match[],
  equal: Match = () => 'TRUE',
): Listed {
  return {
    ...rowCondition(sql, table, p, matches),
    streams(walk) {
      const [t, r] = [sql.alias(), sql.alias()];
      const rows = `SELECT ${r}.v, ${r}.p, ${walked} FROM ${table} ${r} WHERE ${r}.p = ${p} AND ${equal(r)}`;
      return [`SELECT ${t}.v FROM (${rows}) ${t} WHERE ${either(matches)(t)} ${walking(`${t}.v`, walk)}`];
    },
    filters: true,
  };
}

/** At least one of several conditions of the same kind. */
export function anyOf(conditions: readonly Condition[]): Condition {
  const lists = conditions.map(({ list }) => list).filter((list) => list !== undefined);
  const streams = conditions.map(({ streams: own }) => own).filter((own) => own !== undefined);
  return {
    holds: (v) => `(${conditions.map((condition) => condition.holds(v)).join(' OR ')})`,
    ...(lists.length === conditions.length ? { list: () => lists.map((list) => list()).join(' UNION ALL ') } : {}),
    ...(streams.length === conditions.length ? { streams: (walk) => streams.flatMap((own) => own(walk)) } : {}),
    filters: conditions.some(({ filters }) => filters),
  };
}

export function not(condition: Condition): Condition {
  return { holds: (v) => `NOT ${condition.holds(v)}` };
}

export function all(conditions: readonly Condition[], v: string): string {
  return conditions.length === 0 ? 'TRUE' : conditions.map((condition) => condition.holds(v)).join(' AND ');
}
