/** A person who is signed in chooses another password: knows the old one, and is signed out everywhere else. */
import { createHash } from 'node:crypto';
import { countTry, forgetTries } from '../../store/accounts/attempts.ts';
import { endOtherSessions } from '../../store/accounts/browser-sessions.ts';
import type { User } from '../../store/accounts/users.ts';
import { administration } from '../actor.ts';
import { personAgent } from '../agents.ts';
import type { SignedIn } from '../browser-session.ts';
import type { Peer } from '../interaction/step.ts';
import { verifyPassword } from '../passwords.ts';
import { judgePassword, keepPassword, type PasswordDeps } from './new-password.ts';
import type { PasswordProblem } from './password-policy.ts';

export type ChangeResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'problem'; readonly problem: PasswordProblem };

/** Whoever sits at an open session guesses no more than at the door. */
const patience = { free: 5, longest: 900 };

const keyOf = ({ id }: User) => createHash('sha256').update(`password change\n${id}`).digest('base64url');

function recordOf(user: User, { address, requestId }: Peer, failure?: string) {
  const actor = { client: { name: 'LIVEDOC' }, user: personAgent(user), address };
  const record = administration(actor, { subtype: 'password-change', action: 'U' }, { user_id: user.id });
  const asked = requestId === undefined ? {} : { requestId };
  return { ...record, ...asked, ...(failure === undefined ? {} : { outcome: '4' as const, outcomeText: failure }) };
}

/** An account without a password has none to change, so that any is wrong. */
export async function changePassword(
  deps: PasswordDeps,
  { user, sessionUid }: Pick<SignedIn, 'user' | 'sessionUid'>,
  { current, next }: { readonly current: string; readonly next: string },
  peer: Peer,
): Promise<ChangeResult> {
  const { store, secret } = deps;
  const seconds = await countTry(store.db, keyOf(user), patience);
  if (seconds > 0) {
    await store.audit.append(recordOf(user, peer, 'too many tries'));
    return { kind: 'wait', seconds };
  }
  const { isRight } = await verifyPassword(secret.derive('pepper'), current, user.passwordHash);
  if (!isRight) {
    await store.audit.append(recordOf(user, peer, 'wrong password'));
    return { kind: 'wrong' };
  }
  const judged = await judgePassword(deps, user, next);
  // To compare with former passwords is work, which nobody orders without end.
  if (!('problem' in judged && judged.problem === 'reused')) await forgetTries(store.db, [keyOf(user)]);
  if ('problem' in judged) return { kind: 'problem', problem: judged.problem };
  await store.transaction(async (tx) => {
    await keepPassword(tx, user, judged.hash);
    await endOtherSessions(tx.db, user.id, sessionUid);
    await tx.audit.append(recordOf(user, peer));
  });
  return { kind: 'done' };
}
