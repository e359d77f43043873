/**
 * Passwords: bcrypt over a keyed hash. The key (pepper) is outside the database, so a stolen table cannot be attacked,
 * and the hash takes passwords of any length to 64 characters, because bcrypt silently ignores what is past byte 72.
 * https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
 */
import { createHmac } from 'node:crypto';
import { hash, parseOptions, verify } from '@node-rs/bcrypt';
import { FhirError } from '../shared/errors.ts';

/** Names how the stored text was made, so that another way can follow and be told apart. */
const scheme = '$hmac384-bcrypt';

/** About 300 ms on one core of the smallest supported machine. */
const cost = 12;

const minimumLength = 12;
/** Far above what anybody types; hashing a body of megabytes would be work for an attacker to order. */
const maximumLength = 1024;

/** The stored form of a password that nobody has: for unknown accounts, so that they take as long as known ones. */
const nobody = `${scheme}$2b$12$AAAAAAAAAAAAAAAAAAAAAOPZgOGHU5Mu0VvE9mAk6Im0VZ3uTYdNK`;

const normal = (password: string) => password.normalize('NFKC');

function keyed(pepper: Uint8Array, password: string): string {
  return createHmac('sha384', pepper).update(normal(password)).digest('base64');
}

/** Throws FhirError `unprocessable` for a password that may not be set. */
export function checkPolicy(password: string): void {
  const length = [...normal(password)].length;
  if (length >= minimumLength && password.length <= maximumLength) return;
  throw new FhirError('unprocessable', `A password has ${minimumLength} to ${maximumLength} characters.`);
}

export async function hashPassword(pepper: Uint8Array, password: string): Promise<string> {
  return scheme + (await hash(keyed(pepper, password), { cost }));
}

export interface Verdict {
  readonly isRight: boolean;
  /** Set when the password is right and was stored with less effort than is usual now. */
  readonly newHash?: string;
}

/** Compares in the same time for a stored password and for none. */
export async function verifyPassword(
  pepper: Uint8Array,
  password: string,
  stored: string | null | undefined,
): Promise<Verdict> {
  const encoded = (stored ?? nobody).slice(scheme.length);
  const matches = await verify(keyed(pepper, password.slice(0, maximumLength)), encoded);
  const isRight = matches && password.length <= maximumLength && stored?.startsWith(scheme) === true;
  if (!isRight) return { isRight };
  return parseOptions(encoded).cost < cost ? { isRight, newHash: await hashPassword(pepper, password) } : { isRight };
}
