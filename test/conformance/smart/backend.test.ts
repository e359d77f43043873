// http://hl7.org/fhir/smart-app-launch/backend-services.html; tests named by Inferno's ids, "req N" by the numbers of SMART's requirements.
import { createHmac } from 'node:crypto';
import { importJWK, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  assertionType,
  backendToken,
  claimsFor,
  type Key,
  makeKey,
  post,
  type TokenAnswer,
} from '../../support/smart-client.ts';
import { withSmartServer } from '../../support/smart-server.ts';

const smart = withSmartServer();
const scope = 'system/*.rs';
let key: Key;
let clientId: string;

beforeAll(async () => {
  key = await makeKey('ES384');
  ({ clientId } = await smart.server.register({ name: 'Bulk', kind: 'backend', jwks: key.jwks, scope }));
}, 60_000);

const tokenUrl = () => `${smart.server.origin}/oidc/token`;
const token = (changes: Readonly<Record<string, string>> = {}, asked = scope) =>
  backendToken(smart.server.origin, { clientId, key, scope: asked }, changes);
const withClaims = async (claims: object, header: object = {}) =>
  token({ client_assertion: await key.assertion({ ...claimsFor(clientId, tokenUrl()), ...claims }, { ...header }) });
const codes = ({ status, body }: TokenAnswer) => [status, body['error']];

describe('backend_services_authorization', () => {
  it('smart_backend_services_invalid_grant_type', async () => {
    expect(codes(await token({ grant_type: 'not_a_grant_type' }))).toEqual([400, 'unsupported_grant_type']);
  });

  it('smart_backend_services_invalid_client_assertion', async () => {
    const answer = await token({ client_assertion_type: 'not_an_assertion_type' });
    expect(codes(answer)).toEqual([400, 'invalid_request']);
  });

  it('smart_backend_services_invalid_jwt', async () => {
    expect(codes(await token({ client_assertion: 'no.jwt.atall' }))).toEqual([400, 'invalid_request']);
    const stranger = await makeKey('ES384');
    const forged = await stranger.assertion(claimsFor(clientId, tokenUrl()));
    expect(codes(await token({ client_assertion: forged }))).toEqual([401, 'invalid_client']);
  });

  it.each(['RS384', 'ES384'] as const)(
    'smart_backend_services_auth_request_success, req 297: %s, with keys that are registered inline',
    async (alg) => {
      const own = await makeKey(alg);
      const { clientId: id } = await smart.server.register({ name: alg, kind: 'backend', jwks: own.jwks, scope });
      expect((await backendToken(smart.server.origin, { clientId: id, key: own, scope })).status).toBe(200);
    },
  );

  it.each(['RS256', 'ES256', 'PS256'] as const)('%s, which FAPI and others use, is taken too', async (alg) => {
    const own = await makeKey(alg);
    const { clientId: id } = await smart.server.register({ name: alg, kind: 'backend', jwks: own.jwks, scope });
    expect((await backendToken(smart.server.origin, { clientId: id, key: own, scope })).status).toBe(200);
  });

  it('a client that is registered for one algorithm is held to it', async () => {
    const registration = { name: 'ES384', kind: 'backend', jwks: key.jwks, scope, signingAlg: 'RS384' } as const;
    const { clientId: id } = await smart.server.register(registration);
    expect(codes(await backendToken(smart.server.origin, { clientId: id, key, scope }))).toEqual([
      401,
      'invalid_client',
    ]);
  });

  it('smart_backend_services_auth_response_body', async () => {
    const { body, headers } = await token();
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: expect.any(Number),
      scope,
    });
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
  });
});

describe('requirements beyond Inferno’s tests', () => {
  it('req 262, 248: the token is good for at most five minutes, and there is no refresh token', async () => {
    const { body } = await token({}, 'system/*.rs offline_access');
    expect(body['expires_in']).toBeLessThanOrEqual(300);
    expect(body).not.toHaveProperty('refresh_token');
  });

  it('req 243: what is outside the registered scope is not given', async () => {
    expect((await token({}, 'system/Patient.cruds')).body['scope']).toBe('system/Patient.rs');
    expect(codes(await token({}, 'system/Patient.cud'))).toEqual([400, 'invalid_scope']);
    expect(codes(await token({}, 'user/*.rs patient/*.rs openid'))).toEqual([400, 'invalid_scope']);
    expect(codes(await token({ scope: '' }))).toEqual([400, 'invalid_scope']);
  });

  it('req 336: a jti comes once, also in four requests at once', async () => {
    const form = { client_assertion: await key.assertion(claimsFor(clientId, tokenUrl())) };
    const answers = await Promise.all([1, 2, 3, 4].map(() => token(form)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
    expect(codes(await token(form))).toEqual([401, 'invalid_client']);
  });

  const now = Math.floor(Date.now() / 1000);
  it.each<[string, object, object]>([
    ['req 340: that is good for more than five minutes', { exp: now + 3600 }, {}],
    ['that has expired', { exp: now - 60 }, {}],
    ['without exp', { exp: undefined }, {}],
    ['without jti', { jti: undefined }, {}],
    ['with a jti that is a number', { jti: 5 }, {}],
    ['with a jti of a thousand letters', { jti: 'x'.repeat(1000) }, {}],
    ['without iss', { iss: undefined }, {}],
    ['whose iss is not its sub', { iss: 'another' }, {}],
    ['whose sub is not its iss', { sub: 'another' }, {}],
    ['for another audience', { aud: 'https://other.example/token' }, {}],
    ['for the FHIR base', { aud: 'http://127.0.0.1/fhir' }, {}],
    ['without aud', { aud: undefined }, {}],
    ['without kid', {}, { kid: undefined }],
    ['of an unknown kid', {}, { kid: 'unknown' }],
    ['req 338: with a jku that is not registered', {}, { jku: 'https://evil.example/jwks' }],
    ['that is not good yet', { nbf: now + 600 }, {}],
  ])('an assertion %s is refused as invalid_client', async (_name, claims, header) => {
    expect(codes(await withClaims(claims, header))).toEqual([401, 'invalid_client']);
  });

  it('req 338: a jku that is the registered URL is welcome', async () => {
    const jwksUri = `${smart.server.origin}/nothing/jwks`;
    const { clientId: id } = await smart.server.register({ name: 'jku', kind: 'backend', jwksUri, scope });
    const { db } = smart.server.parts.store;
    await db.query({
      text: `insert into client_jwks (url, jwks, fresh_until) values ($1, $2::jsonb, now() + interval '1 hour')`,
      values: [jwksUri, JSON.stringify(key.jwks)],
    });
    const send = async (jku: string) => {
      const assertion = await key.assertion(claimsFor(id, tokenUrl()), { jku });
      return (await token({ client_assertion: assertion })).status;
    };
    expect([await send(jwksUri), await send(`${jwksUri}2`)]).toEqual([200, 401]);
  });

  it.each(['client_secret_basic', 'client_secret_post'] as const)(
    'req 344: %s is not for backend services',
    async (authMethod) => {
      const registration = { name: 'x', kind: 'backend', jwks: key.jwks, scope, authMethod } as const;
      await expect(smart.server.register(registration)).rejects.toMatchObject({ kind: 'invalid' });
    },
  );

  it('a person’s application gets no token without a person', async () => {
    const redirectUris = ['https://app.example/cb'];
    const app = { name: 'App', kind: 'confidential', jwks: key.jwks, redirectUris, scope: 'user/*.rs' } as const;
    const { clientId: id } = await smart.server.register(app);
    const answer = await backendToken(smart.server.origin, { clientId: id, key, scope: 'user/*.rs' });
    expect(codes(answer)).toEqual([400, 'unauthorized_client']);
  });
});

describe('an assertion that nobody with the key has signed', () => {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = () => claimsFor(clientId, tokenUrl());

  it('is refused with alg none', async () => {
    for (const alg of ['none', 'None', 'NONE']) {
      const assertion = `${encoded({ alg, kid: 'key-1' })}.${encoded(claims())}.`;
      expect((await token({ client_assertion: assertion })).status).toBe(401);
    }
  });

  it('is refused with HS256 by the client’s public key', async () => {
    const secret = new TextEncoder().encode(JSON.stringify(key.jwks.keys[0]));
    const assertion = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'key-1' }).sign(secret);
    expect(codes(await token({ client_assertion: assertion }))).toEqual([401, 'invalid_client']);
  });

  it('is refused with HS256 by our own public key', async () => {
    const jwks = (await (await fetch(`${smart.server.origin}/oidc/jwks`)).json()) as { keys: { kid: string }[] };
    const [own] = jwks.keys;
    for (const secret of [JSON.stringify(own), JSON.stringify(jwks)]) {
      const header = encoded({ alg: 'HS256', kid: own?.kid });
      const body = `${header}.${encoded(claims())}`;
      const assertion = `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
      expect(codes(await token({ client_assertion: assertion }))).toEqual([401, 'invalid_client']);
    }
    await expect(importJWK(own as never, 'RS256')).resolves.toBeDefined();
  });

  it('is refused with a key that it brings itself', async () => {
    const thief = await makeKey('ES384');
    const assertion = await thief.assertion(claims(), { jwk: thief.jwks.keys[0] });
    expect((await token({ client_assertion: assertion })).status).toBe(401);
  });
});

describe('a token request of bad form', () => {
  const send = (body: string, type = 'application/x-www-form-urlencoded') =>
    fetch(tokenUrl(), { method: 'POST', body, headers: { 'content-type': type } });

  it('of a megabyte is refused at once', async () => {
    const assertion = await key.assertion({ ...claimsFor(clientId, tokenUrl()), filler: 'x'.repeat(1_000_000) });
    const started = performance.now();
    const { status } = await token({ client_assertion: assertion });
    expect([400, 413]).toContain(status);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it.each(['grant_type', 'scope', 'client_assertion', 'client_assertion_type'])(
    'with %s twice is refused',
    async (name) => {
      const form = new URLSearchParams({
        grant_type: 'client_credentials',
        scope,
        client_assertion_type: assertionType,
        client_assertion: await key.assertion(claimsFor(clientId, tokenUrl())),
      });
      form.append(name, form.get(name) ?? '');
      const response = await send(form.toString());
      expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([400, 'invalid_request']);
    },
  );

  it('as JSON, or of nobody, is refused', async () => {
    expect((await send('{}', 'application/json')).status).toBe(400);
    expect((await send('')).status).toBe(400);
    const form = { grant_type: 'client_credentials', scope };
    expect(codes(await post(smart.server.origin, '/oidc/token', form))).toEqual([400, 'invalid_request']);
    const unknown = await post(smart.server.origin, '/oidc/token', { ...form, client_id: 'unknown' });
    expect(codes(unknown)).toEqual([401, 'invalid_client']);
  });

  it('with the client_id of another is refused', async () => {
    expect(codes(await token({ client_id: 'another' }))).toEqual([400, 'invalid_request']);
  });
});
