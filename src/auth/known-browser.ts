/**
 * Browsers in which a person has signed in before. Their tries are counted apart from everybody else's, so that nobody shuts
 * the owner of an account out by guessing at it, from anywhere. It proves nothing else: the password is still asked.
 * https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isSame } from './same.ts';
import { type Secret, sign } from './secret.ts';

/** Over https, a name that browsers let nobody set without TLS. */
const cookieNameOf = (isSecure: boolean) => (isSecure ? '__Secure-known_browser' : '_known_browser');
/** Where passwords are typed. */
const path = '/interaction';
const seconds = 180 * 24 * 60 * 60;
/** A computer of a ward has many users. */
const mostAccounts = 10;

export interface KnownBrowsers {
  /** What this browser is counted as for the account; undefined when nobody has signed in to it here. */
  nonceOf(request: IncomingMessage, email: string): string | undefined;
  /** To be called when the password was right. */
  remember(request: IncomingMessage, response: ServerResponse, email: string): void;
}

function entriesOf(request: IncomingMessage, cookieName: string): readonly string[] {
  const value = new RegExp(`(?:^|; *)${cookieName}=([\\w.~-]{1,4096})`).exec(request.headers.cookie ?? '')?.[1] ?? '';
  return value.split('~').filter((entry) => /^[\w-]{22}\.[\w-]{43}$/.test(entry));
}

export function knownBrowsers(secret: Secret, isSecure: boolean): KnownBrowsers {
  const key = secret.derive('known browsers');
  const cookieName = cookieNameOf(isSecure);
  const entryFor = (nonce: string, email: string) => `${nonce}.${sign(key, `${nonce} ${email.trim().toLowerCase()}`)}`;
  const find = (request: IncomingMessage, email: string) =>
    entriesOf(request, cookieName).find((entry) => isSame(entry, entryFor(entry.slice(0, 22), email)));

  return {
    nonceOf: (request, email) => find(request, email)?.slice(0, 22),
    remember(request, response, email) {
      const own = find(request, email) ?? entryFor(randomBytes(16).toString('base64url'), email);
      const others = entriesOf(request, cookieName).filter((entry) => entry !== own);
      const value = [own, ...others].slice(0, mostAccounts).join('~');
      const secure = isSecure ? '; Secure' : '';
      const cookie = `${cookieName}=${value}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
      response.appendHeader('set-cookie', cookie);
    },
  };
}
