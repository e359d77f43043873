/** Bulk exports from the request to the day they expire. Instants are given by the caller, but for what PostgreSQL alone knows. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../store.ts';

export interface NewExport {
  readonly id: string;
  /** Client and rights. */
  readonly owner: string;
  /** What the caller's access is made of again. */
  readonly ticket: string;
  /** As it was asked, whole. */
  readonly url: string;
  /** JSON, of the caller's own making. */
  readonly request: string;
  readonly created: Date;
  readonly expires: Date;
}

export interface StoredExport extends NewExport {
  readonly started: Date | null;
  /** HTTP status of the answer; null while there is none. */
  readonly status: number | null;
  /** JSON text of an OperationOutcome, when it failed. */
  readonly failure: string | null;
  /** Resources that were looked at. */
  readonly done: string;
}

export async function insertExport(db: Database, given: NewExport): Promise<void> {
  const { id, owner, ticket, url, request, created, expires } = given;
  await db.query({
    text: `INSERT INTO bulk_export (id, owner, ticket, url, request, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    values: [id, owner, ticket, url, request, created, expires],
  });
}

/** Undefined when there is none, or it has expired. */
export async function findExport(db: Database, id: string, now: Date): Promise<StoredExport | undefined> {
  const [row] = await db.query<StoredExport>({
    text: `SELECT id, owner, ticket, url, request, created_at AS created, started_at AS started, status, failure, done,
                  expires_at AS expires
             FROM bulk_export WHERE id = $1 AND expires_at > $2`,
    values: [id, now],
  });
  return row;
}

/** Begins, or begins again without what a process that died had written; whether it is still waited for. */
export async function startExport(db: Database, id: string, now: Date): Promise<boolean> {
  const rows = await db.query({
    text: `WITH chunks AS (DELETE FROM bulk_chunk WHERE export_id = $1), files AS (DELETE FROM bulk_file WHERE export_id = $1)
           UPDATE bulk_export SET started_at = $2, done = 0 WHERE id = $1 AND status IS NULL RETURNING id`,
    values: [id, now],
  });
  return rows.length > 0;
}

/** Notes how many resources were looked at; whether it is still waited for. */
export async function noteProgress(db: Database, id: string, done: number): Promise<boolean> {
  const rows = await db.query({
    text: 'UPDATE bulk_export SET done = $2 WHERE id = $1 AND status IS NULL RETURNING id',
    values: [id, done],
  });
  return rows.length > 0;
}

export async function finishExport(
  db: Database,
  id: string,
  answer: { readonly status: number; readonly failure?: string; readonly now: Date; readonly expires: Date },
): Promise<void> {
  const { status, failure, now, expires } = answer;
  await db.query({
    text: `UPDATE bulk_export SET status = $2, failure = $3, finished_at = $4, expires_at = $5
            WHERE id = $1 AND status IS NULL`,
    values: [id, status, failure ?? null, now, expires],
  });
}

/** With its files. */
export async function removeExport(db: Database, id: string, owner: string): Promise<void> {
  await db.query({ text: 'DELETE FROM bulk_export WHERE id = $1 AND owner = $2', values: [id, owner] });
}

export async function removeExpiredExports(db: Database, now: Date): Promise<void> {
  await db.query({ text: 'DELETE FROM bulk_export WHERE expires_at <= $1', values: [now] });
}

/** How many an owner has: those under way, and all. */
export async function countExports(
  db: Database,
  owner: string,
): Promise<{ readonly open: number; readonly all: number }> {
  const [row] = await db.query<{ open: number; all: number }>({
    text: `SELECT count(*) FILTER (WHERE status IS NULL)::int AS open, count(*)::int AS "all"
             FROM bulk_export WHERE owner = $1`,
    values: [owner],
  });
  return row ?? { open: 0, all: 0 };
}

/** Between a version's time and the beginning of its transaction, milliseconds. */
const LAG = 200;
const STEP = 50;
const MOST_STEPS = 200;

/**
 * Resolves when what was being written at this moment has been committed or given up, so that what is read from then on has
 * every version of a time before; after ten seconds in any case.
 */
export async function settleWrites(db: Database): Promise<void> {
  await sleep(LAG);
  // A number of its own: each transaction that has begun to write has a smaller one.
  const [row] = await db.query<{ own: string }>({ text: 'SELECT pg_current_xact_id()::text AS own' });
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const [{ settled } = { settled: true }] = await db.query<{ settled: boolean }>({
      text: 'SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::text::xid8 AS settled',
      values: [row?.own],
    });
    if (settled) return;
    await sleep(STEP);
  }
}
