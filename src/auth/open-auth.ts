/** Opens authentication and authorization: secret, keys, provider; what `http` mounts and asks. */
import type { RequestListener } from 'node:http';
import type { Access } from '../fhir/access.ts';
import { extract } from '../fhir/search/extract.ts';
import type { Logger } from '../shared/logger.ts';
import { removeOldTries } from '../store/accounts/attempts.ts';
import { removeExpired } from '../store/oidc/remove-artifacts.ts';
import { watchRevocations } from '../store/oidc/watch-revocations.ts';
import type { Store } from '../store/store.ts';
import { findAccount } from './account.ts';
import { type Authenticator, authenticator, type Credentials } from './authenticate.ts';
import { type BrowserSessions, browserSessionsOf } from './browser-session.ts';
import { type Interactions, interactionsOf } from './interaction/interactions.ts';
import { useMiddleware } from './middleware.ts';
import type { Pages } from './pages.ts';
import { createProvider } from './provider.ts';
import type { Secret } from './secret.ts';
import { signingKeys } from './signing-keys.ts';
import { smartConfiguration } from './smart-configuration.ts';

export interface AuthOptions {
  readonly store: Store;
  readonly secret: Secret;
  /** URL of the server without a trailing slash; the issuer is below it. */
  readonly publicUrl: string;
  /** Hosts (host or host:port) inside the hospital from which key sets of clients may be fetched, also without TLS. */
  readonly trustedKeyHosts?: readonly string[];
  readonly log: Logger;
  /**
   * Where to listen for revocations. With it, what a token may do is remembered for up to a second and forgotten at once
   * when anything is revoked in any process; without it the database is asked for each request.
   */
  readonly database?: { readonly url: string; readonly schema: string };
}

export interface Served {
  readonly listener: RequestListener;
  readonly interactions: Interactions;
  readonly browser: BrowserSessions;
}

export interface Auth {
  readonly issuer: string;
  /** What `http` mounts: the provider at /oidc (with that taken off the URL), the steps of a sign-in at /interaction. */
  serve(pages: Pages): Served;
  /** Throws FhirError `unauthenticated`. */
  authenticate(credentials: Credentials): Promise<Access>;
  /** What a request that is carried out later keeps instead of its token, and the access that it gives then. */
  readonly later: Pick<Authenticator, 'ticketOf' | 'resume'>;
  /** http://hl7.org/fhir/smart-app-launch/conformance.html#using-well-known */
  smartConfiguration(): Readonly<Record<string, unknown>>;
  /** Removes what has expired; answers how many rows. */
  purge(): Promise<number>;
  close(): Promise<void>;
}

const purgeMilliseconds = 10 * 60 * 1000;
const purgeRows = 5000;

/**
 * What the provider takes for host, protocol and address comes from our configuration and from the server, so a forged
 * Host or Forwarded header changes neither its URLs nor the audience that it expects in assertions.
 */
function pinned(publicUrl: string, listener: RequestListener): RequestListener {
  const { host, protocol } = new URL(publicUrl);
  return (request, response) => {
    // Express has the address that its trusted proxies tell.
    const { ip } = request as { readonly ip?: string };
    request.headers['x-forwarded-host'] = host;
    request.headers['x-forwarded-proto'] = protocol.slice(0, -1);
    request.headers['x-forwarded-for'] = ip ?? request.socket.remoteAddress ?? '';
    return listener(request, response);
  };
}

/** Makes the signing key at the first start. Throws Error when the secret is not the one of the database. */
export async function openAuth(options: AuthOptions): Promise<Auth> {
  const { store, secret, publicUrl, log } = options;
  const issuer = `${publicUrl}/oidc`;
  const base = `${publicUrl}/fhir`;
  const keys = await signingKeys(store.db, secret);

  async function purge(): Promise<number> {
    await removeOldTries(store.db);
    let removed = 0;
    for (let last = purgeRows; last === purgeRows; removed += last) last = await removeExpired(store.db, purgeRows);
    return removed;
  }
  const timer = setInterval(() => {
    purge().catch((error: unknown) => log.warn('expired sign-in state could not be removed', { error }));
  }, purgeMilliseconds).unref();

  const judge = authenticator(store.db, base, extract);
  const watch =
    options.database &&
    watchRevocations({
      databaseUrl: options.database.url,
      schema: options.database.schema,
      log,
      onDeaf: () => judge.cache.remember(false),
      onListening: () => judge.cache.remember(true),
      onRevoked: () => judge.cache.clear(),
    });

  return {
    issuer,
    serve(pages) {
      const provider = createProvider({
        db: store.db,
        issuer,
        base,
        keys,
        cookieKey: secret.derive('cookies').toString('base64url'),
        pages,
        trustedHosts: options.trustedKeyHosts ?? [],
        log,
      });
      useMiddleware(provider, store, (id) => findAccount(store.db, base, id));
      return {
        listener: pinned(publicUrl, provider.callback()),
        interactions: interactionsOf({ provider, store, secret, base }),
        browser: browserSessionsOf({ provider, store, secret, issuer }),
      };
    },
    authenticate: judge.authenticate,
    later: { ticketOf: judge.ticketOf, resume: judge.resume },
    smartConfiguration: () => smartConfiguration(publicUrl),
    purge,
    async close() {
      clearInterval(timer);
      await watch?.close();
    },
  };
}
