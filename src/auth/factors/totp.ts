/**
 * One-time codes by the clock: six digits, 30 seconds, SHA-1, which is what every authenticator app does.
 * https://www.rfc-editor.org/rfc/rfc6238
 */
import { generateSecret, generateURI, verifySync } from 'otplib';

const period = 30;
/** RFC 6238, 5.2: one step either way, for slow fingers and clocks that are a little off. */
const toleranceSeconds = period;
/** RFC 4226, 4 recommends 160 bits. */
const secretBytes = 20;

export const isTotpCode = (text: string) => /^\d{6}$/.test(text);

/** A secret in base32, as people can type it. */
export function newTotpSecret(): string {
  return generateSecret({ length: secretBytes });
}

/** What the QR code says: https://github.com/google/google-authenticator/wiki/Key-Uri-Format */
export function totpUri(secret: string, issuer: string, label: string): string {
  return generateURI({ strategy: 'totp', issuer, label, secret });
}

export interface TotpTry {
  /** base32 */
  readonly secret: string;
  readonly code: string;
  readonly now: Date;
  /** The last step whose code was taken; -1 when none was. */
  readonly lastStep: number;
}

/** The time step that the code is of; undefined when it is of none near now, or of none after `lastStep`. */
export function stepOfCode({ secret, code, now, lastStep }: TotpTry): number | undefined {
  if (!isTotpCode(code)) return undefined;
  const epoch = Math.floor(now.getTime() / 1000);
  const result = verifySync({
    strategy: 'totp',
    secret,
    token: code,
    period,
    epoch,
    epochTolerance: toleranceSeconds,
  });
  // Not by the library's own option, which throws when this machine's clock was set back.
  return result.valid && 'timeStep' in result && result.timeStep > lastStep ? result.timeStep : undefined;
}
