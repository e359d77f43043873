/**
 * The origins of registered applications: browsers let their scripts read answers of ours, and those of no others.
 * https://hl7.org/fhir/smart-app-launch/app-launch.html#considerations-for-cross-origin-resource-sharing-cors-support
 */
import { findRedirectUris } from '../store/oidc/redirect-uris.ts';
import type { Database } from '../store/store.ts';

export interface Origins {
  /** Whether a client that may be used has a redirect URI of this origin. */
  allows(origin: string): Promise<boolean>;
  /** Forgets what it knows: a client has changed. */
  clear(): void;
  /** Whether changes are heard of; if not, what is known is soon too old. */
  remember(isHearing: boolean): void;
}

/** The origin that a browser names for a page at this address; undefined for programs, whose requests have none. */
export function originOf(redirectUri: string): string | undefined {
  const url = URL.parse(redirectUri);
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.origin : undefined;
}

const longMilliseconds = 60_000;
const shortMilliseconds = 1000;

export function registeredOrigins(db: Database, now: () => number = Date.now): Origins {
  let known: { readonly origins: Promise<ReadonlySet<string>>; readonly at: number } | undefined;
  let milliseconds = shortMilliseconds;

  async function load(): Promise<ReadonlySet<string>> {
    const uris = await findRedirectUris(db);
    return new Set(uris.flatMap((uri) => originOf(uri) ?? []));
  }

  return {
    async allows(origin) {
      if (!known || now() - known.at > milliseconds) {
        const fresh = { origins: load(), at: now() };
        known = fresh;
        fresh.origins.catch(() => {
          if (known === fresh) known = undefined;
        });
      }
      return (await known.origins).has(origin);
    },
    clear() {
      known = undefined;
    },
    remember(isHearing) {
      milliseconds = isHearing ? longMilliseconds : shortMilliseconds;
      known = undefined;
    },
  };
}
