/** Recovery codes, as keyed hashes. */
import type { Database } from '../store.ts';

/** Puts these in the place of whatever codes the account had. */
export async function replaceRecoveryCodes(db: Database, userId: string, hashes: readonly string[]): Promise<void> {
  await db.query({ text: 'delete from recovery_code where user_id::text = $1', values: [userId] });
  await db.query({
    text: 'insert into recovery_code (user_id, code_hash) select $1::uuid, unnest($2::text[])',
    values: [userId, hashes],
  });
}

/** Answers whether this call used the code: of many at once, in any number of processes, exactly one does. */
export async function takeRecoveryCode(db: Database, userId: string, hash: string): Promise<boolean> {
  const rows = await db.query({
    text: `update recovery_code set used_at = now()
      where user_id::text = $1 and code_hash = $2 and used_at is null returning 1`,
    values: [userId, hash],
  });
  return rows.length === 1;
}

/** How many are left; undefined when the account never had any. */
export async function countRecoveryCodes(db: Database, userId: string): Promise<number | undefined> {
  const [row] = await db.query<{ all: number; left: number }>({
    text: `select count(*)::int as "all", count(*) filter (where used_at is null)::int as "left"
      from recovery_code where user_id::text = $1`,
    values: [userId],
  });
  return row && row.all > 0 ? row.left : undefined;
}
