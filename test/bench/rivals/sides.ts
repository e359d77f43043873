/** The servers that are compared, each with a PostgreSQL of its own with the same settings: ours, HAPI, or one that already runs. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { silent } from '../../../src/shared/logger.ts';
import { startEmbedded } from '../../../src/store/embedded.ts';
import { backendClient } from '../../support/backend-client.ts';
import { startLiveServer } from '../../support/live-server.ts';

export interface ServerSide {
  readonly name: string;
  /** Of the FHIR API, without a slash at the end. */
  readonly base: string;
  /** What each request carries; fetched anew for each round. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** Process ids whose trees are the server's, and PostgreSQL's; empty where they are not known. */
  readonly server: readonly number[];
  readonly database: readonly number[];
  /** What autovacuum does within minutes of an import. */
  vacuum(): Promise<void>;
  stop(): Promise<void>;
}

async function startDatabase(folder: string) {
  // PostgreSQL runs as another account when we are root: it has to get through.
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o711);
  const postgres = await startEmbedded({ dataDir: folder, log: silent });
  const query = async (url: string, text: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<Record<string, unknown>>(text);
    await client.end();
    return rows;
  };
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const stat = readFileSync(`/proc/${rows[0]?.pid}/stat`, 'utf8');
  const postmaster = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  await client.end();
  return { ...postgres, postmaster, query };
}

/** Our built server with everything on: tokens, audit, validation. */
export async function startOurs(folder: string): Promise<ServerSide> {
  const postgres = await startDatabase(folder);
  const settings = { DATABASE_URL: postgres.url, LIVEDOC_DATA_DIR: folder, LIVEDOC_LOG: 'warn' };
  const server = await startLiveServer(settings).catch(async (error: unknown) => {
    await postgres.stop();
    throw error;
  });
  const token = await backendClient(server, 'system/*.cruds');
  return {
    name: 'livedoc',
    base: `${server.origin}/fhir`,
    headers: async () => ({ authorization: `Bearer ${await token()}` }),
    server: [server.process.pid ?? 0],
    database: [postgres.postmaster],
    async vacuum() {
      await postgres.query(postgres.url, 'vacuum analyze');
    },
    async stop() {
      await server.stop();
      await postgres.stop();
    },
  };
}

const project = 'test/bench/rivals/hapi';
/** Of a JDK of version 17 or later, and of Maven. */
const programs = { java: 'java', maven: 'mvn' } as const;

function buildHapi(): void {
  if (existsSync(`${project}/target/lib`) && existsSync(`${project}/target/classes/HapiServer.class`)) return;
  execFileSync(programs.maven, ['-q', '-B', '-f', `${project}/pom.xml`, 'compile'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

/** HAPI FHIR's JPA server (built by Maven when it is not yet), without tokens, audit and validation, which it has off by default. */
export async function startHapi(folder: string, options: readonly string[] = []): Promise<ServerSide> {
  buildHapi();
  const postgres = await startDatabase(folder);
  if ((await postgres.query(postgres.url, "select from pg_database where datname = 'hapi'")).length === 0)
    await postgres.query(postgres.url, 'create database hapi');
  const socket = new URL(postgres.url).searchParams.get('host') ?? '';
  const factory = 'socketFactory=org.newsclub.net.unix.AFUNIXSocketFactory$FactoryArg';
  const database = `jdbc:postgresql://localhost/hapi?user=postgres&${factory}&socketFactoryArg=${socket}/.s.PGSQL.5432`;
  const settings = ['-Xms2g', '-Xmx4g', '-Dport=0', `-Ddatabase=${database}`, ...options];
  const child = spawn(
    programs.java,
    [...settings, '-cp', `${project}/target/classes:${project}/target/lib/*`, 'HapiServer'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exited = once(child, 'exit');
  const base = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const found = /^HAPI ready: (\S+)$/.exec(line);
      if (found?.[1]) resolve(found[1]);
      else if (/ERROR/.test(line)) process.stderr.write(`${line}\n`);
    });
    void exited.then(([code]) => reject(new Error(`HAPI ended with ${code}.`)));
  });
  const url = postgres.url.replace('/livedoc?', '/hapi?');
  return {
    name: 'hapi',
    base,
    headers: async () => ({}),
    server: [child.pid ?? 0],
    database: [postgres.postmaster],
    async vacuum() {
      await postgres.query(url, 'vacuum analyze');
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
      await postgres.stop();
    },
  };
}

/** A server that somebody else has started. */
export function attach(base: string, server: readonly number[], database: readonly number[]): ServerSide {
  const nothing = async () => {};
  return {
    name: 'rival',
    base: base.replace(/\/$/, ''),
    headers: async () => ({}),
    server,
    database,
    vacuum: nothing,
    stop: nothing,
  };
}

/** The folder of each side's data below the given one. */
export const folders = (folder: string) => ({ ours: join(folder, 'livedoc'), hapi: join(folder, 'hapi') });
