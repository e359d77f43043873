/**
 * How a person signed in, in the words of tokens: methods (amr), what they come to (acr), and who needs more than one.
 * https://www.rfc-editor.org/rfc/rfc8176, https://openid.net/specs/openid-connect-core-1_0.html#acrSemantics
 */
import type { UserRole } from '../../store/accounts/users.ts';
import type { WebauthnFactor } from '../../store/factors/factors.ts';

/** One factor, usually a password. */
export const singleFactor = 'urn:livedoc:acr:single-factor';
/** Two factors of different kinds. */
export const multiFactor = 'urn:livedoc:acr:multi-factor';

export const isMultiFactor = (amr: readonly string[]) => amr.includes('mfa');

export const acrOf = (amr: readonly string[]) => (isMultiFactor(amr) ? multiFactor : singleFactor);

/** The methods with another one, which was of another kind. */
export const withSecondFactor = (amr: readonly string[], method: string) => [...new Set([...amr, method, 'mfa'])];

/** RFC 8176: `swk` for a key that software holds and may copy, `hwk` for one that never leaves its device. */
export const methodOf = ({ isCopied }: Pick<WebauthnFactor, 'isCopied'>) => (isCopied ? 'swk' : 'hwk');

/** RFC 8176 has no word of its own for recovery codes: each is a password for one time, as `otp` says. */
export const codeMethod = 'otp';

/** Whether an application asks for two factors: `acr_values` is in order of preference, so its first known value counts. */
export function asksMultiFactor(acrValues: unknown): boolean {
  const values = typeof acrValues === 'string' ? acrValues.split(' ') : [];
  return values.find((value) => value === singleFactor || value === multiFactor) === multiFactor;
}

export const defaultFactorRoles: readonly UserRole[] = ['ADMINISTRATEUR'];
