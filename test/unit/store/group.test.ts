/** Group commit: who travels together, and that nobody suffers for another. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { group } from '../../../src/store/group.ts';

interface Trip {
  readonly items: readonly string[];
  arrive(): void;
}

/** A group whose round trips end when the test says so. */
function controlled(options: Partial<Parameters<typeof group<string, string>>[0]> = {}) {
  const trips: Trip[] = [];
  const send = group<string, string>({
    lanes: 1,
    limit: 100,
    ...options,
    run: (items) =>
      new Promise((resolve) => {
        trips.push({
          items,
          arrive: () => resolve(items.map((item) => (item === 'bad' ? new Error('bad') : `${item}!`))),
        });
      }),
  });
  const trip = async (at: number): Promise<Trip> => {
    await expect.poll(() => trips[at], { interval: 1 }).toBeDefined();
    return trips[at] as Trip;
  };
  return { send, trips, trip };
}

describe('a group', () => {
  it('sends what came together in one round trip', async () => {
    const { send, trip } = controlled();
    const sent = Promise.all([send('a'), send('b'), send('c')]);
    const first = await trip(0);
    expect(first.items).toEqual(['a', 'b', 'c']);
    first.arrive();
    expect(await sent).toEqual(['a!', 'b!', 'c!']);
  });

  it('keeps what comes meanwhile for the next', async () => {
    const { send, trips, trip } = controlled();
    const a = send('a');
    const first = await trip(0);
    const rest = Promise.all([send('b'), send('c')]);
    await sleep(5);
    expect(trips).toHaveLength(1);
    first.arrive();
    await a;
    (await trip(1)).arrive();
    expect(trips[1]?.items).toEqual(['b', 'c']);
    await rest;
  });

  it('begins another beside it only when enough waits, while they are slow', async () => {
    const { send, trips, trip } = controlled({ lanes: 2, enough: 3 });
    const slow = send('slow');
    await sleep(30);
    (await trip(0)).arrive();
    await slow;
    trips.length = 0;
    const sent = [send('a')];
    await trip(0);
    sent.push(send('b'), send('c'));
    await sleep(5);
    expect(trips).toHaveLength(1);
    sent.push(send('d'));
    (await trip(1)).arrive();
    (await trip(0)).arrive();
    expect(await Promise.all(sent)).toEqual(['a!', 'b!', 'c!', 'd!']);
  });

  it('never lets two with the same key travel at once', async () => {
    const { send, trips, trip } = controlled({ lanes: 5, keys: (item) => [item[0] ?? ''] });
    const sent = Promise.all([send('a1'), send('a2'), send('b'), send('a3')]);
    (await trip(0)).arrive();
    (await trip(1)).arrive();
    (await trip(2)).arrive();
    expect(await sent).toEqual(['a1!', 'a2!', 'b!', 'a3!']);
    expect(trips.map(({ items }) => items)).toEqual([['a1', 'b'], ['a2'], ['a3']]);
  });

  it('carries no more than its limit, but one that is heavier by itself', async () => {
    const { send, trips, trip } = controlled({ limit: 3, weight: (item) => item.length });
    const sent = Promise.all([send('aa'), send('bb'), send('ccccc'), send('d')]);
    for (let at = 0; at < 3; at++) (await trip(at)).arrive();
    await sent;
    expect(trips.map(({ items }) => items)).toEqual([['aa', 'd'], ['bb'], ['ccccc']]);
  });

  it('gives each its own error', async () => {
    const { send, trip } = controlled();
    const sent = Promise.allSettled([send('a'), send('bad'), send('c')]);
    (await trip(0)).arrive();
    expect((await sent).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('sends each alone when all failed together', async () => {
    const seen: (readonly string[])[] = [];
    const send = group<string, string>({
      lanes: 1,
      limit: 100,
      run: async (items) => {
        seen.push(items);
        if (items.includes('poison')) throw new Error('poisoned');
        return items;
      },
    });
    const results = await Promise.allSettled([send('a'), send('poison'), send('c')]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(seen).toEqual([['a', 'poison', 'c'], ['a'], ['poison'], ['c']]);
  });

  it('waits a moment for those that will be back, not for those that will not', async () => {
    const trips: number[] = [];
    const send = group<number, number>({
      lanes: 1,
      limit: 100,
      enough: 100,
      run: async (items) => {
        trips.push(items.length);
        await sleep(6);
        return items;
      },
    });
    const client = async () => {
      for (let round = 0; round < 5; round++) await send(round);
    };
    await Promise.all(Array.from({ length: 8 }, client));
    expect(trips.filter((size) => size === 8).length).toBeGreaterThanOrEqual(4);
    await send(1);
    expect(trips.at(-1)).toBe(1);
  });
});
