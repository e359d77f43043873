/**
 * Every plan gives the same answer: random resources and random searches, against a plain evaluation of the R4 rules in memory, with
 * clauses taken for rare and for frequent. https://hl7.org/fhir/R4/search.html
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Write } from '../../src/store/resources/write.ts';
import { fold } from '../../src/store/search/fold.ts';
import { openFrequencies } from '../../src/store/search/frequency.ts';
import type { IndexRow } from '../../src/store/search/index-row.ts';
import { openNaming } from '../../src/store/search/naming.ts';
import type { Clause, RangeValue, SearchQuery, SortKey } from '../../src/store/search/query.ts';
import { openSearchMemory, type SearchMemory, search } from '../../src/store/search/search.ts';
import { withStore } from '../support/store.ts';

const context = withStore();

/** The same numbers in every run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Kept {
  readonly type: string;
  readonly id: string;
  readonly rows: readonly IndexRow[];
  /** Place in the order of writing. */
  readonly place: number;
}

const day = 86_400_000;
const kept = new Map<string, Kept>();
const random = randomFrom(7);
const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
const some = <T>(most: number, make: () => T): T[] => Array.from({ length: random(most + 1) }, make);

function dateRange(): { low: number; high: number } {
  const low = random(40) * day;
  return { low, high: low + pick([0, day - 1, 3 * day, 30 * day]) };
}

function rowsOf(type: string): IndexRow[] {
  const dates = some(random(5) === 0 ? 3 : 1, dateRange);
  return [
    ...some(3, (): IndexRow => {
      const system = pick([undefined, 'a', 'b']);
      return { kind: 'token', param: `${type}.code`, code: `c${random(6)}`, ...(system ? { system } : {}) };
    }),
    ...some(
      2,
      (): IndexRow => ({ kind: 'string', param: `${type}.name`, value: pick(['Ana', 'ANA', 'Ánabel', 'Bo', 'b%o']) }),
    ),
    ...dates.map((range): IndexRow => ({ kind: 'date', param: `${type}.date`, ...range })),
    ...some(2, (): IndexRow => {
      const low = random(10);
      return { kind: 'quantity', param: `${type}.value`, low, high: low + pick([0, 0, 5]), code: pick(['kg', 'g']) };
    }),
    ...some(
      2,
      (): IndexRow => ({ kind: 'reference', param: `${type}.link`, target: { type: 'Patient', id: `p${random(30)}` } }),
    ),
  ];
}

let places = 0;
async function keep(type: string, id: string): Promise<void> {
  const rows = rowsOf(type);
  const write: Write = {
    op: 'update',
    type,
    id,
    body: [`{"resourceType":"${type}","id":"${id}","meta":{"versionId":"`, '"}}'],
    updated: '2026-01-02T03:04:05.678Z',
    expect: 'any',
    index: rows,
  };
  await context.store.resources.write([write]);
  places += 1;
  kept.set(`${type}/${id}`, { type, id, rows, place: places });
}

beforeAll(async () => {
  for (let at = 0; at < 30; at++) await keep('Patient', `p${at}`);
  for (let at = 0; at < 120; at++) await keep('Basic', `b${at}`);
  for (let at = 0; at < 60; at++) await keep('Basic', `b${random(120)}`);
  for (let at = 0; at < 10; at++) await keep('Patient', `p${random(30)}`);
});

type RowOf<Kind extends IndexRow['kind']> = Extract<IndexRow, { kind: Kind }>;

function rowsBy<Kind extends IndexRow['kind']>({ rows }: Kept, kind: Kind, param: string): RowOf<Kind>[] {
  return rows.filter((row): row is RowOf<Kind> => row.kind === kind && row.param === param);
}

const compare: Record<RangeValue['prefix'], (stored: RangeValue, asked: RangeValue) => boolean> = {
  eq: (stored, asked) => stored.low >= asked.low && stored.high <= asked.high,
  ne: (stored, asked) => !compare.eq(stored, asked),
  gt: (stored, asked) => stored.high > asked.high,
  lt: (stored, asked) => stored.low < asked.low,
  ge: (stored, asked) => compare.gt(stored, asked) || compare.eq(stored, asked) || stored.low >= asked.low,
  le: (stored, asked) => compare.lt(stored, asked) || compare.eq(stored, asked) || stored.high <= asked.high,
  sa: (stored, asked) => stored.low > asked.high,
  eb: (stored, asked) => stored.high < asked.low,
  ap: (stored, asked) => stored.low <= asked.high && stored.high >= asked.low,
  co: (stored, asked) => stored.low <= asked.low && stored.high >= asked.high,
};

const isIn = (row: { low: number; high: number }, asked: RangeValue) =>
  compare[asked.prefix]({ prefix: 'eq', low: row.low, high: row.high }, asked);

const texts = {
  starts: (stored: string, asked: string) => fold(stored).startsWith(fold(asked)),
  exact: (stored: string, asked: string) => stored === asked,
  equal: (stored: string, asked: string) => fold(stored) === fold(asked),
  contains: (stored: string, asked: string) => fold(stored).includes(fold(asked)),
  ends: (stored: string, asked: string) => fold(stored).endsWith(fold(asked)),
  gt: (stored: string, asked: string) => fold(stored) > fold(asked),
  lt: (stored: string, asked: string) => fold(stored) < fold(asked),
  ge: (stored: string, asked: string) => fold(stored) >= fold(asked),
  le: (stored: string, asked: string) => fold(stored) <= fold(asked),
};

function fulfils(one: Kept, clause: Clause): boolean {
  switch (clause.kind) {
    case 'token': {
      const found = rowsBy(one, 'token', clause.param).some((row) =>
        clause.any.some(
          ({ system, code }) =>
            (code === undefined || code === row.code) && (system === undefined || system === (row.system ?? '')),
        ),
      );
      return found !== (clause.not ?? false);
    }
    case 'string':
      return rowsBy(one, 'string', clause.param).some((row) =>
        clause.any.some((asked) => texts[clause.match](row.value, asked)),
      );
    case 'date':
      return rowsBy(one, 'date', clause.param).some((row) => clause.any.some((asked) => isIn(row, asked)));
    case 'quantity':
      return rowsBy(one, 'quantity', clause.param).some((row) =>
        clause.any.some((asked) => isIn(row, asked) && (asked.code === undefined || asked.code === row.code)),
      );
    case 'reference':
      return rowsBy(one, 'reference', clause.param).some((row) => clause.any.some(({ id }) => row.target?.id === id));
    case 'missing':
      return one.rows.some(({ param }) => param === clause.param) !== clause.missing;
    case 'id':
      return clause.any.includes(one.id);
    case 'chain':
      return rowsBy(one, 'reference', clause.param).some((row) => {
        const target = kept.get(`Patient/${row.target?.id}`);
        return (
          target !== undefined && clause.targets.some(({ where }) => where.every((inner) => fulfils(target, inner)))
        );
      });
    case 'has':
      return [...kept.values()].some(
        (other) =>
          other.type === clause.type &&
          rowsBy(other, 'reference', clause.param).some((row) => row.target?.id === one.id) &&
          where(other, clause.where),
      );
    case 'either':
      return clause.ways.some((way) => where(one, way));
    case 'not':
      return !where(one, clause.where);
    default:
      return true;
  }
}

function where(one: Kept, clauses: readonly Clause[]): boolean {
  return clauses.every((clause) => fulfils(one, clause));
}

function numberRange(): { low: number; high: number } {
  const low = random(12);
  return { low, high: low + random(4) };
}

const prefixes = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const;

const makers: readonly ((type: string) => Clause)[] = [
  (type) => ({
    kind: 'token',
    param: `${type}.code`,
    any: Array.from({ length: pick([1, 2, 10]) }, () =>
      pick([{ code: `c${random(8)}` }, { code: `c${random(6)}`, system: pick(['', 'a']) }]),
    ),
    ...(random(4) === 0 ? { not: true } : {}),
  }),
  (type) => ({ kind: 'token', param: `${type}.code`, any: [{ system: pick(['a', 'b', '']) }] }),
  (type) => ({
    kind: 'string',
    param: `${type}.name`,
    any: Array.from({ length: 1 + random(2) }, () => pick(['an', 'ANA', 'Ánabel', 'b', '%', 'na'])),
    match: pick(['starts', 'exact', 'contains'] as const),
  }),
  (type) => ({
    kind: 'date',
    param: `${type}.date`,
    any: Array.from({ length: pick([1, 1, 1, 2]) }, () => ({ prefix: pick(prefixes), ...dateRange() })),
  }),
  (type) => ({
    kind: 'quantity',
    param: `${type}.value`,
    any: [{ prefix: pick(prefixes), ...numberRange(), ...pick([{}, { code: 'kg' }]) }],
  }),
  (type) => ({
    kind: 'reference',
    param: `${type}.link`,
    any: Array.from({ length: pick([1, 2, 12]) }, () => ({ type: 'Patient', id: `p${random(40)}` })),
  }),
  (type) => ({
    kind: 'missing',
    param: `${type}.${pick(['code', 'name', 'date', 'value', 'link'])}`,
    missing: random(2) === 0,
  }),
  () => ({ kind: 'id', any: Array.from({ length: 1 + random(60) }, () => `b${random(150)}`) }),
];

function clauseOf(type: string, depth: number): Clause {
  const more: ((type: string) => Clause)[] = [
    () => ({
      kind: 'chain',
      param: `${type}.link`,
      targets: [{ type: 'Patient', where: clausesOf('Patient', depth - 1) }],
    }),
    () => ({ kind: 'has', type: 'Basic', param: 'Basic.link', where: clausesOf('Basic', depth - 1) }),
    () => ({ kind: 'either', ways: Array.from({ length: 2 }, () => clausesOf(type, depth - 1)) }),
    () => ({ kind: 'not', where: clausesOf(type, depth - 1) }),
  ];
  if (depth > 0 && random(4) === 0) return pick(type === 'Patient' ? more : more.filter((_, at) => at !== 1))(type);
  return pick(makers)(type);
}

function clausesOf(type: string, depth: number): Clause[] {
  return Array.from({ length: 1 + random(3) }, () => clauseOf(type, depth));
}

/** The value that `sort` puts a resource by; undefined for none. */
function sortedBy(one: Kept, { param, kind, descending }: SortKey): string | number | undefined {
  if (kind === 'id') return `${one.type}/${one.id}`;
  if (kind === 'updated') return one.place;
  const all: (string | number)[] =
    kind === 'date'
      ? rowsBy(one, 'date', param).map(({ low }) => low)
      : kind === 'quantity'
        ? rowsBy(one, 'quantity', param).map(({ low }) => low)
        : kind === 'token'
          ? rowsBy(one, 'token', param).map(({ code }) => code)
          : rowsBy(one, 'string', param).map(({ value }) => fold(value));
  return all.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).at(descending ? -1 : 0);
}

/** Negative when `x` comes first; no value comes last in both directions. */
function compareValues(x: string | number | undefined, y: string | number | undefined, descending: boolean): number {
  if (x === y) return 0;
  if (x === undefined) return 1;
  if (y === undefined) return -1;
  return x < y === descending ? 1 : -1;
}

function inOrder(sort: readonly SortKey[]): (a: Kept, b: Kept) => number {
  const isNewestFirst = sort[0]?.descending ?? true;
  return (a, b) => {
    for (const key of sort) {
      const order = compareValues(sortedBy(a, key), sortedBy(b, key), key.descending);
      if (order !== 0) return order;
    }
    return isNewestFirst ? b.place - a.place : a.place - b.place;
  };
}

function sortOf(type: string): SortKey[] {
  const key = (param: string, kind: SortKey['kind']): SortKey => ({ param, kind, descending: random(2) === 0 });
  const keys = [
    key(`${type}.date`, 'date'),
    key(`${type}.name`, 'string'),
    key(`${type}.code`, 'token'),
    key(`${type}.value`, 'quantity'),
    key('_id', 'id'),
    key('_lastUpdated', 'updated'),
  ];
  return random(3) === 0 ? [] : some(2, () => pick(keys));
}

async function found(memory: SearchMemory, query: SearchQuery): Promise<{ ids: string[]; total: number | undefined }> {
  const ids: string[] = [];
  let after: string | undefined;
  let total: number | undefined;
  do {
    const page = await search(context.store.db, memory, { ...query, ...(after === undefined ? {} : { after }) });
    ids.push(...page.versions.map(({ id }) => id));
    total = page.total;
    after = page.next;
  } while (after !== undefined && ids.length < 1000);
  return { ids, total };
}

describe('a search', () => {
  const name = openNaming();

  it.each([
    ['everything is rare', 1_000_000],
    ['everything is frequent', 0],
    ['some is frequent', 25],
  ])(
    'finds the same in the same order when %s',
    async (_, dense) => {
      const memory: SearchMemory = { ...openSearchMemory(), frequencies: openFrequencies(dense), name };
      for (let round = 0; round < 250; round++) {
        const type = pick(['Basic', 'Basic', 'Patient']);
        const clauses = random(10) === 0 ? [] : clausesOf(type, 2);
        const sort = sortOf(type);
        // Without a total, what is not known of a clause is found out by the statement of the page.
        const total = pick(['accurate', 'none'] as const);
        const query: SearchQuery = { type, where: clauses, sort, count: pick([3, 17, 500]), total };
        const expected = [...kept.values()]
          .filter((one) => one.type === type && where(one, clauses))
          .sort(inOrder(sort))
          .map(({ id }) => id);
        const result = await found(memory, query);
        const counted = total === 'none' ? undefined : expected.length;
        expect({ query, ...result }).toEqual({ query, ids: expected, total: counted });
      }
    },
    120_000,
  );
});
