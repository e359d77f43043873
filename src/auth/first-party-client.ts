/**
 * The application behind our own pages, for which a person signs in to see them. It is built in: no row of a table, nothing
 * to list or to remove, no tokens to redeem, no consent to ask.
 */
import type { ClientMetadata } from 'oidc-provider';

export const firstPartyClientId = 'livedoc';

/** Where its sign-ins end; from there the browser goes back to the page. */
export const signedInPath = '/signed-in';

export const firstPartyRedirect = (origin: string) => `${origin}${signedInPath}`;

export function firstPartyClient(origin: string): ClientMetadata {
  return {
    client_id: firstPartyClientId,
    client_name: 'LIVEDOC',
    // Also over http on the administrator's own machine; a native one would be asked for consent each time.
    application_type: 'web',
    token_endpoint_auth_method: 'none',
    redirect_uris: [firstPartyRedirect(origin)],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    livedoc_scope: 'openid',
    livedoc_kind: 'public',
  };
}
