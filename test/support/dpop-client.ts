/** A client's DPoP key and its proofs, by hand. https://www.rfc-editor.org/rfc/rfc9449 */
import { createHash, randomBytes } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';

type Claims = Readonly<Record<string, unknown>>;

export interface DpopKey {
  readonly thumbprint: string;
  /** A proof for a request; with `token`, for a request that brings it. Claims and header may be others, or undefined. */
  proof(method: string, url: string, options?: ProofOptions): Promise<string>;
}

interface ProofOptions {
  readonly token?: string;
  readonly claims?: Claims;
  readonly header?: Claims;
}

export async function makeDpopKey(alg: 'ES256' | 'PS256' | 'EdDSA' | 'RS256' = 'ES256'): Promise<DpopKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    async proof(method, url, { token, claims = {}, header = {} } = {}) {
      const ath = token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') };
      const iat = Math.floor(Date.now() / 1000);
      const payload = { htm: method, htu: url, jti: randomBytes(16).toString('hex'), iat, ...ath, ...claims };
      return new SignJWT(payload).setProtectedHeader({ alg, typ: 'dpop+jwt', jwk, ...header }).sign(privateKey);
    },
  };
}
