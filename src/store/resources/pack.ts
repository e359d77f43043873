/** Requests as the arrays that the SQL function `write_resources` takes. */
import { encodeRecord } from '../audit/encode.ts';
import type { AuditRecord } from '../audit/record.ts';
import type { Job } from '../jobs/job.ts';
import { resourceKey, typeKey } from '../keys.ts';
import type { Word } from '../search/dictionary.ts';
import { type Column, int4, int8, text, together } from './columns.ts';
import { indexColumns } from './pack-index.ts';
import type { Write } from './write.ts';

/** What one caller wants to happen together or not at all. */
export interface Request {
  readonly writes: readonly Write[];
  readonly audit: readonly AuditRecord[];
  readonly jobs: readonly Job[];
}

const expectations = { any: -1, absent: -2, present: -3 } as const;

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

/** Words that the dictionary may not have yet. */
export function wordColumns(words: readonly Word[]): readonly Column[] {
  return [
    ...[int4(words.map(({ p }) => p)), text(words.map(({ kind }) => kind)), int8(words.map(({ code }) => code))],
    ...[int4(words.map(({ label }) => label)), int4(words.map(({ sys }) => sys))],
    ...[text(words.map(({ name }) => name)), text(words.map(({ val }) => val))],
  ];
}

function writeColumns(numbers: readonly number[], writes: readonly Write[]): readonly Column[] {
  return [
    int4(numbers),
    int4(writes.map(({ type }) => typeKey(type))),
    int4(writes.map(({ expect }) => (typeof expect === 'number' ? expect : expectations[expect]))),
    int4(writes.map(({ op }) => op.charCodeAt(0))),
    int8(writes.map(({ type, id }) => resourceKey(type, id))),
    int8(writes.map(({ updated }) => Date.parse(updated))),
    text(writes.map(({ type, id }) => `${type}/${id}`)),
    text(writes.map(({ body }) => body[0])),
    text(writes.map(({ body }) => body[1])),
  ];
}

/** The parameters of `write_resources` after `careful` and `known`, in its order. */
export function pack(requests: readonly Request[], words: readonly Word[]): readonly Buffer[] {
  const [numbers, writes] = numbered(requests, ({ writes: own }) => own);
  const [auditNumbers, records] = numbered(requests, ({ audit }) => audit);
  const [jobNumbers, jobs] = numbered(requests, ({ jobs: own }) => own);
  return together([
    writeColumns(numbers, writes),
    ...indexColumns(writes),
    wordColumns(words),
    [int4(auditNumbers), text(records.map(encodeRecord))],
    [
      int4(jobNumbers),
      text(jobs.map(({ name }) => name)),
      text(jobs.map(({ payload }) => JSON.stringify(payload))),
      text(jobs.map(({ queue }) => queue)),
      text(jobs.map(({ key }) => key)),
    ],
  ]);
}
