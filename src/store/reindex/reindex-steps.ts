/** The steps of one reindexing job; each is a short statement or transaction, and progress is committed with the work. */
import { key32, typeKey } from '../keys.ts';
import type { Database, Store } from '../store.ts';
import { type IndexVersions, indexVersions, type Reindexed, type StoredVersion } from './index-versions.ts';
import type { ReindexJob } from './reindex-job.ts';

type On = Pick<{ readonly db: Database }, 'db'>;

/** Of one batch: few, so that nobody waits long for a resource that is just being looked at. */
const VERSIONS = 50;
const BYTES = 250_000;
/** Versions counted by one statement. */
const COUNTED = 20_000;

/** Begins at the beginning, under this generation. False when the job was cancelled meanwhile. */
export async function beginReindex(
  { db }: On,
  { id, seq }: ReindexJob,
  { generation, fingerprints }: { readonly generation: number; readonly fingerprints: ReindexJob['fingerprints'] },
): Promise<boolean> {
  await db.query({ text: 'DELETE FROM reindexed WHERE job = $1', values: [seq] });
  const rows = await db.query({
    text: `UPDATE reindex_job SET state = 'running', generation = $2, fingerprints = $3, watermark = NULL, total = NULL,
                  at_type = NULL, at_v = NULL, done = 0, verified = 0,
                  horizon = pg_snapshot_xmax(pg_current_snapshot()), started = coalesce(started, now()), updated = now()
            WHERE id = $1 AND state IN ('queued', 'running') RETURNING id`,
    values: [id, generation, JSON.stringify(fingerprints)],
  });
  return rows.length > 0;
}

/** Whether everything that began before the job did has ended; what begins later knows the generation. */
export async function isPastHorizon({ db }: On, { horizon }: ReindexJob): Promise<boolean> {
  const [row] = await db.query<{ past: boolean }>({
    text: 'SELECT pg_snapshot_xmin(pg_current_snapshot()) >= $1::text::xid8 AS past',
    values: [horizon],
  });
  return row?.past === true;
}

/** Fixes the last version that is looked at, and counts. */
export async function setWatermark({ db }: On, { id, types }: ReindexJob): Promise<void> {
  const [row] = await db.query<{ watermark: string }>({
    text: 'SELECT last_value::text AS watermark FROM version_number',
  });
  let total = 0;
  for (const type of types) {
    const [counted] = await db.query<{ count: string }>({
      name: 'reindex-count',
      text: 'SELECT count(*)::text AS count FROM resource WHERE rtype = $1 AND NOT deleted AND v <= $2::bigint',
      values: [typeKey(type), row?.watermark],
    });
    total += Number(counted?.count ?? 0);
  }
  await db.query({
    text: 'UPDATE reindex_job SET watermark = $2, total = $3, updated = now() WHERE id = $1',
    values: [id, row?.watermark, total],
  });
}

/** Where a job is within a type. */
export interface Place {
  readonly type: string;
  /** After this version; `0` at the beginning. */
  readonly after: string;
}

/** The next current versions of the place's type, oldest first. */
export async function nextVersions(
  { db }: On,
  { watermark }: ReindexJob,
  { type, after }: Place,
): Promise<readonly StoredVersion[]> {
  return db.query<StoredVersion>({
    name: 'reindex-next',
    text: `SELECT rkey::text, v::text, ref, body FROM (
             SELECT rkey, v, ref, body, sum(octet_length(body)) OVER (ORDER BY v) - octet_length(body) AS before
               FROM (SELECT rkey, v, ref, body FROM resource
                      WHERE rtype = $1 AND NOT deleted AND v > $2::bigint AND v <= $3::bigint ORDER BY v LIMIT ${VERSIONS}) AS batch
           ) AS summed WHERE before < ${BYTES} ORDER BY summed.v`,
    values: [typeKey(type), after, watermark],
  });
}

/** Commits the index of a batch together with how far the job now is. `undefined` when the job was cancelled. */
export async function commitBatch(
  store: Store,
  { id, seq }: ReindexJob,
  { type, after }: Place,
  { versions, params }: Pick<IndexVersions, 'versions' | 'params'>,
): Promise<Reindexed | undefined> {
  return store.transaction(async ({ db }) => {
    const result = await indexVersions(db, { versions, params, job: seq });
    const rows = await db.query({
      name: 'reindex-progress',
      text: `UPDATE reindex_job SET at_type = $2, at_v = $3, done = done + $4, changed = changed + $5, updated = now()
              WHERE id = $1 AND state = 'running' RETURNING id`,
      values: [id, type, after, versions.length, result.changed],
    });
    return rows.length > 0 ? result : undefined;
  });
}

export interface Counted {
  /** The last version that was counted; absent at the end of the type. */
  readonly last: string | null;
  readonly seen: number;
  /** Current versions that the job has not marked. */
  readonly missed: number;
}

/** Counts the versions after `place` that are current now, and those among them that the job has not indexed. */
export async function countMissed(
  { db }: On,
  { seq, watermark }: ReindexJob,
  { type, after }: Place,
): Promise<Counted> {
  const [row] = await db.query<Counted>({
    name: 'reindex-verify',
    text: `WITH batch AS MATERIALIZED (
             SELECT v FROM resource WHERE rtype = $1 AND NOT deleted AND v > $2::bigint AND v <= $3::bigint ORDER BY v LIMIT ${COUNTED})
           SELECT max(v)::text AS last, count(*)::int AS seen,
                  (count(*) FILTER (WHERE NOT EXISTS (SELECT FROM reindexed x WHERE x.job = $4::bigint AND x.v = batch.v)))::int AS missed
             FROM batch`,
    values: [typeKey(type), after, watermark, seq],
  });
  return row ?? { last: null, seen: 0, missed: 0 };
}

export async function noteVerified({ db }: On, { id }: ReindexJob, verified: number): Promise<void> {
  await db.query({
    text: 'UPDATE reindex_job SET verified = $2, updated = now() WHERE id = $1',
    values: [id, verified],
  });
}

/** Versions that were committed with the index of another generation; those that are no longer current have no body. */
export async function unindexedVersions({
  db,
}: On): Promise<readonly (Omit<StoredVersion, 'body'> & { readonly body: string | null })[]> {
  return db.query({
    name: 'unindexed-next',
    text: `SELECT u.rkey::text, u.v::text, coalesce(r.ref, '') AS ref, r.body
             FROM (SELECT rkey, v FROM unindexed ORDER BY rkey, v LIMIT ${VERSIONS}) u
             LEFT JOIN resource r ON r.rkey = u.rkey AND r.v = u.v AND NOT r.deleted`,
  });
}

/** Commits the whole index of versions that had another generation's, and takes them off the list. */
export async function commitUnindexed(
  store: Store,
  listed: readonly Pick<StoredVersion, 'rkey' | 'v'>[],
  versions: IndexVersions['versions'],
): Promise<void> {
  await store.transaction(async ({ db }) => {
    await indexVersions(db, { versions });
    await db.query({
      text: `DELETE FROM unindexed u USING unnest($1::bigint[], $2::bigint[]) AS t(rkey, v) WHERE u.rkey = t.rkey AND u.v = t.v`,
      values: [listed.map(({ rkey }) => rkey), listed.map(({ v }) => v)],
    });
  });
}

/** One current version; `undefined` when there is none. */
export async function storedVersion({ db }: On, rkey: bigint): Promise<StoredVersion | undefined> {
  const [version] = await db.query<StoredVersion>({
    text: 'SELECT rkey::text, v::text, ref, body FROM resource WHERE rkey = $1 AND NOT deleted',
    values: [rkey],
  });
  return version;
}

/** The keys of the search rows of parameters, those that go with them included. */
export function paramKeys(params: readonly string[]): readonly number[] {
  return params.flatMap((param) => [key32(param), key32(`${param}:identifier`)]);
}
