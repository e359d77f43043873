// http://hl7.org/fhir/smart-app-launch/backend-services.html, named after Inferno's tests where there is one.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { addClient, removeClient } from '../../src/auth/clients.ts';
import { withOidcApp } from '../support/oidc-app.ts';
import { assertionType, backendToken, claimsFor, type Key, makeKey, post } from '../support/smart-client.ts';

const server = withOidcApp();
const scope = 'system/*.rs system/Patient.cruds';
let key: Key;
let clientId: string;

beforeAll(async () => {
  key = await makeKey('ES384');
  const registration = { name: 'An EHR', kind: 'backend', jwks: key.jwks, scope } as const;
  ({ clientId } = await addClient(server.app.store, registration));
});

const tokenUrl = () => `${server.app.origin}/oidc/token`;
const token = (changes: Readonly<Record<string, string>> = {}, asked = scope) =>
  backendToken(server.app.origin, { clientId, key, scope: asked }, changes);
const read = (accessToken: unknown) =>
  fetch(`${server.app.origin}/fhir/Patient`, { headers: { authorization: `Bearer ${accessToken}` } });

/** A token request whose assertion has these claims and header; an undefined one is left out. */
async function withClaims(claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>> = {}) {
  const assertion = await key.assertion({ ...claimsFor(clientId, tokenUrl()), ...claims }, header);
  return token({ client_assertion: assertion });
}

describe('a backend service', () => {
  it.each(['RS384', 'ES384'] as const)(
    'smart_backend_services_auth_request_success: gets a token by %s',
    async (alg) => {
      const { store, origin } = server.app;
      const own = await makeKey(alg);
      const added = await addClient(store, { name: alg, kind: 'backend', jwks: own.jwks, scope });
      const { status, body, headers } = await backendToken(origin, { clientId: added.clientId, key: own, scope });
      expect(status).toBe(200);
      expect(body).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 300, scope });
      expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
      expect(await (await read(body['access_token'])).json()).toMatchObject({
        letters: 'cruds',
        caller: { client: { name: alg } },
      });
    },
  );

  it.each([
    ['token endpoint', () => tokenUrl()],
    ['issuer', () => `${server.app.origin}/oidc`],
    ['list with the token endpoint', () => ['https://other.example', tokenUrl()]],
  ])('may name the %s as audience', async (_name, audience) =>
    expect((await withClaims({ aud: audience() })).status).toBe(200),
  );

  it('gets no more than it is registered for', async () => {
    expect((await token({}, 'system/Observation.cruds user/*.rs')).body['scope']).toBe('system/Observation.rs');
    const none = await token({}, 'user/*.rs');
    expect([none.status, none.body['error']]).toEqual([400, 'invalid_scope']);
    const missing = await token({ scope: '' });
    expect([missing.status, missing.body['error']]).toEqual([400, 'invalid_scope']);
  });

  it('loses its tokens when it is removed', async () => {
    const { store, origin } = server.app;
    const added = await addClient(store, { name: 'Gone', kind: 'backend', jwks: key.jwks, scope });
    const asked = { clientId: added.clientId, key, scope };
    const { body } = await backendToken(origin, asked);
    await removeClient(store, added.clientId);
    expect((await read(body['access_token'])).status).toBe(401);
    expect((await backendToken(origin, asked)).status).toBe(401);
  });

  it('may revoke and introspect its own tokens and nobody else’s', async () => {
    const { store, origin } = server.app;
    const other = await makeKey('ES384');
    const added = await addClient(store, { name: 'Other', kind: 'backend', jwks: other.jwks, scope });
    const { body } = await token();
    const ask = async (path: string, who: Key, id: string) =>
      post(origin, path, {
        token: String(body['access_token']),
        client_assertion_type: assertionType,
        client_assertion: await who.assertion(claimsFor(id, tokenUrl())),
      });
    const introspection = '/oidc/token/introspection';
    expect((await ask(introspection, key, clientId)).body).toMatchObject({ active: true, client_id: clientId, scope });
    expect((await ask(introspection, other, added.clientId)).body).toEqual({ active: false });
    await ask('/oidc/token/revocation', other, added.clientId);
    expect((await read(body['access_token'])).status).toBe(200);
    expect((await ask('/oidc/token/revocation', key, clientId)).status).toBe(200);
    expect((await read(body['access_token'])).status).toBe(401);
    expect((await ask(introspection, key, clientId)).body).toEqual({ active: false });
  });

  it('that is a resource server may introspect the tokens of others', async () => {
    const { store, origin } = server.app;
    const own = await makeKey('ES384');
    const registration = { name: 'Viewer', kind: 'backend', jwks: own.jwks, scope: 'introspection' } as const;
    const added = await addClient(store, registration);
    const { body } = await token();
    const answer = await post(origin, '/oidc/token/introspection', {
      token: String(body['access_token']),
      client_assertion_type: assertionType,
      client_assertion: await own.assertion(claimsFor(added.clientId, tokenUrl())),
    });
    expect(answer.body).toMatchObject({ active: true, client_id: clientId, token_type: 'Bearer' });
  });
});

describe('a token request is refused', () => {
  it('smart_backend_services_invalid_grant_type: with an unknown grant', async () => {
    const { status, body } = await token({ grant_type: 'not_a_grant_type' });
    expect([status, body['error']]).toEqual([400, 'unsupported_grant_type']);
  });

  it('smart_backend_services_invalid_client_assertion: with an unknown assertion type', async () => {
    const { status, body } = await token({ client_assertion_type: 'not_an_assertion_type' });
    expect([status, body['error']]).toEqual([400, 'invalid_request']);
  });

  const now = Math.floor(Date.now() / 1000);
  it.each([
    ['expired', { exp: now - 60 }, {}],
    ['good for more than five minutes', { exp: now + 3600 }, {}],
    ['without an end', { exp: undefined }, {}],
    ['for another audience', { aud: 'https://other.example/token' }, {}],
    ['without a jti', { jti: undefined }, {}],
    ['about somebody else than it is from', { iss: 'somebody' }, {}],
    ['without a key id', {}, { kid: undefined }],
    ['of an unknown key', {}, { kid: 'unknown' }],
    ['with keys from elsewhere', {}, { jku: 'https://evil.example/jwks' }],
  ])('with an assertion %s', async (_name, claims, header) => {
    const { status, body } = await withClaims(claims, header);
    expect([status, body['error']]).toEqual([401, 'invalid_client']);
  });

  it('with an assertion that another key signed', async () => {
    const stranger = await makeKey('ES384');
    const { status } = await token({ client_assertion: await stranger.assertion(claimsFor(clientId, tokenUrl())) });
    expect(status).toBe(401);
  });

  it('with an assertion that nobody or a shared secret signed', async () => {
    const claims = claimsFor(clientId, tokenUrl());
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const none = await token({ client_assertion: `${part({ alg: 'none', kid: 'key-1' })}.${part(claims)}.` });
    expect(none.status).toBe(401);
    const secret = new TextEncoder().encode(JSON.stringify(key.jwks.keys[0]));
    const hs256 = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'key-1' }).sign(secret);
    expect((await token({ client_assertion: hs256 })).status).toBe(401);
  });

  it('with an assertion used before, also in four requests at once', async () => {
    const form = { client_assertion: await key.assertion(claimsFor(clientId, tokenUrl())) };
    const answers = await Promise.all([1, 2, 3, 4].map(() => token(form)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
    const winner = answers.find(({ status }) => status === 200);
    expect((await read(winner?.body['access_token'])).status).toBe(200);
    expect((await token(form)).status).toBe(401);
  });

  it('with an assertion meant for this server under another name', async () => {
    const host = 'other.example';
    const assertion = await key.assertion(claimsFor(clientId, `http://${host}/oidc/token`));
    const form = {
      grant_type: 'client_credentials',
      scope,
      client_assertion_type: assertionType,
      client_assertion: assertion,
    };
    const headers = { 'x-forwarded-host': host, forwarded: `host=${host}` };
    expect((await post(server.app.origin, '/oidc/token', form, headers)).status).toBe(401);
  });

  it('with an assertion of a megabyte', async () => {
    const assertion = await key.assertion({ ...claimsFor(clientId, tokenUrl()), filler: 'x'.repeat(1_000_000) });
    expect((await token({ client_assertion: assertion })).status).toBe(400);
  });

  it('with no client at all', async () => {
    const { status } = await post(server.app.origin, '/oidc/token', { grant_type: 'client_credentials', scope });
    expect(status).toBe(400);
  });
});

describe('keys by URL', () => {
  const register = (jwksUri: string) =>
    addClient(server.app.store, { name: 'By URL', kind: 'backend', jwksUri, scope });
  const tokenBy = async (jwksUri: string) => {
    const { clientId: id } = await register(jwksUri);
    return backendToken(server.app.origin, { clientId: id, key, scope });
  };

  it('are fetched from a host that the installation vouches for', async () => {
    const { origin, publishKeys } = server.app;
    publishKeys(200, key.jwks);
    expect((await tokenBy(`${origin}/keys`)).status).toBe(200);
  });

  it.each([
    ['an error', 500, {}],
    ['no keys', 200, { keys: [] }],
    ['something else', 200, { keys: 'none' }],
  ])('that are %s are of no use', async (name, status, body) => {
    const { origin, publishKeys } = server.app;
    publishKeys(status, body);
    const answer = await tokenBy(`${origin}/keys?${encodeURIComponent(name)}`);
    expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client']);
  });

  it('inside the hospital are not fetched unless the installation vouches for the host', async () => {
    let isAsked = false;
    const inside = createServer((_request, response) => {
      isAsked = true;
      response.end(JSON.stringify(key.jwks));
    });
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
    const { port } = inside.address() as AddressInfo;
    const answer = await tokenBy(`http://127.0.0.1:${port}/keys`);
    await new Promise((resolve) => inside.close(resolve));
    expect([answer.status, answer.body['error'], isAsked]).toEqual([401, 'invalid_client', false]);
  });
});

describe('forms', () => {
  it('are taken three hundred times a minute from one address', async () => {
    const send = () => fetch(`${server.app.origin}/interaction/x/abort`, { method: 'POST' });
    const statuses = new Set<number>();
    for (let at = 0; at < 300; at += 1) statuses.add((await send()).status);
    expect([...statuses]).toEqual([404]);
    const refused = await send();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('a resource is refused', () => {
  it.each([
    ['without a token', undefined],
    ['with another scheme', 'Basic YTpi'],
    ['with two words', 'Bearer a b'],
    ['with an empty token', 'Bearer '],
    ['with an invented token', 'Bearer invented'],
    ['with the token of another issuer', 'Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL290aGVyIn0.c2ln'],
    ['with a token of megabytes', `Bearer ${'x'.repeat(8000)}`],
  ])('%s', async (_name, authorization) => {
    const headers = authorization === undefined ? {} : { authorization };
    const response = await fetch(`${server.app.origin}/fhir/Patient`, { headers });
    expect(response.status).toBe(401);
  });

  it('with a token that has expired', async () => {
    const { body } = await token();
    await server.app.store.db.query({
      text: "update oidc_model set expires_at = now() where model = 'ClientCredentials'",
    });
    expect((await read(body['access_token'])).status).toBe(401);
  });
});
