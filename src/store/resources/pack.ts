/** Requests as the arrays that the SQL function `write_resources` takes. */
import { int4s, int8s, texts } from '../arrays.ts';
import { encodeRecord } from '../audit/encode.ts';
import type { AuditRecord } from '../audit/record.ts';
import type { Job } from '../jobs/job.ts';
import { resourceKey, typeKey } from '../keys.ts';
import type { Word } from '../search/dictionary.ts';
import { packIndex } from './pack-index.ts';
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
export function packWords(words: readonly Word[]): Buffer[] {
  return [
    ...[int4s(words.map(({ p }) => p)), texts(words.map(({ kind }) => kind)), int8s(words.map(({ code }) => code))],
    ...[int4s(words.map(({ label }) => label)), int4s(words.map(({ sys }) => sys))],
    ...[texts(words.map(({ name }) => name)), texts(words.map(({ val }) => val))],
  ];
}

/** The parameters of `write_resources` after `careful`, in its order. */
export function pack(requests: readonly Request[], words: readonly Word[]): readonly Buffer[] {
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
    ...packWords(words),
    int4s(auditNumbers),
    texts(records.map(encodeRecord)),
    int4s(jobNumbers),
    texts(jobs.map(({ name }) => name)),
    texts(jobs.map(({ payload }) => JSON.stringify(payload))),
    texts(jobs.map(({ queue }) => queue)),
    texts(jobs.map(({ key }) => key)),
  ];
}
