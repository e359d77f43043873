/** One PostgreSQL for the whole test run, with a migrated database of which every test file gets a copy. */
import { access, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { silent } from '../../src/shared/logger.ts';
import { startEmbedded } from '../../src/store/embedded.ts';
import { openStore } from '../../src/store/open.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of the database that is copied; itself is never written. */
    templateUrl: string;
  }
}

export const TEST_SCHEMA = 'livedoc';

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

/** Safe to lose, so that nothing waits for the disk; durability has tests of its own that start their own PostgreSQL. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '64MB',
  max_connections: '200',
};

const prefix = 'livedoc-test-';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Ends what runs that were killed left behind. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!/^livedoc-test-\d+$/.test(name) || isAlive(Number(name.slice(prefix.length)))) continue;
    const { stop } = await startEmbedded({ dataDir: join(tmpdir(), name), log: silent, settings });
    await stop();
    await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** Every project of the run asks for it; all but the first attach to the one that runs. */
async function ownServer(): Promise<Server> {
  const dataDir = join(tmpdir(), `${prefix}${process.pid}`);
  await mkdir(dataDir, { recursive: true });
  await sweep();
  const embedded = await startEmbedded({ dataDir, log: silent, settings });
  return {
    url: embedded.url,
    async stop() {
      await embedded.stop();
      const running = await access(join(dataDir, 'postgresql', 'data', 'postmaster.pid')).then(
        () => true,
        () => false,
      );
      if (!running) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** The same server's database of that name. */
export function databaseUrl(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

async function withAdministrator<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function makeTemplate(url: string, name: string): Promise<string> {
  const templateUrl = databaseUrl(url, name);
  await withAdministrator(url, async (client) => {
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [name]);
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount !== 0) return;
    await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
    const store = await openStore({
      databaseUrl: templateUrl,
      schema: TEST_SCHEMA,
      queryTimeoutSeconds: 60,
      log: silent,
    });
    await store.close();
  });
  return templateUrl;
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['TEST_DATABASE_URL'] ?? process.env['DATABASE_URL'];
  const server: Server = given ? { url: given, stop: () => Promise.resolve() } : await ownServer();
  const name = `livedoc_template_${process.pid}`;
  project.provide('templateUrl', await makeTemplate(server.url, name));
  return async () => {
    if (given) await withAdministrator(server.url, (client) => client.query(`DROP DATABASE IF EXISTS ${name}`));
    await server.stop();
  };
}
