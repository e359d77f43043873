/** What one process writes of the types that the server works by, every process hears of. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/shared/id.ts';
import { silent } from '../../src/shared/logger.ts';
import { type OpenStore, openStore } from '../../src/store/open.ts';
import type { Write } from '../../src/store/resources/write.ts';
import type { Changed } from '../../src/store/watch.ts';
import { withStore } from '../support/store.ts';

const context = withStore();
let other: OpenStore;

beforeAll(async () => {
  const { databaseUrl, schema } = context;
  other = await openStore({ databaseUrl, schema, queryTimeoutSeconds: 20, log: silent });
});
afterAll(() => other?.close());

function write(type: string, id: string, given: Partial<Write> = {}): Write {
  const updated = '2026-01-02T03:04:05.678Z';
  return { op: 'create', type, id, body: ['{"v":"', '"}'], updated, expect: 'any', index: [], ...given };
}

/** What a watcher has heard, and a way to wait for something. */
async function listenTo(store: OpenStore, types: readonly string[]) {
  const heard: (readonly Changed[])[] = [];
  const has = (id: string) => heard.some((changed) => changed.some((one) => one.id === id));
  const { close } = await store.watch(types, (changed) => {
    heard.push(changed);
    return Promise.resolve();
  });
  return { heard, has, close };
}

const soon = { timeout: 1000, interval: 5 };

describe('a watcher', () => {
  it('has heard of a write of its own process before the write is answered', async () => {
    const watcher = await listenTo(context.store, ['ValueSet']);
    const id = newId();
    await context.store.resources.write([write('ValueSet', id)]);
    expect(watcher.heard[0]).toEqual([expect.objectContaining({ type: 'ValueSet', id })]);
    await watcher.close();
  });

  it('has heard of a transaction of its own process when that is done', async () => {
    const watcher = await listenTo(context.store, ['CodeSystem']);
    const [id, inner] = [newId(), newId()];
    await context.store.transaction(async (store) => {
      await store.resources.write([write('CodeSystem', id)]);
      await store.transaction((deeper) => deeper.resources.write([write('CodeSystem', inner)]));
      expect(watcher.heard).toEqual([]);
    });
    expect([watcher.has(id), watcher.has(inner)]).toEqual([true, true]);
    await watcher.close();
  });

  it('hears of creations, updates and deletions by another process within a second', async () => {
    const watcher = await listenTo(context.store, ['SearchParameter', 'ConceptMap']);
    const id = newId();
    for (const op of ['create', 'update', 'delete'] as const) {
      const before = watcher.heard.length;
      const body = op === 'delete' ? (['', ''] as const) : (['{"v":"', '"}'] as const);
      await other.resources.write([write('SearchParameter', id, { op, body })]);
      await expect.poll(() => watcher.heard.length, soon).toBe(before + 1);
      expect(watcher.heard.at(-1)).toEqual([{ type: 'SearchParameter', id }]);
    }
    await watcher.close();
  });

  it('hears nothing of other types, of what was rolled back, and after it was closed', async () => {
    const watcher = await listenTo(context.store, ['SearchParameter']);
    const closed = await listenTo(context.store, ['SearchParameter']);
    await closed.close();
    const [undone, last] = [newId(), newId()];
    await other.resources.write([write('Patient', newId()), write('ValueSet', newId())]);
    const failed = other.transaction(async (store) => {
      await store.resources.write([write('SearchParameter', undone)]);
      throw new Error('undone');
    });
    await expect(failed).rejects.toThrow('undone');
    await other.resources.write([write('SearchParameter', last)]);
    await expect.poll(() => watcher.has(last), soon).toBe(true);
    expect(watcher.heard).toEqual([[{ type: 'SearchParameter', id: last }]]);
    expect(closed.heard).toEqual([]);
    await watcher.close();
  });

  it('is told that everything may have changed after its connection was lost', async () => {
    const watcher = await listenTo(context.store, ['ValueSet']);
    const admin = new pg.Client({ connectionString: context.databaseUrl });
    await admin.connect();
    await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'livedoc changed definitions' AND datname = current_database()",
    );
    await admin.end();
    await expect.poll(() => watcher.heard, { timeout: 5000 }).toContainEqual([]);
    const id = newId();
    await other.resources.write([write('ValueSet', id)]);
    await expect.poll(() => watcher.has(id), soon).toBe(true);
    await watcher.close();
  });

  it('is called again when it failed, and never twice at once', async () => {
    let calls = 0;
    let underWay = 0;
    const seen: string[] = [];
    const { close } = await context.store.watch(['ValueSet'], async (changed) => {
      expect(++underWay).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      underWay--;
      if (++calls === 1) throw new Error('not now');
      seen.push(...changed.map(({ id }) => id));
    });
    const ids = Array.from({ length: 20 }, () => newId());
    await Promise.all(ids.map((id) => context.store.resources.write([write('ValueSet', id)])));
    await expect.poll(() => ids.every((id) => seen.includes(id)), { timeout: 3000 }).toBe(true);
    await close();
  });
});
