/**
 * Adding a device or a key. The secret of a device travels sealed through the form that confirms it, so that nothing is
 * kept of those that are never confirmed; a device counts once it has made a right code.
 */

import { newId } from '../../shared/id.ts';
import type { User } from '../../store/accounts/users.ts';
import { insertFactor, listFactors, type NewFactor } from '../../store/factors/factors.ts';
import { countRecoveryCodes, replaceRecoveryCodes } from '../../store/factors/recovery-codes.ts';
import type { Store } from '../../store/store.ts';
import { aboutTotp, type FactorDeps, type FactorPeer, recoveryKey } from './deps.ts';
import { factorRecord } from './factor-audit.ts';
import { codeMethod, methodOf } from './methods.ts';
import { hashRecoveryCode, newRecoveryCodes } from './recovery-codes.ts';
import { newTotpSecret, stepOfCode, totpUri } from './totp.ts';
import { registeredKey, registrationOptions } from './webauthn.ts';

/** Whose device it will be, and the session or sign-in that it is added in. */
export interface Enrolling {
  readonly user: User;
  readonly boundTo: string;
}

/** What the page of a new device shows, and sends back. */
export interface NewDevice {
  /** base32, for those who type it. */
  readonly secret: string;
  /** For the QR code. */
  readonly uri: string;
  readonly sealed: string;
}

export interface Enrolment {
  readonly name: string;
  /** For a device: what `newDevice` sealed, and a code of it. */
  readonly sealed?: string | undefined;
  readonly code?: string | undefined;
  /** For a key: what the browser answered, as JSON. */
  readonly attestation?: string | undefined;
}

export type Enrolled =
  | {
      readonly kind: 'added';
      readonly method: string;
      /** Made with the first factor; to be shown once. */
      readonly recoveryCodes?: readonly string[];
    }
  /** Wrong code, sealed by another, too late, there already, or too many. */
  | { readonly kind: 'refused' };

const mostFactors = 10;
const enrolSeconds = 15 * 60;
const longestName = 64;

const aboutEnrolling = ({ user, boundTo }: Enrolling) => `enrol ${user.id} ${boundTo}`;

function shown({ rp }: FactorDeps, { user }: Enrolling, secret: string, sealed: string): NewDevice {
  const issuer = rp.id === 'localhost' ? 'LIVEDOC' : `LIVEDOC ${rp.id}`;
  return { secret, uri: totpUri(secret, issuer, user.email), sealed };
}

export function newDevice(deps: FactorDeps, enrolling: Enrolling): NewDevice {
  const text = newTotpSecret();
  const until = deps.now().getTime() + enrolSeconds * 1000;
  const sealed = deps.secret.seal(JSON.stringify({ id: newId(), text, until }), aboutEnrolling(enrolling));
  return shown(deps, enrolling, text, Buffer.from(sealed).toString('base64url'));
}

/** The one whose code was mistyped, so that nobody has to scan twice; a new one when its time is over. */
export function sameDevice(deps: FactorDeps, enrolling: Enrolling, sealed: string): NewDevice {
  const device = opened(deps, enrolling, sealed);
  return device ? shown(deps, enrolling, device.text, sealed) : newDevice(deps, enrolling);
}

/** What `navigator.credentials.create` is to be given, as JSON; keys that the account has are left out by the browser. */
export async function newKeyOptions({ store, rp }: FactorDeps, enrolling: Enrolling): Promise<string> {
  const factors = await listFactors(store.db, enrolling.user.id);
  const keys = factors.filter((factor) => factor.kind === 'webauthn');
  return registrationOptions(store.db, rp, enrolling, keys);
}

interface Sealed {
  readonly id: string;
  readonly text: string;
  readonly until: number;
}

function opened({ secret, now }: FactorDeps, enrolling: Enrolling, sealed: string): Sealed | undefined {
  try {
    const text = secret.open(Buffer.from(sealed, 'base64url'), aboutEnrolling(enrolling));
    const device = JSON.parse(text) as Sealed;
    return device.until > now().getTime() ? device : undefined;
  } catch {
    return undefined;
  }
}

/** Without control characters, which no page could show. */
const nameOf = (name: string, otherwise: string) =>
  [...name.replace(/\p{C}/gu, ' ').trim()].slice(0, longestName).join('') || otherwise;

function deviceOf(deps: FactorDeps, enrolling: Enrolling, { name, sealed, code = '' }: Enrolment) {
  const device = opened(deps, enrolling, sealed ?? '');
  if (!device) return undefined;
  const { id, text } = device;
  const step = stepOfCode({ secret: text, code: code.replace(/\s/g, ''), now: deps.now(), lastStep: -1 });
  if (step === undefined) return undefined;
  const sealedSecret = deps.secret.seal(text, aboutTotp(id));
  const userId = enrolling.user.id;
  return { id, userId, kind: 'totp', name: nameOf(name, 'TOTP'), sealedSecret, lastStep: step } as const;
}

async function keyOf(deps: FactorDeps, tx: Store, enrolling: Enrolling, { name, attestation }: Enrolment) {
  const key = await registeredKey(tx.db, deps.rp, enrolling, attestation ?? '');
  if (!key) return undefined;
  return { id: newId(), userId: enrolling.user.id, kind: 'webauthn', name: nameOf(name, 'WebAuthn'), ...key } as const;
}

/** Ten new codes in the place of all that the account had. */
export async function renewCodes(
  { secret }: FactorDeps,
  tx: Store,
  user: User,
  peer: FactorPeer,
): Promise<readonly string[]> {
  const codes = newRecoveryCodes();
  const key = recoveryKey(secret);
  await replaceRecoveryCodes(
    tx.db,
    user.id,
    codes.map((code) => hashRecoveryCode(key, user.id, code)),
  );
  const told = { type: 'administration', subtype: 'recovery-codes', action: 'C', outcome: '0' } as const;
  await tx.audit.append(factorRecord(user, peer, told, {}));
  return codes;
}

/**
 * Adds the device or key when it has proven itself; `isFirst` refuses when the account has one already, because then it is
 * that one which has to be shown. The first factor comes with recovery codes.
 */
export async function addFactor(
  deps: FactorDeps,
  enrolling: Enrolling,
  enrolment: Enrolment,
  peer: FactorPeer,
  isFirst: boolean,
): Promise<Enrolled> {
  const { user } = enrolling;
  return deps.store.transaction(async (tx) => {
    await tx.lock([`factors ${user.id}`]);
    const factor: NewFactor | undefined = enrolment.attestation
      ? await keyOf(deps, tx, enrolling, enrolment)
      : deviceOf(deps, enrolling, enrolment);
    if (!factor || !(await insertFactor(tx.db, factor, isFirst ? 1 : mostFactors))) return { kind: 'refused' };
    const { id, kind, name } = factor;
    const told = { type: 'administration', subtype: 'factor-add', action: 'C', outcome: '0' } as const;
    await tx.audit.append(factorRecord(user, peer, told, { factor_id: id, kind, name }));
    const method = kind === 'webauthn' ? methodOf(factor) : codeMethod;
    if ((await countRecoveryCodes(tx.db, user.id)) !== undefined) return { kind: 'added', method };
    return { kind: 'added', method, recoveryCodes: await renewCodes(deps, tx, user, peer) };
  });
}
