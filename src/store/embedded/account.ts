/** PostgreSQL refuses to run as root; this finds (or makes) the account that it runs as instead. */
import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import type { Logger } from '../../shared/logger.ts';

const run = promisify(execFile);

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

async function lookUp(name: string): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, name])));
    return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
  } catch {
    return undefined;
  }
}

/**
 * The account to change to, or `undefined` when this process is not root. As root: `postgres`, made when it does not exist,
 * or `nobody` where accounts cannot be made.
 */
export async function findAccount(log: Logger): Promise<Account | undefined> {
  if (userInfo().uid !== 0) return undefined;
  const existing = await lookUp('postgres');
  if (existing) return existing;
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres']);
    log.info('made the system account postgres, because PostgreSQL does not run as root');
  } catch (error) {
    log.warn('could not make the account postgres; PostgreSQL runs as nobody', { error });
  }
  const account = (await lookUp('postgres')) ?? (await lookUp('nobody'));
  if (account) return account;
  throw new Error('PostgreSQL does not run as root: make an account named postgres, or start LIVEDOC as another user.');
}
