/** A stored client as oidc-provider wants it described. */
import type { AdapterPayload } from 'oidc-provider';
import type { StoredClient } from '../store/oidc/clients.ts';

/** Ours among the metadata: what the client may be granted (`scope` proper takes no SMART scopes) and its kind. */
export const ownMetadata = ['livedoc_scope', 'livedoc_kind'];

function authMethod({ kind, secretHash }: StoredClient): 'none' | 'client_secret_basic' | 'private_key_jwt' {
  if (kind === 'public') return 'none';
  return secretHash === null ? 'private_key_jwt' : 'client_secret_basic';
}

/** http redirects are for programs on the user's own machine; everything else is a web application. */
function applicationType({ redirectUris }: StoredClient): 'web' | 'native' {
  const isNative = redirectUris.some((uri) => {
    const { protocol, hostname } = new URL(uri);
    return protocol === 'http:' ? ['localhost', '127.0.0.1', '[::1]'].includes(hostname) : protocol !== 'https:';
  });
  return isNative ? 'native' : 'web';
}

export function metadataOf(client: StoredClient): AdapterPayload {
  const isBackend = client.kind === 'backend';
  const method = authMethod(client);
  return {
    client_id: client.clientId,
    client_name: client.name,
    application_type: applicationType(client),
    token_endpoint_auth_method: method,
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    response_types: isBackend ? [] : ['code'],
    grant_types: isBackend ? ['client_credentials'] : ['authorization_code', 'refresh_token'],
    ...(client.secretHash && method === 'client_secret_basic' ? { client_secret: client.secretHash } : {}),
    ...(client.jwks ? { jwks: structuredClone(client.jwks) as never } : {}),
    ...(client.jwksUri ? { jwks_uri: client.jwksUri } : {}),
    ...(client.launchUrl ? { initiate_login_uri: client.launchUrl } : {}),
    livedoc_scope: client.scope,
    livedoc_kind: client.kind,
  };
}
