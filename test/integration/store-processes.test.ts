/** Several server processes on one database: nothing is done twice, nothing is missed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/shared/id.ts';
import { silent } from '../../src/shared/logger.ts';
import { type OpenStore, openStore } from '../../src/store/open.ts';
import type { Write } from '../../src/store/resources/write.ts';
import type { Store } from '../../src/store/store.ts';
import { withStore } from '../support/store.ts';

const context = withStore();
let other: OpenStore;

beforeAll(async () => {
  const { databaseUrl, schema } = context;
  other = await openStore({ databaseUrl, schema, queryTimeoutSeconds: 20, log: silent });
});
afterAll(() => other?.close());

const since = '2026-01-02T03:04:05.678Z';

function write(type: string, id: string, given: Partial<Write> = {}): Write {
  return { op: 'create', type, id, body: ['{"v":"', '"}'], updated: since, expect: 'absent', index: [], ...given };
}

describe('two processes', () => {
  it('that create the same resource at once make it once', async () => {
    for (let round = 0; round < 20; round++) {
      const id = newId();
      const results = await Promise.allSettled(
        [context.store, other, context.store, other].map((store) => store.resources.write([write('Patient', id)])),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(results.filter((one) => one.status === 'rejected' && one.reason.kind === 'conflict')).toHaveLength(3);
    }
  });

  it('that update the same resource at once lose no update', async () => {
    const id = newId();
    await context.store.resources.write([write('Patient', id)]);
    const stores = Array.from({ length: 30 }, (_, at) => (at % 2 ? other : context.store));
    await Promise.all(
      stores.map((store) => store.resources.write([write('Patient', id, { op: 'update', expect: 'any' })])),
    );
    const { versions } = await other.resources.history({ type: 'Patient', id, count: 100 });
    expect(versions.map(({ version }) => version)).toEqual(Array.from({ length: 31 }, (_, at) => 31 - at));
  });

  it('that write the same resources in opposite order both succeed', async () => {
    const [a, b] = [newId(), newId()];
    const both = (store: Store, ids: readonly string[]) =>
      store.resources.write(ids.map((id) => write('Patient', id, { op: 'update', expect: 'any' })));
    for (let round = 0; round < 20; round++) await Promise.all([both(context.store, [a, b]), both(other, [b, a])]);
    expect(await other.resources.read('Patient', a)).toMatchObject({ version: 40 });
  });

  it('that make what must be one of its kind make one, when they lock its name', async () => {
    const index = [{ kind: 'token', param: 'Basic.identifier', code: 'one' }] as const;
    const where = [{ kind: 'token', param: 'Basic.identifier', any: [{ code: 'one' }] }] as const;
    const makeOnce = (store: Store) =>
      store.transaction(async (tx) => {
        await tx.lock(['Basic?identifier=one']);
        const found = await tx.search({ type: 'Basic', where, sort: [], count: 2, total: 'none' });
        if (found.versions.length === 0) await tx.resources.write([write('Basic', newId(), { index })]);
      });
    await Promise.all([context.store, other, context.store, other].map(makeOnce));
    const found = await other.search({ type: 'Basic', where, sort: [], count: 9, total: 'accurate' });
    expect(found.total).toBe(1);
  });

  it('let a feed miss nothing that commits late', async () => {
    const feed = async () => {
      const { versions } = await context.store.resources.history({ type: 'Account', since, count: 10 });
      return versions.map(({ id }) => id);
    };
    let early: string[] = [];
    await context.store.transaction(async (tx) => {
      await tx.resources.write([write('Account', 'late')]);
      await other.resources.write([write('Account', 'soon')]);
      await sleep(10);
      early = await feed();
    });
    // Whoever had seen `soon` then would go on after it, and never see `late`, which was begun before.
    expect(early).toEqual([]);
    await expect.poll(feed).toEqual(['soon', 'late']);
  });
});
