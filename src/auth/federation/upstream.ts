/**
 * Speaking to an identity provider as its relying party, with openid-client.
 * https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
 */
import { importJWK, type JWK } from 'jose';
import * as oidc from 'openid-client';
import type { Claims } from './claims.ts';
import type { Discovery } from './discovery.ts';
import { type Refusal, refusal } from './refusal.ts';
import { type Settings, signatureAlgorithms } from './settings.ts';

/** A provider with its secret open; lives no longer than the request that needs it. */
export interface OpenProvider {
  readonly id: string;
  readonly settings: Settings;
  /** The client secret, or our private JWK there. */
  readonly secret?: string | undefined;
}

export interface UpstreamDeps {
  readonly discovery: Discovery;
  readonly fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
}

/** What has to be the same when the browser comes back. */
export interface Proofs {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface Asked extends Proofs {
  readonly redirectUri: string;
  /** The person has to prove again who they are. */
  readonly isAgain: boolean;
  readonly loginHint?: string | undefined;
  readonly uiLocales?: string | undefined;
}

export interface Told {
  readonly idToken: string;
  readonly idTokenClaims: Claims;
  readonly userinfo: Claims;
}

async function clientAuthOf({ settings, secret }: OpenProvider): Promise<oidc.ClientAuth> {
  switch (settings.client_auth) {
    case 'none':
      return oidc.None();
    case 'client_secret_basic':
      return oidc.ClientSecretBasic(secret ?? '');
    case 'client_secret_post':
      return oidc.ClientSecretPost(secret ?? '');
    case 'private_key_jwt': {
      const jwk = JSON.parse(secret ?? '{}') as JWK;
      const key = (await importJWK(jwk, 'RS256')) as oidc.CryptoKey;
      return oidc.PrivateKeyJwt({ key, ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) });
    }
  }
}

/** Those that the provider signs with and that we trust; none of its own choosing makes another of them. */
function algorithmsOf(metadata: oidc.ServerMetadata): oidc.ServerMetadata {
  const supported = metadata.id_token_signing_alg_values_supported ?? ['RS256'];
  const trusted = supported.filter((alg) => signatureAlgorithms.includes(alg));
  return { ...metadata, id_token_signing_alg_values_supported: trusted };
}

/**
 * A configuration for one conversation: its metadata is remembered, its keys are not, so that a key that was rotated out is
 * believed no longer than a sign-in takes and a new one at once. Throws Error when there is no metadata.
 */
export async function configurationOf(
  { discovery, fetch }: UpstreamDeps,
  provider: OpenProvider,
): Promise<oidc.Configuration> {
  const { settings } = provider;
  const metadata = algorithmsOf(await discovery.metadataOf(settings));
  const alg = settings.userinfo_signed_alg;
  const client = alg === undefined ? {} : { userinfo_signed_response_alg: alg };
  const configuration = new oidc.Configuration(metadata, settings.client_id, client, await clientAuthOf(provider));
  configuration[oidc.customFetch] = (url, init) => fetch(url, init as RequestInit);
  // Which hosts may be spoken to without TLS is decided where it is fetched, by the installation's list.
  oidc.allowInsecureRequests(configuration);
  // Otherwise the connection alone would vouch for what is in an ID token.
  oidc.enableNonRepudiationChecks(configuration);
  return configuration;
}

function parametersOf(settings: Settings, metadata: oidc.ServerMetadata, asked: Asked): Record<string, string> {
  const prompt = asked.isAgain ? 'login' : settings.prompt;
  const isQuery = metadata.response_modes_supported?.includes('query');
  return {
    ...settings.authorization_parameters,
    redirect_uri: asked.redirectUri,
    scope: settings.scope,
    state: asked.state,
    nonce: asked.nonce,
    code_challenge_method: 'S256',
    ...(isQuery ? { response_mode: 'query' } : {}),
    ...(settings.acr_values === undefined ? {} : { acr_values: settings.acr_values }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(asked.isAgain ? { max_age: '0' } : {}),
    ...(asked.loginHint === undefined ? {} : { login_hint: asked.loginHint }),
    ...(asked.uiLocales === undefined ? {} : { ui_locales: asked.uiLocales }),
  };
}

/** Where to send the browser; pushes the request (RFC 9126) to a provider that takes it. */
export async function authorizationUrl(
  deps: UpstreamDeps,
  provider: OpenProvider,
  asked: Asked,
): Promise<URL | Refusal> {
  try {
    const configuration = await configurationOf(deps, provider);
    const metadata = configuration.serverMetadata();
    const parameters = parametersOf(provider.settings, metadata, asked);
    parameters['code_challenge'] = await oidc.calculatePKCECodeChallenge(asked.verifier);
    const isPushed =
      metadata.require_pushed_authorization_requests === true ||
      (provider.settings.pushed_requests && metadata.pushed_authorization_request_endpoint !== undefined);
    return isPushed
      ? await oidc.buildAuthorizationUrlWithPAR(configuration, parameters)
      : oidc.buildAuthorizationUrl(configuration, parameters);
  } catch (error) {
    return refusalOf(error);
  }
}

/**
 * Redeems what the browser brought: state, `iss` (RFC 9207), the ID token's signature, issuer, audience, nonce and times are
 * checked, and that userinfo is of the same person.
 */
export async function redeem(
  deps: UpstreamDeps,
  provider: OpenProvider,
  { redirectUri, query, proofs }: { readonly redirectUri: string; readonly query: string; readonly proofs: Proofs },
): Promise<Told | Refusal> {
  try {
    const configuration = await configurationOf(deps, provider);
    const tokens = await oidc.authorizationCodeGrant(configuration, new URL(`${redirectUri}?${query}`), {
      expectedState: proofs.state,
      expectedNonce: proofs.nonce,
      pkceCodeVerifier: proofs.verifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    const { id_token: idToken } = tokens;
    if (!claims || idToken === undefined) return refusal('untrusted', 'no ID token came');
    const userinfo = provider.settings.userinfo
      ? await oidc.fetchUserInfo(configuration, tokens.access_token, claims.sub)
      : {};
    return { idToken, idTokenClaims: claims, userinfo };
  } catch (error) {
    return refusalOf(error);
  }
}

/** Errors of openid-client that tell of words that are not the provider's to us, and not of a provider that is down. */
const untrusted: ReadonlySet<string> = new Set([
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_UNSUPPORTED_OPERATION',
  'OAUTH_JWT_USERINFO_EXPECTED',
  'OAUTH_PARSE_ERROR',
]);

/** The messages of an error and of what caused it, without what a token or a page may have had in it. */
function wordsOf(error: unknown, depth = 3): string {
  if (!(error instanceof Error)) return String(error);
  const cause = depth > 0 && error.cause instanceof Error ? ` (${wordsOf(error.cause, depth - 1)})` : '';
  return `${error.message}${cause}`;
}

/** What went wrong, in our words. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof oidc.AuthorizationResponseError) {
    const detail = `the provider answers ${error.error} ${error.error_description ?? ''}`.trim();
    return refusal(error.error === 'access_denied' ? 'denied' : 'upstream', detail);
  }
  if (error instanceof oidc.ResponseBodyError) {
    const why = error.status >= 500 ? 'unavailable' : 'upstream';
    return refusal(why, `the token endpoint answers ${error.error} ${error.error_description ?? ''}`.trim());
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return refusal(untrusted.has(code) ? 'untrusted' : 'unavailable', wordsOf(error));
}
