/** An administrator says whom of an identity provider an account is for. */
import { FhirError } from '../../shared/errors.ts';
import { findUserByEmail, type User } from '../../store/accounts/users.ts';
import {
  type ExpectedBy,
  expectIdentity,
  type LinkedAccount,
  linkIdentity,
  listLinked,
  unlinkIdentity,
} from '../../store/federation/identities.ts';
import { endSessionsOfAccount } from '../../store/federation/sessions.ts';
import type { Database } from '../../store/store.ts';
import { type Actor, administration } from '../actor.ts';
import { findProvider, type ProviderDeps } from './identity-providers.ts';
import { nationalId } from './national-id.ts';

/** By what the person is known at the provider: `sub`, or what they come with for the first time. */
export interface Link {
  readonly by: 'subject' | ExpectedBy;
  readonly value: string;
}

function normal({ by, value }: Link): string {
  const text = value.trim();
  const found = by === 'subject' ? text : by === 'email' ? text.toLowerCase() : nationalId(by, text);
  if (!found || found.length > 255) throw new FhirError('unprocessable', `${JSON.stringify(value)} is no ${by}.`);
  return found;
}

async function accountOf(db: Database, email: string): Promise<User> {
  const user = await findUserByEmail(db, email.trim());
  if (!user) throw new FhirError('notFound', `${email} has no account.`);
  return user;
}

/**
 * Links the account (of the email) to the person with the subject, or to the first who comes with the identifier. Throws
 * FhirError `notFound`, `unprocessable`, or `conflict` when either is linked to another.
 */
export async function linkAccount(
  { store }: ProviderDeps,
  { id, email, link }: { readonly id: string; readonly email: string; readonly link: Link },
  actor: Actor,
): Promise<void> {
  const value = normal(link);
  await store.transaction(async (tx) => {
    const { issuer } = await findProvider(tx.db, id);
    const { id: userId } = await accountOf(tx.db, email);
    if (link.by === 'subject') {
      const isLinked = await linkIdentity(tx.db, { issuer, subject: value, userId, by: actor.client.name });
      if (!isLinked) throw new FhirError('conflict', 'The account or the subject is linked already; unlink it first.');
    } else {
      await expectIdentity(tx.db, { providerId: id, kind: link.by, value, userId });
    }
    const detail = { id, user_id: userId, by: link.by, value };
    await tx.audit.append(administration(actor, { subtype: 'identity-link', action: 'C' }, detail));
  });
}

/** Ends what the account has open by the provider. Throws FhirError `notFound`. */
export async function unlinkAccount(
  { store }: ProviderDeps,
  { id, email }: { readonly id: string; readonly email: string },
  actor: Actor,
): Promise<void> {
  await store.transaction(async (tx) => {
    const { issuer } = await findProvider(tx.db, id);
    const { id: userId } = await accountOf(tx.db, email);
    const count = await unlinkIdentity(tx.db, { issuer, providerId: id, userId });
    if (count === 0) throw new FhirError('notFound', `${email} is not linked to anybody of ${id}.`);
    await endSessionsOfAccount(tx.db, id, userId);
    await tx.audit.append(administration(actor, { subtype: 'identity-unlink', action: 'D' }, { id, user_id: userId }));
  });
}

/** Who signs in with the provider, or is expected to. Throws FhirError `notFound`. */
export async function linkedAccounts({ store }: ProviderDeps, id: string): Promise<readonly LinkedAccount[]> {
  return listLinked(store.db, await findProvider(store.db, id));
}
