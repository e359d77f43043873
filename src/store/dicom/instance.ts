/** A received instance and how far its reading is. */
import type { Database } from '../store.ts';

export interface DicomInstance {
  readonly sopInstance: string;
  readonly study: string;
  readonly series: string;
  readonly modality: string | null;
  readonly sopClass: string;
  readonly transferSyntax: string;
  readonly digest: string;
  readonly blobKey: string;
  readonly size: number;
  readonly route: 'DIMSE' | 'STOW-RS';
  readonly sender: string;
  readonly receivedAt: Date;
  readonly receivedCount: number;
  readonly state: 'received' | 'read' | 'failed' | 'rejected';
  readonly tries: number;
  /** `DiagnosticReport/...` */
  readonly report: string | null;
  readonly reason: string | null;
  readonly readAt: Date | null;
}

const columns = `sop_uid AS "sopInstance", study_uid AS study, series_uid AS series, modality, sop_class AS "sopClass",
  transfer_syntax AS "transferSyntax", digest, blob_key AS "blobKey", size::float8 AS size, route, sender,
  i.received_at AS "receivedAt", received_count AS "receivedCount", state, tries, report, reason, read_at AS "readAt"
  FROM dicom_instance i JOIN dicom_series s USING (study_uid, series_uid)`;

export async function findInstance(db: Database, sopInstance: string): Promise<DicomInstance | undefined> {
  const [row] = await db.query<DicomInstance>({
    name: 'find-instance',
    text: `SELECT ${columns} WHERE sop_uid = $1`,
    values: [sopInstance],
  });
  return row;
}

/** Every instance of a study, in order of arrival. */
export async function listStudy(db: Database, study: string): Promise<DicomInstance[]> {
  return db.query<DicomInstance>({
    name: 'list-study',
    text: `SELECT ${columns} WHERE study_uid = $1 ORDER BY i.received_at, sop_uid`,
    values: [study],
  });
}

/** The oldest instances in a state: what waits, what failed. */
export async function listInstances(
  db: Database,
  { state, limit }: { readonly state: DicomInstance['state']; readonly limit: number },
): Promise<DicomInstance[]> {
  return db.query<DicomInstance>({
    text: `SELECT ${columns} WHERE state = $1 ORDER BY i.received_at, sop_uid LIMIT $2`,
    values: [state, limit],
  });
}
