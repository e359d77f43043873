/** A timer that never keeps the process alive: ARTIM and its relatives. */

export interface Deadline {
  /** Begins to count, anew when it already counts; `spent` seconds count as having passed. */
  start(spent?: number): void;
  stop(): void;
}

/** Calls `expired` when `seconds` passed since `start` without a `stop`. */
export function deadline(seconds: number, expired: () => void): Deadline {
  let timer: NodeJS.Timeout | undefined;
  return {
    start(spent = 0) {
      clearTimeout(timer);
      timer = setTimeout(expired, Math.max(0, seconds - spent) * 1000);
      timer.unref();
    },
    stop: () => clearTimeout(timer),
  };
}
