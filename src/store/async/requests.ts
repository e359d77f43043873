/** Requests that are answered later, and their answers until they expire. Instants are given by the caller. */
import type { Database } from '../store.ts';

export interface NewRequest {
  readonly id: string;
  /** Client and person. */
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

export interface StoredRequest extends NewRequest {
  readonly started: Date | null;
  /** HTTP status of the answer; null while there is none. */
  readonly status: number | null;
  /** JSON text of a resource; null for an answer without one. */
  readonly answer: string | null;
}

export async function insertRequest(db: Database, given: NewRequest): Promise<void> {
  const { id, owner, ticket, url, request, created, expires } = given;
  await db.query({
    text: `INSERT INTO async_request (id, owner, ticket, url, request, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    values: [id, owner, ticket, url, request, created, expires],
  });
}

/** Undefined when there is none, or it has expired. */
export async function findRequest(db: Database, id: string, now: Date): Promise<StoredRequest | undefined> {
  const [row] = await db.query<StoredRequest>({
    text: `SELECT id, owner, ticket, url, request, created_at AS created, started_at AS started, status, answer,
                  expires_at AS expires
             FROM async_request WHERE id = $1 AND expires_at > $2`,
    values: [id, now],
  });
  return row;
}

/** Marks that the work begins; whether it was still waited for, and whether somebody had begun before. */
export async function startRequest(
  db: Database,
  id: string,
  now: Date,
): Promise<{ readonly request: StoredRequest; readonly again: boolean } | undefined> {
  const request = await findRequest(db, id, now);
  if (!request || request.status !== null) return undefined;
  const rows = await db.query({
    text: 'UPDATE async_request SET started_at = $2 WHERE id = $1 AND status IS NULL RETURNING id',
    values: [id, now],
  });
  return rows.length > 0 ? { request, again: request.started !== null } : undefined;
}

/** Keeps the answer until `expires`; nothing when the request was cancelled meanwhile. */
export async function finishRequest(
  db: Database,
  id: string,
  { status, answer, expires }: { readonly status: number; readonly answer: string | undefined; readonly expires: Date },
): Promise<void> {
  await db.query({
    text: 'UPDATE async_request SET status = $2, answer = $3, expires_at = $4 WHERE id = $1 AND status IS NULL',
    values: [id, status, answer ?? null, expires],
  });
}

/** Whether there was one to remove. */
export async function removeRequest(db: Database, id: string, owner: string): Promise<boolean> {
  const removed = await db.query({
    text: 'DELETE FROM async_request WHERE id = $1 AND owner = $2 RETURNING id',
    values: [id, owner],
  });
  return removed.length > 0;
}

export async function removeExpiredRequests(db: Database, now: Date): Promise<void> {
  await db.query({ text: 'DELETE FROM async_request WHERE expires_at <= $1', values: [now] });
}

/** How many an owner has: those without an answer, and all. */
export async function countRequests(
  db: Database,
  owner: string,
): Promise<{ readonly open: number; readonly all: number }> {
  const [row] = await db.query<{ open: number; all: number }>({
    text: `SELECT count(*) FILTER (WHERE status IS NULL)::int AS open, count(*)::int AS "all"
             FROM async_request WHERE owner = $1`,
    values: [owner],
  });
  return row ?? { open: 0, all: 0 };
}
