/** Jobs: run with the transaction that added them, again after a failure, and at once after their process died. */
import { afterEach, describe, expect, it } from 'vitest';
import { silent } from '../../src/shared/logger.ts';
import { failedJobs, replayJobs } from '../../src/store/jobs/failed-jobs.ts';
import type { JobHandler } from '../../src/store/jobs/job.ts';
import { openAttendance } from '../../src/store/jobs/release-jobs.ts';
import { runJobs } from '../../src/store/jobs/run-jobs.ts';
import { withStore } from '../support/store.ts';

const test = withStore();
const stops: (() => Promise<void>)[] = [];

async function running(handlers: Record<string, JobHandler>) {
  const jobs = await runJobs({
    databaseUrl: test.databaseUrl,
    schema: test.schema,
    handlers,
    concurrency: 1,
    log: silent,
  });
  stops.push(() => jobs.stop());
}

/** A handler, and a promise of the payload it is first given. */
function waiting(): { handle: JobHandler; got: Promise<unknown> } {
  let handle: JobHandler = async () => undefined;
  const got = new Promise((resolve) => {
    handle = async (payload) => resolve(payload);
  });
  return { handle, got };
}

const jobsOf = (name: string) =>
  test.store.db.query<{ locked_by: string | null }>({
    text: `SELECT j.locked_by FROM ${test.schema}_jobs._private_jobs j JOIN ${test.schema}_jobs._private_tasks t ON t.id = j.task_id WHERE t.identifier = $1`,
    values: [name],
  });

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

describe('jobs', () => {
  it('run once the transaction that added them has committed', async () => {
    const { handle, got } = waiting();
    await running({ greet: handle });
    await test.store.transaction((tx) => tx.jobs.add({ name: 'greet', payload: { to: 'Zoé' } }));
    expect(await got).toEqual({ to: 'Zoé' });
  });

  it('are not there when it rolled back', async () => {
    const undone = test.store.transaction(async (tx) => {
      await tx.jobs.add({ name: 'never', payload: {} });
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await jobsOf('never')).toEqual([]);
  });

  it('with one key are one job', async () => {
    await test.store.jobs.add({ name: 'keyed', payload: { n: 1 }, key: 'k' });
    await test.store.jobs.add({ name: 'keyed', payload: { n: 2 }, key: 'k' });
    expect(await jobsOf('keyed')).toHaveLength(1);
  });

  it('of a process that died are taken at the next start', async () => {
    await test.store.jobs.add({ name: 'orphan', payload: { n: 1 } });
    await test.store.db.query({
      text: `UPDATE ${test.schema}_jobs._private_jobs SET locked_by = 'worker-dead', locked_at = now(), attempts = 1`,
    });
    const { handle, got } = waiting();
    await running({ orphan: handle });
    expect(await got).toEqual({ n: 1 });
  });

  it('of a process that lives stay with it', async () => {
    await test.store.jobs.add({ name: 'held', payload: {} });
    await test.store.db.query({
      text: `UPDATE ${test.schema}_jobs._private_jobs SET locked_by = 'worker-alive', locked_at = now()`,
    });
    const schema = `${test.schema}_jobs`;
    const lost = (error: Error) => expect.unreachable(error.message);
    const alive = await openAttendance(test.databaseUrl, schema, lost);
    const other = await openAttendance(test.databaseUrl, schema, lost);
    await alive.enter('worker-alive');
    expect(await other.releaseDead()).toBe(0);
    expect(await jobsOf('held')).toEqual([{ locked_by: 'worker-alive' }]);
    await alive.close();
    await expect.poll(() => other.releaseDead()).toBe(1);
    await other.close();
  });

  it('that failed say why, and are tried again when they are asked to be', async () => {
    let works = false;
    const { handle, got } = waiting();
    const fickle: JobHandler = async (payload, signal) => {
      if (!works) throw new Error('the disk is on fire');
      await handle(payload, signal);
    };
    await test.store.jobs.add({ name: 'fickle', payload: { n: 3 } });
    await running({ fickle });
    const failures = () => failedJobs(test.store.db, 10);
    await expect.poll(failures).toMatchObject([{ name: 'fickle', attempts: 1, isGivenUp: false }]);
    const [failed] = await failures();
    expect(failed?.lastError).toContain('on fire');
    works = true;
    expect(await replayJobs(test.store.db, [failed?.id ?? ''])).toBe(1);
    expect(await got).toEqual({ n: 3 });
    await expect.poll(failures).toEqual([]);
  });
});
