/** Checks that no audit record was changed, removed or put in: every batch's hash covers its records and the batch before. */
import { createHash } from 'node:crypto';
import type { Database } from '../store.ts';

export interface ChainProblem {
  readonly chain: number;
  /** Number of the first record that does not fit. */
  readonly seq: number;
  readonly problem: 'missing' | 'changed' | 'cut off';
}

interface Row {
  readonly seq: string;
  readonly hash: Buffer | null;
  readonly record: string;
}

interface Head {
  readonly chain: number;
  readonly seq: string;
  readonly hash: Buffer;
}

const ROWS_AT_ONCE = 5000;

/** Where the check of a chain stands: after whole batches, with the records of one that has only begun. */
interface Progress {
  readonly hash: Buffer;
  readonly next: number;
  readonly open: readonly string[];
}

function sha256(before: Buffer, records: readonly string[]): Buffer {
  return createHash('sha256').update(before).update(records.join('\n')).digest();
}

function step(chain: number, { hash, next, open }: Progress, row: Row): Progress | ChainProblem {
  if (Number(row.seq) !== next) return { chain, seq: next, problem: 'missing' };
  const records = [...open, row.record];
  if (!row.hash) return { hash, next: next + 1, open: records };
  const expected = sha256(hash, records);
  if (!expected.equals(row.hash)) return { chain, seq: next - open.length, problem: 'changed' };
  return { hash: expected, next: next + 1, open: [] };
}

async function verifyOne(db: Database, head: Head): Promise<ChainProblem | undefined> {
  const { chain } = head;
  let progress: Progress = { hash: sha256(Buffer.alloc(0), []), next: 1, open: [] };
  for (;;) {
    const rows = await db.query<Row>({
      text: `SELECT seq, hash, record FROM audit_log WHERE chain = $1 AND seq >= $2 AND seq <= $3 ORDER BY seq LIMIT ${ROWS_AT_ONCE}`,
      values: [chain, progress.next, head.seq],
    });
    for (const row of rows) {
      const result = step(chain, progress, row);
      if ('problem' in result) return result;
      progress = result;
    }
    if (rows.length < ROWS_AT_ONCE) break;
  }
  const whole = progress.next === Number(head.seq) + 1 && progress.hash.equals(head.hash);
  return whole ? undefined : { chain, seq: progress.next, problem: 'cut off' };
}

/** The first problem of each chain; an empty list is a whole audit trail. Reads everything: minutes for millions of records. */
export async function verifyChain(db: Database): Promise<readonly ChainProblem[]> {
  const heads = await db.query<Head>({ text: 'SELECT chain, seq, hash FROM audit_chain ORDER BY chain' });
  const problems: ChainProblem[] = [];
  for (const head of heads) {
    const problem = await verifyOne(db, head);
    if (problem) problems.push(problem);
  }
  return problems;
}
