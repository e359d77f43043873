/**
 * Exact totals of searches that find much. Counting takes longer the more is found; so what was counted is remembered with
 * the snapshot in which it was, and the next total is that and what has changed since: versions that the snapshot did not
 * see, less those that it saw and that have been superseded. Both are few and found by indexes, and the sum is as exact as
 * counting is. Decision 0031.
 */
import { typeKey } from '../keys.ts';
import type { Database } from '../store.ts';
import type { Compiling } from './compile.ts';
import { all, type Condition } from './condition.ts';
import { currentOf, wholeType } from './meta.ts';
import type { Naming } from './naming.ts';
import { streamingOf } from './plan.ts';
import type { Clause } from './query.ts';
import type { Snapshots } from './snapshots.ts';
import { openWatermarks } from './watermarks.ts';

/** What was counted, and in which snapshot; every version up to `above` was settled then. */
interface Tally {
  readonly count: number;
  readonly snapshot: string;
  readonly above: string;
  readonly at: number;
}

interface Found {
  readonly total: string;
  readonly snapshot: string;
  /** The last version number that was given out. */
  readonly last: string;
  /** Whether nothing that this snapshot sees is swept away for a while. */
  readonly held: boolean;
  /** Of a total made of a tally: whether it is right. */
  readonly valid?: boolean;
}

/** One search whose matches are counted. */
interface Counted {
  readonly compiling: Compiling;
  readonly type: string;
  readonly where: readonly Clause[];
  readonly conditions: readonly Condition[];
  /** An expression: the number, counted one by one. */
  readonly counting: string;
}

export interface Tallies {
  /** The exact number as the database is now; `db` must not be in a transaction that has written. */
  total(db: Database, name: Naming, counted: Counted): Promise<number>;
}

/** Less than notes are kept for (snapshots.ts), and than what the janitor leaves of `search_rewrite`. */
const LIFETIME_MS = 10 * 60_000;
const MOST_REMEMBERED = 1000;

const seen = `pg_current_snapshot()::text AS snapshot, (SELECT last_value FROM version_number)::text AS last,
  EXISTS (SELECT FROM page_snapshot WHERE until > now() + interval '15 minutes'
    AND oldest <= pg_snapshot_xmin(pg_current_snapshot())) AS held`;

/** Kinds of clauses whose answer is in the version's own rows, and changes with nothing else. */
const own: ReadonlySet<Clause['kind']> = new Set([
  'token',
  'reference',
  'member',
  'string',
  'date',
  'quantity',
  'uri',
  'composite',
  'near',
  'missing',
]);

function isOwn(clause: Clause): boolean {
  if (clause.kind === 'either') return clause.ways.every((way) => way.every(isOwn));
  if (clause.kind === 'not') return clause.where.every(isOwn);
  return own.has(clause.kind);
}

/** Whether the total can be kept up. */
export function isTallied(where: readonly Clause[]): boolean {
  return where.every(isOwn);
}

/** An expression: how much has come since the tally, less what has gone. */
function change({ compiling: { sql }, type, conditions }: Counted, tally: Tally): string {
  const base = sql.bind(tally.snapshot, 'pg_snapshot');
  const above = sql.bind(tally.above, 'int8');
  const isNew = (xid: string) => `NOT pg_visible_in_snapshot(${xid}, ${base})`;
  const streaming = streamingOf(conditions);
  const walk = { descending: false, above };
  const streams = streaming?.streams?.(walk) ?? [wholeType(sql, type)(walk)];
  const others = conditions.filter((condition) => condition !== streaming);
  const from = currentOf(sql, type);
  const [m, n, c, s, h] = [sql.alias(), sql.alias(), sql.alias(), sql.alias(), sql.alias()];
  const merged = streams.map((stream) => `(${stream})`).join(' UNION ALL ');
  // LATERAL and OFFSET keep this order: from the few new versions to what they are.
  const come = `(SELECT count(*) FROM (SELECT DISTINCT ${m}.v FROM (${merged}) ${m} OFFSET 0) ${n}
    CROSS JOIN LATERAL (SELECT ${c}.xid FROM ${from(c)} AND ${c}.v = ${n}.v OFFSET 0) ${c}
    WHERE ${isNew(`${c}.xid`)} AND ${all(others, `${n}.v`)})`;
  const rtype = sql.bind(typeKey(type), 'int4');
  const gone = `(SELECT count(*) FROM (SELECT ${s}.v FROM stale ${s}
      WHERE ${s}.xid >= pg_snapshot_xmin(${base}) AND ${isNew(`${s}.xid`)} OFFSET 0) ${s}
    CROSS JOIN LATERAL (SELECT FROM history ${h} WHERE ${h}.rtype = ${rtype} AND NOT ${h}.deleted AND ${h}.v = ${s}.v
      AND pg_visible_in_snapshot(${h}.xid, ${base}) OFFSET 0) ${h}
    WHERE ${all(conditions, `${s}.v`)})`;
  return `(${come} - ${gone})`;
}

export function openTallies(snapshots: Snapshots, now: () => number = Date.now): Tallies {
  const tallies = new Map<string, Tally>();
  const watermarks = openWatermarks();

  function statementOf(counted: Counted, tally: Tally | undefined) {
    const { sql } = counted.compiling;
    if (!tally) return sql.finish(`SELECT ${counted.counting} AS total, ${seen}`);
    const [count, base] = [sql.bind(tally.count, 'int8'), sql.bind(tally.snapshot, 'pg_snapshot')];
    // Nothing that the snapshot saw has been swept away, or has other search rows.
    const valid = `EXISTS (SELECT FROM page_snapshot WHERE until > now() AND oldest <= pg_snapshot_xmin(${base}))
      AND NOT EXISTS (SELECT FROM search_rewrite w WHERE w.xid >= pg_snapshot_xmin(${base}) AND NOT pg_visible_in_snapshot(w.xid, ${base}))`;
    return sql.finish(`SELECT ${count} + ${change(counted, tally)} AS total, ${valid} AS valid, ${seen}`);
  }

  async function total(db: Database, name: Naming, counted: Counted): Promise<number> {
    const key = JSON.stringify([counted.type, counted.where]);
    const known = tallies.get(key);
    const tally = known && known.at > now() - LIFETIME_MS ? known : undefined;
    const marks = watermarks.begin();
    const [found] = await db.query<Found>(name(statementOf(counted, tally)));
    if (!found) return 0;
    const { snapshot, held } = found;
    const above = marks.settled(found);
    if (tally && !found.valid) {
      tallies.delete(key);
      return total(db, name, counted);
    }
    const count = Number(found.total);
    if (tallies.size >= MOST_REMEMBERED) tallies.clear();
    if (held && above !== undefined) tallies.set(key, { count, snapshot, above, at: now() });
    else if (!held) await snapshots.hold(db, snapshot);
    return count;
  }
  return { total };
}
