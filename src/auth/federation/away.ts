/**
 * A sign-in while the browser is away at the identity provider: its state is signed for that provider, and what else must be
 * the same when it comes back is sealed in the database.
 * https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { findSignIn } from '../../store/federation/sign-ins.ts';
import { idHash } from '../../store/oidc/artifact.ts';
import type { Database } from '../../store/store.ts';
import { type Secret, sign } from '../secret.ts';
import type { Proofs } from './upstream.ts';

/** What is told of the sign-in when it leaves. */
interface Leaving {
  /** Of the interaction: its browser has the cookie. */
  readonly uid: string;
  readonly isAgain: boolean;
  /** Seconds since 1970. */
  readonly at: number;
}

export interface Away extends Leaving, Proofs {}

interface SealedAway {
  readonly stateHash: string;
  readonly state: string;
  readonly sealed: Uint8Array;
}

const random = () => randomBytes(32).toString('base64url');
const statePattern = /^([\w-]{43})\.([\w-]{43})$/;

const signature = (secret: Secret, id: string, value: string) =>
  sign(secret.derive('federation state'), `${id} ${value}`);

export function newAway(secret: Secret, id: string, leaving: Leaving): SealedAway & { readonly away: Away } {
  const value = random();
  const state = `${value}.${signature(secret, id, value)}`;
  const stateHash = idHash(state);
  const away = { ...leaving, state, nonce: random(), verifier: random() };
  const { state: _, ...kept } = away;
  return { state, stateHash, away, sealed: secret.seal(JSON.stringify(kept), stateHash) };
}

/** Undefined when the state was not made here for this provider, has expired or was used. */
export async function readAway(
  db: Database,
  secret: Secret,
  id: string,
  state: string | null,
): Promise<SealedAway | undefined> {
  const [, value = '', given = ''] = statePattern.exec(state ?? '') ?? [];
  const expected = signature(secret, id, value);
  const isOurs = given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
  if (!isOurs || state === null) return undefined;
  const stateHash = idHash(state);
  const sealed = await findSignIn(db, stateHash, id);
  return sealed && { stateHash, state, sealed };
}

export function openAway(secret: Secret, { sealed, stateHash, state }: SealedAway): Away {
  return { ...(JSON.parse(secret.open(sealed, stateHash)) as Omit<Away, 'state'>), state };
}
