/** PostgreSQL inside the data directory, for installations that bring none: binaries from npm, a socket that only its owner reaches. */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Logger } from '../shared/logger.ts';
import { findAccount } from './embedded/account.ts';
import { findBinaries } from './embedded/binaries.ts';
import { type Cluster, initialise, isRunning, runningSocket, start, stop } from './embedded/cluster.ts';
import { placeCluster } from './embedded/place.ts';
import { serverSettings } from './embedded/settings.ts';
import { enter, isAlone, leave, withLock } from './embedded/users.ts';

export interface EmbeddedOptions {
  readonly dataDir: string;
  readonly log: Logger;
  /** PostgreSQL settings that replace those of settings.ts; tests turn fsync off with it. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Embedded {
  /** Of the database `livedoc`. */
  readonly url: string;
  /** Stops PostgreSQL (open sessions are ended, a checkpoint is written) when no other process still uses it. */
  stop(): Promise<void>;
}

function urlOf(socketDir: string): string {
  return `postgresql://postgres@localhost/livedoc?host=${encodeURIComponent(socketDir)}`;
}

async function launch(cluster: Cluster, settings: Readonly<Record<string, string>>, log: Logger): Promise<void> {
  const running = await isRunning(cluster);
  if (running) return log.info('PostgreSQL is already running', { folder: cluster.data });
  const began = Date.now();
  await initialise(cluster, log);
  await start(cluster, settings);
  log.info('PostgreSQL has started', { folder: cluster.data, milliseconds: Date.now() - began });
}

/**
 * Starts PostgreSQL on `dataDir`/postgresql (made at the first start), or attaches to the one that already runs there, which may be
 * another process's or one that a killed process left. It lives in its own process group, so that Ctrl-C at a terminal reaches
 * only the server, which stops PostgreSQL when it has drained. Throws an Error that says what to do when it cannot start.
 */
export async function startEmbedded({ dataDir, log, settings }: EmbeddedOptions): Promise<Embedded> {
  const home = resolve(dataDir, 'postgresql');
  await mkdir(home, { recursive: true, mode: 0o700 });
  const account = await findAccount(log);
  const place = await placeCluster(home, account, log);
  const binaries = await findBinaries(place, account);
  const cluster: Cluster = {
    data: resolve(place, 'data'),
    log: resolve(place, 'postgresql.log'),
    place,
    account,
    binaries,
  };
  const ticket = await withLock(place, async () => {
    const mine = await enter(place);
    try {
      await launch(cluster, { ...serverSettings(), ...settings }, log);
      return mine;
    } catch (error) {
      await leave(place, mine);
      throw error;
    }
  });
  const url = urlOf(await runningSocket(cluster));
  let stopped: Promise<void> | undefined;
  const stopOnce = () =>
    withLock(place, async () => {
      await leave(place, ticket);
      if (!(await isAlone(place))) return log.info('PostgreSQL keeps running for another process');
      await stop(cluster);
      log.info('PostgreSQL has stopped');
    });
  return {
    url,
    stop() {
      stopped ??= stopOnce();
      return stopped;
    },
  };
}
