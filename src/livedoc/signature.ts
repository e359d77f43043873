/**
 * The signature on a physician's word: a JSON Web Signature, detached, over the canonical report. The server signs, with a
 * key of its own, for the physician who is signed in; the public keys are at `/api/signing-keys`.
 * https://www.rfc-editor.org/rfc/rfc7515#appendix-F, https://hl7.org/fhir/R4/datatypes.html#Signature
 */
import type { Signature } from '@medplum/fhirtypes';
import { CompactSign, compactVerify, createLocalJWKSet, importJWK, type JWK } from 'jose';
import { canonicalization, canonicalText } from './canonical-json.ts';

export interface SigningKey {
  readonly kid: string;
  /** Private, EC P-256. */
  readonly jwk: JWK;
}

interface Signed {
  /** JSON text of the resource that is signed. */
  readonly text: string;
  /** `Practitioner/...` of the person in whose name. */
  readonly who: string;
  readonly when: Date;
}

export async function sign({ text, who, when }: Signed, key: SigningKey): Promise<Signature> {
  const payload = new TextEncoder().encode(canonicalText(text));
  const header = { alg: 'ES256', kid: key.kid, iat: Math.floor(when.getTime() / 1000), sub: who };
  const jws = await new CompactSign(payload).setProtectedHeader(header).sign(await importJWK(key.jwk, 'ES256'));
  const [protectedHeader, , signature] = jws.split('.');
  return {
    type: [{ system: 'urn:iso-astm:E1762-95:2013', code: '1.2.840.10065.1.12.1.5', display: 'Verification Signature' }],
    when: when.toISOString(),
    who: { reference: who },
    targetFormat: `application/fhir+json;canonicalization=${canonicalization}`,
    sigFormat: 'application/jose',
    data: Buffer.from(`${protectedHeader}..${signature}`).toString('base64'),
  };
}

/** Whether the signature is one of these keys' over this resource, in this person's name. */
export async function isSigned(signature: Signature, text: string, keys: readonly JWK[]): Promise<boolean> {
  const [protectedHeader, , bytes] = Buffer.from(signature.data ?? '', 'base64')
    .toString()
    .split('.');
  const payload = Buffer.from(canonicalText(text)).toString('base64url');
  try {
    const jws = `${protectedHeader}.${payload}.${bytes}`;
    const verified = await compactVerify(jws, createLocalJWKSet({ keys: [...keys] }));
    return verified.protectedHeader['sub'] === signature.who?.reference;
  } catch {
    return false;
  }
}
