/** Which processes use the cluster: one file each, so that the last one to leave stops PostgreSQL and a killed one does not count. */
import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** When the process began, so that a number that was given again to another process is not mistaken for it; 0 where unknown. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function isAlive(identity: string): Promise<boolean> {
  const [pid, start] = identity.split('-');
  return exists(Number(pid)) && (await startOf(Number(pid))) === start;
}

async function identity(): Promise<string> {
  return `${process.pid}-${await startOf(process.pid)}`;
}

/** Registers this process; the ticket goes to `leave`. */
export async function enter(place: string): Promise<string> {
  const ticket = `${await identity()}-${randomUUID()}`;
  await mkdir(join(place, 'users'), { recursive: true });
  await writeFile(join(place, 'users', ticket), '');
  return ticket;
}

export async function leave(place: string, ticket: string): Promise<void> {
  await rm(join(place, 'users', ticket), { force: true });
}

/** Whether no living process is registered; forgets the dead ones. */
export async function isAlone(place: string): Promise<boolean> {
  let alone = true;
  for (const ticket of await readdir(join(place, 'users'))) {
    if (await isAlive(ticket)) alone = false;
    else await leave(place, ticket);
  }
  return alone;
}

/** A lock that names its holder from its first moment: the name is written before the file gets its place. */
async function tryLock(file: string): Promise<boolean> {
  const mine = `${file}.${randomUUID()}`;
  await writeFile(mine, await identity());
  try {
    await link(mine, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(mine, { force: true });
  }
}

/** Takes the lock of a dead holder away, but gives it back when it was another's by then. */
async function breakLock(file: string, holder: string): Promise<void> {
  const taken = `${file}.${randomUUID()}`;
  try {
    await rename(file, taken);
    if ((await readFile(taken, 'utf8')) !== holder) await link(taken, file);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await rm(taken, { force: true });
  }
}

/** Runs `work` while no other process starts or stops the same cluster; waits at most a minute and a half for its turn. */
export async function withLock<T>(place: string, work: () => Promise<T>): Promise<T> {
  const file = join(place, 'starting.lock');
  const until = Date.now() + 90_000;
  while (!(await tryLock(file))) {
    const holder = await readFile(file, 'utf8').catch(() => undefined);
    if (holder === undefined) continue;
    if (!(await isAlive(holder))) await breakLock(file, holder);
    else if (Date.now() > until)
      throw new Error(`Process ${holder} has held ${file} for too long; remove the file if it hangs.`);
    else await sleep(50);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}
