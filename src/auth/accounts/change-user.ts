/** An account changes: names, address, role, status. What it takes away ends at once, in every process. */
import type { Context } from '../../fhir/context.ts';
import { FhirError } from '../../shared/errors.ts';
import { endAll } from '../../store/accounts/browser-sessions.ts';
import {
  findUser,
  findUserByEmail,
  hasOtherAdministrator,
  type User,
  type UserRole,
  type UserStatus,
  updatePerson,
  updateRole,
  updateStatus,
} from '../../store/accounts/users.ts';
import { removeTokensByAccount } from '../../store/oidc/remove-artifacts.ts';
import type { Store } from '../../store/store.ts';
import { checkPerson, type DirectoryDeps } from '../accounts.ts';
import { type Actor, administration, commandActor } from '../actor.ts';
import { systemAccess } from '../system-access.ts';
import { followAccount } from './directory.ts';

export interface UserChanges {
  readonly email?: string | undefined;
  readonly nom?: string | undefined;
  readonly prenom?: string | undefined;
  readonly role?: UserRole | undefined;
  readonly status?: UserStatus | undefined;
}

/** An account by its id or its address. */
export type WhichUser = { readonly id: string } | { readonly email: string };

/** Throws FhirError `notFound`. */
export async function demandUser(store: Store, which: WhichUser): Promise<User> {
  const user = 'id' in which ? await findUser(store.db, which.id) : await findUserByEmail(store.db, which.email.trim());
  if (user) return user;
  throw new FhirError(
    'notFound',
    'id' in which ? `There is no account ${which.id}.` : `${which.email} has no account.`,
  );
}

function changed(user: User, { email, nom, prenom, role, status }: UserChanges): User {
  return {
    ...user,
    email: email?.trim().toLowerCase() ?? user.email,
    nom: nom?.trim() ?? user.nom,
    prenom: prenom?.trim() ?? user.prenom,
    role: role ?? user.role,
    status: status ?? user.status,
  };
}

const administrates = ({ role, status }: User) => role === 'ADMINISTRATEUR' && status === 'ACTIVE';

/** Somebody has to be left who can let people in. */
async function demandAdministrator(tx: Store, before: User, after: User): Promise<void> {
  if (!administrates(before) || administrates(after) || (await hasOtherAdministrator(tx.db, before.id))) return;
  throw new FhirError('conflict', `${before.email} is the last active administrator.`);
}

async function demandFreeEmail(tx: Store, before: User, after: User): Promise<void> {
  if (before.email === after.email) return;
  await tx.lock([`user ${after.email}`]);
  if (await findUserByEmail(tx.db, after.email)) {
    throw new FhirError('conflict', `${after.email} has an account already.`);
  }
}

async function write(tx: Store, before: User, after: User): Promise<void> {
  if (before.email !== after.email || before.nom !== after.nom || before.prenom !== after.prenom) {
    await updatePerson(tx.db, before.id, after);
  }
  if (before.role !== after.role) await updateRole(tx.db, before.id, after.role);
  // Tokens of a sign-in with one factor must not turn into an administrator's: the next request for some asks for the other.
  if (before.role !== after.role && after.role === 'ADMINISTRATEUR') await removeTokensByAccount(tx.db, before.id);
  if (before.status === after.status) return;
  await updateStatus(tx.db, before.id, after.status);
  // Coming back, too: what was on its way when the account was closed must not come alive with it.
  await endAll(tx.db, before.id);
}

/** One event for each kind of change, named as the trail's readers look for it. */
async function tell(tx: Store, before: User, after: User, actor: Actor): Promise<void> {
  const kinds = {
    'user-role': ['role'],
    'user-status': ['status'],
    'user-update': ['email', 'nom', 'prenom'],
  } as const;
  for (const [subtype, names] of Object.entries(kinds)) {
    const news = names.filter((name) => before[name] !== after[name]);
    if (news.length === 0) continue;
    const detail = Object.fromEntries(
      news.flatMap((name) => [
        [name, after[name]],
        [`${name}_before`, before[name]],
      ]),
    );
    await tx.audit.append(administration(actor, { subtype, action: 'U' }, { user_id: before.id, ...detail }));
  }
}

/**
 * Changes the account and, with it, its Practitioner and PractitionerRole. A status other than ACTIVE ends all sessions,
 * tokens and sign-ins under way. Throws FhirError `notFound`, `unprocessable` (address, names), `conflict` (the address has
 * another account, or nobody would be left to administrate).
 */
export async function changeUser(
  deps: DirectoryDeps,
  which: WhichUser,
  changes: UserChanges,
  actor: Actor,
): Promise<User> {
  return deps.store.transaction(async (tx) => {
    // Two administrators who shut each other out at once must not both succeed.
    if (changes.role !== undefined || changes.status !== undefined) await tx.lock(['administrators']);
    const before = await demandUser(tx, which);
    const after = changed(before, changes);
    checkPerson(after);
    await demandFreeEmail(tx, before, after);
    await demandAdministrator(tx, before, after);
    await write(tx, before, after);
    const { validate, integrity, now, base, log } = deps;
    const access = { ...systemAccess(actor.client.name), caller: actor };
    const context: Context = { store: tx, access, validate, integrity, now, base, log };
    await followAccount(context, before, after);
    await tell(tx, before, after, actor);
    return after;
  });
}

/** The status alone. Throws as `changeUser`. */
export async function setUserStatus(
  deps: DirectoryDeps,
  { email, status }: { readonly email: string; readonly status: UserStatus },
  actor: Actor = commandActor('user status'),
): Promise<void> {
  await changeUser(deps, { email }, { status }, actor);
}
