/** Appends audit records; they are durable when the promise resolves. */
import { texts } from '../arrays.ts';
import type { Database } from '../store.ts';
import { encodeRecord } from './encode.ts';
import type { AuditRecord } from './record.ts';

export async function appendAudit(db: Database, records: readonly AuditRecord[]): Promise<void> {
  await db.query({
    name: 'append-audit',
    text: 'SELECT append_audit($1)',
    values: [texts(records.map(encodeRecord))],
  });
}
