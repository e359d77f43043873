/** The passwords of a person, as hashes: the one in use, and those before it. */
import type { Database } from '../store.ts';

/** The last `count` that are in use no more, the newest first. */
export async function formerPasswords(db: Database, userId: string, count: number): Promise<readonly string[]> {
  const rows = await db.query<{ hash: string }>({
    text: `select password_hash as hash from former_password where user_id = $1::uuid order by set_at desc limit $2`,
    values: [userId, count],
  });
  return rows.map(({ hash }) => hash);
}

/** The one in use becomes a former one; of these the last `keep` stay. What was asked of administrators is answered. */
export async function setPassword(db: Database, userId: string, hash: string, keep: number): Promise<void> {
  await db.query({
    text: `insert into former_password (user_id, set_at, password_hash)
      select id, clock_timestamp(), password_hash from users where id = $1::uuid and password_hash is not null`,
    values: [userId],
  });
  await db.query({
    text: `delete from former_password where user_id = $1::uuid and set_at not in
      (select set_at from former_password where user_id = $1::uuid order by set_at desc limit $2)`,
    values: [userId, keep],
  });
  await db.query({
    text: 'update users set password_hash = $2, reset_asked_at = null, updated_at = now() where id = $1::uuid',
    values: [userId, hash],
  });
}

/** Notes that the person asks for a new password. The statement is the same whether or not there is such an account. */
export async function noteResetAsked(db: Database, email: string): Promise<string | undefined> {
  const [row] = await db.query<{ id: string }>({
    text: "update users set reset_asked_at = now() where email = $1 and status = 'ACTIVE' returning id::text",
    values: [email.toLowerCase()],
  });
  return row?.id;
}
