/** What the main process and its HTTP workers say to each other. */
import type { Config } from './config.ts';
import type { Figures } from './http/metrics.ts';

export type ToWorker =
  /** Take connections, and answer 503. */
  | { readonly type: 'listen'; readonly config: Config }
  /** The database is there: open the parts and answer. */
  | { readonly type: 'open'; readonly config: Config }
  | { readonly type: 'count' }
  /** The answer to `ask`: what all processes counted. */
  | { readonly type: 'counted'; readonly all: readonly Figures[] }
  /** Drain, close, and end. */
  | { readonly type: 'close' };

export type FromWorker =
  /** From now on messages are heard. */
  | { readonly type: 'started' }
  | { readonly type: 'open' }
  | { readonly type: 'failed'; readonly message: string }
  /** What this worker counted so far. */
  | { readonly type: 'figures'; readonly figures: Figures }
  /** Somebody wants to know what all processes counted. */
  | { readonly type: 'ask' };
