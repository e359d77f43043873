/** Enqueues a job on the connection it is given, so that it exists when, and only when, its transaction commits. */
import type { Database } from '../store.ts';
import type { Job } from './job.ts';

export async function addJob(db: Database, { name, payload, key, queue }: Job): Promise<void> {
  await db.query({
    name: 'add-job',
    text: 'SELECT FROM add_job($1, $2::json, queue_name => $3, job_key => $4)',
    values: [name, JSON.stringify(payload), queue ?? null, key ?? null],
  });
}
