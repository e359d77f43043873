import { describe, expect, it } from 'vitest';
import { bearerCache } from '../../../src/auth/bearer-cache.ts';

interface Known {
  readonly name: string;
  readonly expires: number;
}

/** A cache on a clock of its own, and a database that can change its mind and count its questions. */
function setUp() {
  const world = { now: 1_000_000, asked: 0, tokens: new Map<string, Known>(), wait: Promise.resolve() };
  const cache = bearerCache<Known>(
    async (token) => {
      world.asked += 1;
      const found = world.tokens.get(token);
      await world.wait;
      return found;
    },
    ({ expires }) => expires,
    () => world.now,
  );
  world.tokens.set('a', { name: 'a', expires: world.now + 60_000 });
  return { world, cache };
}

describe('the cache of tokens', () => {
  it('remembers nothing while revocations cannot be heard of', async () => {
    const { world, cache } = setUp();
    await cache.find('a');
    await cache.find('a');
    expect(world.asked).toBe(2);
    cache.remember(true);
    await cache.find('a');
    cache.remember(false);
    await cache.find('a');
    expect(world.asked).toBe(4);
  });

  it('remembers a token for a second and no longer', async () => {
    const { world, cache } = setUp();
    cache.remember(true);
    await cache.find('a');
    world.now += 999;
    expect(await cache.find('a')).toMatchObject({ name: 'a' });
    expect(world.asked).toBe(1);
    world.now += 1;
    world.tokens.delete('a');
    expect(await cache.find('a')).toBeUndefined();
  });

  it('remembers a token no longer than the token lasts', async () => {
    const { world, cache } = setUp();
    cache.remember(true);
    world.tokens.set('b', { name: 'b', expires: world.now + 10 });
    await cache.find('b');
    world.now += 10;
    await cache.find('b');
    expect(world.asked).toBe(2);
  });

  it('does not remember that a token is unknown', async () => {
    const { world, cache } = setUp();
    cache.remember(true);
    expect(await cache.find('new')).toBeUndefined();
    world.tokens.set('new', { name: 'new', expires: world.now + 1000 });
    expect(await cache.find('new')).toBeDefined();
  });

  it('forgets when something is revoked, also an answer that was under way then', async () => {
    const { world, cache } = setUp();
    cache.remember(true);
    let arrive = () => {};
    world.wait = new Promise((resolve) => {
      arrive = resolve;
    });
    const underWay = cache.find('a');
    world.tokens.delete('a');
    cache.clear();
    arrive();
    expect(await underWay).toBeDefined();
    expect(await cache.find('a')).toBeUndefined();
  });

  it('holds ten thousand tokens, the newest', async () => {
    const { world, cache } = setUp();
    cache.remember(true);
    for (let at = 0; at <= 10_000; at += 1) {
      world.tokens.set(`t${at}`, { name: `t${at}`, expires: world.now + 60_000 });
      await cache.find(`t${at}`);
    }
    const before = world.asked;
    await cache.find('t10000');
    expect(world.asked).toBe(before);
    await cache.find('t0');
    expect(world.asked).toBe(before + 1);
  });
});
