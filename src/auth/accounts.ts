/** Accounts: a row of `users` for the sign-in, a Practitioner and a PractitionerRole for the person; always together. */
import { randomBytes } from 'node:crypto';
import type { Practitioner, PractitionerRole } from '@medplum/fhirtypes';
import type { Context } from '../fhir/context.ts';
import { create } from '../fhir/interactions/create.ts';
import { bodyOf } from '../fhir/json/body.ts';
import { FhirError } from '../shared/errors.ts';
import { newId } from '../shared/id.ts';
import { findUserByEmail, hasUsers, insertUser, type UserRole } from '../store/accounts/users.ts';
import type { Store } from '../store/store.ts';
import { practitionerOf, roleOf } from './accounts/directory.ts';
import { passwordProblem, problemError } from './accounts/password-policy.ts';
import { type Actor, administration } from './actor.ts';
import { hashPassword } from './passwords.ts';
import type { Secret } from './secret.ts';
import { systemAccess } from './system-access.ts';

export interface NewUser {
  readonly email: string;
  readonly role: UserRole;
  readonly nom: string;
  readonly prenom: string;
  /** Without one, the person comes by an invitation or by another identity provider. */
  readonly password?: string | undefined;
}

/** What accounts are changed with, as long as no password is. */
export interface DirectoryDeps extends Pick<Context, 'validate' | 'integrity' | 'now' | 'base' | 'log'> {
  readonly store: Store;
}

export interface AccountDeps extends DirectoryDeps {
  readonly secret: Secret;
}

const workEmail = /^[^\s@]+@[^\s@]+$/;

/** Throws FhirError `unprocessable` for names or an address that no account may have. */
export function checkPerson({ email, nom, prenom }: Pick<NewUser, 'email' | 'nom' | 'prenom'>): void {
  const isAddress = email.length <= 254 && workEmail.test(email);
  if (!isAddress) throw new FhirError('unprocessable', `${JSON.stringify(email)} is not an email address.`);
  const isNamed = [nom, prenom].every((name) => name.trim() !== '' && name.length <= 200);
  if (!isNamed) throw new FhirError('unprocessable', 'nom and prenom are needed, of 200 characters at most.');
}

async function hashFor({ secret }: AccountDeps, user: NewUser): Promise<string | null> {
  if (user.password === undefined) return null;
  const problem = await passwordProblem(user.password, user);
  if (problem) throw problemError(problem);
  return hashPassword(secret.derive('pepper'), user.password);
}

async function createdId(context: Context, resource: Practitioner | PractitionerRole): Promise<string> {
  const { version } = await create(context, { type: resource.resourceType, body: bodyOf(resource) });
  if (!version) throw new Error(`Creating a ${resource.resourceType} gave no version.`);
  return version.id;
}

export interface AddedUser {
  readonly id: string;
  readonly practitionerId: string;
}

async function insert(
  deps: DirectoryDeps,
  given: NewUser,
  { passwordHash, by }: { readonly passwordHash: string | null; readonly by: Actor },
): Promise<AddedUser> {
  const id = newId();
  return deps.store.transaction(async (tx) => {
    await tx.lock([`user ${given.email}`]);
    if (await findUserByEmail(tx.db, given.email)) {
      throw new FhirError('conflict', `${given.email} has an account already.`);
    }
    const { validate, integrity, now, base, log } = deps;
    const access = { ...systemAccess(by.client.name), caller: by };
    const context: Context = { store: tx, access, validate, integrity, now, base, log };
    const practitionerId = await createdId(context, practitionerOf(given));
    await createdId(context, roleOf(given, practitionerId));
    const { email, role, nom, prenom } = given;
    await insertUser(tx.db, { id, email, passwordHash, nom, prenom, role, status: 'ACTIVE', practitionerId });
    await tx.audit.append(administration(by, { subtype: 'user-add', action: 'C' }, { user_id: id, email, role }));
    return { id, practitionerId };
  });
}

function trimmed<T extends Omit<NewUser, 'password'>>(user: T): T {
  const given = { ...user, email: user.email.trim().toLowerCase(), nom: user.nom.trim(), prenom: user.prenom.trim() };
  checkPerson(given);
  return given;
}

/**
 * Creates the account, its Practitioner and its PractitionerRole, all or nothing. `actor` is who the audit trail names: a
 * text is a program of the server's own. Without a password, nobody signs in with one until a link gives it.
 * Throws FhirError `unprocessable` (email, names, password) or `conflict` (the email has an account).
 */
export async function addUser(
  deps: AccountDeps,
  user: NewUser,
  actor: Actor | string = 'livedoc user add',
): Promise<AddedUser> {
  const by = typeof actor === 'string' ? { client: { name: actor } } : actor;
  const given = trimmed(user);
  return insert(deps, given, { passwordHash: await hashFor(deps, given), by });
}

/** The same for who comes by an invitation or by another identity provider. */
export function addUserWithoutPassword(
  deps: DirectoryDeps,
  user: Omit<NewUser, 'password'>,
  by: Actor,
): Promise<AddedUser> {
  return insert(deps, trimmed(user), { passwordHash: null, by });
}

/** Letters and digits that nobody confuses, 20 of 55: 115 bits. */
function randomPassword(): string {
  const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789';
  const usable = 256 - (256 % letters.length);
  const one = (): string => {
    const [byte = 0] = randomBytes(1);
    return byte < usable ? letters.charAt(byte % letters.length) : one();
  };
  return Array.from({ length: 20 }, one).join('');
}

export interface Bootstrap {
  readonly email: string;
  /** Made up when none was given: to be shown once and never logged. */
  readonly password: string;
  readonly isGenerated: boolean;
}

/** Makes the first administrator when there are no accounts at all; answers undefined when there are. */
export async function bootstrapAdministrator(
  deps: AccountDeps,
  { email, password }: { readonly email: string; readonly password?: string | undefined },
): Promise<Bootstrap | undefined> {
  if (await hasUsers(deps.store.db)) return undefined;
  const chosen = password ?? randomPassword();
  const user = { email, role: 'ADMINISTRATEUR', nom: 'Administrateur', prenom: 'LIVEDOC', password: chosen } as const;
  try {
    await addUser(deps, user, 'livedoc start');
  } catch (error) {
    // Another process of the same first start was quicker.
    if (error instanceof FhirError && error.kind === 'conflict') return undefined;
    throw error;
  }
  return { email, password: chosen, isGenerated: password === undefined };
}
