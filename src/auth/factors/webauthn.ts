/**
 * Security keys and passkeys: what the browser is asked for, and whether its answer is right.
 * https://www.w3.org/TR/webauthn-3/#sctn-rp-operations
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  type AuthenticationResponseJSON,
  type AuthenticatorTransport,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { FhirError } from '../../shared/errors.ts';
import { saveChallenge, takeChallenge } from '../../store/factors/challenges.ts';
import type { WebauthnFactor } from '../../store/factors/factors.ts';
import type { Database } from '../../store/store.ts';

/** Who the keys are for. */
export interface RelyingParty {
  /** Host name of the public URL: keys work there and below. */
  readonly id: string;
  readonly origin: string;
}

export function relyingPartyOf(publicUrl: string): RelyingParty {
  const { hostname, origin } = new URL(publicUrl);
  return { id: hostname, origin };
}

interface Person {
  readonly id: string;
  readonly email: string;
  readonly nom: string;
  readonly prenom: string;
}

/** In which session or sign-in the browser was asked. */
interface Asked {
  readonly user: Person;
  readonly boundTo: string;
}

/** Longer than any browser's own dialog, shorter than a half-done sign-in. */
const challengeSeconds = 300;
/** Far above any answer without attestation; more is work for an attacker to order. */
const longestAnswer = 16_384;

const hashOf = (challenge: string) => createHash('sha256').update(challenge).digest('base64url');

const transportsOf = (transports: readonly string[]) => [...transports] as AuthenticatorTransport[];

/** The challenge as the browser will send it back, once it is kept. */
async function newChallenge(db: Database, { user, boundTo }: Asked, purpose: string): Promise<Uint8Array<ArrayBuffer>> {
  const challenge = Uint8Array.from(randomBytes(32));
  const hash = hashOf(Buffer.from(challenge).toString('base64url'));
  await saveChallenge(db, { hash, userId: user.id, purpose: `${purpose} ${boundTo}` }, challengeSeconds);
  return challenge;
}

const isOurs =
  (db: Database, { user, boundTo }: Asked, purpose: string) =>
  (challenge: string) =>
    takeChallenge(db, { hash: hashOf(challenge), userId: user.id, purpose: `${purpose} ${boundTo}` });

/** What `navigator.credentials.create` is to be given, as JSON. */
export async function registrationOptions(
  db: Database,
  rp: RelyingParty,
  asked: Asked,
  known: readonly WebauthnFactor[],
): Promise<string> {
  const { id, email, nom, prenom } = asked.user;
  const options = await generateRegistrationOptions({
    rpName: 'LIVEDOC',
    rpID: rp.id,
    userName: email,
    userDisplayName: `${prenom} ${nom}`,
    userID: Uint8Array.from(Buffer.from(id.replaceAll('-', ''), 'hex')),
    challenge: await newChallenge(db, asked, 'register'),
    // Which model it is would be one more thing to know about a person; any key will do.
    attestationType: 'none',
    excludeCredentials: known.map(({ credentialId, transports }) => ({
      id: credentialId,
      transports: transportsOf(transports),
    })),
    authenticatorSelection: { residentKey: 'discouraged', userVerification: 'preferred' },
  });
  return JSON.stringify(options);
}

/** What `navigator.credentials.get` is to be given, as JSON. */
export async function authenticationOptions(
  db: Database,
  rp: RelyingParty,
  asked: Asked,
  keys: readonly WebauthnFactor[],
): Promise<string> {
  const options = await generateAuthenticationOptions({
    rpID: rp.id,
    challenge: await newChallenge(db, asked, 'prove'),
    allowCredentials: keys.map(({ credentialId, transports }) => ({
      id: credentialId,
      transports: transportsOf(transports),
    })),
    userVerification: 'preferred',
  });
  return JSON.stringify(options);
}

/**
 * The library throws on what is wrong with an answer, in many ways; none of them is worth telling apart to whoever sent it.
 * What the database throws is no answer's fault.
 */
function asRefusal(error: unknown): undefined {
  if (error instanceof FhirError) throw error;
}

/** The browser's answer as an object with an id; undefined for anything else. */
function parsed<T>(answer: string): T | undefined {
  if (answer.length > longestAnswer) return undefined;
  try {
    const value: unknown = JSON.parse(answer);
    return typeof value === 'object' && value !== null ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}

export type NewKey = Pick<WebauthnFactor, 'credentialId' | 'publicKey' | 'counter' | 'transports' | 'isCopied'>;

/** The key that the answer registers; undefined when anything about it is wrong. Its challenge is used up. */
export async function registeredKey(
  db: Database,
  rp: RelyingParty,
  asked: Asked,
  answer: string,
): Promise<NewKey | undefined> {
  const response = parsed<RegistrationResponseJSON>(answer);
  if (!response) return undefined;
  const result = await verifyRegistrationResponse({
    response,
    expectedChallenge: isOurs(db, asked, 'register'),
    expectedOrigin: rp.origin,
    expectedRPID: rp.id,
    requireUserVerification: false,
  }).catch(asRefusal);
  if (!result?.verified) return undefined;
  const { credential, credentialDeviceType } = result.registrationInfo;
  return {
    credentialId: credential.id,
    publicKey: credential.publicKey,
    counter: credential.counter,
    transports: (credential.transports ?? []).slice(0, 8),
    isCopied: credentialDeviceType === 'multiDevice',
  };
}

export interface Proven {
  readonly key: WebauthnFactor;
  /** To be taken with `takeCounter` before the answer counts. */
  readonly counter: number;
  /** The key has asked for a PIN, a finger or a face. */
  readonly isUserVerified: boolean;
}

/** Which of the keys has signed; undefined when anything about the answer is wrong. Its challenge is used up. */
export async function provenKey(
  db: Database,
  rp: RelyingParty,
  asked: Asked,
  keys: readonly WebauthnFactor[],
  answer: string,
): Promise<Proven | undefined> {
  const response = parsed<AuthenticationResponseJSON>(answer);
  const key = keys.find(({ credentialId }) => credentialId === response?.id);
  if (!response || !key) return undefined;
  const result = await verifyAuthenticationResponse({
    response,
    expectedChallenge: isOurs(db, asked, 'prove'),
    expectedOrigin: rp.origin,
    expectedRPID: rp.id,
    credential: {
      id: key.credentialId,
      publicKey: Uint8Array.from(key.publicKey),
      counter: key.counter,
      transports: transportsOf(key.transports),
    },
    requireUserVerification: false,
  }).catch(asRefusal);
  if (!result?.verified) return undefined;
  const { newCounter, userVerified } = result.authenticationInfo;
  return { key, counter: newCounter, isUserVerified: userVerified };
}
