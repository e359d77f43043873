/** Where the cluster lies: in the data directory, or below /var/lib when PostgreSQL's account cannot reach that. */
import { chmod, chown, lstat, mkdir, mkdtemp, realpath, rmdir, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Logger } from '../../shared/logger.ts';
import type { Account } from './account.ts';

const ELSEWHERE = '/var/lib/livedoc';

/** Whether `account` may pass through every folder above `path`. */
export async function isReachable(path: string, account: Account | undefined): Promise<boolean> {
  if (!account) return true;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { uid, gid, mode } = await stat(folder);
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
    if (((mode >> shift) & 1) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** A folder that only PostgreSQL's account (and root) can enter. */
export async function privateFolder(folder: string, account: Account | undefined): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  if (account) await chown(folder, account.uid, account.gid);
  return folder;
}

/** Lets PostgreSQL's account pass through the data directory itself, without letting it list what is in there. */
async function openDataDir(home: string): Promise<void> {
  const dataDir = dirname(home);
  const { mode } = await stat(dataDir);
  if ((mode & 0o011) !== 0o011) await chmod(dataDir, (mode & 0o777) | 0o011);
}

/**
 * The folder of the cluster for `home`: itself, or, when an ancestor (such as /root) shuts PostgreSQL's account out, a new
 * folder of /var/lib/livedoc to which `home` becomes a link, so that every later start finds it.
 */
export async function placeCluster(home: string, account: Account | undefined, log: Logger): Promise<string> {
  const linked = (await lstat(home)).isSymbolicLink();
  const place = await realpath(home);
  if (!linked && account && (await isReachable(dirname(place), account))) await openDataDir(place);
  if (linked || (await isReachable(place, account))) return privateFolder(place, account);
  await mkdir(ELSEWHERE, { recursive: true, mode: 0o755 });
  const elsewhere = await mkdtemp(join(ELSEWHERE, `${basename(dirname(home))}-`));
  await rmdir(home);
  await symlink(elsewhere, home);
  log.warn('the account of PostgreSQL cannot reach the data directory; its files are kept elsewhere', {
    dataDirectory: home,
    files: elsewhere,
  });
  return privateFolder(elsewhere, account);
}
