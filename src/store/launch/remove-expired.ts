/** Takes launches away that are over. */
import type { Database } from '../store.ts';

/** A handle is kept for as long as a sign-in that it was brought to may last. */
const handleHours = 2;

/** Removes what has expired, at most `limit` rows of each kind; answers how many. */
export async function removeExpiredLaunches(db: Database, limit: number): Promise<number> {
  const handles = await db.query({
    text: `delete from launch_handle where id_hash in (select id_hash from launch_handle
      where expires_at < now() - $2::double precision * interval '1 hour' limit $1 for update skip locked) returning 1`,
    values: [limit, handleHours],
  });
  const contexts = await db.query({
    text: `delete from launch_context where grant_id in (select grant_id from launch_context
      where expires_at < now() limit $1 for update skip locked) returning 1`,
    values: [limit],
  });
  return Math.max(handles.length, contexts.length);
}
