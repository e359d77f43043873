/** PostgreSQL in the data directory survives what happens to processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silent } from '../../src/shared/logger.ts';
import { startEmbedded } from '../../src/store/embedded.ts';

let dataDir = '';
const children: ChildProcess[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'livedoc-embedded-'));
});
afterAll(async () => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  const pid = await postmaster();
  if (pid !== undefined && isAlive(pid)) {
    process.kill(pid, 'SIGINT');
    await ended(pid);
  }
  const place = await realpath(join(dataDir, 'postgresql'));
  await rm(place, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
});

const start = () => startEmbedded({ dataDir, log: silent });

async function postmaster(): Promise<number | undefined> {
  const text = await readFile(join(dataDir, 'postgresql/data/postmaster.pid'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number(text.split('\n')[0]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function ended(pid: number): Promise<void> {
  for (let tries = 0; tries < 400 && isAlive(pid); tries++) await sleep(50);
}

async function rows(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: found } = await client.query('SELECT count(*)::int AS count FROM kept');
    return found[0].count;
  } finally {
    await client.end();
  }
}

/** A process of its own, in a process group of its own, that has started (or joined) PostgreSQL and written one row. */
async function startChild(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/support/embedded-child.ts', dataDir], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await said(child, 'started');
  return child;
}

async function said(child: ChildProcess, word: string): Promise<void> {
  for await (const [chunk] of onData(child)) if (String(chunk).includes(word)) return;
  throw new Error(`the process ended without saying ${word}`);
}

async function* onData(child: ChildProcess): AsyncGenerator<unknown[]> {
  const end = once(child, 'close').then(() => undefined);
  for (;;) {
    const next = await Promise.race([once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data'), end]);
    if (!next) return;
    yield next;
  }
}

describe('the embedded PostgreSQL', () => {
  it('is reached by nobody else, and stops with the last who uses it', async () => {
    const first = await start();
    const second = await start();
    expect(second.url).toBe(first.url);
    const folder = new URL(first.url).searchParams.get('host') ?? '';
    expect((await stat(folder)).mode & 0o077).toBe(0);
    expect((await stat(join(dataDir, 'postgresql'))).mode & 0o077).toBe(0);
    const pid = (await postmaster()) as number;
    await first.stop();
    await first.stop();
    expect(isAlive(pid)).toBe(true);
    await second.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('outlives a killed process with all that was committed, and the next start takes it over', async () => {
    const child = await startChild();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const pid = (await postmaster()) as number;
    expect(isAlive(pid)).toBe(true);
    const next = await start();
    expect(await postmaster()).toBe(pid);
    expect(await rows(next.url)).toBe(1);
    await next.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('recovers when it was killed itself', async () => {
    const child = await startChild();
    const pid = (await postmaster()) as number;
    process.kill(pid, 'SIGKILL');
    await ended(pid);
    child.kill('SIGKILL');
    const next = await start();
    expect(await rows(next.url)).toBe(2);
    await next.stop();
  });

  it('does not take another process that has its old number for itself', async () => {
    const data = join(dataDir, 'postgresql/data');
    await writeFile(join(data, 'postmaster.pid'), `${process.pid}\n${data}\n1\n5432\n/nowhere\n\n1 1\nready   \n`);
    const next = await start();
    expect(await postmaster()).not.toBe(process.pid);
    expect(await rows(next.url)).toBe(2);
    await next.stop();
  });

  it('does not hear the Ctrl-C that its server hears, and is there while that drains', async () => {
    const child = await startChild();
    const pid = (await postmaster()) as number;
    process.kill(-(child.pid as number), 'SIGINT');
    await said(child, 'stopped');
    expect(isAlive(pid)).toBe(false);
    const next = await start();
    expect(await rows(next.url)).toBe(4);
    await next.stop();
  });

  it('says what is wrong when it cannot start', async () => {
    const broken = startEmbedded({ dataDir, log: silent, settings: { shared_buffers: 'nonsense' } });
    await expect(broken).rejects.toThrow(/did not start.*\n.*nonsense/s);
  });
});
