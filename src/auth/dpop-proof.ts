/**
 * Proofs of possession at the FHIR server: what a request with a DPoP-bound token has to bring.
 * https://www.rfc-editor.org/rfc/rfc9449#section-4.3, #section-7
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, type JWTPayload, jwtVerify } from 'jose';

/** Those that FAPI 2.0 allows, and ES384 beside them. */
export const proofAlgorithms = ['ES256', 'ES384', 'PS256', 'EdDSA'] as const;

/** How far a proof's time may be off, as the token endpoint allows it too. */
export const proofSeconds = 300;
const nonceStepSeconds = 60;
/** A nonce is good for as long as a proof without one. */
const nonceSteps = proofSeconds / nonceStepSeconds;
const longestProof = 8192;

export interface ProofOptions {
  /** The DPoP header as it came. */
  readonly proof: string;
  readonly method: string;
  /** The whole URL of the request; query and fragment are not looked at. */
  readonly url: string;
  readonly token: string;
  /** RFC 7638 thumbprint of the key that the token is bound to. */
  readonly thumbprint: string;
  /** 32 bytes, the same in all processes. */
  readonly nonceKey: Uint8Array;
  /** Answers whether this `jti` of this key comes for the first time; asked last. */
  readonly once: (jti: string) => Promise<boolean>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Why a proof is not taken; with `nonce` another one that has it would be. */
export class ProofError extends Error {
  readonly nonce: string | undefined;

  constructor(message: string, nonce?: string) {
    super(message);
    this.name = 'ProofError';
    this.nonce = nonce;
  }
}

const nonceOf = (key: Uint8Array, step: number) =>
  createHmac('sha256', key).update(`resource server nonce ${step}`).digest('base64url');

const stepAt = (now: number) => Math.floor(now / 1000 / nonceStepSeconds);

/** The nonce of this moment. */
export const currentNonce = (key: Uint8Array, now: number): string => nonceOf(key, stepAt(now));

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function isNonce(key: Uint8Array, nonce: string, now: number): boolean {
  const steps = Array.from({ length: nonceSteps + 1 }, (_, back) => stepAt(now) - back);
  return steps.map((step) => isSame(nonceOf(key, step), nonce)).includes(true);
}

function withoutQuery(text: unknown): string | undefined {
  const url = typeof text === 'string' ? URL.parse(text) : null;
  if (!url) return undefined;
  url.search = '';
  url.hash = '';
  return url.href;
}

/** The signature, and whose it is. */
async function verified({ proof, thumbprint, now }: ProofOptions): Promise<JWTPayload> {
  if (proof.length > longestProof) throw new ProofError('the proof is too long');
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      algorithms: [...proofAlgorithms],
      typ: 'dpop+jwt',
      currentDate: new Date(now),
      clockTolerance: proofSeconds,
    });
    if (protectedHeader.jwk && (await calculateJwkThumbprint(protectedHeader.jwk)) === thumbprint) return payload;
  } catch {
    throw new ProofError('the proof is not a signed dpop+jwt with its public key');
  }
  throw new ProofError('the proof is of another key than the token');
}

function checkTime({ iat, nonce }: JWTPayload, { nonceKey, now }: ProofOptions): void {
  if (typeof iat !== 'number') throw new ProofError('the proof has no iat');
  const fresh = currentNonce(nonceKey, now);
  if (nonce !== undefined) {
    if (typeof nonce === 'string' && isNonce(nonceKey, nonce, now)) return;
    throw new ProofError('the nonce is not one of this server, or old', fresh);
  }
  if (Math.abs(now / 1000 - iat) > proofSeconds) throw new ProofError('iat is not of now: use a nonce', fresh);
}

/** Throws ProofError. */
export async function checkProof(options: ProofOptions): Promise<void> {
  const payload = await verified(options);
  const { jti, htm, htu, ath } = payload as Readonly<Record<string, unknown>>;
  if (typeof jti !== 'string' || jti === '' || jti.length > 512) throw new ProofError('the proof has no jti');
  if (htm !== options.method) throw new ProofError('htm is not the method of the request');
  if (withoutQuery(htu) !== withoutQuery(options.url)) throw new ProofError('htu is not the URL of the request');
  const hash = createHash('sha256').update(options.token).digest('base64url');
  if (typeof ath !== 'string' || !isSame(ath, hash)) throw new ProofError('ath is not the hash of the token');
  checkTime(payload, options);
  if (!(await options.once(jti))) throw new ProofError('the proof was used before');
}
