/** Runs enqueued jobs in this process. https://worker.graphile.org/ */
import { run, runMigrations, type TaskList, Logger as WorkerLogger } from 'graphile-worker';
import type { Logger } from '../../shared/logger.ts';
import { jobsSchema } from '../database.ts';
import type { Job, JobHandler } from './job.ts';

export interface RunJobsOptions {
  readonly databaseUrl: string;
  /** The tenant's schema. */
  readonly schema: string;
  readonly handlers: Readonly<Record<string, JobHandler>>;
  /** Jobs that run at once. */
  readonly concurrency: number;
  readonly log: Logger;
}

function workerLogger(log: Logger): WorkerLogger {
  return new WorkerLogger(() => (level, message, meta) => {
    const write = { error: log.error, warning: log.warn, info: log.debug, debug: log.debug }[level] ?? log.debug;
    write(message, meta?.['error'] === undefined ? {} : { error: meta['error'] });
  });
}

/** Makes the queue's tables in the tenant's jobs schema, or brings them to this release. */
export async function migrateJobs(databaseUrl: string, schema: string, log: Logger): Promise<void> {
  await runMigrations({ connectionString: databaseUrl, schema: jobsSchema(schema), logger: workerLogger(log) });
}

/**
 * Takes jobs until `stop`, which waits for those that run. A handler that rejects is tried again after a growing delay,
 * 25 times; a job of a process that died is taken by another after four hours, or at once by `releaseJobs`.
 */
export async function runJobs(options: RunJobsOptions): Promise<{ stop(): Promise<void> }> {
  const { databaseUrl, schema, handlers, concurrency, log } = options;
  const never = new AbortController().signal;
  const taskList: TaskList = Object.fromEntries(
    Object.entries(handlers).map(([name, handle]) => [
      name,
      (payload, { abortSignal }) => handle(payload as Job['payload'], abortSignal ?? never),
    ]),
  );
  const runner = await run({
    connectionString: databaseUrl,
    schema: jobsSchema(schema),
    taskList,
    concurrency,
    noHandleSignals: true,
    pollInterval: 1000,
    logger: workerLogger(log),
  });
  return { stop: () => runner.stop() };
}
