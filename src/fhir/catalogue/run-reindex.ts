/**
 * Reindexing in the background: every current version is read and indexed again, a batch at a time, while the server goes on.
 * It may be killed at any point: what was done is committed with how far it is, and the next process goes on from there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../shared/logger.ts';
import type { JobHandler } from '../../store/jobs/job.ts';
import { finishReindex } from '../../store/reindex/plan-reindex.ts';
import {
  cancelReindexJob,
  noteReindexProblem,
  openReindexJobs,
  type ReindexJob,
  readReindexJob,
} from '../../store/reindex/reindex-job.ts';
import {
  beginReindex,
  commitBatch,
  commitUnindexed,
  countMissed,
  isPastHorizon,
  nextVersions,
  noteVerified,
  paramKeys,
  setWatermark,
  unindexedVersions,
} from '../../store/reindex/reindex-steps.ts';
import type { Store } from '../../store/store.ts';
import { extractorVersion } from '../search/extractor-version.ts';
import type { Catalogue } from './open-catalogue.ts';
import { indexOf, only, type Reading } from './reindex-batch.ts';

export interface ReindexOptions {
  readonly store: Store;
  readonly catalogue: Catalogue;
  /** The FHIR base: references below it are local. */
  readonly base: string;
  readonly log: Logger;
  /** Rest after a batch, in times of how long it took: requests come first. Default 1. */
  readonly rests?: number;
}

interface Running extends ReindexOptions {
  readonly signal: AbortSignal;
}

/** What a job makes of the search parameters of now; `undefined` when there is nothing left of what it was for. */
interface Scope {
  readonly params: readonly string[] | null;
  readonly fingerprints: Readonly<Record<string, string>>;
}

function scopeOf({ catalogue }: ReindexOptions, { types, params, extractor }: ReindexJob): Scope | undefined {
  if (extractor !== null && extractor !== extractorVersion) return undefined;
  const isKnown = (param: string) => {
    const dot = param.indexOf('.');
    return catalogue.parameters.parameter(param.slice(0, dot), param.slice(dot + 1)) !== undefined;
  };
  const known = params?.filter(isKnown) ?? null;
  if (known?.length === 0) return undefined;
  const wanted = catalogue
    .added()
    .filter(({ type, param }) => types.includes(type) && (known === null || known.includes(param)));
  const fingerprints = Object.fromEntries(wanted.map(({ param, posted }) => [param, posted.fingerprint]));
  return { params: known, fingerprints };
}

function isSame(one: Scope['fingerprints'], other: Scope['fingerprints']): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}

/** Rests as long as the work took, or until the server stops. */
async function rest({ rests = 1, signal }: Running, began: number): Promise<void> {
  await sleep(Math.max(1, rests * (performance.now() - began)), undefined, { signal });
}

/** Indexes what was committed with the index of another state of the search parameters. */
async function drain(running: Running): Promise<void> {
  const { store, catalogue, base } = running;
  for (;;) {
    const began = performance.now();
    const listed = await unindexedVersions(store);
    if (listed.length === 0) return;
    const current = listed.flatMap((one) => (one.body === null ? [] : [{ ...one, body: one.body }]));
    await commitUnindexed(store, listed, await indexOf(current, { parameters: catalogue.parameters, base }));
    await rest(running, began);
  }
}

/** Makes the job begin, or go on where it was; `undefined` when it cannot. */
async function begun(running: Running, job: ReindexJob, scope: Scope): Promise<ReindexJob | undefined> {
  const { store, catalogue, signal } = running;
  const { generation } = catalogue.parameters;
  const goesOn = job.state === 'running' && isSame(job.fingerprints, scope.fingerprints);
  if (!goesOn && !(await beginReindex(store, job, { generation, fingerprints: scope.fingerprints }))) return undefined;
  let now = await readReindexJob(store, job.id);
  while (now && !(await isPastHorizon(store, now))) {
    await sleep(50, undefined, { signal });
    now = await readReindexJob(store, job.id);
    if (now?.state !== 'running') return undefined;
  }
  if (!now || now.watermark !== null) return now;
  await setWatermark(store, now);
  return readReindexJob(store, job.id);
}

/** Goes through one type from a version on; false when the job was cancelled or what it is for has changed. */
async function scan(
  running: Running,
  job: ReindexJob,
  scope: Scope,
  from: { type: string; after: string },
): Promise<boolean> {
  const { store, catalogue, base } = running;
  const reading: Reading = {
    base,
    parameters: scope.params ? only(catalogue.parameters, scope.params) : catalogue.parameters,
  };
  const params = scope.params ? paramKeys(scope.params) : undefined;
  const { version } = catalogue.parameters;
  let after = from.after;
  for (;;) {
    const began = performance.now();
    const versions = await nextVersions(store, job, { type: from.type, after });
    const last = versions.at(-1);
    if (!last) return true;
    const indexed = await indexOf(versions, reading);
    after = last.v;
    if (!(await commitBatch(store, job, { type: from.type, after }, { versions: indexed, params }))) return false;
    if (catalogue.parameters.version !== version) return false;
    await rest(running, began);
  }
}

/** Counts what is current and looks again at what was missed; false as `scan`. */
async function verify(running: Running, job: ReindexJob, scope: Scope): Promise<boolean> {
  const { store, log } = running;
  let verified = 0;
  for (const type of job.types) {
    let after = '0';
    for (;;) {
      const { last, seen, missed } = await countMissed(store, job, { type, after });
      if (missed > 0) {
        log.warn('a reindexing had missed versions; it looks at them now', { job: job.id, type, missed });
        if (!(await scan(running, job, scope, { type, after }))) return false;
        continue;
      }
      verified += seen;
      if (last === null) break;
      after = last;
    }
  }
  await noteVerified(store, job, verified);
  return true;
}

/** Does one job, or as much of it as its scope stays what it is. */
async function runJob(running: Running, asked: ReindexJob): Promise<void> {
  const { store, catalogue, log } = running;
  const scope = scopeOf(running, asked);
  if (!scope) {
    await cancelReindexJob(store, asked.id);
    return;
  }
  const { generation } = catalogue.parameters;
  const job = await begun(running, asked, scope);
  if (!job) return;
  const first = Math.max(0, job.types.indexOf(job.at_type ?? ''));
  for (const [at, type] of job.types.entries()) {
    if (at < first) continue;
    const after = type === job.at_type ? (job.at_v ?? '0') : '0';
    if (!(await scan(running, job, scope, { type, after }))) return;
  }
  if (!(await verify(running, job, scope))) return;
  await drain(running);
  if (await finishReindex(store, job, generation)) {
    log.info('a reindexing is completed', { job: job.id, reason: job.reason, total: job.total });
  }
}

/** The handler of the job `reindex`: everything that is to be reindexed, one after the other. */
export function reindexHandler(options: ReindexOptions): JobHandler {
  return async (_payload, signal) => {
    const running = { ...options, signal };
    for (;;) {
      await options.catalogue.refresh();
      signal.throwIfAborted();
      const [job] = await openReindexJobs(options.store);
      if (!job) break;
      try {
        await runJob(running, job);
      } catch (error) {
        if (!signal.aborted) await noteReindexProblem(options.store, job.id, (error as Error).message);
        throw error;
      }
    }
    await drain(running);
  };
}
