/**
 * Tells every process which resources of a few watched types were written: those by which the server itself works.
 * The types are in the trigger of prisma/migrations/20261122200100_watch; a write of any other type says nothing.
 */
import type { Logger } from '../shared/logger.ts';
import { listenOn } from './listen.ts';

export interface Changed {
  readonly type: string;
  readonly id: string;
}

/** An empty list: everything may have changed. Calls of one watcher never overlap; a rejected one is made again. */
type OnChange = (changed: readonly Changed[]) => Promise<void>;

export interface Watches {
  /**
   * Calls back after resources of these types were committed, by whichever process; resolves when nothing is missed any more.
   * Only types of the trigger's list are heard of.
   */
  watch(types: readonly string[], onChange: OnChange): Promise<{ close(): Promise<void> }>;
  /** What this process has just committed: resolves when its own watchers have seen it. */
  told(written: readonly Changed[]): Promise<void>;
  close(): Promise<void>;
}

export interface WatchesOptions {
  readonly databaseUrl: string;
  /** The tenant's schema: others in the same database have the same channel. */
  readonly schema: string;
  readonly log: Logger;
}

interface Watcher {
  readonly types: ReadonlySet<string>;
  tell(changed: readonly Changed[]): Promise<void>;
}

const retryMilliseconds = 1000;

/** Gathers what comes while a call is under way for the next one. */
function openWatcher(types: readonly string[], onChange: OnChange, log: Logger): Watcher {
  let gathered: Map<string, Changed> | undefined;
  let next: Promise<void> = Promise.resolve();

  async function call(): Promise<void> {
    const changed = [...(gathered?.values() ?? [])];
    gathered = undefined;
    // One unnamed change stands for all.
    const named = changed.some(({ id }) => id === '') ? [] : changed;
    try {
      await onChange(named);
    } catch (error) {
      log.error('a change of the resources that the server works by could not be taken in; trying again', { error });
      setTimeout(() => void tell(named), retryMilliseconds).unref();
    }
  }

  function tell(changed: readonly Changed[]): Promise<void> {
    if (!gathered) {
      gathered = new Map();
      next = next.then(call);
    }
    for (const one of changed.length > 0 ? changed : [{ type: '', id: '' }]) gathered.set(`${one.type}/${one.id}`, one);
    return next;
  }

  return { types: new Set(types), tell };
}

/** `Type/id` after the schema and a space. */
function readPayload(schema: string, payload: string): Changed | undefined {
  const space = payload.lastIndexOf(' ');
  if (payload.slice(0, space) !== schema) return undefined;
  const slash = payload.indexOf('/', space);
  return { type: payload.slice(space + 1, slash), id: payload.slice(slash + 1) };
}

/** Connects when somebody watches, and stays connected until closed. */
export function openWatches({ databaseUrl, schema, log }: WatchesOptions): Watches {
  const watchers = new Set<Watcher>();
  let connection: { close(): Promise<void> } | undefined;
  let listening: Promise<void> | undefined;

  async function tellAll(changed: readonly Changed[]): Promise<void> {
    await Promise.all(
      [...watchers].map((watcher) => {
        const own = changed.filter(({ type }) => watcher.types.has(type));
        return own.length > 0 ? watcher.tell(own) : undefined;
      }),
    );
  }

  function listen(): Promise<void> {
    return new Promise((resolve) => {
      let before = false;
      connection = listenOn({
        databaseUrl,
        channel: 'livedoc_changed',
        about: 'changed definitions',
        log,
        onListening() {
          // What was said while nobody listened is not repeated.
          if (before) for (const watcher of watchers) void watcher.tell([]);
          before = true;
          resolve();
        },
        onNews(payload) {
          const changed = readPayload(schema, payload);
          if (changed) void tellAll([changed]);
        },
      });
    });
  }

  return {
    async watch(types, onChange) {
      const watcher = openWatcher(types, onChange, log);
      watchers.add(watcher);
      listening ??= listen();
      await listening;
      return {
        close() {
          watchers.delete(watcher);
          return Promise.resolve();
        },
      };
    },
    told: (written) => (watchers.size > 0 ? tellAll(written) : Promise.resolve()),
    async close() {
      watchers.clear();
      await connection?.close();
    },
  };
}
