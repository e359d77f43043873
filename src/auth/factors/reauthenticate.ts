/**
 * Asks who is signed in to prove it again, before something grave: the password, and the second factor where the account
 * has one. A key that has checked its owner by PIN, finger or face is proof enough alone.
 * https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html#reauthentication-after-risk-events
 */
import { findUser, type User } from '../../store/accounts/users.ts';
import { hasFactors } from '../../store/factors/factors.ts';
import { signIn } from '../sign-in.ts';
import { checkFactor, type Proof } from './check.ts';
import type { FactorDeps, FactorPeer } from './deps.ts';
import { factorRecord } from './factor-audit.ts';
import { withSecondFactor } from './methods.ts';

export interface Reproof {
  readonly password?: string | undefined;
  /** Of a device, or a recovery code. */
  readonly code?: string | undefined;
  /** What the browser answered for a key, as JSON; its challenge was made for this session. */
  readonly assertion?: string | undefined;
}

export type Reauthenticated =
  /** RFC 8176. */
  | { readonly kind: 'welcome'; readonly amr: readonly string[] }
  | { readonly kind: 'refused' }
  | { readonly kind: 'wait'; readonly seconds: number };

interface Session {
  readonly user: Pick<User, 'id'>;
  readonly sessionUid: string;
}

/** What challenges of a session are bound to. */
export const ofSession = (sessionUid: string) => `session ${sessionUid}`;

async function welcome(
  { store }: FactorDeps,
  user: User,
  amr: readonly string[],
  peer: FactorPeer,
): Promise<Reauthenticated> {
  const told = { type: 'login', subtype: 'reauthentication', action: 'E', outcome: '0' } as const;
  await store.audit.append(factorRecord(user, peer, told, { amr: amr.join(' ') }));
  return { kind: 'welcome', amr };
}

/** Limits and audit are those of a sign-in. The answer does not say which part was wrong. */
export async function reauthenticate(
  deps: FactorDeps,
  { user: { id }, sessionUid }: Session,
  { password = '', code, assertion }: Reproof,
  peer: FactorPeer,
): Promise<Reauthenticated> {
  const user = await findUser(deps.store.db, id);
  if (user?.status !== 'ACTIVE') return { kind: 'refused' };
  let second: Proof | undefined;
  if (await hasFactors(deps.store.db, id)) {
    // Only a key can be enough without the password: a code would be used up for nothing.
    if (password === '' && !assertion) return { kind: 'refused' };
    const tried = { user, boundTo: ofSession(sessionUid), code, assertion };
    const checked = await checkFactor(deps, tried, peer);
    if (checked.kind !== 'right') return checked;
    second = checked;
    if (second.isUserVerified) return welcome(deps, user, [second.method, 'mfa'], peer);
  }
  const first = await signIn(deps.store, deps.secret.derive('pepper'), { ...peer, email: user.email, password });
  if (first.kind !== 'welcome') return first;
  return welcome(deps, user, second ? withSecondFactor(['pwd'], second.method) : ['pwd'], peer);
}
