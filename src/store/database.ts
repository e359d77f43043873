/** Connections to PostgreSQL: every one has the tenant's schema in its search_path and a limit on how long a statement may take. */
import pg from 'pg';
import type { Logger } from '../shared/logger.ts';
import { toStoreError } from './sqlstate.ts';
import type { Database } from './store.ts';

export interface ConnectionOptions {
  readonly databaseUrl: string;
  /** The tenant's schema. */
  readonly schema: string;
  readonly queryTimeoutSeconds: number;
  /** At most so many connections of this process; default 10. */
  readonly connections?: number;
  readonly log: Logger;
}

/** The schema in which the tenant's job queue lives, beside the tenant's own. */
export function jobsSchema(schema: string): string {
  return `${schema}_jobs`;
}

/** Settings that each session begins with. */
export function sessionOptions({ schema, queryTimeoutSeconds }: ConnectionOptions): string {
  const settings = {
    search_path: `${schema},${jobsSchema(schema)}`,
    statement_timeout: `${Math.round(queryTimeoutSeconds * 1000)}`,
    // A client that stops in the middle of a transaction must not hold its locks for ever.
    idle_in_transaction_session_timeout: `${Math.round(queryTimeoutSeconds * 3000)}`,
    client_min_messages: 'warning',
    // Our statements name the order in which things are to be looked at (search/plan.ts). These are the ways in which the
    // planner, misled by its estimates, would read a whole table for one page.
    enable_seqscan: 'off',
    enable_bitmapscan: 'off',
    enable_hashjoin: 'off',
    enable_mergejoin: 'off',
    // With the order named, values do not change the plan; without this, `= ANY ($1)` is planned again at every execution.
    plan_cache_mode: 'force_generic_plan',
  };
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

export function openPool(options: ConnectionOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    options: sessionOptions(options),
    application_name: 'livedoc',
    max: options.connections ?? 10,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
  });
  // A connection that breaks is replaced by the pool, and its query rejects. The pool hears only those that are idle: unheard,
  // the error of one that a transaction holds would end the process.
  pool.on('connect', (client) => {
    client.on('error', (error) => options.log.warn('a database connection was lost', { error }));
  });
  pool.on('error', () => undefined);
  return pool;
}

/** A pool or one of its connections as the rest of the store sees it. */
export function databaseOn(connection: pg.Pool | pg.PoolClient): Database {
  return {
    async query<Row>(statement: { name?: string; text: string; values?: readonly unknown[] }): Promise<Row[]> {
      try {
        const { name, text, values } = statement;
        const result = await connection.query({
          ...(name === undefined ? {} : { name }),
          text,
          ...(values === undefined ? {} : { values: [...values] }),
        });
        return result.rows as Row[];
      } catch (error) {
        throw toStoreError(error);
      }
    },
  };
}
