/** A person's account as the OpenID provider wants it: who it is, and what may be said in an ID token. */
import type { Account } from 'oidc-provider';
import { findUser, type User } from '../store/accounts/users.ts';
import type { Database } from '../store/store.ts';

export interface PersonAccount extends Account {
  readonly user: User;
  /** Absolute URL of the Practitioner. */
  readonly fhirUser: string;
}

/** Undefined unless the account is ACTIVE, which ends its sign-ins, codes and refresh tokens wherever they are used. */
export async function findAccount(db: Database, base: string, id: string): Promise<PersonAccount | undefined> {
  const user = await findUser(db, id);
  if (user?.status !== 'ACTIVE') return undefined;
  const fhirUser = `${base}/Practitioner/${user.practitionerId}`;
  return {
    accountId: user.id,
    user,
    fhirUser,
    claims: () => ({
      sub: user.id,
      fhirUser,
      name: `${user.prenom} ${user.nom}`,
      family_name: user.nom,
      given_name: user.prenom,
    }),
  };
}
