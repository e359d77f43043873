// How long a key set may be kept: RFC 9111 as a client's server says it.
import { describe, expect, it } from 'vitest';
import { freshness } from '../../../src/auth/client-jwks.ts';

const now = Date.parse('2026-11-22T12:00:00Z');
const week = 7 * 86_400;
const of = (headers: Readonly<Record<string, string>>) => freshness(new Headers(headers), now);

describe('a key set', () => {
  it.each<[string, Readonly<Record<string, string>>, number]>([
    ['without a word', {}, 60],
    ['max-age', { 'cache-control': 'public, max-age=300' }, 300],
    ['max-age in quotation marks', { 'cache-control': 'MAX-AGE="300"' }, 300],
    ['max-age less Age', { 'cache-control': 'max-age=300', age: '100' }, 200],
    ['an Age beyond max-age', { 'cache-control': 'max-age=300', age: '1000' }, 0],
    ['max-age that is no number', { 'cache-control': 'max-age=soon' }, 0],
    ['a year', { 'cache-control': 'max-age=31536000' }, 86_400],
    ['max-age before Expires', { 'cache-control': 'max-age=5', expires: 'Mon, 23 Nov 2026 12:00:00 GMT' }, 5],
    ['Expires', { expires: 'Sun, 22 Nov 2026 12:10:00 GMT' }, 600],
    [
      'Expires by the clock of the server',
      { expires: 'Sun, 22 Nov 2026 12:10:00 GMT', date: 'Sun, 22 Nov 2026 12:09:00 GMT' },
      60,
    ],
    ['Expires in the past', { expires: 'Sun, 22 Nov 2026 11:00:00 GMT' }, 0],
    ['no-cache', { 'cache-control': 'no-cache' }, 0],
    ['no-store', { 'cache-control': 'no-store, max-age=300' }, 0],
  ])('with %s is fresh so long', (_name, headers, seconds) => expect(of(headers).freshSeconds).toBe(seconds));

  it.each<[string, string, number]>([
    ['nothing against it', 'max-age=300', week],
    ['stale-if-error', 'max-age=300, stale-if-error=120', 120],
    ['must-revalidate', 'max-age=300, must-revalidate', 0],
    ['no-cache', 'no-cache', 0],
    ['no-store', 'no-store', 0],
  ])('with %s serves on so long while its URL is down', (_name, cacheControl, seconds) =>
    expect(of({ 'cache-control': cacheControl }).staleSeconds).toBe(seconds),
  );

  it('is stored unless it says no-store', () => {
    expect(of({ 'cache-control': 'no-cache' }).mayStore).toBe(true);
    expect(of({ 'cache-control': 'private, no-store' }).mayStore).toBe(false);
  });
});
