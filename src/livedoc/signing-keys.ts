/** The server's own keys for signing physicians' words: the first is made at the first start; old ones stay published. */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Store } from '../store/store.ts';
import { insertSigningKey, listSigningKeys, type StoredSigningKey } from '../store/validations/signing-keys.ts';
import type { SigningKey } from './signature.ts';

/** Keeps private keys unreadable to whoever has the database alone. */
export interface Sealing {
  seal(text: string, about: string): Uint8Array;
  open(sealed: Uint8Array, about: string): string;
}

export interface SigningKeys {
  /** The one that signs. */
  readonly current: SigningKey;
  /** The public halves of all. */
  readonly published: readonly JWK[];
}

const about = (kid: string) => `validation ${kid}`;

/** Opens the keys; servers that start at once agree on the first one. */
export async function openSigningKeys(store: Store, sealing: Sealing): Promise<SigningKeys> {
  const stored = await store.transaction(async (tx) => {
    await tx.lock(['signing key']);
    const before = await listSigningKeys(tx.db);
    if (before.length > 0) return before;
    await insertSigningKey(tx.db, await makeKey(sealing));
    return listSigningKeys(tx.db);
  });
  const [newest] = stored;
  if (!newest) throw new Error('The signing key that was just made cannot be read.');
  return {
    current: { kid: newest.kid, jwk: JSON.parse(sealing.open(newest.sealedPrivateJwk, about(newest.kid))) as JWK },
    published: stored.map(({ kid, publicJwk }) => ({ ...(publicJwk as JWK), kid, use: 'sig', alg: 'ES256' })),
  };
}

async function makeKey(sealing: Sealing): Promise<StoredSigningKey> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const publicJwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const sealedPrivateJwk = sealing.seal(JSON.stringify(await exportJWK(privateKey)), about(kid));
  return { kid, publicJwk: { ...publicJwk }, sealedPrivateJwk };
}
