/** Hears at once, from whichever process, that a token, session, account or client has lost what it could do. */
import type { Logger } from '../../shared/logger.ts';
import { listenOn } from '../listen.ts';

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
  /** Called when our own keys are others than before. */
  readonly onKeys?: () => void;
}

/** Listens until closed. */
export function watchRevocations({ schema, onRevoked, onKeys, ...options }: WatchOptions): { close(): Promise<void> } {
  return listenOn({
    ...options,
    channel: 'livedoc_revoked',
    about: 'revocations',
    onNews: (payload) => {
      if (payload === schema) onRevoked();
      else if (payload === `${schema} keys`) onKeys?.();
    },
  });
}
