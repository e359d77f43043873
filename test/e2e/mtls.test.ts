// Clients that prove themselves by certificate, and tokens that are bound to one: RFC 8705, by our own TLS and by a trusted proxy's header.

import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { exportJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificateThumbprint } from '../../src/auth/certificates.ts';
import { addClient, type NewClient } from '../../src/auth/clients.ts';
import { type Auth, openAuth } from '../../src/auth/open-auth.ts';
import { openSecret } from '../../src/auth/secret.ts';
import { credentialsOf } from '../../src/http/credentials.ts';
import { problemReply } from '../../src/http/errors.ts';
import { type Listening, listen } from '../../src/http/listen.ts';
import { oidc } from '../../src/http/oidc.ts';
import { peerNoter, peerOf } from '../../src/http/peer.ts';
import { FhirError } from '../../src/shared/errors.ts';
import { silent } from '../../src/shared/logger.ts';
import { type Authority, authority, type Certificate, selfSigned } from '../support/certificates.ts';
import { makeKey } from '../support/smart-client.ts';
import { withStore } from '../support/store.ts';

const database = withStore();
const scope = 'system/*.rs';
let folder: string;
let ca: Authority;
let listening: Listening;
let origin: string;
let auth: Auth;
let known: Certificate;
let other: Certificate;
let own: Certificate;

/** The token endpoint and one resource. */
function appOf(opened: Auth): express.Express {
  const web = express();
  web.get('/fhir/Patient', async (request, response) => {
    try {
      const { caller } = await opened.authenticate(credentialsOf(request));
      response.json({ client: caller.clientId });
    } catch (error) {
      if (!(error instanceof FhirError)) throw error;
      const { status, headers } = problemReply(error, request.headers.authorization, '');
      response.status(status).set(headers).end();
    }
  });
  web.use(oidc({ auth: opened, log: silent }));
  return web;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livedoc-mtls-'));
  ca = await authority();
  const server = await ca.issue('CN=localhost', ['localhost']);
  [known, other, own] = await Promise.all([
    ca.issue('CN=ehr, O=Hopital, C=FR', ['ehr.hopital.example']),
    ca.issue('CN=lab, O=Hopital, C=FR', ['lab.hopital.example']),
    selfSigned('CN=own'),
  ]);
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const tls = {
    cert: await file('cert.pem', server.cert),
    key: await file('key.pem', server.key),
    clientAuthorities: await file('ca.pem', ca.cert),
  };
  let answer: RequestListener = () => undefined;
  listening = await listen((request, response) => answer(request, response), { host: '127.0.0.1', port: 0, tls });
  origin = `https://localhost:${listening.port}`;
  auth = await openAuth({
    store: database.store,
    secret: await openSecret(folder),
    publicUrl: origin,
    certificateOf: (request) => peerOf(request).certificate,
    log: silent,
  });
  const note = peerNoter({ trusted: [], certificateHeader: 'client-cert' });
  const app = appOf(auth);
  answer = (request, response) => {
    note(request);
    app(request, response);
  };
}, 60_000);
afterAll(async () => {
  await auth.close();
  await listening.close({ drainSeconds: 1 });
  await rm(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly challenge: string;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Sent {
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly certificate?: Certificate | undefined;
}

/** A request over TLS, with the client's certificate or without one. */
function send(path: string, { form, headers = {}, certificate }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = form && new URLSearchParams(form).toString();
    const type = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const options = { method: body === undefined ? 'GET' : 'POST', headers: { ...headers, ...type }, ca: ca.cert };
    const request = requestHttps(`${origin}${path}`, { ...options, ...certificate, agent: false }, (message) => {
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk));
      message.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const challenge = message.headers['www-authenticate'] ?? '';
        resolve({ status: message.statusCode ?? 0, challenge, body: text === '' ? {} : JSON.parse(text) });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

const token = (clientId: string, certificate?: Certificate, headers = {}) =>
  send('/oidc/token', {
    form: { grant_type: 'client_credentials', client_id: clientId, scope },
    certificate,
    headers,
  });

const read = (accessToken: unknown, certificate?: Certificate) =>
  send('/fhir/Patient', { headers: { authorization: `Bearer ${accessToken}` }, certificate });

const backend = async (more: Partial<NewClient>) =>
  (await addClient(database.store, { name: 'EHR', kind: 'backend', scope, ...more })).clientId;

const bySubject = (tlsSubject: NewClient['tlsSubject'], more: Partial<NewClient> = {}) =>
  backend({ authMethod: 'tls_client_auth', tlsSubject, ...more });

/** The key of a certificate with the certificate in it, as RFC 8705, 2.2.2 has it registered. */
async function jwksOf({ cert }: Certificate) {
  const x5c = [new X509Certificate(cert).raw.toString('base64')];
  return { keys: [{ ...(await exportJWK(createPublicKey(cert))), kid: 'c', x5c }] };
}

describe('tls_client_auth', () => {
  it.each<[string, NewClient['tlsSubject']]>([
    ['subject, written from the leaf', { tls_client_auth_subject_dn: 'CN=ehr,O=Hopital,C=FR' }],
    ['subject, written from the root', { tls_client_auth_subject_dn: 'C=FR, O=Hopital, CN=ehr' }],
    ['DNS name', { tls_client_auth_san_dns: 'ehr.hopital.example' }],
  ])('knows a client by the %s of its certificate', async (_name, subject) => {
    const clientId = await bySubject(subject);
    expect(await token(clientId, known)).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
    expect(await token(clientId, other)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });

  it('refuses who has no certificate, and one that no trusted authority signed', async () => {
    const forged = await selfSigned('CN=ehr, O=Hopital, C=FR', ['ehr.hopital.example']);
    const clientId = await bySubject({ tls_client_auth_san_dns: 'ehr.hopital.example' });
    expect((await token(clientId)).status).toBe(401);
    expect((await token(clientId, forged)).status).toBe(401);
  });

  it('does not believe a header of who is no trusted proxy', async () => {
    const clientId = await bySubject({ tls_client_auth_san_dns: 'ehr.hopital.example' });
    const header = `:${new X509Certificate(known.cert).raw.toString('base64')}:`;
    expect((await token(clientId, undefined, { 'client-cert': header })).status).toBe(401);
  });
});

it('self_signed_tls_client_auth knows a client by the very certificate that it registered', async () => {
  const clientId = await backend({ authMethod: 'self_signed_tls_client_auth', jwks: await jwksOf(own) });
  expect((await token(clientId, own)).status).toBe(200);
  expect((await token(clientId, await selfSigned('CN=own'))).status).toBe(401);
  expect((await token(clientId, known)).status).toBe(401);
});

describe('a token bound to a certificate', () => {
  it('is good with that certificate alone (RFC 8705, 3)', async () => {
    const clientId = await bySubject({ tls_client_auth_san_dns: 'ehr.hopital.example' }, { mtls: true });
    const { body } = await token(clientId, known);
    expect(body['token_type']).toBe('Bearer');
    expect((await read(body['access_token'], known)).status).toBe(200);
    for (const certificate of [undefined, other, own]) {
      const { status, challenge } = await read(body['access_token'], certificate);
      expect(status).toBe(401);
      expect(challenge).toMatch(/^Bearer error="invalid_token"/);
    }
  });

  it('of a client with a key needs the certificate at the token endpoint too', async () => {
    const key = await makeKey('ES384');
    const clientId = await backend({ jwks: key.jwks, mtls: true });
    const ask = async (certificate?: Certificate) => {
      const exp = Math.floor(Date.now() / 1000) + 240;
      const claims = { iss: clientId, sub: clientId, aud: `${origin}/oidc/token`, exp, jti: crypto.randomUUID() };
      const form = {
        grant_type: 'client_credentials',
        scope,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await key.assertion(claims),
      };
      return send('/oidc/token', { form, certificate });
    };
    expect(await ask()).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    const { status, body } = await ask(own);
    expect(status).toBe(200);
    expect([(await read(body['access_token'], own)).status, (await read(body['access_token'])).status]).toEqual([
      200, 401,
    ]);
  });

  it('is introspected with the thumbprint (RFC 8705, 3.2)', async () => {
    const clientId = await bySubject({ tls_client_auth_san_dns: 'ehr.hopital.example' }, { mtls: true });
    const { body } = await token(clientId, known);
    const form = { token: String(body['access_token']), client_id: clientId };
    const answer = await send('/oidc/token/introspection', { form, certificate: known });
    expect(answer.body).toMatchObject({ active: true, cnf: { 'x5t#S256': certificateThumbprint(known.cert) } });
  });

  it('is announced in both discovery documents', async () => {
    for (const path of ['/oidc/.well-known/openid-configuration', '/fhir/.well-known/smart-configuration']) {
      const { body } = await send(path, {});
      expect(body).toMatchObject({ tls_client_certificate_bound_access_tokens: true });
      expect(body['token_endpoint_auth_methods_supported']).toContain('tls_client_auth');
    }
  });
});

it('behind a trusted proxy the certificate is what its header says', async () => {
  const note = peerNoter({ trusted: ['loopback'], certificateHeader: 'client-cert' });
  const app = appOf(auth);
  const proxied = createServer((request, response) => {
    note(request);
    app(request, response);
  });
  await new Promise<void>((resolve) => proxied.listen(0, '127.0.0.1', resolve));
  const clientId = await bySubject({ tls_client_auth_san_dns: 'ehr.hopital.example' }, { mtls: true });
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, scope });
  const header = (certificate: Certificate) => `:${new X509Certificate(certificate.cert).raw.toString('base64')}:`;
  const url = `http://127.0.0.1:${(proxied.address() as AddressInfo).port}`;
  const ask = (certificate: Certificate) =>
    fetch(`${url}/oidc/token`, { method: 'POST', body: form, headers: { 'client-cert': header(certificate) } });
  expect((await ask(other)).status).toBe(401);
  const answer = await ask(known);
  const { access_token: accessToken } = (await answer.json()) as { access_token: string };
  const authorization = `Bearer ${accessToken}`;
  const patient = (certificate: Certificate) =>
    fetch(`${url}/fhir/Patient`, { headers: { authorization, 'client-cert': header(certificate) } });
  expect([(await patient(known)).status, (await patient(other)).status]).toEqual([200, 401]);
  proxied.closeAllConnections();
  await new Promise((resolve) => proxied.close(resolve));
});
