// Tokens that are bound to a key: RFC 9449 at the token endpoint and at every resource, for clients that ask for it.
import { exportJWK, generateKeyPair } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { type DpopKey, makeDpopKey } from '../support/dpop-client.ts';
import { backendToken, type Key, makeKey } from '../support/smart-client.ts';
import { withSmartServer } from '../support/smart-server.ts';

const smart = withSmartServer();
const scope = 'system/*.rs';
let key: Key;
let dpop: DpopKey;
let clientId: string;
let token: string;

const tokenUrl = () => `${smart.server.origin}/oidc/token`;

/** A token request with a DPoP header, or none. */
async function ask(proof: string | undefined, id = clientId) {
  const { origin } = smart.server;
  return backendToken(origin, { clientId: id, key, scope }, {}, proof === undefined ? {} : { dpop: proof });
}

beforeAll(async () => {
  [key, dpop] = await Promise.all([makeKey('ES384'), makeDpopKey()]);
  const registered = await smart.server.register({ name: 'Bound', kind: 'backend', jwks: key.jwks, scope, dpop: true });
  clientId = registered.clientId;
  const { body } = await ask(await dpop.proof('POST', tokenUrl()));
  token = String(body['access_token']);
}, 60_000);

const patient = () => `${smart.server.base}/Patient/awa`;

async function read(proof: string | undefined, { url = patient(), scheme = 'DPoP', own = token } = {}) {
  const headers = { authorization: `${scheme} ${own}`, ...(proof === undefined ? {} : { dpop: proof }) };
  const response = await fetch(url, { headers });
  await response.arrayBuffer();
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate') ?? '',
    nonce: response.headers.get('dpop-nonce'),
  };
}

describe('a token request of a client whose tokens are bound', () => {
  it('gives a token of type DPoP (RFC 9449, 5)', async () => {
    const { status, body } = await ask(await dpop.proof('POST', tokenUrl()));
    expect([status, body['token_type']]).toEqual([200, 'DPoP']);
  });

  it.each(['PS256', 'EdDSA'] as const)('takes a proof by %s', async (alg) => {
    const own = await makeDpopKey(alg);
    expect((await ask(await own.proof('POST', tokenUrl()))).status).toBe(200);
  });

  it('takes no proof by RS256, which FAPI 2.0 forbids', async () => {
    const own = await makeDpopKey('RS256');
    expect((await ask(await own.proof('POST', tokenUrl()))).body['error']).toBe('invalid_dpop_proof');
  });

  it('without a proof is refused', async () => {
    const { status, body } = await ask(undefined);
    expect([status, body['error']]).toEqual([400, 'invalid_grant']);
  });

  it.each<[string, object, object]>([
    ['for another method', { htm: 'GET' }, {}],
    ['for another URL', { htu: 'https://other.example/token' }, {}],
    ['without a jti', { jti: undefined }, {}],
    ['of another type', {}, { typ: 'jwt' }],
    ['without its key', {}, { jwk: undefined }],
  ])('with a proof %s is refused', async (_name, claims, header) => {
    const { status, body } = await ask(
      await dpop.proof('POST', tokenUrl(), { claims: claims as never, header: header as never }),
    );
    expect([status, body['error']]).toEqual([400, 'invalid_dpop_proof']);
  });

  it('with a clock that is off is given a nonce, with which it is taken (RFC 9449, 8)', async () => {
    const claims = { iat: Math.floor(Date.now() / 1000) - 3600 };
    const first = await ask(await dpop.proof('POST', tokenUrl(), { claims }));
    expect([first.status, first.body['error']]).toEqual([400, 'use_dpop_nonce']);
    const nonce = first.headers.get('dpop-nonce');
    const { status } = await ask(await dpop.proof('POST', tokenUrl(), { claims: { ...claims, nonce } }));
    expect(status).toBe(200);
  });

  it('with one proof four times at once gets one token', async () => {
    const proof = await dpop.proof('POST', tokenUrl());
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask(proof)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400]);
    expect(answers.filter(({ status }) => status === 400).map(({ body }) => body['error'])).toEqual(
      Array(3).fill('invalid_grant'),
    );
  });
});

describe('a resource', () => {
  it('is given to who has token and key', async () => {
    expect((await read(await dpop.proof('GET', patient(), { token }))).status).toBe(200);
  });

  it('is found by what it is, not by its query', async () => {
    const url = `${smart.server.base}/Patient?_count=1`;
    const proof = await dpop.proof('GET', `${smart.server.base}/Patient`, { token });
    expect((await read(proof, { url })).status).toBe(200);
  });

  it.each<[string, string]>([
    ['the JSON API', '/api/clients'],
    ['DICOMweb', '/dicomweb/studies'],
    ['FHIR', '/fhir/Patient/awa'],
  ])('of %s is not given to a bearer of a bound token (RFC 9449, 7.2)', async (_name, path) => {
    const url = `${smart.server.origin}${path}`;
    const method = path.startsWith('/dicomweb') ? 'POST' : 'GET';
    const response = await fetch(url, { method, headers: { authorization: `Bearer ${token}` } });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^DPoP error="invalid_token".*algs="ES256/);
  });

  it('is given to the API’s caller below /api too', async () => {
    const url = `${smart.server.origin}/api/predictions`;
    expect((await read(await dpop.proof('GET', url, { token }), { url })).status).toBe(200);
  });

  it.each<[string, object, object]>([
    ['of another method', { htm: 'POST' }, {}],
    ['of another URL', { htu: 'https://other.example/fhir/Patient/awa' }, {}],
    ['of another token', { ath: 'x' }, {}],
    ['of no token', { ath: undefined }, {}],
    ['without a jti', { jti: undefined }, {}],
    ['without a time', { iat: undefined }, {}],
    ['of another type', {}, { typ: 'at+jwt' }],
    ['without its key', {}, { jwk: undefined }],
  ])('is refused with a proof %s', async (_name, claims, header) => {
    const proof = await dpop.proof('GET', patient(), { token, claims: claims as never, header: header as never });
    const { status, challenge } = await read(proof);
    expect(status).toBe(401);
    expect(challenge).toMatch(/^DPoP error="invalid_dpop_proof"/);
  });

  it('is refused without a proof, with something else, and with the key of another', async () => {
    const other = await makeDpopKey();
    const answers = [
      await read(undefined),
      await read('nonsense'),
      await read('x'.repeat(9000)),
      await read(await other.proof('GET', patient(), { token })),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    for (const { challenge } of answers) expect(challenge).toMatch(/^DPoP error="invalid_dpop_proof"/);
  });

  it('is refused with a proof that shows its private key', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(privateKey);
    expect((await read(await dpop.proof('GET', patient(), { token, header: { jwk } }))).status).toBe(401);
  });

  it('is given once for one proof, also to four requests at once', async () => {
    const proof = await dpop.proof('GET', patient(), { token });
    const answers = await Promise.all([1, 2, 3, 4].map(() => read(proof)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
  });

  it('names a nonce to a client whose clock is off, and takes it with that (RFC 9449, 9)', async () => {
    const claims = { iat: Math.floor(Date.now() / 1000) - 3600 };
    const first = await read(await dpop.proof('GET', patient(), { token, claims }));
    expect(first.status).toBe(401);
    expect(first.challenge).toMatch(/^DPoP error="use_dpop_nonce"/);
    const nonce = first.nonce;
    expect((await read(await dpop.proof('GET', patient(), { token, claims: { ...claims, nonce } }))).status).toBe(200);
    const false_ = await read(await dpop.proof('GET', patient(), { token, claims: { nonce: 'invented' } }));
    expect([false_.status, false_.nonce]).toEqual([401, expect.any(String)]);
  });

  it('is not given as DPoP for a token that is bound to nothing', async () => {
    const own = await smart.server.token({ scope: 'user/*.rs' });
    const { status, challenge } = await read(await dpop.proof('GET', patient(), { token: own }), { own });
    expect(status).toBe(401);
    expect(challenge).toMatch(/^DPoP error="invalid_token"/);
  });

  it('is given for a plain token as ever', async () => {
    const own = await smart.server.token({ scope: 'user/*.rs' });
    expect((await read(undefined, { scheme: 'Bearer', own })).status).toBe(200);
  });
});

it('introspection tells to which key a token is bound (RFC 9449, 6.2)', async () => {
  const own = await makeKey('ES384');
  const viewer = { name: 'Viewer', kind: 'backend', jwks: own.jwks, scope: 'introspection' } as const;
  const { clientId: id } = await smart.server.register(viewer);
  const { body } = await backendToken(
    smart.server.origin,
    { clientId: id, key: own, scope: '' },
    { token, grant_type: '' },
    {},
    '/oidc/token/introspection',
  );
  expect(body).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt: dpop.thumbprint } });
});
