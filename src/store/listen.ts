/**
 * Hears what is said on a channel of the database, on a connection of its own, again whenever that is lost.
 * https://www.postgresql.org/docs/current/sql-notify.html
 */
import pg from 'pg';
import type { Logger } from '../shared/logger.ts';

export interface ListenOptions {
  readonly databaseUrl: string;
  /** A constant of ours, never what somebody sent. */
  readonly channel: string;
  /** What the connection is for, in the database's list of them and in the log. */
  readonly about: string;
  readonly log: Logger;
  /** Called when news may have been missed or will be: before the first connection and whenever it is lost. */
  readonly onDeaf?: () => void;
  /** Called when news is heard from now on. */
  readonly onListening: () => void;
  readonly onNews: (payload: string) => void;
}

const retryMilliseconds = 1000;
/** A connection that a firewall dropped in silence would never say so itself. */
const keepAliveMilliseconds = 10_000;

/** Listens until closed. */
export function listenOn(options: ListenOptions): { close(): Promise<void> } {
  const { databaseUrl, channel, about, log, onDeaf = () => undefined, onListening, onNews } = options;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  /** Once for each connection: what an old one says after that is no news. */
  function lost(old: pg.Client, error?: unknown): void {
    if (client !== old) return;
    client = undefined;
    onDeaf();
    old.end().catch(() => undefined);
    if (isClosed) return;
    log.warn(`the connection that hears of ${about} was lost`, { error });
    timer = setTimeout(listen, retryMilliseconds).unref();
  }

  function listen(): void {
    const fresh = new pg.Client({
      connectionString: databaseUrl,
      application_name: `livedoc ${about}`,
      keepAlive: true,
      keepAliveInitialDelayMillis: keepAliveMilliseconds,
    });
    client = fresh;
    fresh.on('error', (error) => lost(fresh, error));
    fresh.on('end', () => lost(fresh));
    fresh.on('notification', ({ payload = '' }) => {
      if (client === fresh) onNews(payload);
    });
    fresh
      .connect()
      .then(() => fresh.query(`LISTEN ${channel}`))
      .then(() => client === fresh && onListening())
      .catch((error: unknown) => lost(fresh, error));
  }

  onDeaf();
  listen();
  return {
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}
