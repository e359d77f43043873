/** Migrations: applied once, by one of many that start at once, never changed afterwards. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silent } from '../../src/shared/logger.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openStore } from '../../src/store/open.ts';
import { makeDatabase, type TestDatabase } from '../support/store.ts';

let database: TestDatabase;
let folder = '';

beforeAll(async () => {
  database = await makeDatabase();
  folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  await cp('prisma/migrations', folder, { recursive: true });
});
afterAll(async () => {
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

async function connected<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const run = (schema: string, from = folder) => connected((client) => migrate(client, schema, silent, from));

async function add(name: string, sql: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, 'migration.sql'), sql);
}

const applied = (schema: string) =>
  connected(async (client) => {
    const { rows } = await client.query(`SELECT migration_name FROM ${schema}._prisma_migrations ORDER BY 1`);
    return rows.map((row: { migration_name: string }) => row.migration_name);
  });

describe('migrations', () => {
  it('make the whole schema of a new tenant, once, when many start at once', async () => {
    await Promise.all([run('tenant_a'), run('tenant_a'), run('tenant_b')]);
    expect(await applied('tenant_a')).toEqual(await applied('livedoc'));
    expect(await applied('tenant_b')).toEqual(await applied('livedoc'));
  });

  it('that are new are added to what is there', async () => {
    await add('20991231000000_more', 'CREATE TABLE more (id integer);');
    await run('tenant_a');
    expect(await applied('tenant_a')).toContain('20991231000000_more');
    expect(await applied('tenant_b')).not.toContain('20991231000000_more');
  });

  it('that fail leave nothing', async () => {
    await add('20991231000001_broken', 'CREATE TABLE half (id integer); SELECT no_such_thing;');
    await expect(run('tenant_a')).rejects.toThrow(/20991231000001_broken failed.*no_such_thing/);
    await connected(async (client) => {
      const { rows } = await client.query(`SELECT to_regclass('tenant_a.half') AS half`);
      expect(rows[0].half).toBeNull();
    });
    await rm(join(folder, '20991231000001_broken'), { recursive: true });
  });

  it('that were changed after they were applied are refused', async () => {
    await add('20991231000000_more', 'CREATE TABLE more (id bigint);');
    await expect(run('tenant_a')).rejects.toThrow(/20991231000000_more was changed after it had been applied/);
  });
});

describe('tenants', () => {
  it('of one database see only their own', async () => {
    const options = { databaseUrl: database.url, queryTimeoutSeconds: 20, log: silent };
    const one = await openStore({ ...options, schema: 'tenant_c' });
    const other = await openStore({ ...options, schema: 'tenant_d' });
    try {
      const write = {
        op: 'create',
        type: 'Patient',
        id: 'p',
        body: ['{"v":"', '"}'],
        updated: '2026-01-02T03:04:05.678Z',
        expect: 'absent',
        index: [],
      } as const;
      await one.resources.write([write], { jobs: [{ name: 'job', payload: {} }] });
      expect(await one.resources.read('Patient', 'p')).toBeDefined();
      expect(await other.resources.read('Patient', 'p')).toBeUndefined();
      const jobs = { text: 'SELECT FROM jobs' };
      expect(await one.db.query(jobs)).toHaveLength(1);
      expect(await other.db.query(jobs)).toHaveLength(0);
      expect(await other.prisma.user.count()).toBe(0);
    } finally {
      await one.close();
      await other.close();
    }
  });
});
