/**
 * Which passwords may be set: long, not among the breached ones or a slight change of one, not the person's own name. No
 * rules on kinds of characters and no expiry: both make passwords worse.
 * https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver
 */
import { FhirError } from '../../shared/errors.ts';
import { longestTyped } from '../passwords.ts';
import { isBreached, readBreached } from './breached.ts';

const minimumLength = 12;
/** Far above what anybody types. */
const maximumLength = 1024;

/** Why a password may not be set. */
export type PasswordProblem = 'length' | 'breached' | 'simple' | 'personal' | 'reused';

export interface Owner {
  readonly email: string;
  readonly nom: string;
  readonly prenom: string;
}

const words: Readonly<Record<PasswordProblem, string>> = {
  length: `A password has ${minimumLength} to ${maximumLength} characters.`,
  breached: 'This password, or one that it is easily made of, is among those that attackers try first.',
  simple: 'A password that only repeats or counts is guessed at once.',
  personal: 'A password does not contain the name or the email address of its owner.',
  reused: 'This password was in use before.',
};

/** The refusal as an error, `unprocessable`. */
export function problemError(problem: PasswordProblem): FhirError {
  return new FhirError('unprocessable', words[problem]);
}

const folded = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** Written with digits and signs in the place of letters. */
const leet: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};
const unleet = (text: string) => text.replace(/[013457@$!]/g, (sign) => leet[sign] ?? sign);

/** What people put around a password to make it longer is no more than so many digits and signs. */
const mostAround = 8;

/** The listed password that this one may be made of: itself, without what is around its letters, its repeated part. */
function bases(password: string): readonly string[] {
  const plain = password.toLowerCase();
  const inner = plain.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  const bare = plain.length - inner.length <= mostAround && inner.length >= 4 ? [inner] : [];
  const repeated = /^(.+?)\1+$/su.exec(plain)?.[1];
  const found = [plain, ...bare, ...(repeated === undefined ? [] : [repeated])];
  return [...found, ...found.map(unleet), ...found.map(folded)];
}

/** Few different characters, a short part repeated, or characters that follow one another. */
function isSimple(password: string): boolean {
  const codes = [...password].map((character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, at) => code - (codes[at] ?? 0));
  const runs = steps.filter((step) => Math.abs(step) <= 1).length;
  const repeated = /^(.{1,4}?)\1+.{0,3}$/su.test(password);
  return new Set(codes).size < 5 || repeated || runs >= steps.length * 0.8;
}

/** A name or the part of the address before the @; short ones are in too many words to be looked for. */
function isPersonal(password: string, { email, nom, prenom }: Owner): boolean {
  const text = folded(password);
  const own = [email, email.slice(0, email.indexOf('@')), nom, prenom].map(folded);
  return own.some((name) => name.length >= 4 && text.includes(name));
}

/** What is wrong with it; undefined when it may be set. Whether it was in use before is for `isReused`. */
export async function passwordProblem(password: string, owner: Owner): Promise<PasswordProblem | undefined> {
  if (password.length > longestTyped) return 'length';
  const normal = password.normalize('NFKC');
  const length = [...normal].length;
  if (length < minimumLength || length > maximumLength) return 'length';
  if (isSimple(normal.toLowerCase())) return 'simple';
  const filter = await readBreached();
  if (bases(normal).some((base) => isBreached(filter, base))) return 'breached';
  return isPersonal(normal, owner) ? 'personal' : undefined;
}
