// Key sets of clients by URL: kept as their cache-control says, the last good copy while the URL is down, nothing inside.
// http://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html (requirement 341), RFC 9111
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { exportJWK, generateKeyPair } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { addClient, showClient } from '../../src/auth/clients.ts';
import { withOidcApp } from '../support/oidc-app.ts';
import { backendToken, type Key, makeKey, type TokenAnswer } from '../support/smart-client.ts';

const server = withOidcApp();
const scope = 'system/*.rs';
let key: Key;
let next: Key;
let urls = 0;

beforeAll(async () => {
  [key, next] = await Promise.all([makeKey('ES384', 'first'), makeKey('ES384', 'second')]);
});

/** A client whose keys are at a URL that nobody else has. */
async function client(): Promise<{ readonly clientId: string; readonly jwksUri: string }> {
  urls += 1;
  const jwksUri = `${server.app.origin}/keys?${urls}`;
  return { jwksUri, ...(await addClient(server.app.store, { name: 'By URL', kind: 'backend', jwksUri, scope })) };
}

const ask = (clientId: string, own = key): Promise<TokenAnswer> =>
  backendToken(server.app.origin, { clientId, key: own, scope });

/** How often the URL is asked while this happens. */
async function asked(happens: () => Promise<unknown>): Promise<number> {
  const before = server.app.keysAsked();
  await happens();
  return server.app.keysAsked() - before;
}

const age = (seconds: number) =>
  server.app.store.db.query({
    text: `update client_jwks set fresh_until = fresh_until - $1 * interval '1 second',
      tried_at = tried_at - $1 * interval '1 second'`,
    values: [seconds],
  });

describe('req 296, 341: a key set by URL', () => {
  it.each<[string, Readonly<Record<string, string>>, number]>([
    ['max-age=60 is asked for once', { 'cache-control': 'max-age=60' }, 1],
    ['no word about caching is asked for once in a while', {}, 1],
    ['Expires in an hour is asked for once', { expires: new Date(Date.now() + 3_600_000).toUTCString() }, 1],
    ['max-age=0 is asked for each time', { 'cache-control': 'max-age=0' }, 3],
    ['no-cache is asked for each time', { 'cache-control': 'no-cache, max-age=60' }, 3],
    ['no-store is asked for each time', { 'cache-control': 'private, no-store' }, 3],
    ['max-age=60 and an age of 60 is asked for each time', { 'cache-control': 'max-age=60', age: '60' }, 3],
    ['an Expires that is no date is asked for each time', { expires: '0' }, 3],
  ])('with %s', async (_name, headers, times) => {
    server.app.publishKeys(200, key.jwks, headers);
    const { clientId } = await client();
    const statuses: number[] = [];
    const count = await asked(async () => {
      for (let at = 0; at < 3; at += 1) statuses.push((await ask(clientId)).status);
    });
    expect([statuses, count]).toEqual([[200, 200, 200], times]);
  });

  it('is not used a second longer than its max-age, although the library would for a minute', async () => {
    server.app.publishKeys(200, key.jwks, { 'cache-control': 'max-age=1' });
    const { clientId } = await client();
    expect((await ask(clientId)).status).toBe(200);
    server.app.publishKeys(200, next.jwks, { 'cache-control': 'max-age=1' });
    await sleep(1100);
    expect((await ask(clientId)).status).toBe(401);
    expect((await ask(clientId, next)).status).toBe(200);
  });

  it('is not kept longer than a day, whatever it says', async () => {
    server.app.publishKeys(200, key.jwks, { 'cache-control': 'max-age=31536000' });
    const { clientId } = await client();
    await ask(clientId);
    await age(86_401);
    expect(await asked(() => ask(clientId))).toBe(1);
  });

  it('is asked for once by many requests at once', async () => {
    server.app.publishKeys(200, key.jwks, { 'cache-control': 'max-age=60' });
    const { clientId } = await client();
    expect(await asked(() => Promise.all(Array.from({ length: 8 }, () => ask(clientId))))).toBe(1);
  });

  it('is not asked for by who only begins a sign-in', async () => {
    const { jwksUri } = await client();
    const redirectUris = ['https://app.example/cb'];
    const app = { name: 'App', kind: 'confidential', jwksUri, redirectUris, scope: 'openid user/*.rs' } as const;
    const { clientId } = await addClient(server.app.store, app);
    const url = `${server.app.origin}/oidc/auth?client_id=${clientId}&response_type=code`;
    expect(await asked(() => fetch(url, { redirect: 'manual' }))).toBe(0);
  });

  it('is asked for again when an assertion has a key that is new, but not for each invented one', async () => {
    server.app.publishKeys(200, key.jwks, { 'cache-control': 'max-age=3600' });
    const { clientId } = await client();
    await ask(clientId);
    server.app.publishKeys(200, { keys: [...key.jwks.keys, ...next.jwks.keys] }, { 'cache-control': 'max-age=3600' });
    await age(11);
    expect((await ask(clientId, next)).status).toBe(200);
    const invented = await makeKey('ES384', 'invented');
    const count = await asked(async () => {
      for (let at = 0; at < 5; at += 1) expect((await ask(clientId, invented)).status).toBe(401);
    });
    expect(count).toBe(0);
  });

  it('that was taken back is of no use once it is asked for again', async () => {
    server.app.publishKeys(200, { keys: [...key.jwks.keys, ...next.jwks.keys] }, { 'cache-control': 'max-age=60' });
    const { clientId } = await client();
    expect((await ask(clientId, next)).status).toBe(200);
    server.app.publishKeys(200, key.jwks);
    await age(61);
    expect((await ask(clientId, next)).status).toBe(401);
    expect((await ask(clientId)).status).toBe(200);
  });
});

describe('while the URL is down', () => {
  it('the last good copy serves on, and the URL is tried now and then', async () => {
    server.app.publishKeys(200, key.jwks, { 'cache-control': 'max-age=60' });
    const { clientId } = await client();
    await ask(clientId);
    await age(61);
    server.app.publishKeys(503, {});
    const count = await asked(async () => {
      for (let at = 0; at < 4; at += 1) expect((await ask(clientId)).status).toBe(200);
    });
    expect(count).toBe(1);
    expect((await ask(clientId, next)).status).toBe(401);
    server.app.publishKeys(200, next.jwks);
    await age(10);
    expect((await ask(clientId, next)).status).toBe(200);
  });

  it.each([
    ['no-store', 'no-store'],
    ['must-revalidate', 'max-age=1, must-revalidate'],
    ['stale-if-error=0', 'max-age=1, stale-if-error=0'],
  ])('nothing serves on of what said %s', async (_name, cacheControl) => {
    server.app.publishKeys(200, key.jwks, { 'cache-control': cacheControl });
    const { clientId } = await client();
    expect((await ask(clientId)).status).toBe(200);
    server.app.publishKeys(503, {});
    await sleep(1100);
    expect((await ask(clientId)).status).toBe(401);
  });

  it('a client without a copy is told so, and the administrator why', async () => {
    server.app.publishKeys(503, {});
    const { clientId } = await client();
    const { status, body } = await ask(clientId);
    expect([status, body]).toEqual([
      401,
      {
        error: 'invalid_client',
        error_description: 'the keys of this client cannot be had from its JWKS URL',
      },
    ]);
    expect(await showClient(server.app.store, clientId)).toMatchObject({ jwks_problem: 'it answered with status 503' });
  });
});

describe('a key set is of no use', () => {
  const many = Array.from({ length: 101 }, (_, at) => ({ kty: 'RSA', n: 'x', e: 'AQAB', kid: String(at) }));
  it.each<[string, unknown, RegExp]>([
    ['of more than a hundred keys', { keys: many }, /more than 100 keys/],
    ['of more than 256 KiB', { keys: [], filler: 'x'.repeat(300_000) }, /bytes/],
    ['that is no object', [], /not a JWKS/],
    ['with a shared key alone', { keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'first' }] }, /no public/],
    ['with a key that is none', { keys: [{ kty: 'EC', crv: 'P-384', x: 'a', y: 'b', kid: 'first' }] }, /no public/],
  ])('%s', async (_name, body, problem) => {
    server.app.publishKeys(200, body);
    const { clientId } = await client();
    expect((await ask(clientId)).status).toBe(401);
    const view = await showClient(server.app.store, clientId);
    expect(view).toMatchObject({ jwks_problem: expect.stringMatching(problem) });
  });

  it('with the private half of its key', async () => {
    const { privateKey } = await generateKeyPair('ES384', { extractable: true });
    server.app.publishKeys(200, { keys: [{ ...(await exportJWK(privateKey)), kid: 'first' }] });
    const { clientId } = await client();
    expect((await ask(clientId)).status).toBe(401);
  });
});

describe('a key set is not fetched', () => {
  const refused = async (jwksUri: string) => {
    const { clientId } = await addClient(server.app.store, { name: 'x', kind: 'backend', jwksUri, scope });
    const { status, body } = await ask(clientId);
    return [status, body['error'], await showClient(server.app.store, clientId)];
  };

  it.each([
    ['this machine', 'https://127.0.0.1/jwks'],
    ['this machine by another name', 'https://[::1]/jwks'],
    ['this machine in IPv4 within IPv6', 'https://[::ffff:127.0.0.1]/jwks'],
    ['this machine as a number', 'https://2130706433/jwks'],
    ['this machine by name', 'https://localhost/jwks'],
    ['a private network', 'https://10.0.0.8/jwks'],
    ['another private network', 'https://192.168.1.1/jwks'],
    ['a unique local address', 'https://[fd00::1]/jwks'],
    ['a link-local address', 'https://[fe80::1]/jwks'],
    ['the metadata of a cloud', 'https://169.254.169.254/latest/meta-data'],
    ['the metadata of a cloud by IPv6', 'https://[fd00:ec2::254]/jwks'],
  ])('from %s', async (_name, url) => {
    expect(await refused(url)).toMatchObject([
      401,
      'invalid_client',
      { jwks_problem: expect.stringMatching(/inside/) },
    ]);
  });

  /** A host that the installation vouches for, or not, by its port. */
  async function withHost(listener: RequestListener, run: (origin: string) => Promise<void>): Promise<void> {
    const host = createServer(listener);
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
    try {
      await run(`http://127.0.0.1:${(host.address() as AddressInfo).port}`);
    } finally {
      host.closeAllConnections();
      await new Promise((resolve) => host.close(resolve));
    }
  }

  it('where a redirect points, not even on a host that the installation vouches for', async () => {
    let isAsked = false;
    const inside: RequestListener = (_request, response) => {
      isAsked = true;
      response.end(JSON.stringify(key.jwks));
    };
    await withHost(inside, async (origin) => {
      server.app.publishKeys(302, {}, { location: `${origin}/jwks` });
      const { clientId } = await client();
      expect((await ask(clientId)).status).toBe(401);
      expect(isAsked).toBe(false);
    });
  });
});
