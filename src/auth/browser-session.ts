/**
 * Who is signed in in this browser: the provider's own session, read for the pages that are ours (account, applications,
 * launcher), and the way to sign in for such a page and back to it.
 * https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import { noteSession } from '../store/accounts/browser-sessions.ts';
import { findUser, type User } from '../store/accounts/users.ts';
import { removeArtifact } from '../store/oidc/remove-artifacts.ts';
import type { Store } from '../store/store.ts';
import { userAgentOf } from './accounts/device.ts';
import { personAgent } from './agents.ts';
import { firstPartyClientId, firstPartyRedirect } from './first-party-client.ts';
import { isSame } from './same.ts';
import { type Secret, sign } from './secret.ts';

export interface SignedIn {
  readonly user: User;
  /** Names the session where its tokens do; no bearer value. */
  readonly sessionUid: string;
  /** When the person proved who they are, seconds since 1970. */
  readonly authTime: number;
  /** How they did, RFC 8176: `pwd`, `otp`, `hwk` ... */
  readonly amr: readonly string[];
  /** For the forms of this session's pages; see `hasCsrf`. */
  readonly csrf: string;
}

/** What the sign-in has to be at least; without it, the session that is there will do. */
export interface Demand {
  /** Seconds since the last proof; 0 asks for a new one. */
  readonly maxAge?: number;
  readonly acrValues?: string;
}

export interface BrowserSessions {
  /** Undefined when nobody is signed in, or an account that is not ACTIVE. */
  signedIn(request: IncomingMessage, response: ServerResponse): Promise<SignedIn | undefined>;
  /** Path and query that sign in and come back to `returnTo`, a path of this server. Throws Error for any other URL. */
  signInUrl(returnTo: string, demand?: Demand): string;
  /** The `returnTo` of a sign-in's `state`; undefined when it was not made here. */
  returnTo(state: unknown): string | undefined;
  /** Ends the session of this browser, and with it all tokens but those for offline use. Does nothing when there is none. */
  signOut(request: IncomingMessage, response: ServerResponse, peer: Peer): Promise<void>;
}

interface Peer {
  readonly address: string;
  readonly requestId?: string | undefined;
}

export interface BrowserSessionDeps {
  readonly provider: Provider;
  readonly store: Store;
  readonly secret: Secret;
  /** `http://localhost:8080/oidc` */
  readonly issuer: string;
}

/** Whether a form was made for this session. */
export function hasCsrf({ csrf }: SignedIn, given: unknown): boolean {
  return isSame(given, csrf);
}

/** A path that cannot be read as another host: browsers take `//host` and `/\host` for one. */
export function isLocalPath(text: string): boolean {
  // Control characters and spaces too: browsers drop them before they read the rest.
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(text)) return false;
  return URL.parse(text, 'http://local.invalid')?.origin === 'http://local.invalid';
}

export function browserSessionsOf({ provider, store, secret, issuer }: BrowserSessionDeps): BrowserSessions {
  const csrfKey = secret.derive('csrf');
  const stateKey = secret.derive('return to');
  const { pathname: mount, origin } = new URL(issuer);
  const sessionOf = (request: IncomingMessage, response: ServerResponse) =>
    provider.Session.get(provider.createContext(request, response));

  return {
    async signedIn(request, response) {
      const { accountId, uid, loginTs, amr } = await sessionOf(request, response);
      if (accountId === undefined) return undefined;
      const user = await findUser(store.db, accountId);
      if (user?.status !== 'ACTIVE') return undefined;
      const { ip = '' } = request as { readonly ip?: string };
      const userAgent = userAgentOf(request.headers['user-agent']);
      await noteSession(store.db, { uid, userId: user.id, userAgent, address: ip });
      const csrf = sign(csrfKey, `session ${uid} ${accountId}`);
      return { user, sessionUid: uid, authTime: loginTs ?? 0, amr: amr ?? [], csrf };
    },

    signInUrl(returnTo, { maxAge, acrValues } = {}) {
      if (!isLocalPath(returnTo)) throw new Error(`${returnTo} is not a path of this server.`);
      const path = Buffer.from(returnTo).toString('base64url');
      const query = new URLSearchParams({
        client_id: firstPartyClientId,
        response_type: 'code',
        scope: 'openid',
        redirect_uri: firstPartyRedirect(origin),
        state: `${path}.${sign(stateKey, path)}`,
        // The code is never redeemed: what is wanted is the session. So nobody needs to have the verifier of this.
        code_challenge: randomBytes(32).toString('base64url'),
        code_challenge_method: 'S256',
        ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
        ...(acrValues === undefined ? {} : { acr_values: acrValues }),
      });
      return `${mount}/auth?${query}`;
    },

    returnTo(state) {
      const [path = '', signature] = typeof state === 'string' ? state.split('.') : [];
      if (!isSame(signature, sign(stateKey, path))) return undefined;
      const text = Buffer.from(path, 'base64url').toString('utf8');
      return isLocalPath(text) ? text : undefined;
    },

    async signOut(request, response, { address, requestId }) {
      const context = provider.createContext(request, response);
      const session = await provider.Session.get(context);
      context.cookies.set(provider.cookieName('session'), null, { httpOnly: true, sameSite: 'lax' });
      const { accountId, jti } = session;
      if (accountId === undefined) return;
      await store.transaction(async (tx) => {
        await removeArtifact(tx.db, 'Session', jti);
        const user = await findUser(tx.db, accountId);
        await tx.audit.append({
          type: 'logout',
          subtype: 'logout',
          action: 'E',
          outcome: '0',
          recorded: new Date(),
          client: { name: 'LIVEDOC' },
          ...(user ? { user: personAgent(user) } : {}),
          address,
          entities: [],
          patients: [],
          ...(requestId === undefined ? {} : { requestId }),
        });
      });
    },
  };
}
