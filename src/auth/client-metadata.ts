/** A stored client as oidc-provider wants it described. */
import type { AdapterPayload } from 'oidc-provider';
import type { KeySet } from '../store/oidc/client-jwks.ts';
import type { StoredClient } from '../store/oidc/clients.ts';
import { methodOf } from './client-view.ts';

/**
 * Ours among the metadata: what the client may be granted (`scope` proper takes no SMART scopes), its kind, the URL of its
 * keys (which are given to the library as they were last fetched) and whether it is held to FAPI 2.0.
 */
export const ownMetadata = ['livedoc_scope', 'livedoc_kind', 'livedoc_jwks_uri', 'livedoc_fapi'];

/** http redirects are for programs on the user's own machine; everything else is a web application. */
function applicationType({ redirectUris }: StoredClient): 'web' | 'native' {
  const isNative = redirectUris.some((uri) => {
    const { protocol, hostname } = new URL(uri);
    return protocol === 'http:' ? ['localhost', '127.0.0.1', '[::1]'].includes(hostname) : protocol !== 'https:';
  });
  return isNative ? 'native' : 'web';
}

/** How it proves itself and how its tokens are bound. */
function security(client: StoredClient): Partial<AdapterPayload> {
  const method = methodOf(client);
  return {
    token_endpoint_auth_method: method,
    ...(client.secretHash && method.startsWith('client_secret') ? { client_secret: client.secretHash } : {}),
    ...(client.signingAlg && method === 'private_key_jwt'
      ? { token_endpoint_auth_signing_alg: client.signingAlg as never }
      : {}),
    ...client.tlsSubject,
    dpop_bound_access_tokens: client.dpop,
    tls_client_certificate_bound_access_tokens: client.mtls,
    require_pushed_authorization_requests: client.par,
  };
}

/** `fetched` are the keys at the client's URL, where it has one; none when they are not needed or not to be had. */
export function metadataOf(client: StoredClient, fetched?: KeySet): AdapterPayload {
  const isBackend = client.kind === 'backend';
  const jwks = client.jwks ?? fetched ?? (client.jwksUri === null ? undefined : { keys: [] });
  return {
    client_id: client.clientId,
    client_name: client.name,
    application_type: applicationType(client),
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    response_types: isBackend ? [] : ['code'],
    grant_types: isBackend ? ['client_credentials'] : ['authorization_code', 'refresh_token'],
    ...(jwks ? { jwks: structuredClone(jwks) as never } : {}),
    // The library takes https alone here; an app that is being developed is launched all the same.
    ...(client.launchUrl?.startsWith('https:') ? { initiate_login_uri: client.launchUrl } : {}),
    ...security(client),
    livedoc_scope: client.scope,
    livedoc_kind: client.kind,
    livedoc_fapi: client.fapi,
    ...(client.jwksUri === null ? {} : { livedoc_jwks_uri: client.jwksUri }),
  };
}
