/** Work that goes on after the answer: enqueued in the caller's transaction, run at least once, so handlers are idempotent. */

export interface Job {
  readonly name: string;
  readonly payload: Readonly<Record<string, string | number | boolean | null>>;
  /** Jobs with the same key are one job while none of them has begun. */
  readonly key?: string;
  /** Jobs of one queue run one after the other. */
  readonly queue?: string;
}

/** Resolves when the work is done; a rejection is a failed try, tried again later with growing delay. */
export type JobHandler = (payload: Job['payload'], signal: AbortSignal) => Promise<void>;
