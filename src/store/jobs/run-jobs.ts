/** Runs enqueued jobs in this process. https://worker.graphile.org/ */
import { EventEmitter } from 'node:events';
import { run, runMigrations, type TaskList, type WorkerEvents, Logger as WorkerLogger } from 'graphile-worker';
import type { Logger } from '../../shared/logger.ts';
import { jobsSchema } from '../database.ts';
import type { JobHandler } from './job.ts';
import { openAttendance } from './release-jobs.ts';

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

/** How often the jobs of processes that died are looked for. */
const releaseMilliseconds = 15_000;

/**
 * Takes jobs until `stop`, which waits for those that run. A handler that rejects is tried again after a growing delay,
 * 25 times; a job of a process that died is taken again at the next start, or by another process within seconds.
 */
export async function runJobs(options: RunJobsOptions): Promise<{ stop(): Promise<void> }> {
  const { databaseUrl, schema, handlers, concurrency, log } = options;
  const attendance = await openAttendance(databaseUrl, jobsSchema(schema), (error) => {
    log.error('the connection that stands for this process is lost; its jobs may be run twice', { error });
  });
  const release = async () => {
    const workers = await attendance.releaseDead();
    if (workers > 0) log.warn('jobs of a process that died are taken again', { workers });
  };
  await release();
  const taskList: TaskList = Object.fromEntries(
    Object.entries(handlers).map(([name, handle]) => [
      name,
      (payload, { abortSignal }) =>
        handle(payload as Parameters<JobHandler>[0], abortSignal ?? new AbortController().signal),
    ]),
  );
  const events: WorkerEvents = new EventEmitter();
  const failed = (error: unknown) => log.error('dead workers could not be looked for', { error });
  events.on('worker:create', ({ worker }) => void attendance.enter(worker.workerId).catch(failed));
  const runner = await run({
    connectionString: databaseUrl,
    schema: jobsSchema(schema),
    taskList,
    concurrency,
    events,
    noHandleSignals: true,
    pollInterval: 1000,
    logger: workerLogger(log),
  });
  const timer = setInterval(() => void release().catch(failed), releaseMilliseconds);
  return {
    async stop() {
      clearInterval(timer);
      await runner.stop();
      await attendance.close();
    },
  };
}
