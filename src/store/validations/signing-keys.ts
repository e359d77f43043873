/** The keys by which the server signs physicians' words; private halves are sealed before they come here. */
import type { Database } from '../store.ts';

export interface StoredSigningKey {
  readonly kid: string;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  readonly sealedPrivateJwk: Uint8Array;
}

/** Newest first. */
export async function listSigningKeys(db: Database): Promise<StoredSigningKey[]> {
  return db.query<StoredSigningKey>({
    text: `SELECT kid, public_jwk AS "publicJwk", sealed_private_jwk AS "sealedPrivateJwk"
      FROM signing_key ORDER BY created_at DESC, kid`,
  });
}

export async function insertSigningKey(db: Database, key: StoredSigningKey): Promise<void> {
  await db.query({
    text: 'INSERT INTO signing_key (kid, public_jwk, sealed_private_jwk) VALUES ($1, $2::jsonb, $3)',
    values: [key.kid, JSON.stringify(key.publicJwk), key.sealedPrivateJwk],
  });
}
