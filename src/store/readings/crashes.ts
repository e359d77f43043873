/** Counts how often reading an image with a model took the reading process down. */
import type { Database } from '../store.ts';

/** What is read at most once: an image, by a model, at a threshold. */
export interface ReadingKey {
  readonly sopUid: string;
  readonly modelSha256: string;
  readonly threshold: string;
}

/** Notes one more crash and returns how many there were. */
export async function countCrash(db: Database, key: ReadingKey, reason: string): Promise<number> {
  const [row] = await db.query<{ crashes: number }>({
    text: `INSERT INTO reading_crash (sop_uid, model_sha256, threshold, last_reason) VALUES ($1, $2, $3, $4)
      ON CONFLICT (sop_uid, model_sha256, threshold) DO UPDATE
        SET crashes = reading_crash.crashes + 1, last_reason = EXCLUDED.last_reason, last_at = now()
      RETURNING crashes`,
    values: [key.sopUid, key.modelSha256, key.threshold, reason],
  });
  return row?.crashes ?? 1;
}
