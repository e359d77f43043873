/** Notes how reading an instance ended; called in the transaction that writes its report. */
import type { Database } from '../store.ts';

export interface Reading {
  /** `rejected` by the quality gate; `failed` when it could not be read at all. */
  readonly state: 'read' | 'rejected' | 'failed';
  /** `DiagnosticReport/...` */
  readonly report?: string;
  readonly reason?: string;
}

/** Whether the instance waited for it: false when it is unknown or was read already, and then nothing changes. */
export async function markRead(db: Database, sopInstance: string, reading: Reading): Promise<boolean> {
  const rows = await db.query({
    name: 'mark-read',
    text: `UPDATE dicom_instance SET state = $2, report = $3, reason = $4, tries = tries + 1, read_at = now()
      WHERE sop_uid = $1 AND state IN ('received', 'failed') RETURNING 1`,
    values: [sopInstance, reading.state, reading.report ?? null, reading.reason ?? null],
  });
  return rows.length === 1;
}

/** Counts a try that will be repeated, with what went wrong. */
export async function markTry(db: Database, sopInstance: string, reason: string): Promise<void> {
  await db.query({
    text: `UPDATE dicom_instance SET tries = tries + 1, reason = $2 WHERE sop_uid = $1 AND state = 'received'`,
    values: [sopInstance, reason],
  });
}
