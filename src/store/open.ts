/** Opens the store: brings the database to this release, then shares its connections among all callers. */
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { appendAudit } from './audit/append.ts';
import type { AuditRecord } from './audit/record.ts';
import { lockOutside } from './bound.ts';
import { type ConnectionOptions, databaseOn, openPool, sessionOptions } from './database.ts';
import { PrismaClient } from './generated/client.ts';
import { group } from './group.ts';
import { openJanitor } from './janitor.ts';
import { addJob } from './jobs/add-job.ts';
import { migrateJobs } from './jobs/run-jobs.ts';
import { migrate } from './migrate.ts';
import { history } from './resources/history.ts';
import type { Request } from './resources/pack.ts';
import { areMany } from './resources/pieces.ts';
import { writeAll } from './resources/put.ts';
import { present, readMany, readVersion, type Target } from './resources/read.ts';
import { type AuditedRead, readAudited } from './resources/read-audited.ts';
import type { Version } from './resources/version.ts';
import type { Written } from './resources/write.ts';
import type { KnownWords } from './search/dictionary.ts';
import { findTokens } from './search/find-tokens.ts';
import { openSearchMemory, search } from './search/search.ts';
import { openTextWorker } from './search/texts.ts';
import { mayRetry, toStoreError } from './sqlstate.ts';
import type { Database, Resources, Store } from './store.ts';
import { inTransaction } from './transaction.ts';
import { openTurns } from './turns.ts';
import { openWatches, type Watches } from './watch.ts';

export interface OpenStore extends Store {
  /** For accounts and other administration; knows nothing of the FHIR store's tables. */
  readonly prisma: PrismaClient;
  /** Hears of every committed change of these types, whichever process made it; see watch.ts. */
  readonly watch: Watches['watch'];
  close(): Promise<void>;
}

/** Round trips of one kind under way at once: while one waits for the disk, the next is already at work. */
const LANES = 2;
/** Writes of one round trip; more would make those that wait for it wait too long. */
const WRITES_AT_ONCE = 256;
const READS_AT_ONCE = 128;
const RECORDS_AT_ONCE = 512;
/** So much work for PostgreSQL takes about as long as the disk. */
const ENOUGH_WRITES = 32;
const ENOUGH_RECORDS = 128;
/** Processor time in PostgreSQL of one more of a batch, measured with test/bench/store-throughput.ts. */
const WRITE_MS = 0.1;
const RECORD_MS = 0.02;
const RETRIES = 5;

async function migrateAll({ databaseUrl, schema, log }: ConnectionOptions): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'livedoc migrate' });
  try {
    await client.connect();
    await migrate(client, schema, log);
    await migrateJobs(databaseUrl, schema, log);
  } catch (error) {
    throw toStoreError(error);
  } finally {
    await client.end();
  }
}

/** Looks first what exists only when a write does not have to be new, or when one that had to be turned out not to be. */
async function writeRequests(
  db: Database,
  known: KnownWords,
  requests: readonly Request[],
): Promise<readonly (readonly Written[] | Error)[]> {
  let careful = requests.some(({ writes }) => writes.some(({ expect }) => expect !== 'absent'));
  for (let tries = 1; ; tries++) {
    try {
      return await writeAll(db, requests, { careful, known, commits: true });
    } catch (error) {
      if (tries === RETRIES || !mayRetry(error)) throw error;
      careful = true;
    }
  }
}

function sharedResources(
  db: Database,
  known: KnownWords,
  { told }: Watches,
  transaction: Store['transaction'],
): Resources {
  const read = group<Target, Version | undefined>({
    lanes: LANES,
    limit: READS_AT_ONCE,
    run: (targets) => readMany(db, targets),
  });
  const showOne = group<AuditedRead, Version | undefined>({
    lanes: LANES,
    limit: READS_AT_ONCE,
    enough: ENOUGH_RECORDS,
    itemMs: RECORD_MS,
    run: (reads) => readAudited(db, reads),
  });
  const write = group<Request, readonly Written[]>({
    lanes: LANES,
    limit: WRITES_AT_ONCE,
    enough: ENOUGH_WRITES,
    itemMs: WRITE_MS,
    weight: ({ writes }) => writes.length,
    keys: ({ writes }) => writes.map(({ type, id }) => `${type}/${id}`),
    run: (requests) => writeRequests(db, known, requests),
  });
  return {
    read: (type, id) => read({ type, id }),
    readMany: (targets) => readMany(db, targets),
    present: (targets) => present(db, targets),
    readVersion: (type, id, version) => readVersion(db, { type, id }, version),
    readAudited: (type, id, record, unless) => showOne({ type, id, record, unless }),
    history: (range) => history(db, range),
    async write(writes, { audit = [], jobs = [] } = {}) {
      // What is large goes on a connection of its own, so that the others do not wait for it.
      if (areMany(writes)) return transaction((inner) => inner.resources.write(writes, { audit, jobs }));
      const written = await write({ writes, audit, jobs });
      await told(written);
      return written;
    },
  };
}

/**
 * Applies the migrations (several processes may open at once) and connects. Throws FhirError `busy` when the database
 * cannot be reached, Error when its migrations are not this release's.
 */
export async function openStore(options: ConnectionOptions): Promise<OpenStore> {
  await migrateAll(options);
  const pool = openPool(options);
  const db = databaseOn(pool);
  const prisma = new PrismaClient({
    adapter: new PrismaPg(
      { connectionString: options.databaseUrl, options: sessionOptions(options), max: 2 },
      { schema: options.schema },
    ),
  });
  const memory = openSearchMemory(db);
  const turns = openTurns();
  const append = group<AuditRecord, void>({
    lanes: LANES,
    limit: RECORDS_AT_ONCE,
    enough: ENOUGH_RECORDS,
    itemMs: RECORD_MS,
    run: async (records) => {
      await appendAudit(db, records);
      return records.map(() => undefined);
    },
  });
  const watches = openWatches(options);
  const janitor = openJanitor({ store: { db }, log: options.log });
  const textWorker = openTextWorker({ db, log: options.log });
  const transaction: Store['transaction'] = (work) => inTransaction(pool, { memory, told: watches.told }, work);
  return {
    db,
    prisma,
    resources: sharedResources(db, memory.words, watches, transaction),
    search: (query) => search(db, memory, query),
    findTokens: (asked) => findTokens(db, asked),
    audit: { append },
    jobs: { add: (job) => addJob(db, job) },
    lock: lockOutside,
    watch: watches.watch,
    transaction,
    exclusively: (names, work) =>
      turns(names, () =>
        transaction(async (store) => {
          await store.lock(names);
          return work(store);
        }),
      ),
    async close() {
      await Promise.all([janitor.stop(), textWorker.stop(), watches.close()]);
      await Promise.all([pool.end(), prisma.$disconnect()]);
    },
  };
}
