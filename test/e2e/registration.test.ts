// Applications that register themselves and wait for an administrator: RFC 7591, RFC 7592, SMART's scopes in `scope`.
import { beforeAll, describe, expect, it } from 'vitest';
import { commandActor } from '../../src/auth/actor.ts';
import { approveClient, disableClient } from '../../src/auth/clients.ts';
import { purgeExpired } from '../../src/auth/housekeeping.ts';
import { registrationOf } from '../../src/auth/registration-request.ts';
import { backendToken, type Key, makeKey } from '../support/smart-client.ts';
import { type SmartServer, withSmartServer } from '../support/smart-server.ts';

const open = withSmartServer({ LIVEDOC_CLIENT_REGISTRATION: 'open' });
const actor = commandActor('test');
let key: Key;
let addresses = 0;

beforeAll(async () => {
  key = await makeKey('ES384');
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

async function send(url: string, method: string, body: unknown, token?: string): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
}

const endpoint = (server: SmartServer = open.server) => `${server.origin}/oidc/reg`;

/** Twenty a minute come from one address: the loopback has many. */
async function register(body: unknown, token?: string): Promise<Answer> {
  addresses += 1;
  return send(endpoint(), 'POST', body, token);
}

const app = {
  client_name: 'Growth chart',
  redirect_uris: ['https://app.example/callback'],
  token_endpoint_auth_method: 'none',
  scope: 'launch openid fhirUser offline_access patient/*.rs user/Observation.rs?category=laboratory',
};
const backend = () => ({
  client_name: 'A pipeline',
  grant_types: ['client_credentials'],
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: key.jwks,
  scope: 'system/*.rs',
});

const token = (clientId: unknown) =>
  backendToken(open.server.origin, { clientId: String(clientId), key, scope: 'system/*.rs' });

describe('a registration', () => {
  it('is answered as RFC 7591, 3.2.1 has it, with SMART’s scopes as they were asked for', async () => {
    const { status, headers, body } = await register(app);
    expect([status, headers.get('cache-control'), headers.get('pragma')]).toEqual([201, 'no-store', 'no-cache']);
    expect(body).toMatchObject({
      ...app,
      client_id: expect.any(String),
      client_id_issued_at: expect.any(Number),
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      registration_client_uri: `${endpoint()}/${body['client_id']}`,
      registration_access_token: expect.stringMatching(/^[\w-]{43}$/),
      livedoc_state: 'waiting',
    });
    expect(body).not.toHaveProperty('client_secret');
  });

  it('of a client with a secret tells it once', async () => {
    const { body } = await register({ ...app, token_endpoint_auth_method: undefined });
    expect(body).toMatchObject({
      token_endpoint_auth_method: 'client_secret_basic',
      client_secret: expect.stringMatching(/^[\w-]{43}$/),
      client_secret_expires_at: 0,
    });
  });

  it('leaves a client that cannot be used before an administrator has approved it', async () => {
    const { body } = await register(backend());
    const { client_id: id } = body;
    const early = await token(id);
    expect([early.status, early.body]).toEqual([
      401,
      {
        error: 'invalid_client',
        error_description: 'this client is registered, but no administrator has approved it yet',
      },
    ]);
    await approveClient(open.server.parts.store, String(id), actor);
    expect((await token(id)).status).toBe(200);
  });

  it('of an app shows a page that says so to who is sent to sign in', async () => {
    const { body } = await register(app);
    const url = new URL('/oidc/auth', open.server.origin);
    url.search = new URLSearchParams({ client_id: String(body['client_id']), response_type: 'code' }).toString();
    const response = await fetch(url, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([401, null]);
    expect(await response.text()).toContain('no administrator has approved it yet');
  });

  it('is given no scope that only an administrator gives, and no words that are none', async () => {
    const { body } = await register({ ...app, scope: 'openid email introspection system/*.cruds user/Patient.rs' });
    expect(body['scope']).toBe('openid user/Patient.rs');
  });

  it.each<[string, object | string, string]>([
    ['of no JSON', '{', 'invalid_client_metadata'],
    ['of a list', [], 'invalid_client_metadata'],
    ['without a redirect', { ...app, redirect_uris: undefined }, 'invalid_redirect_uri'],
    ['with a redirect that is no text', { ...app, redirect_uris: [1] }, 'invalid_redirect_uri'],
    ['with a redirect without TLS', { ...app, redirect_uris: ['http://app.example/cb'] }, 'invalid_redirect_uri'],
    ['with a redirect that runs', { ...app, redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
    ['with a fragment', { ...app, redirect_uris: ['https://app.example/#x'] }, 'invalid_redirect_uri'],
    ['with a wildcard', { ...app, redirect_uris: ['https://*.example/cb'] }, 'invalid_redirect_uri'],
    ['with a password in it', { ...app, redirect_uris: ['https://a:b@app.example/'] }, 'invalid_redirect_uri'],
    ['with scopes of no use', { ...app, scope: 'magic' }, 'invalid_client_metadata'],
    ['with another grant', { ...app, grant_types: ['password'] }, 'invalid_client_metadata'],
    ['with another response', { ...app, response_types: ['token'] }, 'invalid_client_metadata'],
    ['with a method that is none', { ...app, token_endpoint_auth_method: 'magic' }, 'invalid_client_metadata'],
    ['with a name of control characters', { ...app, client_name: 'a\u0000b' }, 'invalid_client_metadata'],
    ['with a name of a thousand letters', { ...app, client_name: 'a'.repeat(1000) }, 'invalid_client_metadata'],
    ['with a page without TLS', { ...app, client_uri: 'http://app.example' }, 'invalid_client_metadata'],
  ])('%s is refused', async (_name, body, error) => {
    // The endpoint takes twenty a minute from one address, so most are asked of what is behind it.
    if (typeof body === 'string') {
      expect(await register(body)).toMatchObject({ status: 400, body: { error } });
      return;
    }
    expect(() => registrationOf(body, { name: 'x', trustedHosts: [] })).toThrow(
      expect.objectContaining({ code: error, status: 400 }),
    );
  });

  it.each([
    'http://keys.example/jwks',
    'https://127.0.0.1/jwks',
    'https://[::1]/jwks',
    'https://10.1.2.3/jwks',
    'https://169.254.169.254/jwks',
    'https://localhost/jwks',
    'https://ehr.internal/jwks',
  ])('with its keys at %s is refused', async (jwksUri) => {
    const body = { ...backend(), jwks: undefined, jwks_uri: jwksUri };
    expect(() => registrationOf(body, { name: 'x', trustedHosts: [] })).toThrow(/jwks_uri/);
  });

  it('of more than 64 KiB is refused', async () => {
    const { status, body } = await register({ ...app, filler: 'x'.repeat(70_000) });
    expect([status, body['error']]).toEqual([400, 'invalid_client_metadata']);
  });
});

describe('its own registration', () => {
  const own = (body: Answer['body']) =>
    [String(body['registration_client_uri']), String(body['registration_access_token'])] as const;

  it('is read, changed and removed with the token that came with it (RFC 7592)', async () => {
    const { body } = await register(backend());
    const [url, secret] = own(body);
    const id = String(body['client_id']);
    await approveClient(open.server.parts.store, id, actor);
    expect((await send(url, 'GET', undefined, secret)).body).toMatchObject({ client_id: id, livedoc_state: 'active' });
    expect((await token(id)).status).toBe(200);

    const same = await send(url, 'PUT', { ...backend(), client_id: id }, secret);
    expect([same.status, same.body['livedoc_state']]).toEqual([200, 'active']);
    const wider = await send(url, 'PUT', { ...backend(), client_id: id, scope: 'system/*.cruds' }, secret);
    expect([wider.status, wider.body['livedoc_state']]).toEqual([200, 'waiting']);
    expect((await token(id)).status).toBe(401);

    expect((await send(url, 'DELETE', undefined, secret)).status).toBe(204);
    expect((await send(url, 'GET', undefined, secret)).status).toBe(401);
  });

  it('is nobody else’s, and is not moved to another client', async () => {
    const { body } = await register(app);
    const [url, secret] = own(body);
    for (const wrong of [undefined, 'invented']) {
      const { status, headers, body: refused } = await send(url, 'GET', undefined, wrong);
      expect([status, refused['error'], headers.get('www-authenticate')]).toEqual([
        401,
        'invalid_token',
        'Bearer error="invalid_token"',
      ]);
    }
    const moved = await send(url, 'PUT', { ...app, client_id: 'another' }, secret);
    expect([moved.status, moved.body['error']]).toEqual([400, 'invalid_client_metadata']);
    await disableClient(open.server.parts.store, String(body['client_id']), actor);
    expect((await send(url, 'GET', undefined, secret)).status).toBe(403);
  });
});

describe('who floods the endpoint', () => {
  it('is told to wait, and leaves no more than a hundred clients that wait', async () => {
    const { db } = open.server.parts.store;
    await db.query({
      text: `insert into oauth_client (client_id, name, kind, scope, approved_at)
        select 'flood-' || n, 'flood', 'public', 'openid', null from generate_series(1, 100) n`,
    });
    const full = await register(app);
    expect([full.status, full.body['error']]).toEqual([429, 'temporarily_unavailable']);
    let last = full;
    for (let at = addresses; at <= 21; at += 1) last = await register(app);
    expect(last.status).toBe(429);
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

it('a client that nobody approved in a month is forgotten, with a record', async () => {
  const { store } = open.server.parts;
  await store.db.query({
    text: "update oauth_client set created_at = now() - interval '31 days' where approved_at is null",
  });
  await purgeExpired(store);
  const [left] = await store.db.query<{ n: number }>({
    text: 'select count(*)::int as n from oauth_client where approved_at is null',
  });
  expect(left?.n).toBe(0);
});

describe('where the installation asks for a token', () => {
  const initial = 'an initial access token of an installation';
  const token32 = initial.replaceAll(' ', '-');
  const closed = withSmartServer({
    LIVEDOC_CLIENT_REGISTRATION: 'token',
    LIVEDOC_CLIENT_REGISTRATION_TOKEN: token32,
  });

  it('a registration needs it', async () => {
    const url = endpoint(closed.server);
    expect((await send(url, 'POST', app)).status).toBe(401);
    expect((await send(url, 'POST', app, 'another')).status).toBe(401);
    expect((await send(url, 'POST', app, token32)).status).toBe(201);
  });

  it('both discovery documents name the endpoint', async () => {
    for (const path of ['/oidc/.well-known/openid-configuration', '/fhir/.well-known/smart-configuration']) {
      const { body } = await send(`${closed.server.origin}${path}`, 'GET', undefined);
      expect(body['registration_endpoint']).toBe(endpoint(closed.server));
    }
  });
});

describe('where the installation wants none', () => {
  const none = withSmartServer();

  it('there is no endpoint, and no document names one', async () => {
    expect((await fetch(endpoint(none.server), { method: 'POST' })).status).toBe(404);
    for (const path of ['/oidc/.well-known/openid-configuration', '/fhir/.well-known/smart-configuration']) {
      const { body } = await send(`${none.server.origin}${path}`, 'GET', undefined);
      expect(body).not.toHaveProperty('registration_endpoint');
    }
  });
});
