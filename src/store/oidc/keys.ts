/** The keys that sign ID tokens. */
import type { Database } from '../store.ts';

export interface StoredKey {
  readonly kid: string;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  /** Encrypted by `auth`; of no use without the secret of the data directory. */
  readonly sealedPrivateJwk: Uint8Array;
}

/** All of them, the one that signs first. */
export async function findKeys(db: Database): Promise<readonly StoredKey[]> {
  return db.query<StoredKey>({
    text: `select kid, public_jwk as "publicJwk", sealed_private_jwk as "sealedPrivateJwk"
      from oauth_key order by current desc, created_at desc`,
  });
}

/** Adds the first key; when another process was quicker, nothing happens and its key counts. */
export async function insertFirstKey(db: Database, key: StoredKey): Promise<void> {
  await db.query({
    text: `insert into oauth_key (kid, public_jwk, sealed_private_jwk, current) values ($1, $2::jsonb, $3, true)
      on conflict do nothing`,
    values: [key.kid, JSON.stringify(key.publicJwk), key.sealedPrivateJwk],
  });
}
