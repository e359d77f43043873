/** Jobs whose last try failed, and another chance for them. */
import type { Database } from '../store.ts';

export interface FailedJob {
  readonly id: string;
  readonly name: string;
  readonly attempts: number;
  /** Whether no further try will be made by itself. */
  readonly isGivenUp: boolean;
  readonly lastError: string;
  /** When the next try is due, or the last was. */
  readonly runAt: Date;
}

/** Newest first; at most `limit`. */
export async function failedJobs(db: Database, limit: number): Promise<readonly FailedJob[]> {
  const rows = await db.query<{
    id: string;
    task_identifier: string;
    attempts: number;
    is_given_up: boolean;
    last_error: string;
    run_at: Date;
  }>({
    text: `SELECT id, task_identifier, attempts, attempts >= max_attempts AS is_given_up, last_error, run_at
             FROM jobs WHERE last_error IS NOT NULL ORDER BY id DESC LIMIT $1`,
    values: [limit],
  });
  return rows.map((row) => ({
    id: row.id,
    name: row.task_identifier,
    attempts: row.attempts,
    isGivenUp: row.is_given_up,
    lastError: row.last_error,
    runAt: row.run_at,
  }));
}

/** Makes the jobs due now with all their tries before them; those that run at the moment are left alone. Resolves with how many were made due. */
export async function replayJobs(db: Database, ids: readonly string[]): Promise<number> {
  const rows = await db.query({
    text: 'SELECT FROM reschedule_jobs($1::bigint[], run_at => now(), attempts => 0)',
    values: [[...ids]],
  });
  return rows.length;
}
