/** Accounts: a row of `users` for the sign-in, a Practitioner and a PractitionerRole for the person; always together. */
import { randomBytes } from 'node:crypto';
import type { CodeableConcept, Practitioner, PractitionerRole } from '@medplum/fhirtypes';
import type { Context } from '../fhir/context.ts';
import { create } from '../fhir/interactions/create.ts';
import { bodyOf } from '../fhir/json/body.ts';
import { FhirError } from '../shared/errors.ts';
import { newId } from '../shared/id.ts';
import {
  findUserByEmail,
  hasUsers,
  insertUser,
  type UserRole,
  type UserStatus,
  updateStatus,
} from '../store/accounts/users.ts';
import type { AuditRecord } from '../store/audit/record.ts';
import { removeByAccount } from '../store/oidc/remove-artifacts.ts';
import type { Store } from '../store/store.ts';
import { setActive } from './activity.ts';
import { checkPolicy, hashPassword } from './passwords.ts';
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

export interface AccountDeps extends Pick<Context, 'validate' | 'integrity' | 'now' | 'base' | 'log'> {
  readonly store: Store;
  readonly secret: Secret;
}

const workEmail = /^[^\s@]+@[^\s@]+$/;

const snomedPhysician = { system: 'http://snomed.info/sct', code: '309343006', display: 'Physician' };
export const roleSystem = 'https://livedoc.health/fhir/CodeSystem/user-role';

function practitionerOf({ email, nom, prenom }: NewUser): Practitioner {
  return {
    resourceType: 'Practitioner',
    active: true,
    name: [{ use: 'official', family: nom, given: [prenom] }],
    telecom: [{ system: 'email', value: email, use: 'work' }],
  };
}

/** What the role is on a PractitionerRole; for a physician in SNOMED CT too. */
export function roleConcept(role: UserRole): CodeableConcept {
  const physician = role === 'MEDECIN' ? [snomedPhysician] : [];
  return { coding: [{ system: roleSystem, code: role }, ...physician] };
}

function roleOf({ role, nom, prenom }: NewUser, practitionerId: string): PractitionerRole {
  return {
    resourceType: 'PractitionerRole',
    active: true,
    practitioner: { reference: `Practitioner/${practitionerId}`, display: `${prenom} ${nom}` },
    code: [roleConcept(role)],
  };
}

function checkUser({ email, nom, prenom, password }: NewUser): void {
  if (!workEmail.test(email)) throw new FhirError('unprocessable', `${JSON.stringify(email)} is not an email address.`);
  if (nom.trim() === '' || prenom.trim() === '') throw new FhirError('unprocessable', 'nom and prenom are needed.');
  if (password !== undefined) checkPolicy(password);
}

function recordOf(
  subtype: string,
  action: 'C' | 'U',
  detail: Readonly<Record<string, string>>,
  actor: string,
): AuditRecord {
  return {
    type: 'administration',
    subtype,
    action,
    outcome: '0',
    recorded: new Date(),
    client: { name: actor },
    entities: [{ detail }],
    patients: [],
  };
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

/**
 * Creates the account, its Practitioner and its PractitionerRole, all or nothing. `actor` is who the audit trail names.
 * Throws FhirError `unprocessable` (email, names, password) or `conflict` (the email has an account).
 */
export async function addUser(deps: AccountDeps, user: NewUser, actor = 'livedoc user add'): Promise<AddedUser> {
  const given = { ...user, email: user.email.trim().toLowerCase() };
  checkUser(given);
  const { password } = given;
  const passwordHash = password === undefined ? null : await hashPassword(deps.secret.derive('pepper'), password);
  const id = newId();
  return deps.store.transaction(async (tx) => {
    await tx.lock([`user ${given.email}`]);
    if (await findUserByEmail(tx.db, given.email)) {
      throw new FhirError('conflict', `${given.email} has an account already.`);
    }
    const { validate, integrity, now, base, log } = deps;
    const context: Context = { store: tx, access: systemAccess(actor), validate, integrity, now, base, log };
    const practitionerId = await createdId(context, practitionerOf(given));
    await createdId(context, roleOf(given, practitionerId));
    const { email, role, nom, prenom } = given;
    await insertUser(tx.db, { id, email, passwordHash, nom, prenom, role, status: 'ACTIVE', practitionerId });
    await tx.audit.append(recordOf('user-add', 'C', { user_id: id, email, role }, actor));
    return { id, practitionerId };
  });
}

/** Sets the status; anything but ACTIVE ends every session and token of the account at once. Throws FhirError `notFound`. */
export async function setUserStatus(
  deps: AccountDeps,
  { email, status }: { readonly email: string; readonly status: UserStatus },
  actor = 'livedoc user status',
): Promise<void> {
  await deps.store.transaction(async (tx) => {
    const user = await findUserByEmail(tx.db, email.trim());
    if (!user) throw new FhirError('notFound', `${email} has no account.`);
    await updateStatus(tx.db, user.id, status);
    if (status !== 'ACTIVE') await removeByAccount(tx.db, user.id);
    const { validate, integrity, now, base, log } = deps;
    const context: Context = { store: tx, access: systemAccess(actor), validate, integrity, now, base, log };
    await setActive(context, user.practitionerId, status === 'ACTIVE');
    await tx.audit.append(recordOf('user-status', 'U', { user_id: user.id, status }, actor));
  });
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
