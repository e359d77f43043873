/** Search rows of old versions are taken away, and nothing else. */
import { describe, expect, it } from 'vitest';
import { silent } from '../../src/shared/logger.ts';
import { openJanitor, sweepStale } from '../../src/store/janitor.ts';
import type { Write } from '../../src/store/resources/write.ts';
import { withStore } from '../support/store.ts';

const context = withStore();

function write(id: string, code: string, expected: Write['expect']): Write {
  return {
    op: 'update',
    type: 'Basic',
    id,
    body: ['{"v":"', '"}'],
    updated: '2026-01-02T03:04:05.678Z',
    expect: expected,
    index: [
      { kind: 'token', param: 'Basic.code', code },
      { kind: 'string', param: 'Basic.name', value: code },
      { kind: 'date', param: 'Basic.date', low: 1, high: 2 },
      { kind: 'quantity', param: 'Basic.value', low: 1, high: 2 },
      { kind: 'uri', param: 'Basic.url', value: code },
      { kind: 'reference', param: 'Basic.link', target: { type: 'Patient', id: '1' } },
    ],
  };
}

async function rows(): Promise<number> {
  const tables = ['sp_token', 'sp_str', 'sp_date', 'sp_qty', 'sp_uri', 'sp_ref'];
  const counts = tables.map((table) => `(SELECT count(*) FROM ${table})`).join(' + ');
  const [row] = await context.store.db.query<{ count: number }>({ text: `SELECT (${counts})::int AS count` });
  return row?.count ?? 0;
}

const found = async (code: string) => {
  const where = [{ kind: 'token', param: 'Basic.code', any: [{ code }] }] as const;
  const page = await context.store.search({ type: 'Basic', where, sort: [], count: 10, total: 'none' });
  return page.versions.map(({ id }) => id);
};

describe('the janitor', () => {
  it('takes away what is stale and keeps what is current', async () => {
    for (const id of ['a', 'b']) {
      for (const code of ['one', 'two', 'three']) await context.store.resources.write([write(id, code, 'any')]);
    }
    expect(await rows()).toBe(6 * 6);
    expect(await sweepStale(context.store, 0)).toBe(4);
    expect(await rows()).toBe(2 * 6);
    expect(await found('three')).toEqual(['b', 'a']);
    expect(await found('one')).toEqual([]);
    expect(await sweepStale(context.store, 0)).toBe(0);
  });

  it('works by itself until it is stopped', async () => {
    const janitor = openJanitor({ store: context.store, log: silent, everyMs: 10, graceMs: 0 });
    await context.store.resources.write([write('a', 'four', 3)]);
    await expect.poll(rows).toBe(2 * 6);
    await janitor.stop();
  });
});
