/** Requests as the arrays that the SQL function `write_resources` takes. */
import { float8s, int4s, int8s, texts } from '../arrays.ts';
import { encodeRecord } from '../audit/encode.ts';
import type { AuditRecord } from '../audit/record.ts';
import type { Job } from '../jobs/job.ts';
import { paramKey, resourceKey, systemKey, typeKey, valueKey } from '../keys.ts';
import { clampTime } from '../search/clamp-time.ts';
import { fold } from '../search/fold.ts';
import type { IndexRow } from '../search/index-row.ts';
import { storedString, storedUri } from '../search/stored-text.ts';
import type { Write } from './write.ts';

/** What one caller wants to happen together or not at all. */
export interface Request {
  readonly writes: readonly Write[];
  readonly audit: readonly AuditRecord[];
  readonly jobs: readonly Job[];
}

const expectations = { any: -1, absent: -2, present: -3 } as const;

interface Rows {
  readonly token: { n: number[]; p: number[]; code: bigint[]; sys: number[]; val: string[] };
  readonly ref: { n: number[]; p: number[]; target: bigint[] };
  readonly str: { n: number[]; p: number[]; val: string[]; exact: bigint[] };
  readonly date: { n: number[]; p: number[]; lo: number[]; hi: number[]; alone: number[] };
  readonly qty: { n: number[]; p: number[]; unit: number[]; sys: number[]; lo: number[]; hi: number[] };
  readonly uri: { n: number[]; p: number[]; val: string[] };
}

function emptyRows(): Rows {
  return {
    token: { n: [], p: [], code: [], sys: [], val: [] },
    ref: { n: [], p: [], target: [] },
    str: { n: [], p: [], val: [], exact: [] },
    date: { n: [], p: [], lo: [], hi: [], alone: [] },
    qty: { n: [], p: [], unit: [], sys: [], lo: [], hi: [] },
    uri: { n: [], p: [], val: [] },
  };
}

function add(rows: Rows, n: number, row: IndexRow): void {
  const p = paramKey(row.param);
  const table = rows[tables[row.kind]];
  table.n.push(n);
  table.p.push(p);
  fill(rows, row);
}

const tables = { token: 'token', reference: 'ref', string: 'str', date: 'date', quantity: 'qty', uri: 'uri' } as const;

function fill(rows: Rows, row: IndexRow): void {
  switch (row.kind) {
    case 'token':
      rows.token.code.push(valueKey(row.code));
      rows.token.sys.push(systemKey(row.system));
      rows.token.val.push(storedString(row.code));
      break;
    case 'reference':
      rows.ref.target.push(row.target ? resourceKey(row.target.type, row.target.id) : valueKey(row.url ?? ''));
      break;
    case 'string':
      rows.str.val.push(storedString(fold(row.value)));
      rows.str.exact.push(valueKey(row.value));
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
  }
}

/** Of the dates of one write, which begin at `first`: whether each is the only one of its parameter. */
function markAlone({ p, alone }: Rows['date'], first: number): void {
  for (let at = first; at < p.length; at++) {
    const isOnly = p.indexOf(p[at] as number, first) === at && p.lastIndexOf(p[at] as number) === at;
    alone.push(isOnly ? 1 : 0);
  }
}

function packIndex(writes: readonly Write[]): Buffer[] {
  const rows = emptyRows();
  writes.forEach((write, at) => {
    const first = rows.date.n.length;
    for (const row of write.index) add(rows, at + 1, row);
    markAlone(rows.date, first);
  });
  const { token, ref, str, date, qty, uri } = rows;
  return [
    ...[int4s(token.n), int4s(token.p), int8s(token.code), int4s(token.sys), texts(token.val)],
    ...[int4s(ref.n), int4s(ref.p), int8s(ref.target)],
    ...[int4s(str.n), int4s(str.p), texts(str.val), int8s(str.exact)],
    ...[int4s(date.n), int4s(date.p), int8s(date.lo), int8s(date.hi), int4s(date.alone)],
    ...[int4s(qty.n), int4s(qty.p), int4s(qty.unit), int4s(qty.sys), float8s(qty.lo), float8s(qty.hi)],
    ...[int4s(uri.n), int4s(uri.p), texts(uri.val)],
  ];
}

/** The number of each item's request, and the items. */
function numbered<T>(requests: readonly Request[], of: (request: Request) => readonly T[]): readonly [number[], T[]] {
  const numbers: number[] = [];
  const items: T[] = [];
  requests.forEach((request, at) => {
    for (const item of of(request)) {
      numbers.push(at);
      items.push(item);
    }
  });
  return [numbers, items];
}

/** The parameters of `write_resources`, in its order. */
export function pack(requests: readonly Request[]): readonly Buffer[] {
  const [numbers, writes] = numbered(requests, ({ writes: own }) => own);
  const [auditNumbers, records] = numbered(requests, ({ audit }) => audit);
  const [jobNumbers, jobs] = numbered(requests, ({ jobs: own }) => own);
  return [
    int4s(numbers),
    int8s(writes.map(({ type, id }) => resourceKey(type, id))),
    int4s(writes.map(({ type }) => typeKey(type))),
    texts(writes.map(({ type, id }) => `${type}/${id}`)),
    texts(writes.map(({ op }) => op[0])),
    int4s(writes.map(({ expect }) => (typeof expect === 'number' ? expect : expectations[expect]))),
    int8s(writes.map(({ updated }) => Date.parse(updated))),
    texts(writes.map(({ body }) => body[0])),
    texts(writes.map(({ body }) => body[1])),
    ...packIndex(writes),
    int4s(auditNumbers),
    texts(records.map(encodeRecord)),
    int4s(jobNumbers),
    texts(jobs.map(({ name }) => name)),
    texts(jobs.map(({ payload }) => JSON.stringify(payload))),
    texts(jobs.map(({ queue }) => queue)),
    texts(jobs.map(({ key }) => key)),
  ];
}
