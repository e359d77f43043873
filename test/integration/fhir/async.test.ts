// https://hl7.org/fhir/R4/async.html: requests that are answered later
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bundle, OperationOutcome } from '@medplum/fhirtypes';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemAccess } from '../../../src/auth/system-access.ts';
import type { Access } from '../../../src/fhir/access.ts';
import { asyncJob } from '../../../src/fhir/async/kick-off.ts';
import { asyncRunner } from '../../../src/fhir/async/run.ts';
import { FhirError } from '../../../src/shared/errors.ts';
import { silent } from '../../../src/shared/logger.ts';
import { runJobs } from '../../../src/store/jobs/run-jobs.ts';
import { withServer } from '../../support/server.ts';

const revoked = new Set<string>();
const accessOf = (ticket: string): Promise<Access> => {
  if (revoked.has(ticket)) return Promise.reject(new FhirError('unauthenticated', 'It was revoked.'));
  const access = systemAccess(ticket);
  return Promise.resolve({ ...access, caller: { ...access.caller, clientId: ticket } });
};
const server = withServer({
  authenticate: ({ authorization = '' }) => accessOf(authorization),
  ticketOf: ({ authorization = '' }) => authorization,
});

let worker: { stop(): Promise<void> } | undefined;
/** Begins to carry out what was put off. */
async function work(): Promise<void> {
  const { store, base, databaseUrl, schema } = server;
  const context = { store, base, validate: () => [], now: () => new Date(), log: silent };
  const handlers = { [asyncJob]: asyncRunner({ context, resume: accessOf }) };
  worker = await runJobs({ databaseUrl, schema, handlers, concurrency: 1, log: silent });
}
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
});

const later = { prefer: 'respond-async' };
const as = (who: string, headers: Record<string, string> = {}) => ({ authorization: who, ...headers });

async function kickOff(path: string, who = 'a'): Promise<string> {
  const taken = await server.request('GET', path, { headers: as(who, later) });
  expect([taken.status, taken.as<OperationOutcome>().resourceType]).toEqual([202, 'OperationOutcome']);
  return taken.headers.get('content-location') as string;
}

async function finished(location: string, headers = as('a')) {
  for (let tries = 0; ; tries++) {
    const answer = await server.request('GET', location, { headers });
    if (answer.status !== 202 || tries > 200) return answer;
    await sleep(50);
  }
}

beforeAll(async () => {
  for (const id of ['p1', 'p2']) {
    const put = await server.request('PUT', `/Patient/${id}`, {
      body: { resourceType: 'Patient', id },
      headers: as('a'),
    });
    expect(put.status).toBe(201);
  }
});

describe('a request with Prefer: respond-async', () => {
  it('is taken, waits until somebody carries it out, and tells where its answer is (async.html)', async () => {
    const location = await kickOff('/Patient?_id=p1');
    expect(location).toMatch(new RegExp(`^${server.base}/_async/[0-9A-Za-z-]+$`));
    const waiting = await server.request('GET', location, { headers: as('a') });
    expect([waiting.status, waiting.text, waiting.headers.get('retry-after')]).toEqual([202, '', '1']);
    expect(waiting.headers.get('x-progress')).toMatch(/^waiting for \d+ s$/);
    expect((await server.request('GET', `${location}/result`, { headers: as('a') })).status).toBe(404);
    await work();
    const done = await finished(location);
    expect([done.status, done.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(Date.parse(done.headers.get('expires') ?? '')).toBeGreaterThan(Date.now() + 3_600_000);
    expect(done.as()).toEqual({
      transactionTime: expect.stringMatching(/^\d{4}-.*Z$/),
      request: `${server.base}/Patient?_id=p1`,
      requiresAccessToken: true,
      output: [{ type: 'Bundle', url: `${location}/result` }],
      error: [],
    });
    const result = await server.request('GET', `${location}/result`, { headers: as('a') });
    expect(result.as<Bundle>()).toMatchObject({ type: 'searchset', entry: [{ resource: { id: 'p1' } }] });
    const lines = await server.request('GET', `${location}/result`, {
      headers: as('a', { accept: 'application/fhir+ndjson' }),
    });
    expect(JSON.parse(lines.text)).toMatchObject({ id: 'p1' });
  });

  it('is answered with a whole Bundle for who asks for FHIR by name (R5 async-bundle.html)', async () => {
    await work();
    const location = await kickOff('/Patient/_history?_count=1&_elements=id');
    const done = await finished(location, as('a', { accept: 'application/fhir+json' }));
    expect(done.as<Bundle>()).toMatchObject({
      type: 'batch-response',
      entry: [{ resource: { type: 'history' }, response: { status: '200 OK' } }],
    });
    expect(done.text).toContain('SUBSETTED');
    const xml = await server.request('GET', location, { headers: as('a', { accept: 'application/fhir+xml' }) });
    expect(xml.text).toContain('<response><status value="200 OK"/></response>');
  });

  it('may be a transaction, a batch or a posted search', async () => {
    await work();
    const entry = [{ resource: { resourceType: 'Device', id: 'd' }, request: { method: 'PUT', url: 'Device/d' } }];
    for (const type of ['transaction', 'batch']) {
      const taken = await server.request('POST', '', {
        body: { resourceType: 'Bundle', type, entry },
        headers: as('a', later),
      });
      const location = taken.headers.get('content-location') as string;
      await finished(location);
      const result = await server.request('GET', `${location}/result`, { headers: as('a') });
      expect(result.as<Bundle>()).toMatchObject({
        type: `${type}-response`,
        entry: [{ response: { status: expect.stringMatching(/^20[01]/) } }],
      });
    }
    expect((await server.request('GET', '/Device/d', { headers: as('a') })).status).toBe(200);
    const body = new URLSearchParams({ _id: 'p2' });
    const taken = await server.request('POST', '/Patient/_search', { body, headers: as('a', later) });
    const done = await finished(
      taken.headers.get('content-location') as string,
      as('a', { accept: 'application/fhir+json' }),
    );
    expect(done.text).toContain('"id":"p2"');
  });

  it('that is wrong says so, as an error and in the Bundle', async () => {
    await work();
    const location = await kickOff('/Patient?birthdate=never');
    const done = await finished(location);
    expect([done.status, done.as<OperationOutcome>().resourceType]).toEqual([400, 'OperationOutcome']);
    const bundle = await server.request('GET', location, { headers: as('a', { accept: 'application/fhir+json' }) });
    expect([bundle.status, bundle.as<Bundle>().entry?.[0]]).toMatchObject([
      200,
      { response: { status: '400 Bad Request', outcome: { resourceType: 'OperationOutcome' } } },
    ]);
    const malformed = await server.request('POST', '', { body: '{', headers: as('a', later) });
    expect(malformed.status).toBe(400);
  });

  it('is answered at once where there is nothing to wait for', async () => {
    expect((await server.request('GET', '/Patient/p1', { headers: as('a', later) })).status).toBe(200);
  });

  it('is nobody else’s, and can be taken back', async () => {
    const location = await kickOff('/Patient');
    for (const method of ['GET', 'DELETE']) {
      expect((await server.request(method, location, { headers: as('b') })).status).toBe(404);
      expect((await server.request(method, `${server.base}/_async/none`, { headers: as('a') })).status).toBe(404);
    }
    const put = await server.request('PUT', location, { body: {}, headers: as('a') });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD, DELETE']);
    expect((await server.request('DELETE', location, { headers: as('a') })).status).toBe(202);
    expect((await server.request('GET', location, { headers: as('a') })).status).toBe(404);
    await work();
    await sleep(200);
    expect((await server.request('GET', location, { headers: as('a') })).status).toBe(404);
  });

  it('is not carried out when its caller has lost what it could do', async () => {
    const entry = [{ resource: { resourceType: 'Device', id: 'r' }, request: { method: 'PUT', url: 'Device/r' } }];
    const body = { resourceType: 'Bundle', type: 'transaction', entry };
    const taken = await server.request('POST', '', { body, headers: as('c', later) });
    revoked.add('c');
    await work();
    await sleep(300);
    revoked.delete('c');
    const done = await finished(taken.headers.get('content-location') as string, as('c'));
    expect([done.status, done.as<OperationOutcome>().issue[0]?.diagnostics]).toEqual([
      403,
      'The access that this was asked with has ended before it was carried out.',
    ]);
    expect((await server.request('GET', '/Device/r', { headers: as('a') })).status).toBe(404);
  });

  it('is done again after a crash when it only looks, and never when it writes', async () => {
    const body = { resourceType: 'Bundle', type: 'transaction', entry: [] };
    const search = await kickOff('/Patient', 'd');
    const taken = await server.request('POST', '', { body, headers: as('d', later) });
    await server.store.db.query({ text: "UPDATE async_request SET started_at = now() WHERE owner LIKE '%d%'" });
    await work();
    expect((await finished(search, as('d'))).status).toBe(200);
    const done = await finished(taken.headers.get('content-location') as string, as('d'));
    expect([done.status, done.as<OperationOutcome>().issue[0]?.diagnostics]).toEqual([
      500,
      expect.stringContaining('may have been carried out'),
    ]);
  });

  it('is one of a few for each caller', async () => {
    for (let count = 0; count < 8; count++) await kickOff('/Patient', 'e');
    const refused = await server.request('GET', '/Patient', { headers: as('e', later) });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '30']);
    await kickOff('/Patient', 'f');
  });

  it('leaves traces, and its answer is not kept for ever', async () => {
    const location = await kickOff('/Patient?_id=p1', 'g');
    const id = location.slice(location.lastIndexOf('/') + 1);
    await server.request('GET', location, { headers: as('g') });
    const records = await server.store.db.query<{ entities: string }>({
      text: "SELECT record::text AS entities FROM audit_log WHERE record::text LIKE '%_async/' || $1 || '%'",
      values: [id],
    });
    expect(records.length).toBe(2);
    await server.store.db.query({
      text: "UPDATE async_request SET expires_at = now() - interval '1 s' WHERE id = $1",
      values: [id],
    });
    expect((await server.request('GET', location, { headers: as('g') })).status).toBe(404);
    await kickOff('/Patient', 'g');
    expect(await server.store.db.query({ text: 'SELECT FROM async_request WHERE id = $1', values: [id] })).toEqual([]);
  });
});
