/**
 * Pages of a search are those of one moment, whatever others write while somebody pages: against a plain list in memory.
 * https://hl7.org/fhir/R4/http.html#paging
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { sweepStale } from '../../src/store/janitor.ts';
import type { Write } from '../../src/store/resources/write.ts';
import { openFrequencies } from '../../src/store/search/frequency.ts';
import type { IndexRow } from '../../src/store/search/index-row.ts';
import { openNaming } from '../../src/store/search/naming.ts';
import { decodePosition, encodePosition } from '../../src/store/search/position.ts';
import type { Clause, SearchQuery, SortKey } from '../../src/store/search/query.ts';
import { openSearchMemory, type SearchMemory, search } from '../../src/store/search/search.ts';
import { pageMinutes } from '../../src/store/search/snapshots.ts';
import { withStore } from '../support/store.ts';

const context = withStore();
const name = openNaming();

function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Kept {
  readonly id: string;
  readonly version: number;
  readonly code: string;
  readonly day: number;
  readonly name: string;
  readonly place: number;
}

const random = randomFrom(11);
const kept = new Map<string, Kept>();
const versions = new Map<string, number>();
/** Deleted since somebody began to page. */
const deleted = new Set<string>();
let places = 0;

function rowsOf({ code, day, name }: Pick<Kept, 'code' | 'day' | 'name'>): IndexRow[] {
  return [
    { kind: 'token', param: 'Basic.code', code },
    { kind: 'date', param: 'Basic.date', low: day, high: day },
    { kind: 'string', param: 'Basic.name', value: name },
    { kind: 'reference', param: 'Basic.link', target: { type: 'Patient', id: `p${day % 3}` } },
  ];
}

function change(id: string, isDeletion: boolean): { write: Write; done: () => void } {
  const values = { code: `c${random(2)}`, day: random(5), name: `n${random(4)}` };
  const write: Write = {
    op: isDeletion ? 'delete' : 'update',
    type: 'Basic',
    id,
    body: isDeletion ? ['', ''] : [`{"id":"${id}","versionId":"`, '"}'],
    updated: '2026-01-02T03:04:05.678Z',
    expect: isDeletion ? 'present' : 'any',
    index: isDeletion ? [] : rowsOf(values),
  };
  return {
    write,
    done() {
      const version = (versions.get(id) ?? 0) + 1;
      versions.set(id, version);
      places += 1;
      if (isDeletion) {
        deleted.add(id);
        kept.delete(id);
      } else kept.set(id, { id, version, place: places, ...values });
    },
  };
}

/** `b0` is left to the transaction that is held open. */
const someId = () => `b${1 + random(89)}`;

/** Some writes at once, of different resources, through the shared store. */
async function writeSome(): Promise<void> {
  const ids = [...new Set(Array.from({ length: 12 }, someId))];
  const changes = ids.map((id) => change(id, kept.has(id) && random(4) === 0));
  await Promise.all(changes.map(({ write }) => context.store.resources.write([write])));
  for (const { done } of changes) done();
}

beforeAll(async () => {
  const patients = ['p0', 'p1', 'p2'].map((id): Write => ({ ...change(id, false).write, type: 'Patient', index: [] }));
  await context.store.resources.write(patients);
  for (let at = 0; at < 60; at++) {
    const { write, done } = change(`b${at}`, false);
    await context.store.resources.write([write]);
    done();
  }
});

const byCode: Clause = { kind: 'token', param: 'Basic.code', any: [{ code: 'c0' }] };
const chain: Clause = { kind: 'chain', param: 'Basic.link', targets: [{ type: 'Patient', where: [] }] };
const key = (param: string, kind: SortKey['kind'], descending: boolean): SortKey => ({ param, kind, descending });

type Compare = (a: Kept, b: Kept) => number;
const newest: Compare = (a, b) => b.place - a.place;
const oldest: Compare = (a, b) => a.place - b.place;
const text = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const shapes: readonly (readonly [string, readonly Clause[], readonly SortKey[], (one: Kept) => boolean, Compare])[] = [
  ['everything, newest first', [], [], () => true, newest],
  ['everything, oldest first', [], [key('_lastUpdated', 'updated', false)], () => true, oldest],
  ['by id', [], [key('_id', 'id', false)], () => true, (a, b) => text(a.id, b.id)],
  ['a code', [byCode], [], ({ code }) => code === 'c0', newest],
  ['all but a code', [{ ...byCode, not: true } as Clause], [], ({ code }) => code !== 'c0', newest],
  [
    'a code by date',
    [byCode],
    [key('Basic.date', 'date', true)],
    ({ code }) => code === 'c0',
    (a, b) => b.day - a.day || newest(a, b),
  ],
  ['by name', [], [key('Basic.name', 'string', false)], () => true, (a, b) => text(a.name, b.name) || oldest(a, b)],
  [
    'by code and date',
    [],
    [key('Basic.code', 'token', false), key('Basic.date', 'date', true)],
    () => true,
    (a, b) => text(a.code, b.code) || b.day - a.day || oldest(a, b),
  ],
  ['a chain', [chain, byCode], [], ({ code }) => code === 'c0', newest],
];

/** A transaction that is under way at the first page and commits afterwards: what it writes came later. */
async function holdOpen(): Promise<{ commit(): Promise<void> }> {
  const { write, done } = change('b0', false);
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let whole: Promise<void> | undefined;
  await new Promise<void>((begun) => {
    whole = context.store.transaction(async (store) => {
      await store.resources.write([write]);
      begun();
      await released;
    });
  });
  return {
    async commit() {
      release();
      await whole;
      done();
    },
  };
}

/** Pages to the end while others write and the janitor sweeps; every id with its version, as shown. */
async function pageThrough(
  memory: SearchMemory,
  query: SearchQuery,
  afterFirst: () => Promise<void>,
): Promise<string[]> {
  const { db } = context.store;
  const first = await search(db, memory, query);
  await afterFirst();
  const found = first.versions.map(({ id, version }) => `${id} ${version}`);
  for (let after = first.next; after !== undefined; ) {
    await writeSome();
    const [page] = await Promise.all([
      search(db, memory, { ...query, after }),
      writeSome(),
      sweepStale(context.store, 0),
    ]);
    found.push(...page.versions.map(({ id, version }) => `${id} ${version}`));
    after = page.next;
  }
  return found;
}

describe('paging', () => {
  it.each(shapes)(
    'through %s while others write shows what there was at the first page',
    async (_, where, sort, holds, order) => {
      for (const dense of [0, 1_000_000]) {
        const memory = { ...openSearchMemory(), frequencies: openFrequencies(dense), name };
        await writeSome();
        const expected = [...kept.values()].filter(holds).sort(order);
        deleted.clear();
        const held = await holdOpen();
        const found = await pageThrough(memory, { type: 'Basic', where, sort, count: 7, total: 'none' }, held.commit);
        const there = (line: string) => !deleted.has(line.split(' ')[0] as string);
        // What has been deleted since may or may not have been shown before.
        const lines = expected.map(({ id, version }) => `${id} ${version}`);
        expect(new Set(found).size).toBe(found.length);
        expect(found.filter(there)).toEqual(lines.filter(there));
        expect(found.every((line) => lines.includes(line))).toBe(true);
      }
    },
    20_000,
  );

  it('backwards shows the same again', async () => {
    const { db } = context.store;
    const memory = { ...openSearchMemory(), name };
    deleted.clear();
    const query: SearchQuery = { type: 'Basic', where: [], sort: [], count: 7, total: 'none' };
    const first = await search(db, memory, query);
    const second = await search(db, memory, { ...query, after: first.next as string });
    const seen = first.versions.map(({ id, version }) => `${id} ${version}`);
    await writeSome();
    await sweepStale(context.store, 0);
    const again = await search(db, memory, { ...query, after: second.previous as string, backwards: true });
    const found = again.versions.map(({ id, version }) => `${id} ${version}`);
    expect(found).toEqual(seen.filter((line) => !deleted.has(line.split(' ')[0] as string)));
  });

  it('keeps search rows no longer than somebody pages', async () => {
    const { db } = context.store;
    await writeSome();
    await db.query({ text: 'DELETE FROM page_snapshot' });
    while ((await sweepStale(context.store, 0)) > 0);
    const [row] = await db.query<{ left: string }>({ text: 'SELECT count(*) AS left FROM stale' });
    expect(row?.left).toBe('0');
  });

  it('ends when a link is too old', async () => {
    const position = { v: '1', snapshot: '1:1:', keys: [], at: 0 };
    const link = encodePosition([], position);
    expect(decodePosition([], link, pageMinutes * 60_000)).toEqual(position);
    expect(() => decodePosition([], link, pageMinutes * 60_000 + 1)).toThrow(/older than/);
  });
});
