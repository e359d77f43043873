/** A timer that never keeps the process alive: ARTIM and its relatives. */

export interface Deadline {
  /** Begins to count, anew when it already counts. */
  start(): void;
  stop(): void;
  readonly running: boolean;
}

/** Calls `expired` when `seconds` passed since `start` without a `stop`. */
export function deadline(seconds: number, expired: () => void): Deadline {
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  return {
    start() {
      if (timer) timer.refresh();
      else {
        timer = setTimeout(() => {
          timer = undefined;
          expired();
        }, seconds * 1000);
        timer.unref();
      }
    },
    stop,
    get running() {
      return timer !== undefined;
    },
  };
}
