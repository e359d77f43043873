/** Opens what signing in by hospital identity providers stands on, and answers what their servers and browsers ask outside of a sign-in. */
import type { Logger } from '../../shared/logger.ts';
import { findIdentityProvider } from '../../store/federation/identity-providers.ts';
import type { Store } from '../../store/store.ts';
import { guardedFetch } from '../guarded-fetch.ts';
import type { Secret } from '../secret.ts';
import { openAway, readAway } from './away.ts';
import { openDiscovery } from './discovery.ts';
import { findEnabled, findProvider, openProviderOf, type ProviderDeps } from './identity-providers.ts';
import { type Logouts, logoutsOf } from './logout-token.ts';
import { isRefusal } from './refusal.ts';
import { type SignOutDeps, signedOutTarget, upstreamSignOut } from './sign-out.ts';
import { type ProviderTest, testUpstream } from './test-upstream.ts';

export interface FederationOptions {
  readonly store: Store;
  readonly secret: Secret;
  /** URL of the server without a trailing slash. */
  readonly publicUrl: string;
  /** Hosts (host or host:port) inside the hospital that may be spoken to, also without TLS. */
  readonly trustedHosts: readonly string[];
  readonly log: Logger;
}

export interface Federation extends Logouts {
  /** What administration and sign-ins need. */
  readonly deps: SignOutDeps;
  /** The sign-in (its uid) that a `state` was made for; undefined when it is not under way. */
  signInOf(id: string, state: unknown): Promise<string | undefined>;
  /** Where a browser goes to end its session at the provider too, and then to `to`; undefined: straight there. */
  signOutUrl(sessionUid: string, to: string): Promise<string | undefined>;
  /** Where a browser goes on to that was signed out at the provider; undefined when its `state` was not made here. */
  signedOutTarget(id: string, state: unknown): string | undefined;
  /** Our public keys there. Throws FhirError `notFound`. */
  jwks(id: string): Promise<{ readonly keys: readonly unknown[] }>;
  /** Whose pages may frame ours for a front-channel logout: the provider's origin. */
  originOf(id: string): Promise<string | undefined>;
  /** Asks the provider what it can, without a person. Throws FhirError `notFound`. */
  test(id: string): Promise<ProviderTest>;
}

/** A person waits, and some of these servers look several things up. */
const milliseconds = 8000;
/** Groups can make tokens and userinfo large. */
const maximumBytes = 512 * 1024;

export function openFederation({ trustedHosts, log, ...own }: FederationOptions): Federation {
  const fetch = guardedFetch(trustedHosts, { milliseconds, maximumBytes });
  const isAllowed = (url: URL) =>
    url.protocol === 'https:' ||
    (url.protocol === 'http:' && (trustedHosts.includes(url.host) || trustedHosts.includes(url.hostname)));
  const discovery = openDiscovery({ fetch, isAllowed, now: Date.now });
  const provider: ProviderDeps = own;
  const deps: SignOutDeps = { ...provider, upstream: { discovery, fetch }, log };
  const { store, secret } = own;
  return {
    ...logoutsOf(deps),
    deps,

    async signInOf(id, state) {
      const away = await readAway(store.db, secret, id, typeof state === 'string' ? state : null);
      return away && openAway(secret, away).uid;
    },

    signOutUrl: (sessionUid, to) => upstreamSignOut(deps, sessionUid, to),
    signedOutTarget: (id, state) => signedOutTarget(own, id, state),

    async jwks(id) {
      return { keys: (await findProvider(store.db, id)).publicKeys };
    },

    async originOf(id) {
      const stored = await findEnabled(store.db, id);
      return stored && URL.parse(stored.issuer)?.origin;
    },

    async test(id) {
      await findProvider(store.db, id);
      const stored = await findIdentityProvider(store.db, id);
      const result = stored && (await testUpstream(deps.upstream, openProviderOf(secret, stored)));
      if (!result || isRefusal(result)) return { ok: false, problems: [result?.detail ?? 'it is gone'], endpoints: {} };
      return result;
    },
  };
}
