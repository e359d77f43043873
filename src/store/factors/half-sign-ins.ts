/** Sign-ins whose first factor was right and whose second is to come. */
import type { Database } from '../store.ts';

export interface HalfSignIn {
  /** SHA-256 of the interaction's uid, base64url. */
  readonly hash: string;
  readonly userId: string;
  /** Methods so far, RFC 8176. */
  readonly amr: readonly string[];
  /** When the first factor was right. */
  readonly authTime: Date;
  /** The second was right too; the person is reading the recovery codes. */
  readonly isDone: boolean;
}

/** Puts it in the place of an earlier one of the same sign-in. */
export async function saveHalfSignIn(db: Database, half: HalfSignIn, seconds: number): Promise<void> {
  await db.query({
    text: `insert into half_sign_in as h (interaction_hash, user_id, amr, auth_time, is_done, expires_at)
      values ($1, $2, $3, $4, $5, now() + $6::float8 * interval '1 second')
      on conflict (interaction_hash) do update set
        user_id = excluded.user_id, amr = excluded.amr, auth_time = excluded.auth_time, is_done = excluded.is_done,
        expires_at = excluded.expires_at`,
    values: [half.hash, half.userId, half.amr, half.authTime, half.isDone, seconds],
  });
}

const columns = `interaction_hash as hash, user_id as "userId", amr, auth_time as "authTime", is_done as "isDone"`;

/** Undefined when there is none or its time is over. */
export async function findHalfSignIn(db: Database, hash: string): Promise<HalfSignIn | undefined> {
  const [row] = await db.query<HalfSignIn>({
    text: `select ${columns} from half_sign_in where interaction_hash = $1 and expires_at > now()`,
    values: [hash],
  });
  return row;
}

/** Takes it away, answering it to the one call that did. */
export async function takeHalfSignIn(db: Database, hash: string): Promise<HalfSignIn | undefined> {
  const [row] = await db.query<HalfSignIn>({
    text: `delete from half_sign_in where interaction_hash = $1 and expires_at > now() returning ${columns}`,
    values: [hash],
  });
  return row;
}
