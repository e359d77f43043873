/** What keys have been asked to sign; each is good for one answer. */
import type { Database } from '../store.ts';

export interface Challenge {
  /** SHA-256 of the challenge, base64url. */
  readonly hash: string;
  readonly userId: string;
  /** What the answer is for, and in which session or sign-in. */
  readonly purpose: string;
}

export async function saveChallenge(db: Database, challenge: Challenge, seconds: number): Promise<void> {
  await db.query({
    text: `insert into factor_challenge (challenge_hash, user_id, purpose, expires_at)
      values ($1, $2, $3, now() + $4::float8 * interval '1 second')`,
    values: [challenge.hash, challenge.userId, challenge.purpose, seconds],
  });
}

/** Answers whether it was asked, for this, of this person, lately, and not answered before: at most once. */
export async function takeChallenge(db: Database, { hash, userId, purpose }: Challenge): Promise<boolean> {
  const rows = await db.query({
    text: `delete from factor_challenge
      where challenge_hash = $1 and user_id::text = $2 and purpose = $3 and expires_at > now() returning 1`,
    values: [hash, userId, purpose],
  });
  return rows.length === 1;
}

/** Removes challenges and half-done sign-ins whose time is over. */
export async function removeOldFactorState(db: Database): Promise<void> {
  await db.query({ text: 'delete from factor_challenge where expires_at < now()' });
  await db.query({ text: 'delete from half_sign_in where expires_at < now()' });
}
