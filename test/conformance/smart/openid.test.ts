// OpenID Connect by Inferno's ids, and a strict relying party (openid-client) that refuses whatever is not by the book.
// http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-identity-data
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../../support/browser.ts';
import { arrive, isConsent, tick } from '../../support/consenting.ts';
import { withSmartServer } from '../../support/smart-server.ts';

const smart = withSmartServer();
const redirectUri = 'https://rp.example/callback';
const scope = 'openid fhirUser profile offline_access user/*.rs';
const words = scope.split(' ');
const browser = new Browser();
let config: client.Configuration;
let tokens: Awaited<ReturnType<typeof signIn>>;

/** From the request to the tokens; `checks` is what the relying party holds against the answer. */
async function signIn(changes: Readonly<Record<string, string>> = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope,
    aud: smart.server.base,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...changes,
  });
  const page = await arrive(browser, url);
  const back = isConsent(page) ? await tick(browser, page, words) : page;
  return client.authorizationCodeGrant(config, back.url, checks);
}

beforeAll(async () => {
  const registration = { name: 'RP', kind: 'confidential', redirectUris: [redirectUri], scope } as const;
  const { clientId, clientSecret } = await smart.server.register(registration);
  config = await client.discovery(
    new URL(`${smart.server.origin}/oidc`),
    clientId,
    {},
    client.ClientSecretBasic(clientSecret),
    { execute: [client.allowInsecureRequests] },
  );
  tokens = await signIn();
}, 30_000);

type Document = Readonly<Record<string, unknown>>;

describe('the ID token', () => {
  const idToken = () => tokens.id_token ?? '';

  it('smart_openid_decode_id_token: decodes', () => {
    expect(decodeJwt(idToken()).sub).toBeTruthy();
  });

  it('smart_openid_retrieve_configuration: names an issuer whose configuration is there', async () => {
    const response = await fetch(`${decodeJwt(idToken()).iss}/.well-known/openid-configuration`);
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching('^application/json'),
    ]);
  });

  it('smart_openid_required_configuration_fields: has all that is required, and RS256', async () => {
    const body = (await (
      await fetch(`${smart.server.origin}/oidc/.well-known/openid-configuration`)
    ).json()) as Document;
    for (const name of ['issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri']) {
      expect(body[name], name).toEqual(expect.stringMatching(/^http/));
    }
    for (const name of ['response_types_supported', 'subject_types_supported']) {
      expect(body[name], name).toEqual(expect.arrayContaining([expect.any(String)]));
    }
    expect(body['id_token_signing_alg_values_supported']).toContain('RS256');
  });

  it('smart_openid_retrieve_jwks: is signed with one of the public RSA keys', async () => {
    const body = (await (await fetch(`${smart.server.origin}/oidc/jwks`)).json()) as { keys: Document[] };
    const rsa = body.keys.filter(({ kty }) => kty === 'RSA');
    expect(rsa.length).toBeGreaterThan(0);
    for (const key of body.keys) for (const secret of ['d', 'p', 'q', 'k']) expect(key).not.toHaveProperty(secret);
    expect(rsa.map(({ kid }) => kid)).toContain(decodeProtectedHeader(idToken()).kid);
  });

  it('smart_openid_token_header: says RS256 and a kid', () => {
    expect(decodeProtectedHeader(idToken())).toMatchObject({ alg: 'RS256', kid: expect.any(String) });
  });

  it('smart_openid_token_payload: is signed, for this client, by this issuer, for a while', async () => {
    const keys = createRemoteJWKSet(new URL(`${smart.server.origin}/oidc/jwks`));
    const audience = config.clientMetadata().client_id;
    const { payload } = await jwtVerify(idToken(), keys, { issuer: `${smart.server.origin}/oidc`, audience });
    expect(payload.exp).toBeGreaterThan(Date.now() / 1000);
    expect(payload.iat).toBeLessThanOrEqual(Date.now() / 1000 + 1);
    expect(payload.sub).toMatch(/^\S{1,255}$/);
  });

  it('smart_openid_fhir_user_claim: names a Practitioner that can be read with the token', async () => {
    const url = String(tokens.claims()?.['fhirUser']);
    expect(url).toMatch(/\/(Patient|Practitioner|RelatedPerson|Person)\/[A-Za-z0-9.-]{1,64}$/);
    const response = await fetch(url, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    expect([response.status, ((await response.json()) as Document)['resourceType']]).toEqual([200, 'Practitioner']);
  });

  it('smart_cors_openid_fhir_user_claim: which an app may read from its own origin', async () => {
    const headers = { authorization: `Bearer ${tokens.access_token}`, origin: 'https://rp.example' };
    const response = await fetch(String(tokens.claims()?.['fhirUser']), { headers });
    expect(response.headers.get('access-control-allow-origin')).toBe('https://rp.example');
  });

  it('says no more than the scopes allow', () => {
    const claims = tokens.claims() ?? {};
    expect(claims).toMatchObject({ name: 'Claire Petit', given_name: 'Claire', family_name: 'Petit' });
    expect(Object.keys(claims)).not.toContain('email');
  });
});

describe('a strict relying party', () => {
  it('refreshes, introspects and revokes', async () => {
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(refreshed.claims()?.sub).toBe(tokens.claims()?.sub);
    const active = await client.tokenIntrospection(config, refreshed.access_token);
    expect(active).toMatchObject({ active: true, sub: tokens.claims()?.sub });
    await client.tokenRevocation(config, refreshed.access_token);
    expect(await client.tokenIntrospection(config, refreshed.access_token)).toEqual({ active: false });
  });

  it('signs in silently where the person is signed in and has been asked (prompt=none)', async () => {
    const silent = await signIn({ prompt: 'none', scope: 'openid fhirUser user/*.rs' });
    expect(silent.claims()?.sub).toBe(tokens.claims()?.sub);
  });

  it('is told consent_required or login_required where it cannot', async () => {
    const asked = { redirect_uri: redirectUri, aud: smart.server.base, prompt: 'none', code_challenge_method: 'S256' };
    const challenge = await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier());
    const ask = (who: Browser, clientId: string) =>
      who.open(
        client.buildAuthorizationUrl(config, {
          ...asked,
          client_id: clientId,
          scope: 'openid user/*.rs',
          code_challenge: challenge,
        }),
      );
    const { client_id: clientId } = config.clientMetadata();
    const stranger = await ask(new Browser(), clientId);
    expect(stranger.url.searchParams.get('error')).toBe('login_required');
    const registration = { name: 'New', kind: 'confidential', redirectUris: [redirectUri], scope } as const;
    const { clientId: other } = await smart.server.register(registration);
    const unknown = await ask(browser, other);
    expect(unknown.url.searchParams.get('error')).toBe('consent_required');
    expect(unknown.url.searchParams.get('iss')).toBe(`${smart.server.origin}/oidc`);
  });

  it('has the person sign in again when it says prompt=login or a max_age that is over', async () => {
    for (const changes of [{ prompt: 'login' }, { max_age: '0' }]) {
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: 'openid',
        code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()),
        code_challenge_method: 'S256',
        ...changes,
      });
      expect((await browser.open(url)).html).toContain('type="password"');
    }
  });
});
