/** Files a received instance in one round trip: study, series and instance, or one more receipt of it, or other content under its UID. */
import type { Database } from '../store.ts';

export interface FiledInstance {
  readonly sopInstance: string;
  readonly study: string;
  readonly series: string;
  readonly modality?: string;
  readonly sopClass: string;
  readonly transferSyntax: string;
  /** SHA-256 that is the same for the same data set in the same encoding, whoever sent it. */
  readonly digest: string;
  readonly blobKey: string;
  readonly size: number;
  readonly route: 'DIMSE' | 'STOW-RS';
  /** Calling AE title or client. */
  readonly sender: string;
  readonly receivedAt: Date;
}

/** `conflict`: the UID has other content already, which stays; this one is in dicom_conflict. */
export type Filing = 'new' | 'duplicate' | 'conflict';

// Whoever comes second under one UID waits at its primary key until the first has committed, and then sees its digest.
// A row that was inserted has no xmax; one that was only updated has ours.
const text = `WITH study AS (
    INSERT INTO dicom_study (study_uid, received_at) VALUES ($2, $12) ON CONFLICT DO NOTHING
  ), series AS (
    INSERT INTO dicom_series (study_uid, series_uid, modality, received_at) VALUES ($2, $3, $4, $12) ON CONFLICT DO NOTHING
  ), instance AS (
    INSERT INTO dicom_instance (sop_uid, study_uid, series_uid, sop_class, transfer_syntax, digest, blob_key, size, route,
      sender, received_at, last_received)
    VALUES ($1, $2, $3, $5, $6, $7, $8, $9, $10, $11, $12, $12)
    ON CONFLICT (sop_uid) DO UPDATE
      SET received_count = dicom_instance.received_count + 1, last_received = EXCLUDED.last_received
      WHERE dicom_instance.digest = EXCLUDED.digest
    RETURNING CASE WHEN xmax = 0 THEN 'new' ELSE 'duplicate' END AS filing
  ), conflict AS (
    INSERT INTO dicom_conflict (sop_uid, digest, blob_key, size, study_uid, series_uid, sop_class, transfer_syntax, route,
      sender, received_at)
    SELECT $1, $7, $8, $9, $2, $3, $5, $6, $10, $11, $12 WHERE NOT EXISTS (SELECT FROM instance)
    ON CONFLICT (sop_uid, digest) DO UPDATE SET received_count = dicom_conflict.received_count + 1
    RETURNING 'conflict' AS filing
  )
  SELECT filing FROM instance UNION ALL SELECT filing FROM conflict`;

export async function fileInstance(db: Database, instance: FiledInstance): Promise<Filing> {
  const [row] = await db.query<{ filing: Filing }>({
    name: 'file-instance',
    text,
    values: [
      instance.sopInstance,
      instance.study,
      instance.series,
      instance.modality ?? null,
      instance.sopClass,
      instance.transferSyntax,
      instance.digest,
      instance.blobKey,
      instance.size,
      instance.route,
      instance.sender,
      instance.receivedAt,
    ],
  });
  return row?.filing ?? 'conflict';
}
