/**
 * Takes away the search rows of versions that were superseded or deleted. They are inert, because every search passes over
 * what is in `stale`; they only take room, so that this may run late and in small pieces. Those that a search may still be
 * paged through stay (search/snapshots.ts).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../shared/logger.ts';
import type { Store } from './store.ts';

const tables = ['sp_token', 'sp_ref', 'sp_str', 'sp_date', 'sp_qty', 'sp_uri', 'sp_comp', 'sp_pos', 'sp_text'];
/** A piece takes some milliseconds, so that it holds nobody up. */
const VERSIONS_AT_ONCE = 500;

const deletions = tables.map(
  (table) => `d_${table} AS (DELETE FROM ${table} WHERE v = ANY (ARRAY(SELECT v FROM gone)))`,
);
/** Between a page and the note that it is to be kept is less time than this. */
const GRACE_MS = 10_000;
const statement = `WITH over AS (DELETE FROM page_snapshot WHERE until < now()),
  past AS (DELETE FROM search_rewrite WHERE at < now() - interval '2 hours'),
  gone AS MATERIALIZED (SELECT v FROM stale
    WHERE at <= now() - $1::int8 * interval '1 millisecond'
      AND xid < coalesce((SELECT oldest FROM page_snapshot WHERE until >= now() ORDER BY oldest LIMIT 1), '18446744073709551615'::xid8)
    ORDER BY v LIMIT ${VERSIONS_AT_ONCE} FOR UPDATE SKIP LOCKED),
  ${deletions.join(',\n  ')}
  DELETE FROM stale WHERE v = ANY (ARRAY(SELECT v FROM gone)) RETURNING v`;

/** Takes away the rows of at most 500 versions superseded longer ago than `graceMs`; resolves with how many there were. */
export async function sweepStale({ db }: Pick<Store, 'db'>, graceMs: number = GRACE_MS): Promise<number> {
  return (await db.query({ name: 'sweep-stale', text: statement, values: [graceMs] })).length;
}

export interface JanitorOptions {
  readonly store: Pick<Store, 'db'>;
  readonly log: Logger;
  /** Rest after everything was clean, milliseconds. */
  readonly everyMs?: number;
  readonly graceMs?: number;
}

const MINUTE = 60_000;
/** Between two pieces, for the others. */
const PAUSE_MS = 20;

/** Sweeps until `stop`, which waits for the piece under way. Several processes may. */
export function openJanitor({ store, log, everyMs = MINUTE, graceMs }: JanitorOptions): { stop(): Promise<void> } {
  const stopping = new AbortController();
  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      const swept = await sweepStale(store, graceMs).catch((error: unknown) => {
        log.warn('stale search rows could not be taken away; trying again later', { error });
        return 0;
      });
      await sleep(swept > 0 ? PAUSE_MS : everyMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }
  const done = work();
  return {
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
