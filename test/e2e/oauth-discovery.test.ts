// http://hl7.org/fhir/smart-app-launch/conformance.html, and a strict OpenID client on what it says.
import * as client from 'openid-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { addClient } from '../../src/auth/clients.ts';
import { Browser } from '../support/browser.ts';
import { withOidcApp } from '../support/oidc-app.ts';
import { redirectUri, walk } from '../support/smart-client.ts';

const server = withOidcApp();
const scope = 'openid fhirUser profile offline_access user/*.rs';
type Document = Record<string, unknown>;

async function json(
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ response: Response; body: Document }> {
  const response = await fetch(new URL(path, server.app.origin), { headers });
  return { response, body: (await response.json()) as Document };
}

describe('SMART discovery', () => {
  const path = '/fhir/.well-known/smart-configuration';

  it('well_known_endpoint: is JSON whatever is accepted', async () => {
    const { response, body } = await json(path, { accept: 'text/html' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(body['grant_types_supported']).toContain('authorization_code');
  });

  it('well_known_capabilities_stu2: names what works and nothing else', async () => {
    const { body } = await json(path);
    expect(body['code_challenge_methods_supported']).toEqual(['S256']);
    expect(body['capabilities']).toEqual([
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
    ]);
    expect(body['token_endpoint_auth_methods_supported']).toContain('private_key_jwt');
    expect(body['token_endpoint_auth_signing_alg_values_supported']).toEqual(
      expect.arrayContaining(['RS384', 'ES384']),
    );
  });

  it('smart_cors_well_known_endpoint: may be read from any origin', async () => {
    const { response } = await json(path, { origin: 'https://app.example' });
    expect(response.headers.get('access-control-allow-origin')).toMatch(/^(\*|https:\/\/app\.example)$/);
  });

  it('agrees with OpenID discovery, and every URL is absolute and below the public URL', async () => {
    const { body: smart } = await json(path);
    const { body: openid } = await json('/oidc/.well-known/openid-configuration');
    const urls = Object.entries(smart).filter(([name]) => /(_endpoint|_uri|^issuer)$/.test(name));
    expect(urls.length).toBeGreaterThan(5);
    for (const [name, url] of urls) {
      expect(String(url).startsWith(`${server.app.origin}/oidc`), name).toBe(true);
      expect(openid[name], name).toBe(url);
    }
    expect(openid['authorization_response_iss_parameter_supported']).toBe(true);
    expect(openid['id_token_signing_alg_values_supported']).toContain('RS256');
    for (const absent of ['userinfo_endpoint', 'registration_endpoint']) {
      expect(openid[absent]).toBeUndefined();
    }
  });

  it('smart_openid_retrieve_jwks: the keys are public RSA keys with ids', async () => {
    const { body } = await json('/oidc/jwks');
    const keys = body['keys'] as Document[];
    expect(keys).toHaveLength(1);
    expect(keys[0]).toMatchObject({ kty: 'RSA', alg: 'RS256', use: 'sig', kid: expect.any(String) });
    expect(keys[0]).not.toHaveProperty('d');
  });

  it('does not take its URLs from a forged Host', async () => {
    const { body } = await json('/oidc/.well-known/openid-configuration', { 'x-forwarded-host': 'evil.example' });
    expect(body['token_endpoint']).toBe(`${server.app.origin}/oidc/token`);
  });
});

describe('a strict OpenID client', () => {
  let config: client.Configuration;

  beforeAll(async () => {
    const { store, origin } = server.app;
    const registration = { name: 'RP', kind: 'confidential', redirectUris: [redirectUri], scope } as const;
    const { clientId, clientSecret } = await addClient(store, {
      ...registration,
      postLogoutRedirectUris: [redirectUri],
    });
    const authentication = client.ClientSecretBasic(clientSecret);
    const options = { execute: [client.allowInsecureRequests] };
    config = await client.discovery(new URL(`${origin}/oidc`), clientId, {}, authentication, options);
  });

  async function signIn(browser: Browser) {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const expected = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope,
      aud: `${server.app.origin}/fhir`,
      state: expected.expectedState,
      nonce: expected.expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    });
    return client.authorizationCodeGrant(config, await walk(browser, await browser.open(url)), expected);
  }

  it('signs in, refreshes, introspects and revokes', async () => {
    const tokens = await signIn(new Browser());
    expect(tokens.claims()).toMatchObject({ iss: `${server.app.origin}/oidc`, name: 'Claire Petit' });
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '');
    const active = await client.tokenIntrospection(config, refreshed.access_token);
    expect(active).toMatchObject({ active: true, sub: tokens.claims()?.sub, fhirUser: tokens.claims()?.['fhirUser'] });
    expect(new Set(active.scope?.split(' '))).toEqual(new Set(scope.split(' ')));
    await client.tokenRevocation(config, refreshed.access_token);
    expect(await client.tokenIntrospection(config, refreshed.access_token)).toEqual({ active: false });
  });

  it('signs in without any resource and without aud', async () => {
    const browser = new Browser();
    const verifier = client.randomPKCECodeVerifier();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: 'openid profile',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const tokens = await client.authorizationCodeGrant(config, await walk(browser, await browser.open(url)), {
      pkceCodeVerifier: verifier,
    });
    expect(tokens.claims()).toMatchObject({ given_name: 'Claire', family_name: 'Petit' });
    const { authenticate } = server.app.auth;
    const access = await authenticate({ authorization: `Bearer ${tokens.access_token}` });
    expect(access.may('r', 'Patient')).toBe(false);
  });

  it('signs the person out, with their word for it', async () => {
    const browser = new Browser();
    const tokens = await signIn(browser);
    const url = client.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: redirectUri,
      state: 'bye',
    });
    const page = await browser.open(url);
    expect(page.html).toContain('Do you want to sign out');
    const end = await browser.submit(page, '/session/end/confirm', { logout: 'yes' });
    expect(end.url.href).toBe(`${redirectUri}?state=bye`);
    const again = await browser.open(
      client.buildAuthorizationUrl(config, { redirect_uri: redirectUri, scope, prompt: 'none' }),
    );
    expect(again.url.searchParams.get('code')).toBeNull();
  });
});
