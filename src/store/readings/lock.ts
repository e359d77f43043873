/** Makes transactions that create the same things (a patient, a study, a model) go one after the other. */
import type { Database } from '../store.ts';

/** Waits until no other transaction holds any of the keys; they are held until this transaction ends. */
export async function lock(db: Database, keys: readonly string[]): Promise<void> {
  // All sessions take them in one order, so that no two wait for each other.
  await db.query({
    name: 'lock-keys',
    text: `SELECT pg_advisory_xact_lock(key) FROM
      (SELECT DISTINCT hashtextextended(name, 0) AS key FROM unnest($1::text[]) AS name ORDER BY key) AS ordered`,
    values: [keys],
  });
}
