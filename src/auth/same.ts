/** Compares what was sent with what only we can make. */
import { timingSafeEqual } from 'node:crypto';

/** In a time that does not tell how much of it is right. */
export function isSame(given: unknown, expected: string): boolean {
  if (typeof given !== 'string') return false;
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
