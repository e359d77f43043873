/**
 * A sign-in between its two factors. It is kept beside the provider's own state of the sign-in and names nobody in the
 * browser; no session exists before it is finished.
 */
import { createHash } from 'node:crypto';
import { findUser, type User } from '../../store/accounts/users.ts';
import { findHalfSignIn, saveHalfSignIn, takeHalfSignIn } from '../../store/factors/half-sign-ins.ts';
import type { Database } from '../../store/store.ts';

export interface HalfDone {
  readonly user: User;
  /** Methods so far, RFC 8176. */
  readonly amr: readonly string[];
  /** When the first factor was right. */
  readonly authTime: Date;
  /** Nothing is missing but that the person goes on. */
  readonly isDone: boolean;
}

/** From the password to the code. */
const halfSeconds = 300;
/** To write ten recovery codes down. */
const doneSeconds = 900;

const hashOf = (uid: string) => createHash('sha256').update(uid).digest('base64url');

export async function keepHalf(db: Database, uid: string, { user, ...half }: HalfDone): Promise<void> {
  const seconds = half.isDone ? doneSeconds : halfSeconds;
  await saveHalfSignIn(db, { ...half, hash: hashOf(uid), userId: user.id }, seconds);
}

/** Undefined when there is none, its five minutes are over, or the account is not ACTIVE any more. */
export async function halfOf(db: Database, uid: string): Promise<HalfDone | undefined> {
  const half = await findHalfSignIn(db, hashOf(uid));
  const user = half && (await findUser(db, half.userId));
  if (!half || user?.status !== 'ACTIVE') return undefined;
  const { amr, authTime, isDone } = half;
  return { user, amr, authTime, isDone };
}

/** Ends it; answers whether this call did. */
export async function endHalf(db: Database, uid: string): Promise<boolean> {
  return (await takeHalfSignIn(db, hashOf(uid))) !== undefined;
}

/** What challenges of a sign-in are bound to. */
export const ofSignIn = (uid: string) => `sign-in ${uid}`;
