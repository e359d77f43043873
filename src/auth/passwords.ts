/**
 * Passwords: bcrypt over a keyed hash. The key (pepper) is outside the database, so a stolen table cannot be attacked,
 * and the hash takes passwords of any length to 64 characters, because bcrypt silently ignores what is past byte 72.
 * https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
 */
import { createHmac } from 'node:crypto';
import { hash, parseOptions, verify } from '@node-rs/bcrypt';

/** Names how the stored text was made, so that another way can follow and be told apart. */
const scheme = '$hmac384-bcrypt';

/** About 300 ms on one core of the smallest supported machine. */
const cost = 12;

/**
 * UTF-16 units of what is compared at all: hashing a body of megabytes would be work for an attacker to order. More than the
 * longest password has, because it may be typed with its accents apart.
 */
export const longestTyped = 8192;

/** The stored form of a password that nobody has: for unknown accounts, so that they take as long as known ones. */
const nobody = `${scheme}$2b$12$AAAAAAAAAAAAAAAAAAAAAOPZgOGHU5Mu0VvE9mAk6Im0VZ3uTYdNK`;

const normal = (password: string) => password.normalize('NFKC');

function keyed(pepper: Uint8Array, password: string): string {
  return createHmac('sha384', pepper).update(normal(password)).digest('base64');
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
  const matches = await verify(keyed(pepper, password.slice(0, longestTyped)), encoded);
  const isRight = matches && password.length <= longestTyped && stored?.startsWith(scheme) === true;
  if (!isRight) return { isRight };
  return parseOptions(encoded).cost < cost ? { isRight, newHash: await hashPassword(pepper, password) } : { isRight };
}
