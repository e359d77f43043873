/** A store on one connection, inside a transaction: nothing is shared with other callers, everything commits together. */
import { FhirError } from '../shared/errors.ts';
import { int8s } from './arrays.ts';
import { appendAudit } from './audit/append.ts';
import { addJob } from './jobs/add-job.ts';
import { key64 } from './keys.ts';
import { history } from './resources/history.ts';
import { areMany, inPieces } from './resources/pieces.ts';
import { writeAll } from './resources/put.ts';
import { present, readMany, readVersion } from './resources/read.ts';
import { readAudited } from './resources/read-audited.ts';
import type { Write, Written } from './resources/write.ts';
import { findTokens } from './search/find-tokens.ts';
import { type SearchMemory, search } from './search/search.ts';
import type { Database, Resources, Store } from './store.ts';

function resourcesOn(db: Database, { memory, written: all }: Bound): Resources {
  return {
    async read(type, id) {
      const [version] = await readMany(db, [{ type, id }]);
      return version;
    },
    readMany: (targets) => readMany(db, targets),
    present: (targets) => present(db, targets),
    readVersion: (type, id, version) => readVersion(db, { type, id }, version),
    async readAudited(type, id, record, unless) {
      const [version] = await readAudited(db, [{ type, id, record, unless }]);
      return version;
    },
    history: (range) => history(db, range),
    async write(writes, { audit = [], jobs = [] } = {}) {
      const piece = async (own: readonly Write[], isLast: boolean) => {
        const request = { writes: own, audit: isLast ? audit : [], jobs: isLast ? jobs : [] };
        const options = { careful: true, known: memory.words, commits: false };
        const [written] = await writeAll(db, [request], options);
        if (written instanceof Error) throw written;
        return written ?? [];
      };
      const written = await (areMany(writes) ? inPieces(writes, piece) : piece(writes, true));
      for (const one of written) all.push(one);
      return written;
    },
  };
}

/** In order, so that two transactions with the same names never wait for each other. */
async function lock(db: Database, names: readonly string[]): Promise<void> {
  const keys = [...new Set(names.map(key64))].sort((a, b) => (a < b ? -1 : 1));
  // An array is unnested in its order, and each lock is taken before the next row is looked at.
  const text = 'SELECT pg_advisory_xact_lock(k) FROM unnest($1::int8[]) AS t(k)';
  if (keys.length > 0) await db.query({ name: 'lock', text, values: [int8s(keys)] });
}

export interface Bound {
  readonly memory: SearchMemory;
  /** Filled with what was written, for those who want to hear of it after the commit. */
  readonly written: Written[];
}

/** The store of a transaction; one inside it is a savepoint, whose failure undoes only its own part. */
export function boundStore(db: Database, { memory, written }: Bound, depth = 0): Store {
  const savepoint = `inner_${depth}`;
  async function transaction<T>(work: (store: Store) => Promise<T>): Promise<T> {
    await db.query({ text: `SAVEPOINT ${savepoint}` });
    try {
      const result = await work(boundStore(db, { memory, written }, depth + 1));
      await db.query({ text: `RELEASE SAVEPOINT ${savepoint}` });
      return result;
    } catch (error) {
      await db.query({ text: `ROLLBACK TO SAVEPOINT ${savepoint}` });
      throw error;
    }
  }
  return {
    db,
    resources: resourcesOn(db, { memory, written }),
    search: (query) => search(db, memory, query),
    findTokens: (asked) => findTokens(db, asked),
    audit: { append: (record) => appendAudit(db, [record]) },
    jobs: { add: (job) => addJob(db, job) },
    lock: (names) => lock(db, names),
    transaction,
    async exclusively(names, work) {
      await lock(db, names);
      return transaction(work);
    },
  };
}

/** A lock lasts as long as its transaction, so that there is none without one. */
export function lockOutside(): Promise<void> {
  return Promise.reject(new FhirError('fault', 'A lock was asked for outside a transaction.'));
}
