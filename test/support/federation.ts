/** Sign-ins at our server by way of a hospital's identity provider, each with its own cookies as on two machines. */

import { putProvider } from '../../src/auth/federation/identity-providers.ts';
import type { IdentityProviderRequest } from '../../src/shared/api/identity-provider.ts';
import { Browser, type Page } from './browser.ts';
import type { HospitalIdp } from './hospital-idp.ts';
import type { OidcApp } from './oidc-app.ts';

const admin = { client: { name: 'test' } };

/** Sets the provider up on both sides. */
export async function connect(
  app: OidcApp,
  idp: HospitalIdp,
  id: string,
  settings: Partial<IdentityProviderRequest> = {},
): Promise<void> {
  const auth = settings.client_auth ?? 'client_secret_basic';
  const secret = auth.startsWith('client_secret') ? { client_secret: idp.clientSecret } : {};
  const given = {
    issuer: idp.issuer,
    client_id: idp.clientId,
    name: { fr: "l'hôpital", en: 'the hospital' },
    ...secret,
    ...settings,
  };
  const { provider } = await putProvider(app.auth.federation.deps, id, given, admin);
  idp.register({
    redirect: provider.redirect_uri,
    postLogout: provider.post_logout_redirect_uri,
    jwksUri: provider.jwks_uri,
    backchannel: provider.backchannel_logout_uri,
  });
}

/** One person's browser: a jar of cookies for each server, for all are on this machine and ports do not part cookies. */
export class Traveller {
  readonly #jars = new Map<string, Browser>();
  /** Every URL that was gone to, at whichever server. */
  readonly visited: URL[] = [];
  /** Servers that are gone to. */
  readonly #origins: readonly string[];

  constructor(...origins: readonly string[]) {
    this.#origins = origins;
  }

  at(origin: string): Browser {
    const jar = this.#jars.get(origin) ?? new Browser('en');
    this.#jars.set(origin, jar);
    return jar;
  }

  /** Follows redirects from server to server; ends where none of them is, or at a page, or before a URL that `stop` says. */
  async go(url: URL, stop: (url: URL) => boolean = () => false): Promise<Page> {
    let next = url;
    for (let hops = 0; hops < 20; hops++) {
      if (!this.#origins.includes(next.origin) || stop(next)) return at(next);
      this.visited.push(next);
      const response = await this.at(next.origin).request(next);
      const location = response.headers.get('location');
      if (location === null) {
        return { url: next, status: response.status, headers: response.headers, html: await response.text() };
      }
      next = new URL(location, next);
    }
    throw new Error(`No end: ${next}`);
  }

  /** Sends a form, and follows as `go` does. */
  async submit(page: Page, actionEnd: string, changes: Readonly<Record<string, string>> = {}): Promise<Page> {
    const jar = this.at(page.url.origin);
    const answer = await jar.submit(page, actionEnd, changes);
    return this.#origins.includes(answer.url.origin) && answer.html === '' ? this.go(answer.url) : answer;
  }
}

const at = (url: URL): Page => ({ url, status: 0, headers: new Headers(), html: '' });

/** Where the link on a page leads whose address has this in it. */
export function linkOf({ html, url }: Page, part: string): URL {
  for (const [, href = ''] of html.matchAll(/<a [^>]*href="([^"]*)"/g)) {
    if (href.includes(part)) return new URL(href.replaceAll('&amp;', '&'), url);
  }
  throw new Error(`No link with ${part} in: ${html}`);
}
