/**
 * Fills the full-text index. Nothing is done before the first search for text; from then on a worker reads what was written
 * since, gently, and a search reads what the worker has not come to yet, so that what was written is found at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { FhirError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { int8s, texts } from '../arrays.ts';
import type { Database } from '../store.ts';
import { kinds } from './meta.ts';
import { textsOf } from './words.ts';

const AT_ONCE = 100;
/** So long a search reads along; what is left then, the worker does. */
const PATIENCE_MS = 3000;
/** Longer than any statement takes from a version's number to the transaction's. */
const SETTLING = "interval '90 seconds'";

interface Progress {
  readonly done: string;
  readonly seen: string;
  /** Whether all versions up to `seen` are there, or never will be. */
  readonly settled: boolean;
}

/** Where we are; the first search for text makes the row. */
async function progress(db: Database, begin: boolean): Promise<Progress | undefined> {
  const columns = 'done, seen, coalesce(horizon <= pg_snapshot_xmin(pg_current_snapshot()), false) AS settled';
  const read = { name: 'text-progress', text: `SELECT ${columns} FROM text_progress` };
  const [row] = await db.query<Progress>(read);
  if (row || !begin) return row;
  await db.query({
    text: 'INSERT INTO text_progress (seen) SELECT last_value FROM version_number ON CONFLICT DO NOTHING',
  });
  return (await db.query<Progress>(read))[0];
}

/** Indexes at most so many current versions that have no text yet; resolves with how many there were. */
async function indexSome(db: Database, done: string): Promise<number> {
  const rows = await db.query<{ v: string; body: string }>({
    name: 'unread-texts',
    text: `WITH ${kinds}, unread AS MATERIALIZED (
        SELECT k.rtype, r.v FROM kinds k CROSS JOIN LATERAL (
          SELECT r.v FROM resource r WHERE r.rtype = k.rtype AND NOT r.deleted AND r.v > $1
             AND NOT EXISTS (SELECT FROM sp_text t WHERE t.v = r.v OFFSET 0) ORDER BY r.v LIMIT ${AT_ONCE}) r
        WHERE k.rtype IS NOT NULL LIMIT ${AT_ONCE})
      SELECT u.v, r.body FROM unread u CROSS JOIN LATERAL (
        SELECT r.body FROM resource r WHERE r.rtype = u.rtype AND NOT r.deleted AND r.v = u.v OFFSET 0) r`,
    values: [done],
  });
  if (rows.length === 0) return 0;
  const found = rows.map(({ v, body }) => ({ v: BigInt(v), ...textsOf(body) }));
  const vector = (column: string) =>
    `to_tsvector('pg_catalog.simple', ${column}) || to_tsvector('pg_catalog.french', ${column})`;
  await db.query({
    name: 'keep-texts',
    text: `INSERT INTO sp_text (v, narrative, content) SELECT n.v, ${vector('n.narrative')}, ${vector('n.content')}
      FROM unnest($1::int8[], $2::text[], $3::text[]) n(v, narrative, content)
      WHERE NOT EXISTS (SELECT FROM sp_text t WHERE t.v = n.v)`,
    values: [
      int8s(found.map(({ v }) => v)),
      texts(found.map(({ narrative }) => narrative)),
      texts(found.map(({ content }) => content)),
    ],
  });
  return rows.length;
}

/**
 * After everything visible was read: what is settled is done for good. A number may be taken a little before its transaction
 * is known, so that the horizon is noted only when that is long over.
 */
async function advance(db: Database, { seen, settled }: Progress): Promise<void> {
  const text = settled
    ? `UPDATE text_progress SET done = seen, seen = (SELECT last_value FROM version_number), noted = now(), horizon = NULL WHERE seen = $1`
    : `UPDATE text_progress SET horizon = pg_snapshot_xmax(pg_current_snapshot())
       WHERE seen = $1 AND horizon IS NULL AND noted < now() - ${SETTLING}`;
  await db.query({ text, values: [seen] });
}

/**
 * Reads everything that `db` sees and that has not been read. Throws FhirError `busy` when that is too much for a search to
 * wait for, as after a large import: the worker goes on meanwhile.
 */
export async function readTexts(db: Database): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  const at = await progress(db, true);
  while ((await indexSome(db, at?.done ?? '0')) > 0) {
    if (performance.now() > until) {
      throw new FhirError(
        'busy',
        'The texts of what was written lately are still being read; search again in a while.',
        {
          retryAfter: 30,
        },
      );
    }
  }
}

export interface TextWorkerOptions {
  readonly db: Database;
  readonly log: Logger;
  /** Rest after everything was read, milliseconds. */
  readonly everyMs?: number;
}

/** Reads until `stop`; for every part of its time that it works it rests three. */
export function openTextWorker({ db, log, everyMs = 5000 }: TextWorkerOptions): { stop(): Promise<void> } {
  const stopping = new AbortController();
  async function round(): Promise<number> {
    const at = await progress(db, false);
    if (!at) return everyMs;
    const began = performance.now();
    if ((await indexSome(db, at.done)) > 0) return 3 * (performance.now() - began);
    await advance(db, at);
    return everyMs;
  }
  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      const rest = await round().catch((error: unknown) => {
        log.warn('texts could not be read; trying again later', { error });
        return everyMs;
      });
      await sleep(rest, undefined, { signal: stopping.signal }).catch(() => {});
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
