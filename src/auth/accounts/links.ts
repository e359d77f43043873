/**
 * Links of one use with which a person chooses a password: an invitation, or after a password was forgotten. The server
 * sends no mail; who asked for the link hands it over.
 * https://cheatsheetseries.owasp.org/cheatsheets/Forgot_Password_Cheat_Sheet.html
 */
import { createHash, randomBytes } from 'node:crypto';
import { FhirError } from '../../shared/errors.ts';
import { countTry } from '../../store/accounts/attempts.ts';
import { endAll } from '../../store/accounts/browser-sessions.ts';
import { noteResetAsked } from '../../store/accounts/former-passwords.ts';
import { findLink, type LinkPurpose, saveLink, takeLink } from '../../store/accounts/links.ts';
import { findUser, type User } from '../../store/accounts/users.ts';
import { type AddedUser, addUserWithoutPassword, type DirectoryDeps, type NewUser } from '../accounts.ts';
import { type Actor, administration } from '../actor.ts';
import { personAgent } from '../agents.ts';
import type { Peer } from '../interaction/step.ts';
import { demandUser, type WhichUser } from './change-user.ts';
import { judgePassword, keepPassword, type PasswordDeps } from './new-password.ts';
import type { PasswordProblem } from './password-policy.ts';

/** A new colleague may be away for a weekend; who has forgotten is waiting. */
const hours: Readonly<Record<LinkPurpose, number>> = { invitation: 72, reset: 24 };

/** Each try may be compared with six former passwords, which is work to order. */
const patience = { free: 20, longest: 60 };

/** Path of the page that a link opens; its parameter `link` is not part of paths, so no log has it. */
export const passwordPath = '/password';

export interface IssuedLink {
  /** To be shown once: the database has a hash of what is in it. */
  readonly url: string;
  readonly expires: Date;
  readonly purpose: LinkPurpose;
}

const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url');

/**
 * Makes a link for the account; those that were made before and not used are void. Throws FhirError `notFound`, `conflict`
 * for an account that is not ACTIVE.
 */
export async function issueLink(
  deps: Pick<DirectoryDeps, 'store' | 'base'>,
  which: WhichUser,
  actor: Actor,
): Promise<IssuedLink> {
  const token = randomBytes(32).toString('base64url');
  return deps.store.transaction(async (tx) => {
    const user = await demandUser(tx, which);
    if (user.status !== 'ACTIVE') throw new FhirError('conflict', `The account ${user.email} is ${user.status}.`);
    const purpose = user.passwordHash === null ? 'invitation' : 'reset';
    const link = { userId: user.id, purpose, tokenHash: hashOf(token), hours: hours[purpose] } as const;
    const expires = await saveLink(tx.db, link);
    const subtype = purpose === 'reset' ? 'password-reset' : 'user-invite';
    await tx.audit.append(administration(actor, { subtype, action: 'E' }, { user_id: user.id, email: user.email }));
    const url = new URL(passwordPath, deps.base);
    url.searchParams.set('link', token);
    return { url: url.href, expires, purpose };
  });
}

/** Creates the account and the link with which its owner chooses a password. Throws as `addUser`. */
export async function inviteUser(
  deps: DirectoryDeps,
  user: Omit<NewUser, 'password'>,
  actor: Actor,
): Promise<AddedUser & IssuedLink> {
  return deps.store.transaction(async (tx) => {
    const inner = { ...deps, store: tx };
    const added = await addUserWithoutPassword(inner, user, actor);
    return { ...added, ...(await issueLink(inner, { id: added.id }, actor)) };
  });
}

export interface OpenLink {
  readonly user: User;
  readonly purpose: LinkPurpose;
}

const isPossible = (token: string) => /^[A-Za-z0-9_-]{43}$/.test(token);

/** Whose link it is; undefined for one that is unknown, used, too old, or of an account that is not ACTIVE. */
export async function openLink({ store }: PasswordDeps, token: string): Promise<OpenLink | undefined> {
  const link = isPossible(token) ? await findLink(store.db, hashOf(token)) : undefined;
  const user = link && (await findUser(store.db, link.userId));
  return user?.status === 'ACTIVE' ? { user, purpose: link?.purpose ?? 'reset' } : undefined;
}

export type LinkResult =
  | { readonly kind: 'done' }
  /** It opens nothing (any more). */
  | { readonly kind: 'gone' }
  /** Too many refused passwords: seconds to wait. */
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'problem'; readonly problem: PasswordProblem };

const ownActor = (user: User, { address, requestId }: Peer): Actor => ({
  client: { name: 'LIVEDOC' },
  user: personAgent(user),
  address,
  ...(requestId === undefined ? {} : { requestId }),
});

/** Sets the password that the person chose and ends everything that was open. A refused password leaves the link good. */
export async function acceptLink(
  deps: PasswordDeps,
  { token, password }: { readonly token: string; readonly password: string },
  peer: Peer,
): Promise<LinkResult> {
  const open = await openLink(deps, token);
  if (!open) return { kind: 'gone' };
  const seconds = await countTry(deps.store.db, hashOf(`try ${token}`), patience);
  if (seconds > 0) return { kind: 'wait', seconds };
  const judged = await judgePassword(deps, open.user, password);
  if ('problem' in judged) return { kind: 'problem', problem: judged.problem };
  return deps.store.transaction(async (tx) => {
    // Before anything is written: of two that come at once one takes it.
    if (!(await takeLink(tx.db, hashOf(token)))) return { kind: 'gone' };
    await keepPassword(tx, open.user, judged.hash);
    await endAll(tx.db, open.user.id);
    const detail = { user_id: open.user.id, by: open.purpose };
    const deed = { subtype: 'password-set', action: 'U' } as const;
    await tx.audit.append(administration(ownActor(open.user, peer), deed, detail));
    return { kind: 'done' };
  });
}

/**
 * A person has forgotten the password: administrators see it beside the account and make a link. Nothing tells whether there
 * is such an account.
 */
export async function askReset({ store }: PasswordDeps, email: string, peer: Peer): Promise<void> {
  await store.transaction(async (tx) => {
    const id = await noteResetAsked(tx.db, email.trim());
    const user = await findUser(tx.db, id ?? '');
    const actor = { client: { name: 'LIVEDOC' }, address: peer.address };
    const told = administration(actor, { subtype: 'password-reset-asked', action: 'E' }, id ? { user_id: id } : {});
    await tx.audit.append({
      ...told,
      ...(user ? { user: personAgent(user) } : { outcome: '4', outcomeText: 'there is no such active account' }),
      ...(peer.requestId === undefined ? {} : { requestId: peer.requestId }),
    });
  });
}
