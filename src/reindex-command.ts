/** `livedoc reindex`: makes what resources are found by anew, here or in a server that runs beside it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { askReindex } from './fhir/catalogue/ask-reindex.ts';
import { reindexHandler } from './fhir/catalogue/run-reindex.ts';
import type { Parts } from './open-parts.ts';
import type { Logger } from './shared/logger.ts';
import { runJobs } from './store/jobs/run-jobs.ts';
import { listReindexJobs, type ReindexJob, readReindexJob } from './store/reindex/reindex-job.ts';

export interface ReindexCommand {
  readonly parts: Parts;
  readonly log: Logger;
  /** The tenant's schema, in whose queue the job is. */
  readonly schema: string;
  readonly types: readonly string[];
  readonly searchParameters: readonly string[];
  readonly progress: (line: string) => void;
}

type Row = Readonly<Record<string, string | number | null>>;

function rowOf({ id, state, reason, done, total, verified, changed, problem }: ReindexJob): Row {
  const numbers = { done: Number(done), total: total === null ? null : Number(total) };
  return { id, state, reason, ...numbers, verified: Number(verified), changed: Number(changed), problem };
}

/** The newest 20. */
export async function reindexStatus({ store }: Pick<Parts, 'store'>): Promise<readonly Row[]> {
  return (await listReindexJobs(store, 20)).map(rowOf);
}

/** Resolves when it has ended; interrupted, it goes on in a server or with the next command. */
export async function runReindex(command: ReindexCommand): Promise<Row> {
  const { parts, log, schema, types, searchParameters, progress } = command;
  const { store, catalogue, base, databaseUrl } = parts;
  const { parameters } = catalogue;
  const asked = await askReindex({ store, parameters }, { types, searchParameters, reason: 'livedoc reindex' });
  const handlers = { reindex: reindexHandler({ store, catalogue, base, log }) };
  const jobs = await runJobs({ databaseUrl, schema, handlers, concurrency: 1, log });
  try {
    for (;;) {
      const job = (await readReindexJob(store, asked.id)) ?? asked;
      if (job.state !== 'queued' && job.state !== 'running') return rowOf(job);
      progress(job.total === null ? job.state : `${job.done} of ${job.total}`);
      await sleep(1000);
    }
  } finally {
    await jobs.stop();
  }
}
