/** What every resource can be searched by, being columns of `resource`: its id, its last change, and that it exists at all. */
import { isId } from '../../shared/id.ts';
import { resourceKey, typeKey } from '../keys.ts';
import { clampTime } from './clamp-time.ts';
import { compare } from './compare.ts';
import { type Condition, clauseKey, either, exists, type Match, type Walk, walking } from './condition.ts';
import type { ClauseOf, RangeValue } from './query.ts';
import type { Sql } from './sql.ts';

const columns = 'v, rkey, ref, version, updated, op, deleted, body';

/**
 * Resources of a type as a snapshot sees them: current ones that were there already, and superseded ones that were current
 * then. What they were superseded by is in `stale` for as long as anybody may page through that snapshot (snapshots.ts).
 */
function pastOf({ alias }: Sql, rtype: string, snapshot: string): string {
  const [r, h, s] = [alias(), alias(), alias()];
  const there = (t: string) =>
    `${t}.rtype = ${rtype} AND NOT ${t}.deleted AND pg_visible_in_snapshot(${t}.xid, ${snapshot})`;
  const listed = (t: string) => columns.replace(/\w+/g, (column) => `${t}.${column}`);
  const superseded = exists(`stale ${s} WHERE ${s}.v = ${h}.v AND NOT pg_visible_in_snapshot(${s}.xid, ${snapshot})`);
  return `(SELECT ${listed(r)} FROM resource ${r} WHERE ${there(r)}
    UNION ALL SELECT ${listed(h)} FROM history ${h} WHERE ${there(h)} AND ${superseded})`;
}

/** Current resources of a type, those that match; `alias.v` is their version. Of a snapshot those that were current in it. */
export function currentOf(sql: Sql, type: string): (t: string) => string {
  const rtype = sql.bind(typeKey(type), 'int4');
  const { asOf } = sql;
  if (asOf !== undefined) return (t) => `${pastOf(sql, rtype, asOf)} ${t} WHERE TRUE`;
  return (t) => `resource ${t} WHERE ${t}.rtype = ${rtype} AND NOT ${t}.deleted`;
}

/** Rows of a version that is no longer current are still there until the janitor comes. */
export function isCurrent(sql: Sql, type: string, v: string): string {
  const t = sql.alias();
  if (sql.asOf !== undefined) return exists(`${currentOf(sql, type)(t)} AND ${t}.v = ${v}`);
  return `NOT ${exists(`stale ${t} WHERE ${t}.v = ${v}`)}`;
}

/** Common table expressions: `kinds`, every type that was ever written; a deleted resource still has its row. */
export const kinds = `RECURSIVE kinds AS (
  (SELECT rtype FROM resource ORDER BY rtype LIMIT 1)
  UNION ALL SELECT (SELECT r.rtype FROM resource r WHERE r.rtype > k.rtype ORDER BY r.rtype LIMIT 1)
    FROM kinds k WHERE k.rtype IS NOT NULL)`;

/** Every current resource of the type, in order of v. */
export function wholeType(sql: Sql, type: string): (walk: Walk) => string {
  const from = currentOf(sql, type);
  return (walk) => {
    const t = sql.alias();
    return `SELECT ${t}.v FROM ${from(t)} ${walking(`${t}.v`, walk)}`;
  };
}

/** A condition on columns of `resource`. */
function columnCondition(sql: Sql, type: string, match: Match): Condition & { readonly list: () => string } {
  const from = currentOf(sql, type);
  return {
    holds(v) {
      const t = sql.alias();
      return exists(`${from(t)} AND ${t}.v = ${v} AND ${match(t)}`);
    },
    list() {
      const t = sql.alias();
      return `SELECT ${t}.v FROM ${from(t)} AND ${match(t)}`;
    },
  };
}

export function id(sql: Sql, type: string, { any }: ClauseOf<'id'>): Condition {
  const possible = any.filter(isId);
  const keys = sql.bind(
    possible.map((one) => resourceKey(type, one)),
    'int8[]',
  );
  const refs = sql.bind(
    possible.map((one) => `${type}/${one}`),
    'text[]',
  );
  const match: Match = (t) => `${t}.rkey = ANY (${keys}) AND ${t}.ref = ANY (${refs})`;
  return { ...columnCondition(sql, type, match), most: any.length };
}

function instantMatch(sql: Sql, { prefix, low, high }: RangeValue): (instant: string) => string {
  const bounds = { low: sql.bind(clampTime(low), 'int8'), high: sql.bind(clampTime(high), 'int8') };
  return (instant) => `(${compare(prefix, instant, instant, bounds)})`;
}

export function updated(sql: Sql, type: string, clause: ClauseOf<'updated'>): Condition {
  const match = either(clause.any.map((value) => instantMatch(sql, value)));
  const from = currentOf(sql, type);
  return {
    ...columnCondition(sql, type, (t) => match(`${t}.updated`)),
    streams(walk) {
      const t = sql.alias();
      // The sum keeps the planner from the index by time, out of which everything would have to be sorted.
      return [`SELECT ${t}.v FROM ${from(t)} AND ${match(`(${t}.updated + 0)`)} ${walking(`${t}.v`, walk)}`];
    },
    key: clauseKey(clause),
  };
}
