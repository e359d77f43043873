/**
 * Hears at once, from whichever process, that a token, session, account or client has lost what it could do.
 * https://www.postgresql.org/docs/current/sql-notify.html
 */
import pg from 'pg';
import type { Logger } from '../../shared/logger.ts';

export interface WatchOptions {
  readonly databaseUrl: string;
  /** The tenant's schema: others in the same database have the same channel. */
  readonly schema: string;
  readonly log: Logger;
  /** Called when news may have been missed or will be: before the first connection and whenever it is lost. */
  readonly onDeaf: () => void;
  /** Called when news is heard from now on. */
  readonly onListening: () => void;
  readonly onRevoked: () => void;
}

const channel = 'livedoc_revoked';
const retryMilliseconds = 1000;
/** A connection that a firewall dropped in silence would never say so itself. */
const keepAliveMilliseconds = 10_000;

/** Listens on a connection of its own, again whenever that is lost, until closed. */
export function watchRevocations(options: WatchOptions): { close(): Promise<void> } {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  /** Once for each connection: what an old one says after that is no news. */
  function lost(old: pg.Client, error?: unknown): void {
    if (client !== old) return;
    client = undefined;
    options.onDeaf();
    old.end().catch(() => undefined);
    if (isClosed) return;
    options.log.warn('the connection that hears of revocations was lost', { error });
    timer = setTimeout(listen, retryMilliseconds).unref();
  }

  function listen(): void {
    const fresh = new pg.Client({
      connectionString: options.databaseUrl,
      application_name: 'livedoc revocations',
      keepAlive: true,
      keepAliveInitialDelayMillis: keepAliveMilliseconds,
    });
    client = fresh;
    fresh.on('error', (error) => lost(fresh, error));
    fresh.on('end', () => lost(fresh));
    fresh.on('notification', ({ payload }) => {
      if (payload === options.schema) options.onRevoked();
    });
    fresh
      .connect()
      .then(() => fresh.query(`LISTEN ${channel}`))
      .then(() => client === fresh && options.onListening())
      .catch((error: unknown) => lost(fresh, error));
  }

  options.onDeaf();
  listen();
  return {
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}
