/**
 * npm run bench -- [--suite read,create,...] [--rounds 5] [--clients 1,16,64] [--count 4000] [--resources 500000] [--workers 2]
 * Our server and its floor in turn, A B A B, in one run on one embedded PostgreSQL; everything on as in production.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { silent } from '../../src/shared/logger.ts';
import { startEmbedded } from '../../src/store/embedded.ts';
import { backendClient } from '../support/backend-client.ts';
import { startLiveServer } from '../support/live-server.ts';
import { authSuite } from './auth.ts';
import { createSuite } from './create.ts';
import { growthSuite } from './growth.ts';
import { ingestSuite } from './ingest.ts';
import { fairnessSuite, memorySuite, startSuite } from './process.ts';
import { readSuite } from './read.ts';
import { type Figure, printFigure, printTable } from './report.ts';
import { pagesSuite, searchSuite } from './search.ts';
import type { Bench, Suite } from './suite.ts';
import { updateSuite } from './update.ts';

/** In this order, when none is named: the later ones stand on what the earlier ones stored. */
const suites: Readonly<Record<string, Suite>> = {
  read: readSuite,
  create: createSuite,
  update: updateSuite,
  ingest: ingestSuite,
  fairness: fairnessSuite,
  growth: growthSuite,
  search: searchSuite,
  pages: pagesSuite,
  auth: authSuite,
  memory: memorySuite,
  start: startSuite,
};

const { values } = parseArgs({
  options: {
    suite: { type: 'string', default: Object.keys(suites).join(',') },
    rounds: { type: 'string', default: '5' },
    clients: { type: 'string', default: '1,16,64' },
    count: { type: 'string', default: '4000' },
    resources: { type: 'string', default: '500000' },
    workers: { type: 'string', default: '' },
  },
});

async function startFloor(databaseUrl: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/bench/floor-server.ts'], {
    env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
  const exited = once(child, 'exit');
  return {
    origin: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function measure(names: readonly string[]): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'livedoc-bench-'));
  // PostgreSQL runs as another account when we are root: it has to get through.
  await chmod(folder, 0o711);
  const postgres = await startEmbedded({ dataDir: join(folder, 'postgres'), log: silent });
  const database = new pg.Pool({ connectionString: postgres.url, max: 2 });
  await database.query('create table floor (key text primary key, body text not null)');
  await database.query(
    'create table floor_created (id bigint generated always as identity primary key, body text not null)',
  );
  const floor = await startFloor(postgres.url);
  const settings = {
    DATABASE_URL: postgres.url,
    LIVEDOC_DATA_DIR: folder,
    LIVEDOC_LOG: 'warn',
    LIVEDOC_WORKERS: values.workers,
  };
  const server = await startLiveServer(settings);
  const figures: Figure[] = [];
  try {
    const bench: Bench = {
      floor: floor.origin,
      ours: server.origin,
      server,
      settings,
      database,
      token: await backendClient(server, 'system/*.cruds'),
      rounds: Number(values.rounds),
      clients: values.clients.split(',').map(Number),
      count: Number(values.count),
      resources: Number(values.resources),
    };
    for (const name of names) {
      const suite = suites[name];
      if (!suite) throw new Error(`No suite ${name}; there are ${Object.keys(suites).join(', ')}.`);
      for await (const figure of suite(bench)) {
        printFigure(figure);
        figures.push(figure);
      }
    }
  } catch (error) {
    process.stderr.write(server.output());
    throw error;
  } finally {
    await server.stop();
    await floor.stop();
    await database.end();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return figures;
}

printTable(await measure(values.suite.split(',')));
