/**
 * Exact totals that are kept up are what counting gives: while others write, hold transactions open, delete, index again and
 * sweep. https://hl7.org/fhir/R4/search.html#total
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { sweepStale } from '../../src/store/janitor.ts';
import { paramKey, resourceKey } from '../../src/store/keys.ts';
import { indexVersions } from '../../src/store/reindex/index-versions.ts';
import type { Write } from '../../src/store/resources/write.ts';
import type { IndexRow } from '../../src/store/search/index-row.ts';
import type { Clause } from '../../src/store/search/query.ts';
import { openSearchMemory, type SearchMemory, search } from '../../src/store/search/search.ts';
import type { Database, Store } from '../../src/store/store.ts';
import { withStore } from '../support/store.ts';

const context = withStore();

/** What has been committed: the rows of each resource by its id. */
const kept = new Map<string, readonly IndexRow[]>();

const rowsOf = (n: number): IndexRow[] => [
  { kind: 'token', param: 'Basic.code', code: `c${n % 3}`, ...(n % 2 ? { system: 'a' } : {}) },
  { kind: 'token', param: 'Basic.code', code: 'c0', system: 'b' },
  { kind: 'quantity', param: 'Basic.value', low: n % 10, high: n % 10, code: 'kg' },
  { kind: 'date', param: 'Basic.date', low: (n % 40) * 86_400_000, high: (n % 40) * 86_400_000 },
];

const body = (id: string): [string, string] => [`{"resourceType":"Basic","id":"${id}","meta":{"versionId":"`, '"}}'];

function put(id: string, n: number): Write {
  const updated = '2026-01-02T03:04:05.678Z';
  return { op: 'update', type: 'Basic', id, body: body(id), updated, expect: 'any', index: rowsOf(n) };
}

function remove(id: string): Write {
  return { ...put(id, 0), op: 'delete', body: ['', ''], index: [] };
}

async function write(store: Pick<Store, 'resources'>, n: number): Promise<() => void> {
  const id = `b${(n * 7) % 60}`;
  const gone = n % 5 === 0 && kept.has(id);
  await store.resources.write([gone ? remove(id) : put(id, n)]);
  return () => (gone ? kept.delete(id) : kept.set(id, rowsOf(n)));
}

const code = (value: string, system?: string): Clause => ({
  kind: 'token',
  param: 'Basic.code',
  any: [{ code: value, ...(system === undefined ? {} : { system }) }],
});
const above: Clause = { kind: 'quantity', param: 'Basic.value', any: [{ prefix: 'gt', low: 4, high: 4, code: 'kg' }] };
const since: Clause = {
  kind: 'date',
  param: 'Basic.date',
  any: [{ prefix: 'ge', low: 20 * 86_400_000, high: 20 * 86_400_000 }],
};

type Row<Kind extends IndexRow['kind']> = Extract<IndexRow, { kind: Kind }>;
const has =
  <Kind extends IndexRow['kind']>(kind: Kind, is: (row: Row<Kind>) => boolean) =>
  (rows: readonly IndexRow[]) =>
    rows.some((row) => row.kind === kind && is(row as Row<Kind>));

const isHigh = has('quantity', ({ low }) => low > 4);
const searches: readonly (readonly [where: readonly Clause[], fulfils: (rows: readonly IndexRow[]) => boolean])[] = [
  [[], () => true],
  [[code('c1')], has('token', (row) => row.code === 'c1')],
  [[code('c0', 'b')], () => true],
  [[code('c2'), above], (rows) => isHigh(rows) && has('token', (row) => row.code === 'c2')(rows)],
  [[{ kind: 'not', where: [above] }], (rows) => !isHigh(rows)],
  [[since], has('date', ({ low }) => low >= 20 * 86_400_000)],
];

/** Every search's total, and how many of them were kept up and not counted. */
async function totals(memory: SearchMemory, texts: string[]): Promise<{ found: number[]; keptUp: number }> {
  texts.length = 0;
  const db = memory.shared as Database;
  const found: number[] = [];
  for (const [where] of searches) {
    const { total } = await search(db, memory, { type: 'Basic', where, sort: [], count: 0, total: 'accurate' });
    found.push(total ?? -1);
  }
  return { found, keptUp: texts.filter((text) => text.includes('search_rewrite')).length };
}

const expected = () => searches.map(([, fulfils]) => [...kept.values()].filter(fulfils).length);

function recording(db: Database, texts: string[]): Database {
  return {
    query(statement) {
      texts.push(statement.text);
      return db.query(statement);
    },
  };
}

describe('an exact total that is kept up', () => {
  const texts: string[] = [];
  let memory: SearchMemory;
  beforeAll(async () => {
    for (let n = 1; n <= 100; n++) (await write(context.store, n))();
    // On connections that the store itself uses, its names for statements are taken.
    memory = { ...openSearchMemory(recording(context.store.db, texts)), name: (statement) => statement };
    for (let time = 0; time < 3; time++) expect((await totals(memory, texts)).found).toEqual(expected());
  });

  it('is what counting gives, after every write, deletion and return', async () => {
    for (let n = 200; n < 260; n++) {
      (await write(context.store, n))();
      expect({ n, ...(await totals(memory, texts)) }).toEqual({ n, found: expected(), keptUp: searches.length });
    }
  });

  it('counts what a transaction wrote only when it has committed, however long it took', async () => {
    await context.store.transaction(async (inner) => {
      const first = await write(inner, 301);
      for (let n = 310; n < 320; n++) {
        if ((n * 7) % 60 !== (301 * 7) % 60) (await write(context.store, n))();
        expect({ n, ...(await totals(memory, texts)) }).toMatchObject({ n, found: expected() });
      }
      first();
    });
    for (let time = 0; time < 2; time++) {
      expect(await totals(memory, texts)).toEqual({ found: expected(), keptUp: searches.length });
    }
  });

  it('is right when superseded versions have been swept away as soon as they may be', async () => {
    for (let n = 400; n < 430; n++) {
      (await write(context.store, n))();
      await sweepStale(context.store, 0);
      expect({ n, ...(await totals(memory, texts)) }).toMatchObject({ n, found: expected() });
    }
  });

  it('is counted anew when nothing held back what has been swept away', async () => {
    (await write(context.store, 441))();
    await context.store.db.query({ text: 'DELETE FROM page_snapshot' });
    await sweepStale(context.store, 0);
    (await write(context.store, 442))();
    const { found, keptUp } = await totals(memory, texts);
    expect({ found, keptUp }).toEqual({ found: expected(), keptUp: searches.length });
    expect(texts.length).toBeGreaterThanOrEqual(2 * searches.length);
  });

  it('is counted anew when versions have been given other search rows', async () => {
    const [id] = [...kept].find(([, rows]) => has('token', (row) => row.code === 'c1')(rows)) ?? [''];
    const [row] = await context.store.db.query<{ v: string }>({
      text: 'SELECT v::text FROM resource WHERE rkey = $1',
      values: [resourceKey('Basic', id)],
    });
    const index: IndexRow[] = [{ kind: 'token', param: 'Basic.code', code: 'c2' }];
    const version = { rkey: String(resourceKey('Basic', id)), v: row?.v ?? '', index };
    await totals(memory, texts);
    await context.store.transaction(({ db }) =>
      indexVersions(db, { versions: [version], params: [paramKey('Basic.code')] }),
    );
    kept.set(id, [...(kept.get(id) ?? []).filter(({ kind }) => kind !== 'token'), ...index]);
    const others = searches.map((_, at) => at).filter((at) => at !== 2);
    const { found } = await totals(memory, texts);
    expect(others.map((at) => found[at])).toEqual(others.map((at) => expected()[at]));
  });

  it('is counted by itself within a transaction, which may see what nobody else does', async () => {
    const where = [code('c1')];
    await context.store.transaction(async (inner) => {
      await inner.resources.write([put('mine', 1)]);
      const { total } = await inner.search({ type: 'Basic', where, sort: [], count: 0, total: 'accurate' });
      expect(total).toBe((expected()[1] ?? 0) + 1);
      await inner.resources.write([remove('mine')]);
    });
  });
});
