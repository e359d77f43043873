/** What is to be reindexed, from what should be searchable and what is. */
import { newId } from '../../shared/id.ts';
import type { Store } from '../store.ts';
import { addReindexJob, openReindexJobs, type ReindexJob, wakeReindex } from './reindex-job.ts';

/** A posted parameter of a type, `Type.code`. */
interface WantedParameter {
  readonly type: string;
  readonly fingerprint: string;
}

export interface WantedIndex {
  /** The state of the posted parameters that `params` is made of. */
  readonly generation: number;
  /** The number of this release's way of reading resources. */
  readonly extractor: number;
  readonly params: ReadonlyMap<string, WantedParameter>;
  /** All that resources can be of. */
  readonly types: readonly string[];
}

type Indexed = ReadonlyMap<string, string>;

const LOCK = 'reindex plan';

/** The number of the state of all SearchParameter resources that have been committed. */
export async function readGeneration({ db }: Pick<Store, 'db'>): Promise<number> {
  const [row] = await db.query<{ generation: string }>({
    name: 'read-generation',
    text: 'SELECT generation::text FROM search_catalogue',
  });
  return Number(row?.generation ?? 1);
}

async function readIndexed({ db }: Pick<Store, 'db'>): Promise<Indexed> {
  const rows = await db.query<{ param: string; fingerprint: string }>({
    text: 'SELECT param, fingerprint FROM indexed_parameter',
  });
  return new Map(rows.map(({ param, fingerprint }) => [param, fingerprint]));
}

/** What is no longer asked for is forgotten: nobody indexes it from now on. */
async function forget({ db }: Pick<Store, 'db'>, indexed: Indexed, { params }: WantedIndex): Promise<void> {
  const gone = [...indexed].filter(([param, is]) => params.get(param)?.fingerprint !== is).map(([param]) => param);
  if (gone.length === 0) return;
  await db.query({ text: 'DELETE FROM indexed_parameter WHERE param = ANY ($1)', values: [gone] });
}

/**
 * A job goes on only as long as all that it is for has been wanted since it began: what was not for a while, some have not
 * indexed meanwhile.
 */
async function forgetInJobs({ db }: Pick<Store, 'db'>, open: readonly ReindexJob[], { params }: WantedIndex) {
  const kept: ReindexJob[] = [];
  for (const job of open) {
    const before = Object.entries(job.fingerprints);
    const fingerprints = Object.fromEntries(before.filter(([param, is]) => params.get(param)?.fingerprint === is));
    kept.push({ ...job, fingerprints });
    if (Object.keys(fingerprints).length === before.length) continue;
    await db.query({
      text: 'UPDATE reindex_job SET fingerprints = $2 WHERE id = $1',
      values: [job.id, JSON.stringify(fingerprints)],
    });
  }
  return kept;
}

function isCovered(param: string, { fingerprint }: WantedParameter, open: readonly ReindexJob[]): boolean {
  return open.some(({ fingerprints }) => fingerprints[param] === fingerprint);
}

async function planParameters(
  store: Store,
  { params }: WantedIndex,
  indexed: Indexed,
  open: readonly ReindexJob[],
): Promise<void> {
  const missing = [...params].filter(
    ([param, wanted]) => indexed.get(param) !== wanted.fingerprint && !isCovered(param, wanted, open),
  );
  if (missing.length === 0) return;
  await addReindexJob(store, {
    id: newId(),
    reason: 'search parameters were posted',
    types: [...new Set(missing.map(([, { type }]) => type))],
    params: missing.map(([param]) => param),
    fingerprints: Object.fromEntries(missing.map(([param, { fingerprint }]) => [param, fingerprint])),
    extractor: null,
  });
}

/** Another release than the one that has indexed everything: all of it again, unless there is nothing yet. */
async function planExtractor(store: Store, wanted: WantedIndex, open: readonly ReindexJob[]): Promise<void> {
  const { extractor, params, types } = wanted;
  const [row] = await store.db.query<{ extractor: number; is_empty: boolean }>({
    text: 'SELECT extractor, NOT EXISTS (SELECT FROM resource) AS is_empty FROM search_catalogue',
  });
  if (!row || row.extractor === extractor || open.some((job) => job.extractor === extractor)) return;
  if (row.is_empty) {
    await store.db.query({ text: 'UPDATE search_catalogue SET extractor = $1', values: [extractor] });
    return;
  }
  const fingerprints = Object.fromEntries([...params].map(([param, { fingerprint }]) => [param, fingerprint]));
  const reason = 'this release indexes in another way than the one before';
  await addReindexJob(store, { id: newId(), reason, types, params: null, fingerprints, extractor });
}

/**
 * Makes jobs of what is not indexed yet. Resolves with the posted parameters (`Type.code`) by which everything is indexed, or
 * with `undefined` when `generation` is no longer the current one: then the plan is to be made of what is.
 */
export async function planReindex(store: Store, wanted: WantedIndex): Promise<ReadonlySet<string> | undefined> {
  return store.transaction(async (inner) => {
    await inner.lock([LOCK]);
    if ((await readGeneration(inner)) !== wanted.generation) return undefined;
    const indexed = await readIndexed(inner);
    await forget(inner, indexed, wanted);
    const open = await forgetInJobs(inner, await openReindexJobs(inner), wanted);
    await planExtractor(inner, wanted, open);
    await planParameters(inner, wanted, indexed, open);
    if (open.length > 0) await wakeReindex(inner);
    return new Set(
      [...indexed].filter(([param, is]) => wanted.params.get(param)?.fingerprint === is).map(([one]) => one),
    );
  });
}

/**
 * Says that a job is done: what it has indexed can be searched by. False when the posted parameters changed meanwhile, or the
 * job was cancelled.
 */
export async function finishReindex(store: Store, { id, seq }: ReindexJob, generation: number): Promise<boolean> {
  return store.transaction(async (inner) => {
    await inner.lock([LOCK]);
    if ((await readGeneration(inner)) !== generation) return false;
    const [job] = await inner.db.query<Pick<ReindexJob, 'fingerprints' | 'extractor'>>({
      text: `UPDATE reindex_job SET state = 'completed', problem = NULL, updated = now(), finished = now()
              WHERE id = $1 AND state = 'running' RETURNING fingerprints, extractor`,
      values: [id],
    });
    if (!job) return false;
    await inner.db.query({
      text: `INSERT INTO indexed_parameter (param, fingerprint) SELECT key, value FROM jsonb_each_text($1::jsonb)
             ON CONFLICT (param) DO UPDATE SET fingerprint = excluded.fingerprint`,
      values: [JSON.stringify(job.fingerprints)],
    });
    if (job.extractor !== null) {
      await inner.db.query({ text: 'UPDATE search_catalogue SET extractor = $1', values: [job.extractor] });
    }
    await inner.db.query({ text: 'DELETE FROM reindexed WHERE job = $1', values: [seq] });
    // Every process looks again at what it may search by.
    await inner.db.query({
      text: `SELECT pg_notify('livedoc_changed', current_schema() || ' SearchParameter/indexed')`,
    });
    return true;
  });
}
