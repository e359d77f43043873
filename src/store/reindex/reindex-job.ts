/** Reindexing as the database keeps it: what is to be done, how far it is, and what came of it. */
import type { Database } from '../store.ts';

type ReindexState = 'queued' | 'running' | 'completed' | 'cancelled' | 'failed';

export interface ReindexJob {
  /** The order of jobs. */
  readonly seq: string;
  readonly id: string;
  readonly state: ReindexState;
  /** Who or what asked for it. */
  readonly reason: string;
  readonly types: readonly string[];
  /** `Type.code`; null is all. */
  readonly params: readonly string[] | null;
  /** Of the posted parameters that it makes searchable. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** Set when it makes the whole index anew for a release that reads resources in another way. */
  readonly extractor: number | null;
  readonly generation: string | null;
  readonly horizon: string | null;
  readonly watermark: string | null;
  readonly at_type: string | null;
  readonly at_v: string | null;
  readonly total: string | null;
  readonly done: string;
  readonly verified: string;
  readonly changed: string;
  readonly problem: string | null;
  readonly created: Date;
  readonly started: Date | null;
  readonly updated: Date;
  readonly finished: Date | null;
}

const columns = `seq::text, id, state, reason, types, params, fingerprints, extractor, generation::text, horizon::text,
  watermark::text, at_type, at_v::text, total::text, done::text, verified::text, changed::text, problem, created, started,
  updated, finished`;

type On = Pick<{ readonly db: Database }, 'db'>;

export type NewReindexJob = Pick<ReindexJob, 'id' | 'reason' | 'types' | 'params' | 'fingerprints' | 'extractor'>;

export async function addReindexJob({ db }: On, job: NewReindexJob): Promise<void> {
  await db.query({
    text: `INSERT INTO reindex_job (id, state, reason, types, params, fingerprints, extractor)
           VALUES ($1, 'queued', $2, $3, $4, $5, $6)`,
    values: [job.id, job.reason, job.types, job.params, JSON.stringify(job.fingerprints), job.extractor],
  });
  await wakeReindex({ db });
}

/** Lets a process that runs jobs look for what is to be reindexed; many calls are one. */
export async function wakeReindex({ db }: On): Promise<void> {
  await db.query({
    name: 'wake-reindex',
    text: `SELECT FROM add_job('reindex', '{}'::json, queue_name => 'reindex', job_key => 'reindex')`,
  });
}

export async function readReindexJob({ db }: On, id: string): Promise<ReindexJob | undefined> {
  const [job] = await db.query<ReindexJob>({ text: `SELECT ${columns} FROM reindex_job WHERE id = $1`, values: [id] });
  return job;
}

/** The newest first. */
export async function listReindexJobs({ db }: On, count: number): Promise<readonly ReindexJob[]> {
  return db.query<ReindexJob>({
    text: `SELECT ${columns} FROM reindex_job ORDER BY reindex_job.seq DESC LIMIT $1`,
    values: [count],
  });
}

/** Those that are not done yet, the oldest first. */
export async function openReindexJobs({ db }: On): Promise<readonly ReindexJob[]> {
  return db.query<ReindexJob>({
    text: `SELECT ${columns} FROM reindex_job WHERE state IN ('queued', 'running') ORDER BY reindex_job.seq`,
  });
}

/** Whether there was something to cancel. */
export async function cancelReindexJob({ db }: On, id: string): Promise<boolean> {
  const rows = await db.query({
    text: `UPDATE reindex_job SET state = 'cancelled', updated = now(), finished = now()
            WHERE id = $1 AND state IN ('queued', 'running') RETURNING id`,
    values: [id],
  });
  return rows.length > 0;
}

/** Writes down why the last try ended; the job goes on with the next. */
export async function noteReindexProblem({ db }: On, id: string, problem: string): Promise<void> {
  await db.query({
    text: 'UPDATE reindex_job SET problem = $2, updated = now() WHERE id = $1',
    values: [id, problem.slice(0, 2000)],
  });
}
