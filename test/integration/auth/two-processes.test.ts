// What two server processes on one database agree on: what may come once, who is revoked, which key signs, which keys clients have.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addUser } from '../../../src/auth/accounts.ts';
import { commandActor } from '../../../src/auth/actor.ts';
import { addClient, disableClient } from '../../../src/auth/clients.ts';
import { renewKeys } from '../../../src/auth/housekeeping.ts';
import { type Auth, openAuth } from '../../../src/auth/open-auth.ts';
import { openSecret, type Secret } from '../../../src/auth/secret.ts';
import { rotateKeys } from '../../../src/auth/signing-keys.ts';
import { oidc } from '../../../src/http/oidc.ts';
import { silent } from '../../../src/shared/logger.ts';
import { type OpenStore, openStore } from '../../../src/store/open.ts';
import { makeDpopKey } from '../../support/dpop-client.ts';
import { medecin } from '../../support/oidc-app.ts';
import {
  assertionType,
  backendToken,
  claimsFor,
  type Key,
  makeKey,
  post,
  redirectUri,
  tokensFor,
} from '../../support/smart-client.ts';
import { withStore } from '../../support/store.ts';

interface Process {
  readonly origin: string;
  readonly auth: Auth;
  readonly store: OpenStore;
  close(): Promise<void>;
}

const database = withStore();
const actor = commandActor('test');
const scope = 'system/*.rs';
let folder: string;
let secret: Secret;
let one: Process;
let two: Process;
let key: Key;

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** `publicUrl` absent: this process's own. */
async function start(publicUrl?: string): Promise<Process> {
  const { databaseUrl, schema } = database;
  const store = await openStore({ databaseUrl, schema, queryTimeoutSeconds: 20, log: silent });
  let answer: RequestListener = () => undefined;
  const server = createServer((request, response) => answer(request, response));
  const origin = await listen(server);
  const url = publicUrl ?? origin;
  const listening = { url: databaseUrl, schema };
  const hosts = [new URL(url).host];
  const auth = await openAuth({
    store,
    secret,
    publicUrl: url,
    trustedKeyHosts: hosts,
    database: listening,
    log: silent,
  });
  const web = express();
  let keys: unknown;
  web.post('/publish', express.json(), (request, response) => {
    keys = request.body;
    response.end();
  });
  web.get('/keys', (_request, response) => {
    response
      .status(keys === undefined ? 503 : 200)
      .set('cache-control', 'max-age=0')
      .json(keys ?? {});
  });
  web.use(oidc({ auth, log: silent }));
  answer = web;
  return {
    origin,
    auth,
    store,
    async close() {
      await auth.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await store.close();
    },
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livedoc-processes-'));
  secret = await openSecret(folder);
  one = await start();
  two = await start(one.origin);
  key = await makeKey('ES384');
  const base = `${one.origin}/fhir`;
  const accounts = { store: one.store, secret, validate: () => [], now: () => new Date(), base, log: silent };
  await addUser(accounts, medecin);
}, 60_000);
afterAll(async () => {
  await Promise.all([one.close(), two.close()]);
  await rm(folder, { recursive: true });
});

const backend = (more: object = {}) =>
  addClient(database.store, { name: 'EHR', kind: 'backend', jwks: key.jwks, scope, ...more });

/** Tries until it holds, at most a second. */
async function soon(holds: () => Promise<boolean>): Promise<boolean> {
  for (const end = Date.now() + 1000; Date.now() < end; await sleep(20)) if (await holds()) return true;
  return false;
}

describe('what may come once', () => {
  it('is one assertion: of eight requests at once to both processes one gets a token (requirement 336)', async () => {
    const { clientId } = await backend();
    const form = {
      grant_type: 'client_credentials',
      scope,
      client_assertion_type: assertionType,
      client_assertion: await key.assertion(claimsFor(clientId, `${one.origin}/oidc/token`)),
    };
    const tries = Array.from({ length: 8 }, (_, at) =>
      post(at % 2 === 0 ? one.origin : two.origin, '/oidc/token', form),
    );
    const statuses = (await Promise.all(tries)).map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 401, 401, 401, 401, 401, 401, 401]);
  });

  it('is one proof at the resources (RFC 9449, 11.1)', async () => {
    const dpop = await makeDpopKey();
    const { clientId } = await backend({ dpop: true });
    const proof = await dpop.proof('POST', `${one.origin}/oidc/token`);
    const { body } = await backendToken(one.origin, { clientId, key, scope }, {}, { dpop: proof });
    const token = String(body['access_token']);
    const url = '/fhir/Patient/1';
    const credentials = {
      authorization: `DPoP ${token}`,
      method: 'GET',
      url,
      dpop: await dpop.proof('GET', `${one.origin}${url}`, { token }),
    };
    const tries = Array.from({ length: 8 }, (_, at) => (at % 2 === 0 ? one : two).auth.authenticate(credentials));
    const won = (await Promise.allSettled(tries)).filter(({ status }) => status === 'fulfilled');
    expect(won).toHaveLength(1);
  });
});

describe('what is taken away', () => {
  it('in one process is gone in the other within a second: tokens and clients', async () => {
    const { clientId } = await backend();
    const { body } = await backendToken(one.origin, { clientId, key, scope });
    const authorization = `Bearer ${body['access_token']}`;
    await two.auth.authenticate({ authorization });
    await disableClient(one.store, clientId, actor);
    const isRefused = () =>
      two.auth.authenticate({ authorization }).then(
        () => false,
        () => true,
      );
    expect(await soon(isRefused)).toBe(true);
    expect((await backendToken(two.origin, { clientId, key, scope })).status).toBe(401);
  });
});

it('the keys of a client that one has fetched are good in the other while their URL is down', async () => {
  const publish = (body: unknown) =>
    fetch(`${one.origin}/publish`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await publish(key.jwks);
  const { clientId } = await addClient(database.store, {
    name: 'By URL',
    kind: 'backend',
    jwksUri: `${one.origin}/keys`,
    scope,
  });
  // Both have the same public URL, and only the first one serves it.
  expect((await backendToken(one.origin, { clientId, key, scope })).status).toBe(200);
  await fetch(`${one.origin}/publish`, { method: 'POST' });
  const assertion = await key.assertion(claimsFor(clientId, `${one.origin}/oidc/token`));
  const changes = { client_assertion: assertion };
  expect((await backendToken(two.origin, { clientId, key, scope }, changes)).status).toBe(200);
});

describe('a new key of ours', () => {
  const kids = async ({ origin }: Process) => {
    const response = await fetch(`${origin}/oidc/jwks`);
    return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
  };

  it('signs in every process within a second, and the old one stays published', async () => {
    const registered = { name: 'App', kind: 'public', redirectUris: [redirectUri] } as const;
    const { clientId } = await addClient(database.store, { ...registered, scope: 'openid offline_access user/*.rs' });
    const asked = { origin: one.origin, clientId, scope: 'openid offline_access user/*.rs' };
    const tokens = await tokensFor(asked);
    const [old] = await kids(two);
    expect(decodeProtectedHeader(tokens['id_token'] ?? '').kid).toBe(old);

    const kid = await rotateKeys(one.store, secret, actor);
    expect(await soon(async () => (await kids(two))[0] === kid && (await kids(one))[0] === kid)).toBe(true);
    expect([await kids(one), await kids(two)]).toEqual([
      [kid, old],
      [kid, old],
    ]);
    const form = { grant_type: 'refresh_token', refresh_token: tokens['refresh_token'] ?? '', client_id: clientId };
    const { status, body } = await post(two.origin, '/oidc/token', form);
    expect([status, decodeProtectedHeader(String(body['id_token'])).kid]).toEqual([200, kid]);
  });

  it('by age is made once, also by two processes that find the old one too old', async () => {
    const before = await kids(one);
    await database.store.db.query({ text: "update oauth_key set created_at = created_at - interval '91 days'" });
    await Promise.all([one, two, one, two].map(({ store }) => renewKeys(store, secret, 90, silent)));
    expect(await soon(async () => (await kids(two)).length === before.length + 1)).toBe(true);
    await renewKeys(one.store, secret, 90, silent);
    await renewKeys(one.store, secret, 0, silent);
    expect(await kids(one)).toHaveLength(before.length + 1);
  });

  it('leaves an old one published for a day, then no more', async () => {
    const [current] = await kids(one);
    await database.store.db.query({ text: "update oauth_key set retired_at = retired_at - interval '23 hours'" });
    await one.auth.purge();
    expect((await kids(two)).length).toBeGreaterThan(1);
    await database.store.db.query({ text: "update oauth_key set retired_at = retired_at - interval '2 hours'" });
    await one.auth.purge();
    expect(await soon(async () => (await kids(two)).length === 1)).toBe(true);
    expect(await kids(two)).toEqual([current]);
  });

  it('is in the audit trail', async () => {
    const rows = await database.store.db.query<{ readonly n: number }>({
      text: "select count(*)::int as n from audit_log where record::text like '%key-rotate%'",
    });
    expect(rows[0]?.n).toBe(2);
  });
});
