/**
 * SMART's discovery document: what this server offers, and nothing that it does not do yet.
 * http://hl7.org/fhir/smart-app-launch/conformance.html#using-well-known
 */
import { type Brands, brandsPath } from './brands.ts';
import { signingAlgorithms } from './client-checks.ts';
import { otherScopes } from './scopes.ts';

/** The document for the server at `publicUrl` (without a trailing slash), whose brand has this identifier. */
export function smartConfiguration(
  publicUrl: string,
  { identifier }: Pick<Brands, 'identifier'>,
): Readonly<Record<string, unknown>> {
  const issuer = `${publicUrl}/oidc`;
  return {
    issuer,
    jwks_uri: `${issuer}/jwks`,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    introspection_endpoint: `${issuer}/token/introspection`,
    revocation_endpoint: `${issuer}/token/revocation`,
    user_access_brand_bundle: `${publicUrl}${brandsPath}`,
    user_access_brand_identifier: identifier,
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['private_key_jwt', 'client_secret_basic', 'client_secret_post'],
    token_endpoint_auth_signing_alg_values_supported: [...signingAlgorithms],
    scopes_supported: [...otherScopes, 'user/*.cruds', 'system/*.cruds', 'user/*.read', 'system/*.read'],
    capabilities: [
      'launch-standalone',
      'authorize-post',
      'client-public',
      'client-confidential-symmetric',
      'client-confidential-asymmetric',
      'sso-openid-connect',
      'permission-offline',
      'permission-online',
      'permission-user',
      'permission-v1',
      'permission-v2',
    ],
  };
}
