/**
 * Audit records that are not yet AuditEvents. Whoever makes them does it in a transaction that locks PROJECTION, so that the
 * events and the mark commit together and no record becomes two events.
 */
import type { Database } from '../store.ts';
import { decodeRecord } from './encode.ts';
import type { AuditRecord } from './record.ts';

/** The name to lock (`Store.lock`) while projecting. */
export const PROJECTION = 'audit projection';

export interface LoggedRecord {
  /** Chain and number in it: together the record's identity, the same for ever. */
  readonly chain: number;
  readonly seq: number;
  readonly record: AuditRecord;
}

/** At most `limit` records, those of each chain in order. Empty when all are projected. */
export async function unprojected(db: Database, limit: number): Promise<readonly LoggedRecord[]> {
  const rows = await db.query<{ chain: number; seq: string; record: string }>({
    text: `SELECT l.chain, l.seq, l.record
             FROM audit_chain c LEFT JOIN audit_projection p ON p.chain = c.chain
            CROSS JOIN LATERAL (
              SELECT l.chain, l.seq, l.record FROM audit_log l
               WHERE l.chain = c.chain AND l.seq > COALESCE(p.seq, 0) ORDER BY l.seq LIMIT $1) l
            LIMIT $1`,
    values: [limit],
  });
  return rows.map(({ chain, seq, record }) => ({ chain, seq: Number(seq), record: decodeRecord(record) }));
}

/** Marks these, and with them all before them in their chains, as projected. */
export async function markProjected(db: Database, records: readonly LoggedRecord[]): Promise<void> {
  const last = new Map<number, number>();
  for (const { chain, seq } of records) last.set(chain, Math.max(seq, last.get(chain) ?? 0));
  await db.query({
    text: `INSERT INTO audit_projection (chain, seq) SELECT * FROM unnest($1::int[], $2::bigint[])
           ON CONFLICT (chain) DO UPDATE SET seq = greatest(audit_projection.seq, excluded.seq)`,
    values: [[...last.keys()], [...last.values()]],
  });
}

/** How many records there have ever been. */
export async function countAppended(db: Database): Promise<number> {
  const [row] = await db.query<{ count: string }>({ text: 'SELECT coalesce(sum(seq), 0) AS count FROM audit_chain' });
  return Number(row?.count);
}
