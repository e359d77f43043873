/** Content that came under the UID of another instance and waits for a person's decision. */
import type { Database } from '../store.ts';

export interface DicomConflict {
  readonly sopInstance: string;
  readonly digest: string;
  readonly blobKey: string;
  readonly size: number;
  readonly study: string;
  readonly series: string;
  readonly sender: string;
  readonly receivedAt: Date;
  readonly receivedCount: number;
}

/** Oldest first; of one instance when it is given. */
export async function listConflicts(db: Database, sopInstance?: string): Promise<DicomConflict[]> {
  return db.query<DicomConflict>({
    text: `SELECT sop_uid AS "sopInstance", digest, blob_key AS "blobKey", size::float8 AS size, study_uid AS study,
        series_uid AS series, sender, received_at AS "receivedAt", received_count AS "receivedCount"
      FROM dicom_conflict WHERE $1::text IS NULL OR sop_uid = $1 ORDER BY received_at, sop_uid, digest`,
    values: [sopInstance ?? null],
  });
}
