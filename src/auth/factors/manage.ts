/** What a person has as second factor, and how it is taken away: by themselves, or by an administrator when all is lost. */
import { FhirError } from '../../shared/errors.ts';
import { findUser, findUserByEmail, type User } from '../../store/accounts/users.ts';
import { hasFactors as hasAny, listFactors, removeAllFactors, removeFactor } from '../../store/factors/factors.ts';
import { countRecoveryCodes } from '../../store/factors/recovery-codes.ts';
import { removeByAccount } from '../../store/oidc/remove-artifacts.ts';
import type { Store } from '../../store/store.ts';
import { type Actor, administration } from '../actor.ts';
import type { FactorDeps, FactorPeer } from './deps.ts';
import { renewCodes } from './enrol.ts';
import { factorRecord } from './factor-audit.ts';
import { authenticationOptions } from './webauthn.ts';

interface FactorView {
  readonly id: string;
  readonly kind: 'totp' | 'webauthn';
  readonly name: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

export interface FactorsView {
  readonly factors: readonly FactorView[];
  /** Recovery codes that are left; undefined when none were ever made. */
  readonly codesLeft: number | undefined;
  /** The person's role cannot do without. */
  readonly isMandatory: boolean;
}

/** From so few recovery codes on, their owner is told to make new ones. */
export const fewCodes = 3;

async function listOf(store: Store, userId: string): Promise<Omit<FactorsView, 'isMandatory'>> {
  const factors = await listFactors(store.db, userId);
  return {
    factors: factors.map(({ id, kind, name, createdAt, lastUsedAt }) => ({ id, kind, name, createdAt, lastUsedAt })),
    codesLeft: await countRecoveryCodes(store.db, userId),
  };
}

export async function factorsOf({ store, roles }: FactorDeps, user: User): Promise<FactorsView> {
  return { ...(await listOf(store, user.id)), isMandatory: roles.includes(user.role) };
}

/** What of the account can be asked for; the options are for `navigator.credentials.get`, as JSON. */
export interface Askable {
  readonly hasDevice: boolean;
  readonly keyOptions: string | undefined;
}

/** What a page may ask of a person; a challenge for their keys is made and bound to the session or sign-in. */
export async function askable({ store, rp }: FactorDeps, user: User, boundTo: string): Promise<Askable> {
  const factors = await listFactors(store.db, user.id);
  const keys = factors.filter((factor) => factor.kind === 'webauthn');
  return {
    hasDevice: factors.length > keys.length,
    keyOptions: keys.length > 0 ? await authenticationOptions(store.db, rp, { user, boundTo }, keys) : undefined,
  };
}

/** Whether the account signs in with two factors: it has one, or its role has to. */
export async function needsSecondFactor(
  { store, roles }: Pick<FactorDeps, 'store' | 'roles'>,
  user: Pick<User, 'id' | 'role'>,
): Promise<boolean> {
  return roles.includes(user.role) || hasAny(store.db, user.id);
}

export function hasFactors({ store }: Pick<FactorDeps, 'store'>, { id }: Pick<User, 'id'>): Promise<boolean> {
  return hasAny(store.db, id);
}

/** Throws FhirError `notFound`, or `conflict` for the last one of somebody who cannot do without. */
export async function dropFactor(deps: FactorDeps, user: User, id: string, peer: FactorPeer): Promise<void> {
  await deps.store.transaction(async (tx) => {
    await tx.lock([`factors ${user.id}`]);
    if (!(await removeFactor(tx.db, user.id, id))) throw new FhirError('notFound', 'There is no such second factor.');
    if (!(await hasAny(tx.db, user.id))) {
      if (deps.roles.includes(user.role)) {
        throw new FhirError('conflict', 'Your role needs a second factor: add another one before you remove the last.');
      }
      // Recovery codes stand for a factor; without one they would be a factor of their own.
      await removeAllFactors(tx.db, user.id);
    }
    const told = { type: 'administration', subtype: 'factor-remove', action: 'D', outcome: '0' } as const;
    await tx.audit.append(factorRecord(user, peer, told, { factor_id: id }));
  });
}

/** Ten new recovery codes; the old ones are good no more. Throws FhirError `conflict` where there is no factor to stand in for. */
export async function newCodes(deps: FactorDeps, user: User, peer: FactorPeer): Promise<readonly string[]> {
  return deps.store.transaction(async (tx) => {
    await tx.lock([`factors ${user.id}`]);
    if (await hasAny(tx.db, user.id)) return renewCodes(deps, tx, user, peer);
    throw new FhirError('conflict', 'Recovery codes stand in for a second factor: add one first.');
  });
}

async function userOf(tx: Store, id: string): Promise<User> {
  const user = await findUser(tx.db, id);
  if (!user) throw new FhirError('notFound', 'There is no such account.');
  return user;
}

/** What an account has, for an administrator; the look is in the audit trail. Throws FhirError `notFound`. */
export async function showFactors(store: Store, id: string, actor: Actor): Promise<Omit<FactorsView, 'isMandatory'>> {
  const user = await userOf(store, id);
  await store.audit.append(administration(actor, { subtype: 'factor-list', action: 'R' }, { user_id: user.id }));
  return listOf(store, user.id);
}

async function reset(tx: Store, user: User, actor: Actor): Promise<number> {
  // With an administrator's token alone, their own sign-in would come down to the password.
  if (actor.user?.reference === `Practitioner/${user.practitionerId}`) {
    throw new FhirError('conflict', 'Your own second factor is reset by another administrator.');
  }
  await tx.lock([`factors ${user.id}`]);
  const removed = await removeAllFactors(tx.db, user.id);
  await removeByAccount(tx.db, user.id);
  const deed = { subtype: 'factor-reset', action: 'D' } as const;
  await tx.audit.append(administration(actor, deed, { user_id: user.id, factors: String(removed) }));
  return removed;
}

/**
 * Takes every factor and recovery code of an account away and ends its sessions and tokens; where its role needs a second
 * factor, the next sign-in asks for a new one. Answers how many factors there were. Throws FhirError `notFound`, `conflict`
 * for one's own account.
 */
export function resetFactors(store: Store, id: string, actor: Actor): Promise<number> {
  return store.transaction(async (tx) => reset(tx, await userOf(tx, id), actor));
}

/** The same, by email. */
export function resetFactorsByEmail(store: Store, email: string, actor: Actor): Promise<number> {
  return store.transaction(async (tx) => {
    const user = await findUserByEmail(tx.db, email.trim());
    if (!user) throw new FhirError('notFound', `${email} has no account.`);
    return reset(tx, user, actor);
  });
}
