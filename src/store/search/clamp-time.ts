/** Instants as bigint columns hold them: whole milliseconds, open ends at the ends of JavaScript's time. */

const END_OF_TIME = 8_640_000_000_000_000;

export function clampTime(instant: number): number {
  return Math.round(Math.max(-END_OF_TIME, Math.min(END_OF_TIME, instant)));
}
