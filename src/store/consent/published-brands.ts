/** Since when the published brands are what they are, the same for every process. */
import type { Database } from '../store.ts';

/** Notes the hash of what is published; answers when it became that. */
export async function publishedSince(db: Database, hash: string): Promise<Date> {
  const [row] = await db.query<{ changedAt: Date }>({
    text: `insert into published_brands (hash, changed_at) values ($1, now())
      on conflict (id) do update set hash = excluded.hash,
        changed_at = case when published_brands.hash = excluded.hash then published_brands.changed_at else now() end
      returning changed_at as "changedAt"`,
    values: [hash],
  });
  if (!row) throw new Error('The publication was not noted.');
  return row.changedAt;
}
