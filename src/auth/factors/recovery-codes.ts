/**
 * Recovery codes: for the day when the phone is lost. Ten, each good once, kept as keyed hashes.
 * https://pages.nist.gov/800-63-3/sp800-63b.html#lookupsecrets
 */
import { randomInt } from 'node:crypto';
import { sign } from '../secret.ts';

const howMany = 10;
/** Crockford's letters: none that is taken for another, and no vowel but A and E. */
const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 80 bits, so that a plain hash with a key is enough. */
const length = 16;

const normal = (code: string) => code.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');

/** Far above a code with any spaces and dashes. */
const longest = 64;

export const isRecoveryCode = (text: string) =>
  text.length <= longest && new RegExp(`^[${letters}]{${length}}$`).test(normal(text));

/** Ten codes as people read them: `7K3M-90QZ-4TXA-C8WD`. */
export function newRecoveryCodes(): readonly string[] {
  const one = () => Array.from({ length }, () => letters.charAt(randomInt(letters.length))).join('');
  return Array.from({ length: howMany }, () => one().replace(/(.{4})(?=.)/g, '$1-'));
}

/** What the database has of a code; spaces, dashes, case and letters that look alike make no difference. */
export function hashRecoveryCode(key: Uint8Array, userId: string, code: string): string {
  return sign(key, `${userId} ${normal(code)}`);
}
