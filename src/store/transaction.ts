/** Runs work in a transaction on a connection of its own, again when PostgreSQL asks for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { type Bound, boundStore } from './bound.ts';
import { databaseOn } from './database.ts';
import type { Written } from './resources/write.ts';
import type { SearchMemory } from './search/search.ts';
import { mayRetry, toStoreError } from './sqlstate.ts';
import type { Database, Store } from './store.ts';
import type { Watches } from './watch.ts';

const TRIES = 5;

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw toStoreError(error);
  }
}

type Work<T> = (store: Store) => Promise<T>;

/** One connection does one thing at a time; work may ask for several at once. */
function inTurn(db: Database): Database {
  let last: Promise<unknown> = Promise.resolve();
  return {
    query<Row>(statement: Parameters<Database['query']>[0]) {
      const next = last.then(() => db.query<Row>(statement));
      last = next.catch(() => {});
      return next;
    },
  };
}

async function attempt<T>(pool: pg.Pool, bound: Bound, work: Work<T>): Promise<T> {
  const client = await connect(pool);
  let broken: Error | undefined;
  try {
    const db = inTurn(databaseOn(client));
    await db.query({ text: 'BEGIN' });
    try {
      const result = await work(boundStore(db, bound));
      await db.query({ text: 'COMMIT' });
      return result;
    } catch (error) {
      // A connection that cannot even roll back is thrown away, and PostgreSQL rolls back for it.
      await client.query('ROLLBACK').catch((failure: Error) => {
        broken = failure;
      });
      throw error;
    }
  } finally {
    client.release(broken);
  }
}

interface Surroundings extends Pick<Watches, 'told'> {
  readonly memory: SearchMemory;
}

/** Commits what `work` did, or nothing when it rejects. `work` is run again after a serialization failure or a deadlock. */
export async function inTransaction<T>(pool: pg.Pool, { memory, told }: Surroundings, work: Work<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      const written: Written[] = [];
      const result = await attempt(pool, { memory, written }, work);
      await told(written);
      return result;
    } catch (error) {
      if (tries === TRIES || !mayRetry(error)) throw error;
      await sleep(Math.random() * 10 * 2 ** tries);
    }
  }
}
