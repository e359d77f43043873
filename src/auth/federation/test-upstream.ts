/** Asks an identity provider, for the administrator who sets it up, whether a sign-in with these settings can work. */
import type { ServerMetadata } from 'openid-client';
import type { IdentityProviderTest } from '../../shared/api/identity-provider.ts';
import { type Refusal, refusal } from './refusal.ts';
import { type Settings, signatureAlgorithms } from './settings.ts';
import type { OpenProvider, UpstreamDeps } from './upstream.ts';

export type ProviderTest = IdentityProviderTest;

const endpoints = [
  'authorization_endpoint',
  'token_endpoint',
  'userinfo_endpoint',
  'jwks_uri',
  'end_session_endpoint',
  'pushed_authorization_request_endpoint',
] as const;

const lacks = (list: unknown, one: string) => Array.isArray(list) && !list.includes(one);

/** What its own document says against the settings; what it does not say is not held against it. */
function problemsOf(settings: Settings, metadata: ServerMetadata): readonly string[] {
  const { client_auth: auth, scope, acr_values: acr, userinfo } = settings;
  const algorithms = metadata.id_token_signing_alg_values_supported ?? ['RS256'];
  return [
    lacks(metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'], auth) &&
      `It does not take client_auth ${auth}.`,
    lacks(metadata.code_challenge_methods_supported, 'S256') && 'It does not know PKCE with S256.',
    ...scope.split(' ').map((one) => lacks(metadata.scopes_supported, one) && `It does not know the scope ${one}.`),
    ...(acr?.split(' ') ?? []).map(
      (one) => lacks(metadata.acr_values_supported, one) && `It does not know the acr ${one}.`,
    ),
    userinfo && metadata.userinfo_endpoint === undefined && 'It has no userinfo.',
    !algorithms.some((alg) => signatureAlgorithms.includes(alg)) &&
      'It signs ID tokens with no algorithm that is trusted.',
  ].filter((problem) => typeof problem === 'string');
}

async function keyProblems(fetch: UpstreamDeps['fetch'], uri: string): Promise<readonly string[]> {
  try {
    const response = await fetch(uri, { headers: { accept: 'application/json' } });
    const { keys } = (await response.json()) as { readonly keys?: unknown };
    return response.status === 200 && Array.isArray(keys) && keys.length > 0 ? [] : [`${uri} has no keys.`];
  } catch (error) {
    return [`${uri} cannot be had: ${(error as Error).message}.`];
  }
}

/** The refusal says why the document cannot be had. */
export async function testUpstream(
  { discovery, fetch }: UpstreamDeps,
  { settings }: OpenProvider,
): Promise<ProviderTest | Refusal> {
  try {
    const metadata = await discovery.metadataOf(settings, true);
    const problems = [...problemsOf(settings, metadata), ...(await keyProblems(fetch, metadata.jwks_uri ?? ''))];
    const named = endpoints.map((name) => [name, metadata[name]] as const).filter(([, url]) => typeof url === 'string');
    return { ok: problems.length === 0, problems, endpoints: Object.fromEntries(named) as Record<string, string> };
  } catch (error) {
    return refusal('unavailable', (error as Error).message);
  }
}
