/** Files an instance whose bytes are durable: index rows, audit record and the job that reads it commit together. */

import type { FileMeta } from '../dicom/net/file-meta.ts';
import type { AuditRecord } from '../store/audit/record.ts';
import type { Blob } from '../store/blobs/blobs.ts';
import { type Filing, fileInstance } from '../store/dicom/file-instance.ts';
import type { Receipt } from './receipt.ts';
import type { ReceiveOptions, Sender } from './reception.ts';

interface Instance extends FileMeta {
  readonly study: string;
  readonly series: string;
  readonly modality?: string;
}

const receipts = {
  new: { outcome: 'stored', status: { name: 'success' } },
  duplicate: { outcome: 'duplicate', status: { name: 'success' } },
  conflict: {
    outcome: 'conflict',
    status: { name: 'keptApart', comment: 'Other content has this UID; kept apart for review' },
  },
} as const satisfies Record<Filing, Receipt>;

function record(sender: Sender, recorded: Date, part: Partial<AuditRecord>): AuditRecord {
  return {
    type: 'dicom-received',
    subtype: sender.route === 'DIMSE' ? 'C-STORE' : 'STOW-RS',
    action: 'C',
    outcome: '0',
    recorded,
    client: sender.client,
    ...(sender.user ? { user: sender.user } : {}),
    ...(sender.address === undefined ? {} : { address: sender.address }),
    ...(sender.requestId === undefined ? {} : { requestId: sender.requestId }),
    entities: [],
    patients: [],
    ...part,
  };
}

/** One transaction. A UID that has other content keeps it; this content is filed apart and reported. */
export async function commitInstance(
  { store, now, log }: ReceiveOptions,
  sender: Sender,
  instance: Instance,
  blob: Blob,
): Promise<Receipt> {
  const receivedAt = now();
  const { sopInstance, sopClass, study, series } = instance;
  const filing = await store.transaction(async (tx) => {
    const filed = await fileInstance(tx.db, {
      ...instance,
      digest: blob.sha256,
      blobKey: blob.key,
      size: blob.size,
      route: sender.route,
      sender: sender.client.name,
      receivedAt,
    });
    const detail = { study, series, instance: sopInstance, sopClass, sha256: blob.sha256, filing: filed };
    const outcome =
      filed === 'conflict' ? { outcome: '4' as const, outcomeText: 'Other content has this SOP Instance UID.' } : {};
    await tx.audit.append(record(sender, receivedAt, { ...outcome, entities: [{ detail }] }));
    if (filed === 'new')
      await tx.jobs.add({
        name: 'read-instance',
        payload: { instance: sopInstance },
        key: `read-instance:${sopInstance}`,
      });
    return filed;
  });
  log.info('Instance received', { sender: sender.client.name, sopInstance, study, filing, bytes: blob.size });
  return { ...receipts[filing], sopClass, sopInstance, study, series };
}

/** A refusal is audited when the database can: its failure is often the very reason of the refusal. */
export async function auditRefused(
  { store, now, log }: ReceiveOptions,
  sender: Sender,
  receipt: Receipt,
): Promise<void> {
  const { sopInstance, sopClass, status, lack } = receipt;
  const detail = { ...(sopInstance ? { instance: sopInstance } : {}), ...(sopClass ? { sopClass } : {}) };
  const outcome = lack || status.name === 'processingFailure' ? '8' : '4';
  const outcomeText = status.comment ?? status.name;
  const refusal = record(sender, now(), { type: 'dicom-refused', outcome, outcomeText, entities: [{ detail }] });
  await store.audit.append(refusal).catch((error: unknown) => {
    log.error('A refusal could not be audited', { sender: sender.client.name, error });
  });
}
