/** Sign-ins that are away at an identity provider, each found by the hash of its state and used once. */
import type { Database } from '../store.ts';

export interface SignInAway {
  readonly stateHash: string;
  readonly providerId: string;
  /** Encrypted by `auth`. */
  readonly sealed: Uint8Array;
}

export async function saveSignIn(db: Database, { stateHash, providerId, sealed }: SignInAway, seconds: number) {
  await db.query({
    name: 'federated-sign-in-save',
    text: `insert into federated_sign_in (state_hash, provider_id, sealed, expires_at)
      values ($1, $2, $3, now() + $4::double precision * interval '1 second')`,
    values: [stateHash, providerId, sealed, seconds],
  });
}

/** Without using it up. Undefined when it is unknown, expired, used already or of another provider. */
export async function findSignIn(db: Database, stateHash: string, providerId: string): Promise<Uint8Array | undefined> {
  const [row] = await db.query<{ sealed: Uint8Array }>({
    name: 'federated-sign-in-find',
    text: `select sealed from federated_sign_in
      where state_hash = $1 and provider_id = $2 and used_at is null and expires_at > now()`,
    values: [stateHash, providerId],
  });
  return row?.sealed;
}

/** Uses it up; of several at once one gets true. */
export async function useSignIn(db: Database, stateHash: string, providerId: string): Promise<boolean> {
  const rows = await db.query({
    name: 'federated-sign-in-use',
    text: `update federated_sign_in set used_at = now()
      where state_hash = $1 and provider_id = $2 and used_at is null and expires_at > now() returning 1`,
    values: [stateHash, providerId],
  });
  return rows.length === 1;
}

/** Removes what has expired. */
export async function removeOldSignIns(db: Database): Promise<void> {
  await db.query({
    text: `with a as (delete from federated_sign_in where expires_at < now()),
        b as (delete from federated_session where expires_at < now())
      delete from federated_logout where expires_at < now()`,
  });
}
