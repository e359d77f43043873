/**
 * The metadata of an identity provider: fetched, checked, kept for a while, and the last good copy for longer.
 * https://openid.net/specs/openid-connect-discovery-1_0.html
 */
import type { ServerMetadata } from 'openid-client';
import type { Settings } from './settings.ts';

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface DiscoveryDeps {
  /** With limits on time, size and addresses. */
  readonly fetch: Fetch;
  /** Whether browsers may be sent to the URL: https, or a host that the installation vouches for. */
  readonly isAllowed: (url: URL) => boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Discovery {
  /** Throws Error that says what is wrong. */
  metadataOf(settings: Pick<Settings, 'issuer' | 'discovery_url'>, isFresh?: boolean): Promise<ServerMetadata>;
}

const freshMilliseconds = 10 * 60 * 1000;
/** An outage of the document alone stops nobody. */
const goodMilliseconds = 24 * 60 * 60 * 1000;

const needed = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const;
const browsersGo = ['authorization_endpoint', 'end_session_endpoint'] as const;

/** Section 4.1: below the issuer, whatever path that has. */
function documentUrl({ issuer, discovery_url: url }: Pick<Settings, 'issuer' | 'discovery_url'>): string {
  return url ?? `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

function checked(value: unknown, issuer: string, isAllowed: DiscoveryDeps['isAllowed']): ServerMetadata {
  if (typeof value !== 'object' || value === null) throw new Error('the discovery document is no object');
  const metadata = value as ServerMetadata;
  // Section 4.3: exactly the one that was configured, or another provider's keys would be believed for it.
  if (metadata.issuer !== issuer) throw new Error(`the discovery document is of ${String(metadata.issuer)}`);
  for (const name of needed) {
    if (typeof metadata[name] !== 'string') throw new Error(`the discovery document has no ${name}`);
  }
  for (const name of browsersGo) {
    const text = metadata[name];
    const url = text === undefined ? undefined : URL.parse(text);
    if (url === null || (url && !isAllowed(url))) throw new Error(`${name} ${text} is not https`);
  }
  return metadata;
}

/** One for a process; each keeps its own copies. */
export function openDiscovery({ fetch, isAllowed, now }: DiscoveryDeps): Discovery {
  const known = new Map<string, { readonly metadata: ServerMetadata; readonly at: number }>();

  async function ask(settings: Pick<Settings, 'issuer' | 'discovery_url'>, url: string): Promise<ServerMetadata> {
    const response = await fetch(url, { headers: { accept: 'application/json' } });
    if (response.status !== 200) throw new Error(`${url} answers ${response.status}`);
    return checked(JSON.parse(await response.text()), settings.issuer, isAllowed);
  }

  return {
    async metadataOf(settings, isFresh = false) {
      const url = documentUrl(settings);
      const key = `${settings.issuer} ${url}`;
      const last = known.get(key);
      if (!isFresh && last && now() - last.at < freshMilliseconds) return last.metadata;
      try {
        const metadata = await ask(settings, url);
        known.set(key, { metadata, at: now() });
        return metadata;
      } catch (error) {
        if (isFresh || !last || now() - last.at > goodMilliseconds) throw error;
        return last.metadata;
      }
    },
  };
}
