// https://hl7.org/fhir/R4/http.html: media types, errors, limits, headers
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import type { CapabilityStatement, OperationOutcome, Patient } from '@medplum/fhirtypes';
import { Router } from 'express';
import { describe, expect, it } from 'vitest';
import { FhirError } from '../../../src/shared/errors.ts';
import type { Fields } from '../../../src/shared/logger.ts';
import { withServer } from '../../support/server.ts';

const megabyte = 2 ** 20;
const logged: [level: string, message: string, fields: Fields | undefined][] = [];
const note = (level: string) => (message: string, fields?: Fields) => void logged.push([level, message, fields]);

const api = Router();
api.get('/refused', () => {
  const expression = ['nom'];
  const issues = [{ severity: 'error' as const, code: 'required', diagnostics: 'is missing', expression }];
  throw new FhirError('unprocessable', 'A field is wrong.', { issues });
});
api.get('/broken', () => {
  throw new Error('the secret reason');
});

const server = withServer({
  limits: { body: megabyte },
  log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
  routers: { api },
  allowsOrigin: (origin) => origin === 'https://app.example.org',
  ready: () => Promise.resolve({ database: undefined, model: undefined }),
});
const { request } = server;

const patient = '{"resourceType":"Patient"}';
const outcome = (answer: { as<T>(): T }) => answer.as<OperationOutcome>();
const post = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  request('POST', '/Patient', { body, headers });

describe('bodies', () => {
  it.each(['application/fhir+json', 'application/json', 'application/fhir+json; charset=UTF-8; fhirVersion=4.0'])(
    'are taken as %s',
    async (type) => expect((await post(patient, { 'content-type': type })).status).toBe(201),
  );

  it.each([
    'text/plain',
    'application/fhir+ndjson',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    'application/fhir+json; fhirVersion=3.0',
  ])('are refused as %s with 415', async (type) => {
    const answer = await post(patient, { 'content-type': type });
    expect([answer.status, outcome(answer).issue[0]?.code]).toEqual([415, 'not-supported']);
  });

  it('are refused when packed by means that are not known', async () => {
    expect((await post(patient, { 'content-encoding': 'br' })).status).toBe(415);
    expect((await post(patient, { 'content-encoding': 'gzip, gzip' })).status).toBe(415);
  });

  it.each([
    ['{"resourceType":"Patient"', 'line 1, column 26 (offset 25)'],
    ['{"resourceType":"Patient",\n"active":treu}', 'line 2, column 10'],
    ['{"resourceType":"Patient","active":true,"active":false}', 'the name "active" again'],
    [`{"resourceType":"Patient","extension":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 'levels of nesting'],
    ['{"resourceType":"Patient","language":"\\ud800"}', 'half of a surrogate pair'],
    ['{"resourceType":"Patient","multipleBirthInteger":NaN}', '"N" where a value should be'],
    ['', 'The body is empty'],
    ['[]', 'not a JSON object'],
    ['{}', 'no resourceType'],
  ])('that are malformed (%.40s) are refused with 400 and the place', async (body, place) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(outcome(answer).issue[0]?.diagnostics).toContain(place);
  });

  it('that are not UTF-8 are refused with 400', async () => {
    const answer = await post(Buffer.from('{"resourceType":"Patient","language":"\xe9"}', 'latin1'));
    expect([answer.status, outcome(answer).issue[0]?.diagnostics]).toEqual([
      400,
      'The body is not UTF-8: byte 38 begins no character.',
    ]);
  });

  it('that are too large are refused with 413, and the server goes on', async () => {
    const answer = await post(Buffer.alloc(20 * megabyte, ' '));
    expect([answer.status, outcome(answer).issue[0]?.code]).toEqual([413, 'too-long']);
    expect((await post(patient)).status).toBe(201);
  });

  it('that are too large and of unknown length are refused with 413', async () => {
    const chunks = Array.from({ length: 12 }, () => Buffer.alloc(megabyte / 4, ' '));
    const body = Readable.toWeb(Readable.from(chunks));
    const response = await fetch(`${server.base}/Patient`, {
      method: 'POST',
      headers: { authorization: 'Bearer x', 'content-type': 'application/fhir+json' },
      body,
      duplex: 'half',
    } as unknown as RequestInit);
    expect(response.status).toBe(413);
  });

  it('that break off leave nothing and hinder nobody', async () => {
    const before = server.origin;
    const { port, hostname } = new URL(before);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          'POST /fhir/Patient HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"resource',
        );
        setTimeout(() => socket.destroy(), 50);
      });
      socket.on('close', () => resolve());
    });
    expect((await post(patient)).status).toBe(201);
  });
});

describe('answers', () => {
  it.each([
    [undefined, 'application/fhir+json'],
    ['*/*', 'application/fhir+json'],
    ['application/fhir+json', 'application/fhir+json'],
    ['application/json', 'application/json'],
    ['text/html, application/json;q=0.9', 'application/json'],
    ['application/fhir+json;fhirVersion=4.0, */*;q=0.1', 'application/fhir+json'],
    ['application/fhir+xml;q=0.5, application/fhir+json', 'application/fhir+json'],
  ])('to Accept: %s are %s', async (accept, type) => {
    const answer = await request('GET', '/Patient', { headers: accept === undefined ? {} : { accept } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, `${type}; charset=utf-8`]);
  });

  it.each(['text/html', 'application/fhir+json;fhirVersion=3.0', 'application/json;q=0', 'text/turtle, image/*'])(
    'to Accept: %s are 406',
    async (accept) => expect((await request('GET', '/Patient', { headers: { accept } })).status).toBe(406),
  );

  it('follow _format before Accept', async () => {
    const headers = { accept: 'application/fhir+xml' };
    for (const format of ['json', 'application/json', 'application/fhir%2Bjson', 'application/fhir+json']) {
      expect((await request('GET', `/Patient?_format=${format}`, { headers })).status).toBe(200);
    }
    expect((await request('GET', '/Patient?_format=html')).status).toBe(406);
  });

  it('keep a sane X-Request-Id, and have one of their own for any other', async () => {
    const ask = async (id: string) =>
      (await request('GET', '/Patient', { headers: { 'x-request-id': id } })).headers.get('x-request-id');
    expect(await ask('abc-1.2:3')).toBe('abc-1.2:3');
    expect(await ask('a b')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await ask('x'.repeat(65))).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('are not kept, sniffed or framed', async () => {
    const { headers } = await request('GET', '/Patient');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-powered-by')).toBeNull();
  });
});

describe('errors below the base', () => {
  it('are OperationOutcomes for unknown paths', async () => {
    for (const path of [
      '/Patient/1/2/3',
      '/Patient/$nothing',
      '/Patient/1/_history/x',
      '/nothing/here',
      '/Patient/%zz',
    ]) {
      const answer = await request('GET', path);
      expect([path, answer.status >= 400 && answer.status < 500, outcome(answer).resourceType]).toEqual([
        path,
        true,
        'OperationOutcome',
      ]);
    }
  });

  it('tell the methods that a path has', async () => {
    const answer = await request('DELETE', '/Patient/1/_history/1');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const posted = await request('POST', '/Patient/1', { body: '{}' });
    expect(posted.headers.get('allow')).toBe('GET, HEAD, PUT, PATCH, DELETE');
    expect((await request('POST', '/metadata', { body: '{}' })).headers.get('allow')).toBe('GET, HEAD');
  });

  it('are 405 for writes of AuditEvents', async () => {
    const body = { resourceType: 'AuditEvent', id: 'x' };
    for (const [method, path] of [
      ['POST', '/AuditEvent'],
      ['PUT', '/AuditEvent/x'],
      ['DELETE', '/AuditEvent/x'],
    ] as const) {
      const answer = await request(method, path, method === 'DELETE' ? {} : { body });
      expect([method, answer.status]).toEqual([method, 405]);
      expect(answer.headers.get('allow')).toBe('GET, HEAD');
    }
  });

  it('are 401 without a token, and say how to come back', async () => {
    for (const path of ['/Patient', '/Patient/1', '/nothing', '']) {
      const response = await fetch(`${server.base}${path}`);
      expect([path, response.status, response.headers.get('www-authenticate')]).toEqual([path, 401, 'Bearer']);
      expect(((await response.json()) as OperationOutcome).issue[0]?.code).toBe('login');
    }
  });

  it('are 414 for endless URLs', async () => {
    const answer = await request('GET', `/Patient?name=${'x'.repeat(70_000)}`);
    expect([answer.status, outcome(answer).issue[0]?.code]).toEqual([414, 'too-long']);
  });

  it('log what the client did as information, without its data', async () => {
    logged.length = 0;
    await request('GET', '/Patient?birthdate=Secret');
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatchObject(['info', 'A request was refused.', { status: 400, interaction: 'search-type' }]);
  });
});

describe('faults', () => {
  const failing = withServer({
    authenticate: () => Promise.reject(new Error('the secret reason')),
    log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
  });

  it('are a bare 500 with the request id, and the log has the reason', async () => {
    logged.length = 0;
    const answer = await failing.request('GET', '/Patient/1', { headers: { 'x-request-id': 'r-1' } });
    expect(answer.status).toBe(500);
    expect(outcome(answer).issue).toEqual([
      { severity: 'fatal', code: 'exception', diagnostics: 'The server failed. Request r-1 is in the log.' },
    ]);
    expect(logged[0]?.[0]).toBe('error');
    expect(logged[0]?.[2]?.['error']).toMatchObject({ message: 'the secret reason' });
  });
});

describe('elsewhere', () => {
  it('errors are problem+json, with one entry a field', async () => {
    const answer = await request('GET', `${server.origin}/api/refused`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([422, 'application/problem+json']);
    expect(answer.as()).toMatchObject({
      status: 422,
      title: 'Unprocessable Entity',
      detail: 'A field is wrong.',
      errors: [{ field: 'nom', detail: 'is missing' }],
    });
  });

  it('faults say nothing but the request id', async () => {
    const answer = await request('GET', `${server.origin}/api/broken`);
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret');
    expect(answer.text).toContain(answer.headers.get('x-request-id') ?? 'none');
  });

  it('nothing is 404', async () => {
    expect((await request('GET', `${server.origin}/nothing`)).status).toBe(404);
    expect((await request('GET', `${server.origin}/fhirs/Patient`)).status).toBe(404);
  });
});

describe('health', () => {
  it('is open, and says what is ready', async () => {
    const healthy = await fetch(`${server.origin}/healthz`);
    expect([healthy.status, await healthy.json()]).toEqual([200, { status: 'ok' }]);
    const ready = await fetch(`${server.origin}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ok', database: 'ok', model: 'ok' }]);
  });

  it('shows metrics to the machine itself, by interaction and never by path', async () => {
    await request('GET', '/Patient/secret-id');
    const text = await (await fetch(`${server.origin}/metrics`)).text();
    expect(text).toContain('livedoc_http_requests_total{interaction="read",status="404"}');
    expect(text).toMatch(/livedoc_http_request_seconds_bucket\{interaction="read",le="\+Inf"\} \d+/);
    expect(text).not.toContain('secret-id');
  });

  it('shows metrics to nobody else without a token', async () => {
    const response = await fetch(`${server.origin}/metrics`, { headers: { 'x-forwarded-for': '10.0.0.1' } });
    expect(response.status).toBe(401);
    expect((await request('GET', `${server.origin}/metrics`)).status).toBe(200);
  });
});

describe('health of a part that fails', () => {
  const ill = withServer({ ready: () => Promise.resolve({ database: 'no connection' }) });
  it('is 503 and named', async () => {
    const ready = await fetch(`${ill.origin}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'not ready', database: 'no connection' }]);
  });
});

describe('other origins', () => {
  const ask = (path: string, origin: string, init: RequestInit = {}) =>
    fetch(`${server.base}${path}`, { ...init, headers: { authorization: 'Bearer x', origin, ...init.headers } });

  it('may read metadata, whoever they are', async () => {
    expect((await ask('/metadata', 'https://any.example')).headers.get('access-control-allow-origin')).toBe('*');
  });

  it('may read the rest only when they are allowed', async () => {
    const app = 'https://app.example.org';
    expect((await ask('/Patient', app)).headers.get('access-control-allow-origin')).toBe(app);
    expect((await ask('/Patient', 'https://any.example')).headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await ask('/Patient', app, {
      method: 'OPTIONS',
      headers: { 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([
      204,
      'GET, HEAD, POST, PUT, PATCH, DELETE',
    ]);
  });
});

describe('metadata', () => {
  it('is open, valid, and claims what the table has', async () => {
    const response = await fetch(`${server.base}/metadata`);
    expect(response.status).toBe(200);
    const statement = (await response.json()) as CapabilityStatement;
    expect(statement).toMatchObject({ fhirVersion: '4.0.1', kind: 'instance', implementation: { url: server.base } });
    const [rest] = statement.rest ?? [];
    expect(rest?.interaction?.map(({ code }) => code).sort()).toEqual([
      'batch',
      'history-system',
      'search-system',
      'transaction',
    ]);
    expect(rest?.resource).toHaveLength(146);
    const codes = (type: string) =>
      rest?.resource?.find((one) => one.type === type)?.interaction?.map(({ code }) => code as string);
    expect(codes('Patient')).toEqual(
      expect.arrayContaining([
        'read',
        'vread',
        'history-instance',
        'search-type',
        'create',
        'update',
        'patch',
        'delete',
      ]),
    );
    expect(codes('AuditEvent')).toEqual(expect.arrayContaining(['read', 'vread', 'history-instance', 'search-type']));
    expect(codes('AuditEvent')).not.toEqual(expect.arrayContaining(['create']));
    expect((await post(JSON.stringify({ ...statement, id: undefined }))).status).toBe(400);
    const stored = await request('POST', '/CapabilityStatement', { body: statement });
    expect([stored.status, stored.as<Patient>().resourceType]).toEqual([201, 'CapabilityStatement']);
  });
});
