/** Writes and reads of the store: conditions, isolation of failures, exact text. */
import { describe, expect, it } from 'vitest';
import { newId } from '../../src/shared/id.ts';
import type { Write } from '../../src/store/resources/write.ts';
import { withStore } from '../support/store.ts';

const context = withStore();

const updated = '2026-01-02T03:04:05.678Z';

function write(given: Partial<Write> & { readonly id: string }): Write {
  const text = `"resourceType":"Patient","id":"${given.id}","multipleBirthInteger":1.10`;
  return {
    op: 'create',
    type: 'Patient',
    body: [`{${text},"meta":{"versionId":"`, `","lastUpdated":"${updated}"}}`],
    updated,
    expect: 'absent',
    index: [],
    ...given,
  };
}

describe('a write', () => {
  it('gives back the exact text with the version number in it', async () => {
    const id = newId();
    const [written] = await context.store.resources.write([write({ id })]);
    expect(written).toEqual({ type: 'Patient', id, version: 1, updated, created: true });
    const version = await context.store.resources.read('Patient', id);
    expect(version?.body).toContain('"multipleBirthInteger":1.10,"meta":{"versionId":"1",');
    expect(version).toMatchObject({ type: 'Patient', id, version: 1, updated, deleted: false, op: 'create' });
  });

  it('refuses to create what exists', async () => {
    const id = newId();
    await context.store.resources.write([write({ id })]);
    await expect(context.store.resources.write([write({ id })])).rejects.toMatchObject({ kind: 'conflict' });
  });

  it('keeps the version before and its number', async () => {
    const id = newId();
    await context.store.resources.write([write({ id })]);
    const [second] = await context.store.resources.write([write({ id, op: 'update', expect: 1 })]);
    expect(second).toMatchObject({ version: 2, created: false });
    const first = await context.store.resources.readVersion('Patient', id, 1);
    expect(first).toMatchObject({ version: 1, op: 'create' });
    expect(first?.body).toContain('"versionId":"1"');
    expect((await context.store.resources.readVersion('Patient', id, 2))?.body).toContain('"versionId":"2"');
    expect(await context.store.resources.readVersion('Patient', id, 3)).toBeUndefined();
  });

  it('refuses an update of another version than the current one', async () => {
    const id = newId();
    await context.store.resources.write([write({ id })]);
    const stale = context.store.resources.write([write({ id, op: 'update', expect: 7 })]);
    await expect(stale).rejects.toMatchObject({ kind: 'precondition' });
  });

  it('tells a deleted resource from one that never existed', async () => {
    const id = newId();
    const absent = context.store.resources.write([write({ id, op: 'update', expect: 'present' })]);
    await expect(absent).rejects.toMatchObject({ kind: 'notFound' });
    await context.store.resources.write([write({ id })]);
    await context.store.resources.write([write({ id, op: 'delete', expect: 'present', body: ['', ''] })]);
    const deleted = context.store.resources.write([write({ id, op: 'update', expect: 'present' })]);
    await expect(deleted).rejects.toMatchObject({ kind: 'gone' });
    expect(await context.store.resources.read('Patient', id)).toMatchObject({ deleted: true, version: 2, body: '' });
    const [again] = await context.store.resources.write([write({ id, op: 'update', expect: 'any' })]);
    expect(again).toMatchObject({ version: 3, created: true });
  });

  it('writes all of a request or nothing', async () => {
    const [taken, free] = [newId(), newId()];
    await context.store.resources.write([write({ id: taken })]);
    const both = context.store.resources.write([write({ id: free }), write({ id: taken })]);
    await expect(both).rejects.toMatchObject({ kind: 'conflict' });
    expect(await context.store.resources.read('Patient', free)).toBeUndefined();
  });

  it('lets a failing request leave those that travel with it alone', async () => {
    const taken = newId();
    await context.store.resources.write([write({ id: taken })]);
    const ids = Array.from({ length: 30 }, () => newId());
    const results = await Promise.allSettled(
      ids.map((id, at) => context.store.resources.write([write({ id: at % 3 === 0 ? taken : id })])),
    );
    expect(results.map(({ status }) => status)).toEqual(ids.map((_, at) => (at % 3 === 0 ? 'rejected' : 'fulfilled')));
  });

  it('takes simultaneous updates of one resource one after the other', async () => {
    const id = newId();
    await context.store.resources.write([write({ id })]);
    const versions = await Promise.all(
      Array.from({ length: 20 }, () => context.store.resources.write([write({ id, op: 'update', expect: 'any' })])),
    );
    expect(versions.map(([written]) => written?.version)).toEqual(Array.from({ length: 20 }, (_, at) => at + 2));
  });

  it('lets only one of many win with If-Match', async () => {
    const id = newId();
    await context.store.resources.write([write({ id })]);
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => context.store.resources.write([write({ id, op: 'update', expect: 1 })])),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('a write of many', () => {
  const many = () => Array.from({ length: 700 }, () => write({ id: newId() }));
  const chains = () => context.store.db.query<{ n: string }>({ text: 'SELECT count(*) AS n FROM audit_log' });
  const record = {
    type: 'rest',
    subtype: 'transaction',
    action: 'E',
    outcome: '0',
    recorded: new Date(updated),
    client: { name: 'EHR' },
    entities: [],
    patients: [],
  } as const;

  it('tells of each in their order, and has its audit record once', async () => {
    const writes = many();
    const [before] = await chains();
    const written = await context.store.resources.write(writes, { audit: [record] });
    expect(written.map(({ id }) => id)).toEqual(writes.map(({ id }) => id));
    expect(written.every(({ version, created }) => version === 1 && created)).toBe(true);
    expect(Number((await chains())[0]?.n) - Number(before?.n)).toBe(1);
  });

  it('leaves nothing when one is refused, wherever it stands', async () => {
    const writes = many();
    const taken = writes[350] as Write;
    await context.store.resources.write([taken]);
    const [before] = await chains();
    const refused = context.store.resources.write(writes, { audit: [record] });
    await expect(refused).rejects.toMatchObject({ kind: 'conflict' });
    const found = await context.store.resources.readMany(writes);
    expect(found.filter(Boolean)).toHaveLength(1);
    expect(await chains()).toEqual([before]);
  });

  it('does not wait for ever for another of the same, in another order', async () => {
    const writes = many();
    await context.store.resources.write(writes);
    const again = writes.map((one): Write => ({ ...one, op: 'update', expect: 'any' }));
    const results = await Promise.all([
      context.store.resources.write(again),
      context.store.resources.write(again.toReversed()),
      context.store.resources.write(again),
    ]);
    expect(results.map((written) => new Set(written.map(({ version }) => version)).size)).toEqual([1, 1, 1]);
    expect((await context.store.resources.read('Patient', again[0]?.id ?? ''))?.version).toBe(4);
  });
});

describe('a transaction', () => {
  it('commits everything together', async () => {
    const [one, two] = [newId(), newId()];
    await context.store.transaction(async (tx) => {
      await tx.resources.write([write({ id: one })]);
      await tx.jobs.add({ name: 'nothing', payload: { one } });
      await tx.resources.write([write({ id: two })]);
      expect(await context.store.resources.read('Patient', one)).toBeUndefined();
    });
    expect(await context.store.resources.read('Patient', one)).toBeDefined();
    expect(await context.store.resources.read('Patient', two)).toBeDefined();
  });

  it('leaves nothing when its work rejects', async () => {
    const id = newId();
    const failing = context.store.transaction(async (tx) => {
      await tx.resources.write([write({ id })]);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await context.store.resources.read('Patient', id)).toBeUndefined();
  });

  it('undoes only the inner part when that fails', async () => {
    const [outer, inner] = [newId(), newId()];
    await context.store.transaction(async (tx) => {
      await tx.resources.write([write({ id: outer })]);
      const failing = tx.transaction(async (innermost) => {
        await innermost.resources.write([write({ id: inner })]);
        throw new Error('no');
      });
      await failing.catch(() => {});
    });
    expect(await context.store.resources.read('Patient', outer)).toBeDefined();
    expect(await context.store.resources.read('Patient', inner)).toBeUndefined();
  });
});

describe('history', () => {
  it('lists an instance from the newest version on, in pages', async () => {
    const id = newId();
    await context.store.resources.write([write({ id })]);
    for (let version = 1; version < 5; version++) {
      await context.store.resources.write([write({ id, op: 'update', expect: version })]);
    }
    const first = await context.store.resources.history({ type: 'Patient', id, count: 3 });
    expect(first.total).toBe(5);
    expect(first.versions.map(({ version }) => version)).toEqual([5, 4, 3]);
    const second = await context.store.resources.history({ type: 'Patient', id, count: 3, after: first.next ?? '' });
    expect(second.versions.map(({ version }) => version)).toEqual([2, 1]);
    expect(second.next).toBeUndefined();
  });

  it('lists a type', async () => {
    const id = newId();
    await context.store.resources.write([write({ id, type: 'Basic' })]);
    await context.store.resources.write([write({ id, type: 'Basic', op: 'delete', expect: 1, body: ['', ''] })]);
    const page = await context.store.resources.history({ type: 'Basic', count: 10 });
    expect(page.versions.map(({ op }) => op)).toEqual(['delete', 'create']);
    expect(page.total).toBe(2);
  });
});
