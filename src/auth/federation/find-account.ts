/** The account of a person who comes from an identity provider: the linked one, the expected one, one by address, or a new one. */
import type { Context } from '../../fhir/context.ts';
import { FhirError } from '../../shared/errors.ts';
import { findUser, findUserByEmail, type User, type UserRole } from '../../store/accounts/users.ts';
import { findExpected, findLinked, forgetExpected, linkIdentity } from '../../store/federation/identities.ts';
import type { Store } from '../../store/store.ts';
import { changeUser } from '../accounts/change-user.ts';
import { setIdentifiers } from '../accounts/directory.ts';
import { type AccountDeps, addUser } from '../accounts.ts';
import { type Actor, administration } from '../actor.ts';
import { systemAccess } from '../system-access.ts';
import type { Person } from './claims.ts';
import { refuses, roleFor } from './judge-person.ts';
import { identifiersOf } from './national-id.ts';
import { isRefusal, type Refusal, refusal } from './refusal.ts';
import type { Settings } from './settings.ts';

interface Asked {
  readonly providerId: string;
  readonly settings: Settings;
  readonly person: Person;
  readonly role: UserRole | undefined;
}

const actorOf = ({ providerId }: Asked): Actor => ({ client: { name: `identity provider ${providerId}` } });

/** What an administrator may expect the person by; an address only when it is verified. */
function identifiersFor({ nationalIds, email, isEmailVerified }: Person) {
  return [
    ...(nationalIds.rpps === undefined ? [] : [{ kind: 'rpps' as const, value: nationalIds.rpps }]),
    ...(nationalIds.adeli === undefined ? [] : [{ kind: 'adeli' as const, value: nationalIds.adeli }]),
    ...(email === undefined || !isEmailVerified ? [] : [{ kind: 'email' as const, value: email }]),
  ];
}

async function linked(tx: Store, asked: Asked, userId: string, by: string): Promise<User | Refusal> {
  const { providerId, settings, person } = asked;
  const { subject } = person;
  const { issuer } = settings;
  if (!(await linkIdentity(tx.db, { issuer, subject, userId, by }))) {
    return refusal('emailTaken', `account ${userId} is linked to another subject of ${issuer}`);
  }
  await forgetExpected(tx.db, providerId, userId);
  const user = await findUser(tx.db, userId);
  if (!user) return refusal('unknownAccount', `account ${userId} is gone`);
  const detail = { id: providerId, user_id: userId, by, value: subject };
  await tx.audit.append(administration(actorOf(asked), { subtype: 'identity-link', action: 'C' }, detail));
  return user;
}

/** By the address, where the settings let it; undefined when no account has it. */
async function byEmail(tx: Store, asked: Asked): Promise<User | Refusal | undefined> {
  const { person, settings } = asked;
  const user = person.email === undefined ? undefined : await findUserByEmail(tx.db, person.email);
  if (!user) return undefined;
  // Both of these before anything is said of the account: an address that is not proven opens none and tells of none.
  if (!person.isEmailVerified) return refusal('emailUnverified', 'the email of an account came without being verified');
  if (!settings.accounts.link_by_email) return refusal('emailTaken', `${user.id} has the email, and is not linked`);
  return linked(tx, asked, user.id, 'email');
}

async function made(deps: AccountDeps, tx: Store, asked: Asked): Promise<User | Refusal> {
  const { person, role, settings } = asked;
  if (!settings.accounts.create) return refusal('unknownAccount', `subject ${person.subject} has no account`);
  const { email, nom, prenom } = person;
  if (email === undefined || nom === undefined || prenom === undefined || role === undefined) {
    const missing = Object.entries({ email, nom, prenom, role }).filter(([, value]) => value === undefined);
    return refusal('incomplete', `no ${missing.map(([name]) => name).join(', ')} for a new account`);
  }
  // An account is reached by its address (reset of a password), so that an unproven one would be somebody else's.
  if (!person.isEmailVerified) return refusal('emailUnverified', 'the email for a new account is not verified');
  try {
    const { id } = await addUser({ ...deps, store: tx }, { email, role, nom, prenom }, actorOf(asked));
    return await linked(tx, asked, id, 'creation');
  } catch (error) {
    if (error instanceof FhirError && error.status < 500) return refusal('incomplete', error.message);
    throw error;
  }
}

async function known(tx: Store, asked: Asked): Promise<User | Refusal | undefined> {
  const { providerId, settings, person } = asked;
  const userId = await findLinked(tx.db, { issuer: settings.issuer, subject: person.subject });
  if (userId !== undefined) return findUser(tx.db, userId);
  const [expected, ...others] = await findExpected(tx.db, providerId, identifiersFor(person));
  if (others.length > 0) return refusal('unknownAccount', 'the identifiers are expected for several accounts');
  return expected === undefined ? byEmail(tx, asked) : linked(tx, asked, expected, 'expectation');
}

/** Role and identifiers as the provider has them today. */
async function inStep(deps: AccountDeps, tx: Store, asked: Asked, user: User): Promise<User> {
  const { validate, integrity, now, base, log } = deps;
  const access = systemAccess(actorOf(asked).client.name);
  const context: Context = { store: tx, access, validate, integrity, now, base, log };
  await setIdentifiers(context, user.practitionerId, identifiersOf(asked.person.nationalIds));
  const { role } = asked;
  if (role === undefined || role === user.role) return user;
  try {
    return await changeUser({ ...deps, store: tx }, { id: user.id }, { role }, actorOf(asked));
  } catch (error) {
    // The role of the last one who can let people in is not taken from outside.
    if (error instanceof FhirError && error.kind === 'conflict')
      throw told(refusal('lastAdministrator', error.message));
    throw error;
  }
}

/** Told out of a transaction whose writes must not stay. */
const told = (why: Refusal) => new FhirError('forbidden', why.detail, { cause: why });

/** Links or makes the account where the settings let it and brings its role up to date, or changes nothing and says why. */
export async function accountFor(
  deps: AccountDeps,
  { providerId, settings, person }: Omit<Asked, 'role'>,
): Promise<User | Refusal> {
  const refused = refuses(settings, person);
  if (refused) return refused;
  const role = roleFor(settings, person);
  if (isRefusal(role)) return role;
  const asked = { providerId, settings, person, role };
  try {
    return await deps.store.transaction(async (tx) => {
      await tx.lock([`federated ${settings.issuer} ${person.subject}`]);
      const user = (await known(tx, asked)) ?? (await made(deps, tx, asked));
      if (isRefusal(user)) throw told(user);
      if (user.status !== 'ACTIVE') throw told(refusal('inactive', `account is ${user.status}`));
      return inStep(deps, tx, asked, user);
    });
  } catch (error) {
    const why = error instanceof FhirError ? error.detail.cause : undefined;
    if (isRefusal(why)) return why;
    throw error;
  }
}
