/**
 * Whether a person has their second factor at hand: a device's code, a recovery code or a key. Tries are counted before
 * they are judged, in PostgreSQL, so all processes slow a guesser down together.
 * https://pages.nist.gov/800-63-3/sp800-63b.html#throttle
 */
import { createHash } from 'node:crypto';
import { countTry, forgetTries, type Patience, takeTryBack } from '../../store/accounts/attempts.ts';
import type { User } from '../../store/accounts/users.ts';
import { type Factor, listFactors, takeCounter, takeStep } from '../../store/factors/factors.ts';
import { countRecoveryCodes, takeRecoveryCode } from '../../store/factors/recovery-codes.ts';
import type { Store } from '../../store/store.ts';
import { aboutTotp, type FactorDeps, type FactorPeer, recoveryKey } from './deps.ts';
import { factorRecord } from './factor-audit.ts';
import { codeMethod, methodOf } from './methods.ts';
import { hashRecoveryCode, isRecoveryCode } from './recovery-codes.ts';
import { isTotpCode, stepOfCode } from './totp.ts';
import { provenKey } from './webauthn.ts';

export interface FactorTry {
  readonly user: User;
  /** The session or sign-in that a key's challenge was made for. */
  readonly boundTo: string;
  /** Of a device, or a recovery code. */
  readonly code?: string | undefined;
  /** What the browser answered for a key, as JSON. */
  readonly assertion?: string | undefined;
}

export interface Proof {
  readonly kind: 'right';
  /** RFC 8176: `otp`, `hwk`, `swk`. */
  readonly method: string;
  /** A key that has asked for a PIN, a finger or a face is two factors by itself. */
  readonly isUserVerified: boolean;
  /** Recovery codes that are left, when this was one. */
  readonly codesLeft?: number;
}

export type Checked =
  | Proof
  | { readonly kind: 'refused' }
  /** Too many tries: seconds to wait. */
  | { readonly kind: 'wait'; readonly seconds: number };

/**
 * Who gets here had the password, so the account may wait longer than for passwords: a guesser has 3 codes of a million a
 * try, and 100 tries a day.
 */
const patience = {
  account: { free: 5, longest: 900 },
  // A whole hospital may come from one address.
  address: { free: 100, longest: 900 },
} as const satisfies Record<string, Patience>;

const keyOf = (...parts: string[]) => createHash('sha256').update(parts.join('\n')).digest('base64url');

async function byDevice({ secret, now }: FactorDeps, tx: Store, factors: readonly Factor[], code: string) {
  for (const factor of factors) {
    if (factor.kind !== 'totp') continue;
    const { id, sealedSecret, lastStep } = factor;
    const step = stepOfCode({ secret: secret.open(sealedSecret, aboutTotp(id)), code, now: now(), lastStep });
    if (step !== undefined && (await takeStep(tx.db, id, step))) return true;
  }
  return false;
}

async function byRecoveryCode(
  { secret }: FactorDeps,
  tx: Store,
  { id }: User,
  code: string,
): Promise<number | undefined> {
  const isTaken = await takeRecoveryCode(tx.db, id, hashRecoveryCode(recoveryKey(secret), id, code));
  return isTaken ? await countRecoveryCodes(tx.db, id) : undefined;
}

async function judge(deps: FactorDeps, tx: Store, tried: FactorTry, peer: FactorPeer): Promise<Proof | undefined> {
  const { user, code, assertion } = tried;
  const factors = await listFactors(tx.db, user.id);
  if (assertion) {
    const keys = factors.filter((factor) => factor.kind === 'webauthn');
    const proven = await provenKey(tx.db, deps.rp, tried, keys, assertion);
    if (!proven || !(await takeCounter(tx.db, proven.key.id, proven.counter))) return undefined;
    return { kind: 'right', method: methodOf(proven.key), isUserVerified: proven.isUserVerified };
  }
  const typed = (code ?? '').trim();
  const digits = typed.replace(/\s/g, '');
  if (isTotpCode(digits)) {
    const isRight = await byDevice(deps, tx, factors, digits);
    return isRight ? { kind: 'right', method: codeMethod, isUserVerified: false } : undefined;
  }
  if (!isRecoveryCode(typed)) return undefined;
  const codesLeft = await byRecoveryCode(deps, tx, user, typed);
  if (codesLeft === undefined) return undefined;
  const told = { type: 'administration', subtype: 'recovery-code-used', action: 'U', outcome: '0' } as const;
  await tx.audit.append(factorRecord(user, peer, told, { left: String(codesLeft) }));
  return { kind: 'right', method: codeMethod, isUserVerified: false, codesLeft };
}

async function refuse(store: Store, user: User, peer: FactorPeer, outcomeText: string): Promise<void> {
  const told = { type: 'login-failed', subtype: 'second-factor', action: 'E', outcome: '4', outcomeText } as const;
  await store.audit.append(factorRecord(user, peer, told));
}

/** Judges one try; a code or a challenge that was right is used up with it. */
export async function checkFactor(deps: FactorDeps, tried: FactorTry, peer: FactorPeer): Promise<Checked> {
  const { store } = deps;
  const { user } = tried;
  const keys = { account: keyOf('factor', user.id), address: keyOf('factor address', peer.address) };
  for (const kind of ['account', 'address'] as const) {
    const seconds = await countTry(store.db, keys[kind], patience[kind]);
    if (seconds === 0) continue;
    await refuse(store, user, peer, 'too many tries of the second factor');
    return { kind: 'wait', seconds };
  }
  const proof = await store.transaction(async (tx) => {
    const right = await judge(deps, tx, tried, peer);
    if (!right) return undefined;
    await forgetTries(tx.db, [keys.account]);
    await takeTryBack(tx.db, keys.address);
    return right;
  });
  if (proof) return proof;
  await refuse(store, user, peer, 'wrong second factor');
  return { kind: 'refused' };
}
