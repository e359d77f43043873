// Pushed authorization requests (RFC 9126), and clients that are held to the FAPI 2.0 Security Profile.
// https://openid.net/specs/fapi-security-profile-2_0-final.html
import { beforeAll, describe, expect, it } from 'vitest';
import { Browser, type Page } from '../support/browser.ts';
import { type DpopKey, makeDpopKey } from '../support/dpop-client.ts';
import {
  assertionType,
  authorizationUrl,
  claimsFor,
  type Key,
  makeKey,
  pkce,
  post,
  redeem,
  redirectUri,
  type TokenAnswer,
} from '../support/smart-client.ts';
import { launchApp, walkThrough } from '../support/smart-launch.ts';
import { withSmartServer } from '../support/smart-server.ts';

const smart = withSmartServer();
const browser = new Browser();
const scope = 'openid fhirUser offline_access user/Patient.rs';
const httpsRedirect = 'https://app.example/callback';
let key: Key;
let dpop: DpopKey;
let fapi: string;
let pushing: string;

beforeAll(async () => {
  [key, dpop] = await Promise.all([makeKey('ES384'), makeDpopKey()]);
  const common = { kind: 'confidential', scope, jwks: key.jwks, redirectUris: [httpsRedirect] } as const;
  ({ clientId: fapi } = await smart.server.register({ ...common, name: 'FAPI', fapi: true, dpop: true }));
  const app = { name: 'Pushing', kind: 'public', scope, redirectUris: [redirectUri], par: true } as const;
  ({ clientId: pushing } = await smart.server.register(app));
}, 60_000);

const tokenUrl = () => `${smart.server.origin}/oidc/token`;
const issuer = () => `${smart.server.origin}/oidc`;
const assertion = async (audience: string) => ({
  client_assertion_type: assertionType,
  client_assertion: await key.assertion(claimsFor(fapi, audience)),
});

const verifier = pkce().verifier;
function requestOf(clientId: string, changes: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { searchParams } = authorizationUrl({ origin: smart.server.origin, clientId, scope, verifier, changes });
  return Object.fromEntries(searchParams);
}

/** The authorization endpoint with a pushed request: with what came of it before, the pages of a sign-in are walked through. */
async function follow(clientId: string, requestUri: unknown): Promise<Page> {
  const url = new URL('/oidc/auth', smart.server.origin);
  url.search = new URLSearchParams({ client_id: clientId, request_uri: String(requestUri) }).toString();
  return walkThrough(browser, await browser.open(url));
}

const push = (form: Readonly<Record<string, string>>, headers = {}) =>
  post(smart.server.origin, '/oidc/request', form, headers);

describe('a pushed request', () => {
  it('of a public client leads to tokens, a refresh token among them', async () => {
    const pushed = await push(requestOf(pushing));
    expect([pushed.status, pushed.body]).toEqual([
      201,
      { expires_in: 60, request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:/) },
    ]);
    const { url } = await follow(pushing, pushed.body['request_uri']);
    const code = url.searchParams.get('code') ?? '';
    const { status, body } = await redeem(smart.server.origin, { client_id: pushing, code, code_verifier: verifier });
    expect([status, body['refresh_token']]).toEqual([200, expect.any(String)]);
    expect(new Set(String(body['scope']).split(' '))).toEqual(new Set(scope.split(' ')));
  });

  it('is good once (RFC 9126, 7.3)', async () => {
    const { body } = await push(requestOf(pushing));
    await follow(pushing, body['request_uri']);
    const again = await follow(pushing, body['request_uri']);
    expect(again.url.searchParams.get('code')).toBeNull();
    expect(again.status).toBe(400);
  });

  it('is its client’s alone', async () => {
    const { body } = await push(requestOf(pushing));
    const page = await follow(fapi, body['request_uri']);
    expect([page.status, page.url.searchParams.get('code')]).toEqual([400, null]);
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['for another server', { aud: 'https://inferno.healthit.gov/invalid_aud' }, 'invalid_request'],
    ['without PKCE', { code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
    ['to an address that is not registered', { redirect_uri: 'https://evil.example/' }, 'invalid_request'],
    ['with a request_uri in it', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 'request_uri_not_supported'],
    ['with scopes of no use', { scope: 'nonsense' }, 'invalid_scope'],
  ])('%s is refused at once', async (_name, changes, error) => {
    const { status, body } = await push(requestOf(pushing, changes));
    expect([status, body['error']]).toEqual([400, error]);
  });

  it('is what a client must use that is registered so', async () => {
    const url = authorizationUrl({ origin: smart.server.origin, clientId: pushing, scope });
    const page = await browser.open(url);
    expect(page.url.searchParams.get('error')).toBe('invalid_request');
  });
});

describe('a client held to FAPI 2.0', () => {
  const pushFapi = async (audience: string, changes: Readonly<Record<string, string>> = {}) =>
    push({ ...requestOf(fapi, { redirect_uri: httpsRedirect, ...changes }), ...(await assertion(audience)) });

  async function code(): Promise<string> {
    const { body } = await pushFapi(issuer());
    const page = await follow(fapi, body['request_uri']);
    return page.url.searchParams.get('code') ?? '';
  }

  async function tokens(form: Readonly<Record<string, string>>, proof?: string): Promise<TokenAnswer> {
    const whole = { client_id: fapi, redirect_uri: httpsRedirect, ...(await assertion(issuer())), ...form };
    return post(smart.server.origin, '/oidc/token', whole, proof === undefined ? {} : { dpop: proof });
  }

  it('authenticates where it pushes, to the issuer and to no other audience (5.3.2.1)', async () => {
    expect((await pushFapi(issuer())).status).toBe(201);
    const wrong = await pushFapi(tokenUrl());
    expect([wrong.status, wrong.body['error']]).toEqual([401, 'invalid_client']);
    const nobody = await push(requestOf(fapi, { redirect_uri: httpsRedirect }));
    expect([nobody.status, nobody.body['error']]).toEqual([401, 'invalid_client']);
  });

  it('has no request that is not pushed', async () => {
    const url = authorizationUrl({
      origin: smart.server.origin,
      clientId: fapi,
      scope,
      changes: { redirect_uri: httpsRedirect },
    });
    const response = await fetch(url, { redirect: 'manual' });
    expect(new URL(response.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request');
  });

  it('gets bound tokens, and a refresh token that stays', async () => {
    const form = { grant_type: 'authorization_code', code: await code(), code_verifier: verifier };
    const first = await tokens(form, await dpop.proof('POST', tokenUrl()));
    expect([first.status, first.body['token_type']]).toEqual([200, 'DPoP']);
    const refresh = { grant_type: 'refresh_token', refresh_token: String(first.body['refresh_token']) };
    const second = await tokens(refresh, await dpop.proof('POST', tokenUrl()));
    expect([second.status, second.body['refresh_token']]).toEqual([200, first.body['refresh_token']]);
    expect((await tokens(refresh)).body['error']).toBe('invalid_grant');
    const url = `${smart.server.base}/Patient/awa`;
    const token = String(second.body['access_token']);
    const headers = { authorization: `DPoP ${token}`, dpop: await dpop.proof('GET', url, { token }) };
    expect((await fetch(url, { headers })).status).toBe(200);
  });

  it('gets no token without a proof, and its code is gone then', async () => {
    const form = { grant_type: 'authorization_code', code: await code(), code_verifier: verifier };
    expect((await tokens(form)).body['error']).toBe('invalid_grant');
  });
});

describe('a public app whose tokens are bound', () => {
  it('refreshes with the key that it began with (RFC 9449, 5)', async () => {
    const { origin } = smart.server;
    const app = { name: 'Bound app', kind: 'public', scope, redirectUris: [redirectUri], dpop: true } as const;
    const { clientId } = await smart.server.register(app);
    const page = await walkThrough(
      browser,
      await browser.open(authorizationUrl({ origin, clientId, scope, verifier })),
    );
    const form = { client_id: clientId, code: page.url.searchParams.get('code') ?? '', code_verifier: verifier };
    const proof = () => dpop.proof('POST', tokenUrl());
    const first = await redeem(origin, form, { dpop: await proof() });
    expect([first.status, first.body['token_type']]).toEqual([200, 'DPoP']);
    const refresh = {
      grant_type: 'refresh_token',
      client_id: clientId,
      refresh_token: String(first.body['refresh_token']),
    };
    const thief = await makeDpopKey();
    const stolen = await post(origin, '/oidc/token', refresh, { dpop: await thief.proof('POST', tokenUrl()) });
    expect([stolen.status, stolen.body['error']]).toEqual([400, 'invalid_grant']);
    expect((await post(origin, '/oidc/token', refresh, { dpop: await proof() })).status).toBe(200);
  });

  it('leaves others with bearer tokens as SMART has them', async () => {
    const app = { name: 'Plain', kind: 'public', scope, redirectUris: [redirectUri] } as const;
    const { clientId } = await smart.server.register(app);
    const { body } = await launchApp(smart.server.origin, { clientId, scope }, browser);
    expect(body['token_type']).toBe('Bearer');
  });
});
