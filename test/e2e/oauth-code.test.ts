// http://hl7.org/fhir/smart-app-launch/app-launch.html, named after Inferno's tests where there is one.
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { addClient } from '../../src/auth/clients.ts';
import { Browser } from '../support/browser.ts';
import { withOidcApp } from '../support/oidc-app.ts';
import {
  type Authorization,
  assertionType,
  authorizationCode,
  authorizationUrl,
  claimsFor,
  makeKey,
  pkce,
  post,
  redeem,
  redirectUri,
  tokensFor,
  walk,
} from '../support/smart-client.ts';

const server = withOidcApp();
const scope = 'openid fhirUser offline_access user/*.rs user/Observation.c';
let clientId: string;

beforeAll(async () => {
  const registration = {
    name: 'An app',
    kind: 'public',
    redirectUris: [redirectUri],
    scope: `${scope} profile`,
  } as const;
  ({ clientId } = await addClient(server.app.store, registration));
});

const asked = (changes: Partial<Authorization> = {}): Authorization => ({
  origin: server.app.origin,
  clientId,
  scope,
  ...changes,
});

const read = (token: string | undefined) =>
  fetch(`${server.app.origin}/fhir/Patient`, { headers: { authorization: `Bearer ${token}` } });

const refresh = (token: string | undefined, more: Readonly<Record<string, string>> = {}) =>
  post(server.app.origin, '/oidc/token', {
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: token ?? '',
    ...more,
  });

/** Makes what was used just now used a minute ago, so that using it again counts as theft and no longer as a double click. */
const passGrace = () =>
  server.app.store.db.query({
    text: "update oidc_model set consumed_at = consumed_at - interval '1 minute' where consumed_at is not null",
  });

/** Opens an authorization request that must not end in a code; gives the page or the redirect's parameters. */
async function refused(changes: Readonly<Record<string, string>>): Promise<{ status: number; error: string | null }> {
  const page = await new Browser().open(authorizationUrl(asked({ changes })));
  expect(page.url.searchParams.get('code')).toBeNull();
  const isBack = page.url.href.startsWith(redirectUri);
  // For a response type that would answer in the fragment, so does the error.
  const answer = page.url.hash === '' ? page.url.searchParams : new URLSearchParams(page.url.hash.slice(1));
  if (isBack) expect(answer.get('state')).toBe('the-state');
  return { status: page.status, error: isBack ? answer.get('error') : null };
}

describe('a sign-in', () => {
  it('smart_code_received: comes back with code, state and issuer', async () => {
    const { origin } = server.app;
    const browser = new Browser();
    const { searchParams } = await walk(browser, await browser.open(authorizationUrl(asked())));
    expect(searchParams.get('state')).toBe('the-state');
    expect(searchParams.get('iss')).toBe(`${origin}/oidc`);
    expect(searchParams.get('code')).toMatch(/^[\w-]{43,}$/);
  });

  it('smart_token_response_body_stu2_2: gives what was asked, and a resource with it', async () => {
    const tokens = await tokensFor(asked());
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 300 });
    expect(new Set(tokens['scope']?.split(' '))).toEqual(new Set(scope.split(' ')));
    const response = await read(tokens['access_token']);
    expect(await response.json()).toMatchObject({
      letters: 'rs',
      caller: { role: 'MEDECIN', client: { name: 'An app' }, user: { name: 'Claire Petit' } },
    });
  });

  it('smart_token_response_headers: says no-store and no-cache', async () => {
    const { verifier } = pkce();
    const code = await authorizationCode(asked({ verifier }));
    const { headers } = await redeem(server.app.origin, { client_id: clientId, code, code_verifier: verifier });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('pragma')).toBe('no-cache');
  });

  it('smart_openid_token_payload: proves who signed in, with RS256 and a kid', async () => {
    const { origin } = server.app;
    const { id_token: idToken = '' } = await tokensFor(asked({ scope: `${scope} profile`, changes: { nonce: 'n-1' } }));
    const { payload } = await jwtVerify(idToken, createRemoteJWKSet(new URL('/oidc/jwks', origin)), {
      issuer: `${origin}/oidc`,
      audience: clientId,
      algorithms: ['RS256'],
    });
    expect(decodeProtectedHeader(idToken).kid).toMatch(/\S/);
    expect(payload).toMatchObject({ nonce: 'n-1', name: 'Claire Petit', amr: ['pwd'] });
    expect(payload['fhirUser']).toMatch(new RegExp(`^${origin}/fhir/Practitioner/[\\w-]+$`));
  });

  it('authorize-post: works by POST as well, with offline access', async () => {
    const { origin } = server.app;
    const { verifier } = pkce();
    const url = authorizationUrl(asked({ verifier }));
    const browser = new Browser();
    const first = await browser.open(new URL('/oidc/auth', origin), { method: 'POST', body: url.searchParams });
    const code = (await walk(browser, first)).searchParams.get('code') ?? '';
    const { body } = await redeem(origin, { client_id: clientId, code, code_verifier: verifier });
    expect(body['refresh_token']).toBeTypeOf('string');
  });

  it('asks for no password while the session lasts, and for consent each time', async () => {
    const browser = new Browser();
    await authorizationCode(asked(), browser);
    const page = await browser.open(authorizationUrl(asked()));
    expect(page.html).toContain('/consent"');
    expect(page.html).not.toContain('type="password"');
  });

  it('keeps two launches of one app in one browser apart', async () => {
    const browser = new Browser();
    const first = await tokensFor(asked(), browser);
    const second = await tokensFor(asked({ scope: 'openid offline_access user/Patient.r' }), browser);
    expect(await (await read(first['access_token'])).json()).toMatchObject({ letters: 'rs' });
    expect(await (await read(second['access_token'])).json()).toMatchObject({ letters: 'r' });
  });
});

describe('what is granted', () => {
  it('is cut down to the registration', async () => {
    const tokens = await tokensFor(
      asked({ scope: 'openid user/Patient.cruds system/*.rs patient/*.rs launch/patient' }),
    );
    expect(tokens['scope']).toBe('openid user/Patient.rs');
    expect(tokens['refresh_token']).toBeUndefined();
  });

  it('g10_limited_scope_grant: is exactly what the person left ticked', async () => {
    const { verifier } = pkce();
    const browser = new Browser();
    const start = authorizationUrl(asked({ scope: 'openid user/Patient.rs user/Observation.rs', verifier }));
    const consent = await browser.submit(await browser.open(start), '/login', {
      email: 'claire@hopital.fr',
      password: 'un mot de passe assez long',
    });
    const back = await browser.submit(consent, '/consent', { decision: 'allow', scope: 'user/Patient.rs' });
    const code = back.url.searchParams.get('code') ?? '';
    const { body } = await redeem(server.app.origin, { client_id: clientId, code, code_verifier: verifier });
    expect(body['scope']).toBe('openid user/Patient.rs');
  });

  it('keeps the words of version 1', async () =>
    expect((await tokensFor(asked({ scope: 'openid user/Patient.read' })))['scope']).toBe('openid user/Patient.read'));

  it('is nothing when the person denies', async () => {
    const browser = new Browser();
    const start = await browser.open(authorizationUrl(asked()));
    const consent = await browser.submit(start, '/login', {
      email: 'claire@hopital.fr',
      password: 'un mot de passe assez long',
    });
    const back = await browser.submit(consent, '/consent', { decision: 'deny' });
    expect(back.url.searchParams.get('error')).toBe('access_denied');
    expect(back.url.searchParams.get('code')).toBeNull();
  });
});

describe('an authorization request is refused', () => {
  it.each([
    ['without PKCE', { code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
    ['with plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    [
      'g10_smart_invalid_aud: for another server',
      { aud: 'https://inferno.healthit.gov/invalid_aud' },
      'invalid_request',
    ],
    ['for resources without an aud', { aud: '' }, 'invalid_request'],
    ['with another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['with scopes of no use', { scope: 'nonsense' }, 'invalid_scope'],
    [
      'with a scope of 10,000 words',
      {
        scope: Array.from({ length: 10_000 }, (_, i) => `user/A${i}.r`)
          .join(' ')
          .slice(0, 12_000),
      },
      'invalid_scope',
    ],
    ['for another resource', { resource: 'https://other.example/fhir' }, 'invalid_target'],
    ['without a prompt that it would need', { prompt: 'none', scope: 'openid user/Patient.rs' }, 'login_required'],
  ])('%s', async (_name, changes, error) => {
    expect(await refused(changes)).toMatchObject({ error });
  });

  it.each([
    ['to an address that is not registered', { redirect_uri: 'http://evil.example/callback' }],
    ['to a longer address', { redirect_uri: `${redirectUri}/more` }],
    ['of an unknown client', { client_id: 'unknown' }],
  ])('%s, with a page and no redirect', async (_name, changes) => {
    expect(await refused(changes)).toEqual({ status: 400, error: null });
  });
});

it('an authorization request by POST with a parameter twice is refused', async () => {
  const body = authorizationUrl(asked()).searchParams;
  body.append('scope', 'openid');
  const page = await new Browser().open(new URL('/oidc/auth', server.app.origin), { method: 'POST', body });
  const error = page.url.searchParams.get('error') ?? page.html;
  expect(error).toContain('invalid_request');
});

describe('a code', () => {
  it('is good once; its second use ends the tokens of the first', async () => {
    const { origin } = server.app;
    const { verifier } = pkce();
    const code = await authorizationCode(asked({ verifier }));
    const form = { client_id: clientId, code, code_verifier: verifier };
    const first = await redeem(origin, form);
    await passGrace();
    const again = await redeem(origin, form);
    expect([first.status, again.status]).toEqual([200, 400]);
    expect(again.body['error']).toBe('invalid_grant');
    expect((await read(first.body['access_token'] as string)).status).toBe(401);
  });

  it('of four redemptions at once is redeemed by one, whose tokens stay good', async () => {
    const { origin } = server.app;
    const { verifier } = pkce();
    const code = await authorizationCode(asked({ verifier }));
    const form = { client_id: clientId, code, code_verifier: verifier };
    const answers = await Promise.all([1, 2, 3, 4].map(() => redeem(origin, form)));
    const winners = answers.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    expect((await read(winners[0]?.body['access_token'] as string)).status).toBe(200);
  });

  const right = pkce();
  const another = pkce();
  it.each([
    ['no verifier', {}],
    ['a blank verifier', { code_verifier: '' }],
    ['a wrong verifier', { code_verifier: another.verifier }],
    ['the challenge for a verifier', { code_verifier: right.challenge }],
  ])('is not redeemed with %s', async (_name, form) => {
    const code = await authorizationCode(asked({ verifier: right.verifier }));
    const { status } = await redeem(server.app.origin, { client_id: clientId, code, ...form });
    expect(status).toBe(400);
  });

  it.each([
    ['an invented code', { code: 'invented' }, 400],
    ['another redirect', { redirect_uri: 'http://localhost:9/other' }, 400],
    ['an unknown client', { client_id: 'unknown' }, 401],
  ])('is not redeemed with %s', async (_name, form, expected) => {
    const { verifier } = pkce();
    const code = await authorizationCode(asked({ verifier }));
    const { status } = await redeem(server.app.origin, { client_id: clientId, code, code_verifier: verifier, ...form });
    expect(status).toBe(expected);
  });

  it('of one client is not redeemed by another', async () => {
    const { store, origin } = server.app;
    const other = await addClient(store, { name: 'Other', kind: 'public', redirectUris: [redirectUri], scope });
    const { verifier } = pkce();
    const code = await authorizationCode(asked({ verifier }));
    const { status, body } = await redeem(origin, { client_id: other.clientId, code, code_verifier: verifier });
    expect([status, body['error']]).toEqual([400, 'invalid_grant']);
  });
});

describe('a refresh token', () => {
  it('smart_token_refresh_body: gives new tokens, with and without scope', async () => {
    const { refresh_token: first } = await tokensFor(asked());
    const second = await refresh(first);
    expect(second.body).toMatchObject({ token_type: 'Bearer', expires_in: 300 });
    expect(second.headers.get('pragma')).toBe('no-cache');
    expect(new Set(String(second.body['scope']).split(' '))).toEqual(new Set(scope.split(' ')));
    const third = await refresh(second.body['refresh_token'] as string, { scope: 'user/Observation.c' });
    expect(third.body['scope']).toBe('user/Observation.c');
    expect(await (await read(third.body['access_token'] as string)).json()).toMatchObject({ letters: '' });
  });

  it('cannot ask for more than it has', async () => {
    const { refresh_token: token } = await tokensFor(asked({ scope: 'openid offline_access user/Patient.r' }));
    const { status, body } = await refresh(token, { scope: 'user/*.rs' });
    expect([status, body['error']]).toEqual([400, 'invalid_scope']);
  });

  it('that was used before ends the whole family', async () => {
    const first = await tokensFor(asked());
    const second = await refresh(first['refresh_token']);
    await passGrace();
    expect((await refresh(first['refresh_token'])).status).toBe(400);
    expect((await refresh(second.body['refresh_token'] as string)).status).toBe(400);
    expect((await read(second.body['access_token'] as string)).status).toBe(401);
  });

  it('of four uses at once serves one, whose tokens stay good', async () => {
    const { refresh_token: token } = await tokensFor(asked());
    const answers = await Promise.all([1, 2, 3, 4].map(() => refresh(token)));
    const winners = answers.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    expect((await read(winners[0]?.body['access_token'] as string)).status).toBe(200);
    expect((await refresh(winners[0]?.body['refresh_token'] as string)).status).toBe(200);
  });

  it('g10_invalid_token_refresh: that was invented is refused', async () =>
    expect((await refresh('invented')).status).toBe(400));

  it('revoked takes its access token with it at once', async () => {
    const tokens = await tokensFor(asked());
    const form = { client_id: clientId, token: tokens['refresh_token'] ?? '' };
    expect((await post(server.app.origin, '/oidc/token/revocation', form)).status).toBe(200);
    expect((await read(tokens['access_token'])).status).toBe(401);
    expect((await refresh(tokens['refresh_token'])).status).toBe(400);
  });
});

describe('a confidential client', () => {
  it('signs in with its secret, sent raw in a Basic header', async () => {
    const { store, origin } = server.app;
    const registration = { name: 'Web', kind: 'confidential', redirectUris: [redirectUri], scope } as const;
    const { clientId: id, clientSecret } = await addClient(store, registration);
    const { verifier } = pkce();
    const send = async (secret: string) => {
      const code = await authorizationCode(asked({ clientId: id, verifier }));
      const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
      return redeem(origin, { code, code_verifier: verifier }, { authorization });
    };
    expect(clientSecret).toMatch(/^[\w-]{43}$/);
    expect((await send(clientSecret ?? '')).status).toBe(200);
    const wrong = await send('wrong');
    expect([wrong.status, wrong.body['error']]).toEqual([401, 'invalid_client']);
  });

  it.each(['RS384', 'ES384'] as const)('signs in with an %s key', async (alg) => {
    const { store, origin } = server.app;
    const key = await makeKey(alg);
    const registration = {
      name: alg,
      kind: 'confidential',
      redirectUris: [redirectUri],
      scope,
      jwks: key.jwks,
    } as const;
    const { clientId: id, clientSecret } = await addClient(store, registration);
    expect(clientSecret).toBeUndefined();
    const { verifier } = pkce();
    const code = await authorizationCode(asked({ clientId: id, verifier }));
    const { status } = await redeem(origin, {
      code,
      code_verifier: verifier,
      client_assertion_type: assertionType,
      client_assertion: await key.assertion(claimsFor(id, `${origin}/oidc/token`)),
    });
    expect(status).toBe(200);
  });
});

describe('cross-origin requests', () => {
  it('smart_cors_token_exchange: of a public client are allowed from its own origin alone', async () => {
    const { verifier } = pkce();
    const send = async (origin: string) => {
      const code = await authorizationCode(asked({ verifier }));
      return redeem(server.app.origin, { client_id: clientId, code, code_verifier: verifier }, { origin });
    };
    const own = await send('http://localhost:9');
    expect([own.status, own.headers.get('access-control-allow-origin')]).toEqual([200, 'http://localhost:9']);
    const foreign = await send('https://evil.example');
    expect([foreign.status, foreign.headers.get('access-control-allow-origin')]).toEqual([400, null]);
  });
});
