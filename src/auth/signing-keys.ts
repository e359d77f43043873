/**
 * The RS256 keys that sign ID tokens: the first is made at the first start and kept, sealed, in the database; later ones
 * take its place, and it stays published until what it has signed has expired.
 * https://openid.net/specs/openid-connect-core-1_0.html#RotateSigningKeys
 */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { findKeys, insertFirstKey, replaceSigningKey, type StoredKey, signingKeyAge } from '../store/oidc/keys.ts';
import type { Database, Store } from '../store/store.ts';
import { type Actor, administration } from './actor.ts';
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

/**
 * Lets a new key sign from now on; all processes take it up as soon as they hear of it. Answers its id, or undefined when
 * the one that signs is younger than so many days.
 */
export async function rotateKeys(
  store: Store,
  secret: Secret,
  actor: Actor,
  olderThanDays = 0,
): Promise<string | undefined> {
  const key = await makeKey(secret);
  return store.transaction(async (tx) => {
    if (!(await replaceSigningKey(tx.db, key, olderThanDays))) return undefined;
    await tx.audit.append(administration(actor, { subtype: 'key-rotate', action: 'U' }, { kid: key.kid }));
    return key.kid;
  });
}

/** The same when the one that signs is older than so many days; making a key costs a moment, so that is asked first. */
export async function rotateOldKeys(
  store: Store,
  secret: Secret,
  actor: Actor,
  days: number,
): Promise<string | undefined> {
  const age = await signingKeyAge(store.db);
  return age !== undefined && age >= days ? rotateKeys(store, secret, actor, days) : undefined;
}
