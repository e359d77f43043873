/**
 * SMART's discovery document: what this server offers, and nothing that it does not do yet.
 * http://hl7.org/fhir/smart-app-launch/conformance.html#using-well-known
 */
import { type Brands, brandsPath } from './brands.ts';
import { authMethods, signingAlgorithms } from './client-checks.ts';
import { proofAlgorithms } from './dpop-proof.ts';
import { otherScopes } from './scopes.ts';

/**
 * The document for the server at `publicUrl` (without a trailing slash), whose brand has this identifier and where
 * applications may register themselves or not.
 */
export function smartConfiguration(
  publicUrl: string,
  { identifier }: Pick<Brands, 'identifier'>,
  registers: boolean,
): Readonly<Record<string, unknown>> {
  const issuer = `${publicUrl}/oidc`;
  return {
    issuer,
    jwks_uri: `${issuer}/jwks`,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    introspection_endpoint: `${issuer}/token/introspection`,
    revocation_endpoint: `${issuer}/token/revocation`,
    pushed_authorization_request_endpoint: `${issuer}/request`,
    ...(registers ? { registration_endpoint: `${issuer}/reg` } : {}),
    user_access_brand_bundle: `${publicUrl}${brandsPath}`,
    user_access_brand_identifier: identifier,
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: authMethods.filter((method) => method !== 'none'),
    token_endpoint_auth_signing_alg_values_supported: [...signingAlgorithms],
    dpop_signing_alg_values_supported: [...proofAlgorithms],
    tls_client_certificate_bound_access_tokens: true,
    scopes_supported: [
      ...otherScopes,
      ...['patient', 'user', 'system'].flatMap((level) => [`${level}/*.cruds`, `${level}/*.read`]),
    ],
    capabilities: [
      'launch-ehr',
      'launch-standalone',
      'authorize-post',
      'client-public',
      'client-confidential-symmetric',
      'client-confidential-asymmetric',
      'sso-openid-connect',
      'context-banner',
      'context-style',
      'context-ehr-patient',
      'context-ehr-encounter',
      'context-standalone-patient',
      'context-standalone-encounter',
      'permission-offline',
      'permission-online',
      'permission-patient',
      'permission-user',
      'permission-v1',
      'permission-v2',
      'smart-app-state',
    ],
  };
}
