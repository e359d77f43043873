/** Which blobs some row names: the others of a sweep are orphans. */
import type { Database } from '../store.ts';

export async function namedBlobs(db: Database, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ key: string }>({
    text: `SELECT blob_key AS key FROM dicom_instance WHERE blob_key = ANY($1)
      UNION SELECT blob_key FROM dicom_conflict WHERE blob_key = ANY($1)`,
    values: [keys],
  });
  return new Set(rows.map((row) => row.key));
}
