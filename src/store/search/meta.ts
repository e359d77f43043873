/** What every resource can be searched by, being columns of `resource`: its id, its last change, and that it exists at all. */
import { isId } from '../../shared/id.ts';
import { resourceKey, typeKey } from '../keys.ts';
import { type Condition, clauseKey, either, exists, type Match, type Walk, walking } from './condition.ts';
import type { ClauseOf, RangeValue } from './query.ts';
import { instantMatch } from './range.ts';
import type { Sql } from './sql.ts';

/** Current resources of a type, those that match; `alias.v` is their version. */
export function currentOf(sql: Sql, type: string): (t: string) => string {
  const rtype = sql.bind(typeKey(type), 'int4');
  return (t) => `resource ${t} WHERE ${t}.rtype = ${rtype} AND NOT ${t}.deleted`;
}

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

/** Clocks of servers, and the time between stamping a resource and writing it, may differ by so much. */
const SLACK_MINUTES = 5;
const MINUTE = 60_000;

/** Nothing that was last updated at `low` or later has a version before this one. */
function versionFrom(sql: Sql, low: number): string {
  const minute = sql.bind(Math.floor(low / MINUTE) - SLACK_MINUTES, 'int8');
  const m = sql.alias();
  return `COALESCE((SELECT ${m}.v FROM version_minute ${m} WHERE ${m}.minute <= ${minute} ORDER BY ${m}.minute DESC LIMIT 1), 0)`;
}

/** Nothing that was last updated at `high` or earlier has this version or a later one. */
function versionTo(sql: Sql, high: number): string {
  const minute = sql.bind(Math.ceil(high / MINUTE) + SLACK_MINUTES, 'int8');
  const m = sql.alias();
  return `COALESCE((SELECT ${m}.v FROM version_minute ${m} WHERE ${m}.minute >= ${minute} ORDER BY ${m}.minute LIMIT 1), 9223372036854775807)`;
}

const bounded = { from: ['eq', 'gt', 'ge', 'sa', 'ap'], to: ['eq', 'lt', 'le', 'eb', 'ap'] };

/** The range of v that a range of time is, so that a poll for what is new reads only that. */
function versionBounds(sql: Sql, { prefix, low, high }: RangeValue): Match {
  const from = bounded.from.includes(prefix) ? versionFrom(sql, low) : undefined;
  const to = bounded.to.includes(prefix) ? versionTo(sql, high) : undefined;
  return (t) => [...(from ? [`${t}.v >= ${from}`] : []), ...(to ? [`${t}.v < ${to}`] : []), 'TRUE'].join(' AND ');
}

export function updated(sql: Sql, type: string, clause: ClauseOf<'updated'>): Condition {
  const instants = either(clause.any.map((value) => instantMatch(sql, 'updated', value)));
  const [only, ...others] = clause.any;
  const within = only && others.length === 0 ? versionBounds(sql, only) : () => 'TRUE';
  const from = currentOf(sql, type);
  return {
    ...columnCondition(sql, type, (t) => `${instants(t)} AND ${within(t)}`),
    streams(walk) {
      const t = sql.alias();
      return [`SELECT ${t}.v FROM ${from(t)} AND ${instants(t)} AND ${within(t)} ${walking(`${t}.v`, walk)}`];
    },
    key: clauseKey(clause),
  };
}
