/** Makes, starts and stops one PostgreSQL cluster through its own programs and its postmaster.pid. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { access, mkdtemp, open, readFile, readlink, realpath, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import type { Logger } from '../../shared/logger.ts';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import { privateFolder } from './place.ts';

export interface Cluster {
  /** The private folder of everything: data, socket, log, users. */
  readonly place: string;
  readonly data: string;
  readonly log: string;
  readonly account: Account | undefined;
  readonly binaries: Binaries;
}

const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
const START_SECONDS = 60;
/** sun_path holds 108 bytes, and PostgreSQL adds the name of the socket. */
const LONGEST_SOCKET_FOLDER = 80;

interface Postmaster {
  readonly pid: number;
  readonly socket: string;
  readonly ready: boolean;
}

/** https://www.postgresql.org/docs/18/storage-file-layout.html: pid, data, start, port, socket, address, memory, status */
async function postmaster({ data }: Cluster): Promise<Postmaster | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split('\n').map((line) => line.trim());
  return { pid: Number(lines[0]), socket: lines[4] ?? '', ready: lines[7] === 'ready' };
}

/** Whether that process is a PostgreSQL of this cluster, and not a later process that was given the same number. */
async function isOurs({ data }: Cluster, pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return folder === undefined ? process.platform !== 'linux' : folder === (await realpath(data));
}

/** Waits for one that is starting; a lock file whose process is now something else is removed. */
export async function isRunning(cluster: Cluster): Promise<boolean> {
  for (let tries = 0; tries < START_SECONDS * 20; tries++) {
    const found = await postmaster(cluster);
    if (!found) return false;
    if (!(await isOurs(cluster, found.pid))) {
      if (isSomeone(found.pid)) await rm(join(cluster.data, 'postmaster.pid'), { force: true });
      return false;
    }
    if (found.ready) return true;
    await sleep(50);
  }
  throw new Error(`PostgreSQL has been starting for ${START_SECONDS} seconds; see ${cluster.log}.`);
}

function isSomeone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function runningSocket(cluster: Cluster): Promise<string> {
  const found = await postmaster(cluster);
  if (!found) throw new Error(`PostgreSQL has ended; see ${cluster.log}.`);
  return found.socket;
}

/** Runs initdb when there is no cluster yet; a first start that was killed leaves only a folder that the next one removes. */
export async function initialise(cluster: Cluster, log: Logger): Promise<void> {
  const made = await access(join(cluster.data, 'PG_VERSION')).then(
    () => true,
    () => false,
  );
  if (made) return;
  log.info('making a new PostgreSQL cluster', { folder: cluster.data });
  const part = `${cluster.data}.part`;
  await rm(part, { recursive: true, force: true });
  const collation = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  // Whoever can enter the private folder of the socket is the owner (or root): the folder is the authentication.
  const authentication = ['--username=postgres', '--auth-local=trust', '--auth-host=reject'];
  try {
    await promisify(execFile)(cluster.binaries.initdb, ['-D', part, ...collation, ...authentication], {
      ...cluster.account,
      env: environment,
      cwd: cluster.place,
    });
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr ?? '';
    throw new Error(`PostgreSQL could not make its files in ${part}: ${said.trim()}`, { cause });
  }
  await rename(part, cluster.data);
}

async function socketFolder({ place, account }: Cluster): Promise<string> {
  const folder = join(place, 'run');
  if (Buffer.byteLength(folder) <= LONGEST_SOCKET_FOLDER) return privateFolder(folder, account);
  return privateFolder(await mkdtemp(join(tmpdir(), 'livedoc-')), account);
}

async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-5).join('\n');
}

/** Starts PostgreSQL detached from this process's group and waits until it takes connections. */
export async function start(cluster: Cluster, settings: Readonly<Record<string, string>>): Promise<void> {
  const output = await open(cluster.log, 'w', 0o600);
  const all = { ...settings, unix_socket_directories: await socketFolder(cluster) };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  let failed: Error | undefined;
  for (let tries = 0; tries < 20; tries++) {
    const child = spawn(cluster.binaries.postgres, ['-D', cluster.data, ...flags], {
      ...cluster.account,
      env: environment,
      cwd: cluster.place,
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    });
    child.on('error', () => {});
    child.unref();
    if (await isReady(cluster, child)) {
      failed = undefined;
      break;
    }
    failed = new Error(`PostgreSQL did not start (${cluster.log}):\n${await lastLines(cluster.log)}`);
    // After a kill -9 of PostgreSQL its children may still be ending and hold the shared memory.
    if (!/shared memory block|lock file/.test(failed.message)) break;
    await sleep(500);
  }
  await output.close();
  if (failed) throw failed;
  await makeDatabase(await runningSocket(cluster));
}

async function isReady(cluster: Cluster, child: ChildProcess): Promise<boolean> {
  const until = Date.now() + START_SECONDS * 1000;
  while (child.pid !== undefined && child.exitCode === null && child.signalCode === null && Date.now() < until) {
    const found = await postmaster(cluster);
    if (found?.pid === child.pid && found.ready) return true;
    await sleep(20);
  }
  return false;
}

async function makeDatabase(socket: string): Promise<void> {
  const client = new pg.Client({ host: socket, user: 'postgres', database: 'postgres' });
  await client.connect();
  try {
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = 'livedoc'");
    if (rowCount === 0) await client.query('CREATE DATABASE livedoc');
  } finally {
    await client.end();
  }
}

/** A fast shutdown: sessions are ended, then a checkpoint makes the next start quick. Waits for the end. */
export async function stop(cluster: Cluster): Promise<void> {
  const found = await postmaster(cluster);
  if (!found || !(await isOurs(cluster, found.pid))) return;
  process.kill(found.pid, 'SIGINT');
  for (let tries = 0; tries < 1200 && isSomeone(found.pid); tries++) await sleep(50);
}
