/**
 * Signing out at the identity provider too, and coming back from there.
 * https://openid.net/specs/openid-connect-rpinitiated-1_0.html
 */
import * as oidc from 'openid-client';
import type { Logger } from '../../shared/logger.ts';
import { findIdentityProvider } from '../../store/federation/identity-providers.ts';
import { type FederatedSession, takeFederatedSession } from '../../store/federation/sessions.ts';
import { addressesOf, openProviderOf, type ProviderDeps } from './identity-providers.ts';
import { configurationOf, type UpstreamDeps } from './upstream.ts';

export interface SignOutDeps extends ProviderDeps {
  readonly upstream: UpstreamDeps;
  readonly log: Logger;
}

interface Onward {
  readonly to: string;
  /** Seconds since 1970. */
  readonly until: number;
}

/** To sign out at a provider, and to read its page. */
const seconds = 3600;

const about = (id: string) => `signed out ${id}`;
const now = () => Math.floor(Date.now() / 1000);

async function urlFor(
  { store, secret, publicUrl, upstream }: SignOutDeps,
  { providerId, sealedIdToken }: FederatedSession,
  to: string,
): Promise<URL | undefined> {
  const stored = await findIdentityProvider(store.db, providerId);
  const provider = stored && openProviderOf(secret, stored);
  if (!provider?.settings.logout.upstream) return undefined;
  const configuration = await configurationOf(upstream, provider);
  if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined;
  const onward: Onward = { to, until: now() + seconds };
  const state = Buffer.from(secret.seal(JSON.stringify(onward), about(providerId))).toString('base64url');
  return oidc.buildEndSessionUrl(configuration, {
    post_logout_redirect_uri: addressesOf(publicUrl, providerId).post_logout_redirect_uri,
    state,
    ...(sealedIdToken ? { id_token_hint: secret.open(sealedIdToken, `id token ${providerId}`) } : {}),
  });
}

/**
 * Where to send a browser whose session (by its uid) has ended, so that it ends at the identity provider as well and then
 * comes to `to`. Undefined when the session did not begin at one, or the provider has no such place or is down: then it goes
 * straight on, for the session here has ended in any case.
 */
export async function upstreamSignOut(deps: SignOutDeps, sessionUid: string, to: string): Promise<string | undefined> {
  const session = await takeFederatedSession(deps.store.db, sessionUid);
  if (!session) return undefined;
  try {
    return (await urlFor(deps, session, to))?.href;
  } catch (error) {
    deps.log.warn('nobody can be signed out at the identity provider', { provider: session.providerId, error });
    return undefined;
  }
}

/** Where the browser goes on to, from the `state` that the provider sent back; undefined for one that was not made here. */
export function signedOutTarget(
  { secret }: Pick<ProviderDeps, 'secret'>,
  id: string,
  state: unknown,
): string | undefined {
  if (typeof state !== 'string' || state.length > 8000) return undefined;
  try {
    const { to, until } = JSON.parse(secret.open(Buffer.from(state, 'base64url'), about(id))) as Onward;
    return until < now() ? undefined : to;
  } catch {
    return undefined;
  }
}
