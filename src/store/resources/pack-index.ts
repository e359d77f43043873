/** Index rows as columns, one list of them for each table. */
import { paramKey, systemKey, valueKey } from '../keys.ts';
import { clampTime } from '../search/clamp-time.ts';
import { inIndexOrder, isEquality, type PartKey, partKey } from '../search/composite-key.ts';
import { labelOf, referenceLabel, targetKey, tokenKey } from '../search/dictionary.ts';
import { fold } from '../search/fold.ts';
import type { IndexRow, Part } from '../search/index-row.ts';
import { storedString, storedUri } from '../search/stored-text.ts';
import { type Column, float8, int4, int8, text } from './columns.ts';
import type { Write } from './write.ts';

/** By table. Most resources have rows of a few. */
const empty = {
  token: () => ({
    ...common(),
    code: [] as bigint[],
    sys: [] as number[],
    val: [] as string[],
    label: [] as number[],
  }),
  ref: () => ({ ...common(), target: [] as bigint[], label: [] as number[] }),
  str: () => ({ ...common(), val: [] as string[], exact: [] as bigint[] }),
  date: () => ({ ...common(), lo: [] as number[], hi: [] as number[], alone: [] as number[] }),
  qty: () => ({ ...common(), unit: [] as number[], sys: [] as number[], lo: [] as number[], hi: [] as number[] }),
  uri: () => ({ ...common(), val: [] as string[] }),
  comp: () => ({
    ...common(),
    a: [] as bigint[],
    asys: [] as number[],
    second: [] as PartKey[],
    rest: [] as (string | undefined)[],
  }),
  pos: () => ({ ...common(), lat: [] as number[], lon: [] as number[] }),
};

function common() {
  return { n: [] as number[], p: [] as number[] };
}

type Empty = typeof empty;
type Rows = { [Name in keyof Empty]: ReturnType<Empty[Name]> };

/** Stands for the tables without rows: nothing is ever put into these. */
const none: Rows = {
  ...{ token: empty.token(), ref: empty.ref(), str: empty.str(), date: empty.date() },
  ...{ qty: empty.qty(), uri: empty.uri(), comp: empty.comp(), pos: empty.pos() },
};

/** A table to put rows into. */
function opened<Name extends keyof Empty>(rows: Rows, name: Name): Rows[Name] {
  if (rows[name] === none[name]) rows[name] = empty[name]() as Rows[Name];
  return rows[name];
}

const tables = {
  token: 'token',
  reference: 'ref',
  string: 'str',
  date: 'date',
  quantity: 'qty',
  uri: 'uri',
  composite: 'comp',
  position: 'pos',
} as const;

function add(rows: Rows, n: number, row: IndexRow): void {
  const table = opened(rows, tables[row.kind]);
  table.n.push(n);
  table.p.push(paramKey(row.param));
  fill(rows, row);
}

const nothing: PartKey = { k: 0n, hi: 0n, sys: 0, unit: 0, spoken: 0, val: undefined };

function fillComposite({ comp }: Rows, parts: readonly Part[]): void {
  const [first, ...more] = inIndexOrder(parts);
  const leads = first !== undefined && isEquality(first);
  const lead = leads ? partKey(first) : nothing;
  const [second, third] = (leads ? more : inIndexOrder(parts)).map(partKey);
  comp.a.push(lead.k);
  comp.asys.push(lead.sys);
  comp.second.push(second ?? nothing);
  comp.rest.push(third && `{${[third.k, third.hi, third.sys, third.unit, third.spoken].join(',')}}`);
}

function fill(rows: Rows, row: IndexRow): void {
  switch (row.kind) {
    case 'token':
      rows.token.code.push(tokenKey(row));
      rows.token.sys.push(systemKey(row.system));
      rows.token.val.push(storedString(row.code));
      rows.token.label.push(labelOf(row));
      break;
    case 'reference':
      rows.ref.target.push(targetKey(row));
      rows.ref.label.push(referenceLabel(row));
      break;
    case 'string':
      rows.str.val.push(storedString(fold(row.value)));
      rows.str.exact.push(row.part ? 0n : valueKey(row.value));
      break;
    case 'date':
      rows.date.lo.push(clampTime(row.low));
      rows.date.hi.push(clampTime(row.high));
      break;
    case 'quantity':
      rows.qty.unit.push(systemKey(row.code));
      rows.qty.sys.push(systemKey(row.system));
      rows.qty.lo.push(row.low);
      rows.qty.hi.push(row.high);
      break;
    case 'uri':
      rows.uri.val.push(storedUri(row.value));
      break;
    case 'composite':
      fillComposite(rows, row.parts);
      break;
    case 'position':
      rows.pos.lat.push(row.latitude);
      rows.pos.lon.push(row.longitude);
      break;
  }
}

/** Of the dates of one write, which begin at `first`: whether each is the only one of its parameter. */
function markAlone({ p, alone }: Rows['date'], first: number): void {
  for (let at = first; at < p.length; at++) {
    const isOnly = p.indexOf(p[at] as number, first) === at && p.lastIndexOf(p[at] as number) === at;
    alone.push(isOnly ? 1 : 0);
  }
}

function compositeColumns({ n, p, a, asys, second, rest }: Rows['comp']): readonly Column[] {
  return [
    ...[int4(n), int4(p), int8(a), int4(asys)],
    ...[int8(second.map(({ k }) => k)), int8(second.map(({ hi }) => hi))],
    ...[int4(second.map(({ sys }) => sys)), int4(second.map(({ unit }) => unit))],
    ...[int4(second.map(({ spoken }) => spoken)), text(second.map(({ val }) => val)), text(rest)],
  ];
}

/** The columns of the search rows of all writes, table by table; rows name their write by its number from 1. */
export function indexColumns(writes: readonly Pick<Write, 'index'>[]): readonly (readonly Column[])[] {
  const rows = { ...none };
  writes.forEach((write, at) => {
    const first = rows.date.n.length;
    for (const row of write.index) add(rows, at + 1, row);
    markAlone(rows.date, first);
  });
  const { token, ref, str, date, qty, uri, comp, pos } = rows;
  return [
    [int4(token.n), int4(token.p), int8(token.code), int4(token.sys), text(token.val), int4(token.label)],
    [int4(ref.n), int4(ref.p), int8(ref.target), int4(ref.label)],
    [int4(str.n), int4(str.p), text(str.val), int8(str.exact)],
    [int4(date.n), int4(date.p), int8(date.lo), int8(date.hi), int4(date.alone)],
    [int4(qty.n), int4(qty.p), int4(qty.unit), int4(qty.sys), float8(qty.lo), float8(qty.hi)],
    [int4(uri.n), int4(uri.p), text(uri.val)],
    compositeColumns(comp),
    [int4(pos.n), int4(pos.p), float8(pos.lat), float8(pos.lon)],
  ];
}
