/** A registered client as it is shown, and as it could be registered again. */
import type { ClientRow, StoredClient } from '../store/oidc/clients.ts';
import {
  type AuthMethod,
  authMethodOf,
  type NewClient,
  type SigningAlgorithm,
  type TlsSubject,
} from './client-checks.ts';

export type ClientState = 'active' | 'waiting' | 'disabled';

export function stateOf({ approvedAt, disabledAt }: Pick<ClientRow, 'approvedAt' | 'disabledAt'>): ClientState {
  if (disabledAt !== null) return 'disabled';
  return approvedAt === null ? 'waiting' : 'active';
}

/** The registration that the row was made of. */
export function newClientOf(row: StoredClient): NewClient {
  return {
    name: row.name,
    kind: row.kind,
    scope: row.scope,
    jwks: row.jwks ?? undefined,
    jwksUri: row.jwksUri ?? undefined,
    redirectUris: row.redirectUris,
    postLogoutRedirectUris: row.postLogoutRedirectUris,
    launchUrl: row.launchUrl ?? undefined,
    // As it is now: a secret that has gone into the database must not turn into a key by itself.
    authMethod: methodOf(row),
    signingAlg: (row.signingAlg as SigningAlgorithm | null) ?? undefined,
    tlsSubject: (row.tlsSubject as TlsSubject | null) ?? undefined,
    dpop: row.dpop,
    mtls: row.mtls,
    par: row.par,
    fapi: row.fapi,
    about: row.about,
  };
}

/** How a registered client proves itself. */
export function methodOf(row: StoredClient): AuthMethod {
  if (row.authMethod !== null) return row.authMethod as AuthMethod;
  const keys = { ...(row.jwks ? { jwks: row.jwks } : {}), ...(row.jwksUri ? { jwksUri: row.jwksUri } : {}) };
  const method = authMethodOf({ name: row.name, scope: row.scope, kind: row.kind, ...keys });
  return method === 'private_key_jwt' && row.secretHash !== null ? 'client_secret_basic' : method;
}

export type ClientView = ReturnType<typeof clientView>;

/** What administrators see: no hash of a secret, but whether there is one. */
export function clientView(row: ClientRow) {
  return {
    client_id: row.clientId,
    name: row.name,
    kind: row.kind,
    state: stateOf(row),
    scope: row.scope,
    token_endpoint_auth_method: methodOf(row),
    ...(row.signingAlg === null ? {} : { token_endpoint_auth_signing_alg: row.signingAlg }),
    ...(row.jwks === null ? {} : { jwks: row.jwks }),
    ...(row.jwksUri === null ? {} : { jwks_uri: row.jwksUri }),
    redirect_uris: row.redirectUris,
    post_logout_redirect_uris: row.postLogoutRedirectUris,
    ...(row.launchUrl === null ? {} : { launch_url: row.launchUrl }),
    ...(row.tlsSubject ?? {}),
    dpop_bound_access_tokens: row.dpop,
    tls_client_certificate_bound_access_tokens: row.mtls,
    require_pushed_authorization_requests: row.par,
    fapi: row.fapi,
    has_secret: row.secretHash !== null,
    registered_itself: row.registrationHash !== null,
    about: row.about,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
