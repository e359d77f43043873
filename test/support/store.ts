/** A store on a database of its own for one test file. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import { type Logger, silent } from '../../src/shared/logger.ts';
import { type OpenStore, openStore } from '../../src/store/open.ts';
import { databaseUrl, TEST_SCHEMA } from './postgres.ts';

export interface TestDatabase {
  readonly url: string;
  readonly schema: string;
  drop(): Promise<void>;
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl(inject('templateUrl'), 'postgres') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A fresh, migrated, empty database. */
export async function makeDatabase(): Promise<TestDatabase> {
  const template = inject('templateUrl');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE ${new URL(template).pathname.slice(1)}`);
  return {
    url: databaseUrl(template, name),
    schema: TEST_SCHEMA,
    drop: () => administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

export interface TestStore {
  /** Usable inside tests and hooks, not while the file is being collected. */
  readonly store: OpenStore;
  readonly databaseUrl: string;
  readonly schema: string;
}

/** Called at the top of a test file: opens a store on a fresh database before its tests and closes it after them. */
export function withStore(log: Logger = silent, queryTimeoutSeconds = 20): TestStore {
  let database: TestDatabase;
  let store: OpenStore;
  beforeAll(async () => {
    database = await makeDatabase();
    store = await openStore({ databaseUrl: database.url, schema: database.schema, queryTimeoutSeconds, log });
  });
  afterAll(async () => {
    await store?.close();
    await database?.drop();
  });
  return {
    get store() {
      return store;
    },
    get databaseUrl() {
      return database.url;
    },
    get schema() {
      return database.schema;
    },
  };
}
