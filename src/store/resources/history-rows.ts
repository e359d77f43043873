/** The rows of one stretch of a history: of an instance in order of version, of types in the order of all versions. */
import { resourceKey, typeKey } from '../keys.ts';
import { kinds } from '../search/meta.ts';
import { beginSql, type Sql } from '../search/sql.ts';
import type { Database, HistoryRange } from '../store.ts';
import { columns, type VersionRow } from './row.ts';

/** Where to go on from, in which direction, how far. */
export interface Stretch {
  /** A version number of an instance, a place in the order of all versions of types. */
  readonly position: string | null;
  readonly ascending: boolean;
  readonly limit: number;
}

/**
 * A version takes its time before its place, and at most so much (milliseconds) lies between: longer than any transaction
 * may last, and than clocks of servers differ.
 */
const SLACK = 15 * 60_000;

type Table = 'resource' | 'history';

/** Conditions of time over the rows of a table. Ordered feeds leave out what older transactions may still overtake. */
function timely(sql: Sql, { since, at }: HistoryRange, table: Table, isFeed: boolean): string {
  const conditions: string[] = [];
  if (since !== undefined) conditions.push(`t.updated >= ${sql.bind(Date.parse(since), 'int8')}`);
  if (isFeed) conditions.push('t.xid < pg_snapshot_xmin(pg_current_snapshot())');
  if (at) {
    const [low, high] = [sql.bind(at.low, 'int8'), sql.bind(at.high, 'int8')];
    conditions.push(`t.updated <= ${high}`, `(NOT t.deleted OR t.updated >= ${low})`);
    const follower = (other: Table) =>
      `NOT EXISTS (SELECT FROM ${other} n WHERE n.rkey = t.rkey AND n.version = t.version + 1 AND n.updated <= ${low})`;
    if (table === 'history') conditions.push(follower('history'), follower('resource'));
  }
  return conditions.map((condition) => `AND ${condition}`).join(' ');
}

function isFeed({ since, ascending }: HistoryRange): boolean {
  return since !== undefined || ascending === true;
}

function kindsOf(sql: Sql, { type, types = type === undefined ? undefined : [type] }: HistoryRange): string {
  const asked = types ? `rtype = ANY (${sql.bind(types.map(typeKey), 'int4[]')})` : 'rtype IS NOT NULL';
  return `(SELECT rtype FROM kinds WHERE ${asked})`;
}

/** What was written well before a time has a place before all that was written since, and the other way round. */
function placed(sql: Sql, { since, at }: HistoryRange): { readonly bounds: string; readonly where: string } {
  const edge = (how: 'max' | 'min', condition: string, direction: string) =>
    `(SELECT ${how}(r.v) FROM kinds k CROSS JOIN LATERAL (SELECT r.v FROM resource r
      WHERE r.rtype = k.rtype AND r.updated ${condition} ORDER BY r.updated ${direction} LIMIT 1) r)`;
  const low = since === undefined ? 'NULL' : edge('max', `< ${sql.bind(Date.parse(since) - SLACK, 'int8')}`, 'DESC');
  const high = at ? edge('min', `> ${sql.bind(at.high + SLACK, 'int8')}`, 'ASC') : 'NULL';
  return {
    bounds: `bounds AS MATERIALIZED (SELECT coalesce(${low}, -1) AS low, coalesce(${high}, 9223372036854775807) AS high)`,
    where: 'AND t.v > (SELECT low FROM bounds) AND t.v < (SELECT high FROM bounds)',
  };
}

function typeRows(sql: Sql, range: HistoryRange, { position, ascending, limit }: Stretch): string {
  const direction = ascending ? 'ASC' : 'DESC';
  const from = position === null ? '' : `AND t.v ${ascending ? '>' : '<'} ${sql.bind(position, 'int8')}`;
  const { bounds, where } = placed(sql, range);
  const most = sql.bind(limit, 'int8');
  // One part for each range of an index that is in order of v; only places are merged, bodies are fetched afterwards.
  const part = (table: Table, deleted: string) =>
    `(SELECT t.v, t.deleted, ${table === 'history'} AS old FROM ${table} t WHERE t.rtype = k.rtype ${deleted} ${from} ${where}
      ${timely(sql, range, table, isFeed(range))} ORDER BY t.v ${direction} LIMIT ${most})`;
  const parts = [part('resource', 'AND NOT t.deleted'), part('resource', 'AND t.deleted'), part('history', '')].join(
    ' UNION ALL ',
  );
  return `WITH ${kinds}, ${bounds}, page AS MATERIALIZED (
      SELECT k.rtype, c.v, c.deleted, c.old FROM ${kindsOf(sql, range)} k CROSS JOIN LATERAL (${parts}) c
      ORDER BY c.v ${direction} LIMIT ${most})
    SELECT b.* FROM page p CROSS JOIN LATERAL (
      (SELECT ${columns('r')} FROM resource r WHERE NOT p.old AND r.rtype = p.rtype AND r.deleted = p.deleted AND r.v = p.v)
      UNION ALL (SELECT ${columns('h')} FROM history h WHERE p.old AND h.rtype = p.rtype AND h.v = p.v)) b
    ORDER BY p.v ${direction}`;
}

function instanceCondition(sql: Sql, type: string, id: string): string {
  return `t.rkey = ${sql.bind(resourceKey(type, id), 'int8')} AND t.ref = ${sql.bind(`${type}/${id}`, 'text')}`;
}

function instanceRows(sql: Sql, range: HistoryRange, { position, ascending, limit }: Stretch): string {
  const direction = ascending ? 'ASC' : 'DESC';
  const from = position === null ? '' : `AND t.version ${ascending ? '>' : '<'} ${sql.bind(position, 'int8')}`;
  const instance = instanceCondition(sql, range.type ?? '', range.id ?? '');
  const most = sql.bind(limit, 'int8');
  const part = (table: Table) =>
    `(SELECT ${columns('t')} FROM ${table} t WHERE ${instance} ${from} ${timely(sql, range, table, false)}
      ORDER BY t.version ${direction} LIMIT ${most})`;
  return `SELECT * FROM (${part('resource')} UNION ALL ${part('history')}) t ORDER BY version ${direction} LIMIT ${most}`;
}

/** At most `limit` rows from a position on, in the direction asked for. */
export function historyRows(db: Database, range: HistoryRange, stretch: Stretch): Promise<VersionRow[]> {
  const sql = beginSql();
  const text = range.id === undefined ? typeRows(sql, range, stretch) : instanceRows(sql, range, stretch);
  return db.query<VersionRow>(sql.finish(text));
}

/** Further than this nobody counts unasked. */
const ENOUGH = 1000;

function countOfTypes(sql: Sql, range: HistoryRange): string {
  const { bounds, where } = placed(sql, range);
  const limit = range.total === 'accurate' ? '' : `LIMIT ${ENOUGH + 1}`;
  // In order of v, so that the index is the one that has the bounds.
  const part = (table: Table, deleted: string) =>
    `(SELECT FROM ${table} t WHERE t.rtype = k.rtype ${deleted} ${where} ${timely(sql, range, table, isFeed(range))}
      ORDER BY t.v ${limit})`;
  const parts = [part('resource', 'AND NOT t.deleted'), part('resource', 'AND t.deleted'), part('history', '')].join(
    ' UNION ALL ',
  );
  return `WITH ${kinds}, ${bounds}
    SELECT count(*) AS total FROM (SELECT FROM ${kindsOf(sql, range)} k CROSS JOIN LATERAL (${parts}) c ${limit}) t`;
}

function countOfInstance(sql: Sql, range: HistoryRange): string {
  const instance = instanceCondition(sql, range.type ?? '', range.id ?? '');
  const part = (table: Table) => `(SELECT FROM ${table} t WHERE ${instance} ${timely(sql, range, table, false)})`;
  return `SELECT count(*) AS total FROM (${part('resource')} UNION ALL ${part('history')}) t`;
}

/** How many versions a range has; undefined when they are many and only a cheap count is wanted. */
export async function historyCount(db: Database, range: HistoryRange): Promise<number | undefined> {
  const sql = beginSql();
  const text = range.id === undefined ? countOfTypes(sql, range) : countOfInstance(sql, range);
  const [row] = await db.query<{ total: string }>(sql.finish(text));
  const total = Number(row?.total ?? 0);
  return range.id !== undefined || range.total === 'accurate' || total <= ENOUGH ? total : undefined;
}
