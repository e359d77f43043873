/** The RS256 keys that sign ID tokens: the first is made at the first start and kept, sealed, in the database. */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { findKeys, insertFirstKey, type StoredKey } from '../store/oidc/keys.ts';
import type { Database } from '../store/store.ts';
import type { Secret } from './secret.ts';

async function makeKey(secret: Secret): Promise<StoredKey> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
  const publicJwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const privateJwk = JSON.stringify(await exportJWK(privateKey));
  return { kid, publicJwk: { ...publicJwk }, sealedPrivateJwk: secret.seal(privateJwk, kid) };
}

function openKey(secret: Secret, { kid, sealedPrivateJwk }: StoredKey): JWK {
  let text: string;
  try {
    text = secret.open(sealedPrivateJwk, kid);
  } catch (cause) {
    throw new Error(
      'secret.key of the data directory does not belong to this database: bring the file back from the backup, ' +
        'or start with the data directory that the database was first used with.',
      { cause },
    );
  }
  return { ...(JSON.parse(text) as JWK), kid, use: 'sig', alg: 'RS256' };
}

/** The private keys, the one that signs first. Throws when the data directory's secret is not that of the database. */
export async function signingKeys(db: Database, secret: Secret): Promise<readonly JWK[]> {
  let stored = await findKeys(db);
  if (stored.length === 0) {
    await insertFirstKey(db, await makeKey(secret));
    stored = await findKeys(db);
  }
  return stored.map((key) => openKey(secret, key));
}
