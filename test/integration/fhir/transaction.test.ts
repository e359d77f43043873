// https://hl7.org/fhir/R4/http.html#transaction
import type { Bundle, BundleEntry, Observation, OperationOutcome, Patient, Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const server = withServer();
const { request } = server;

const urn = (digit: number) => `urn:uuid:00000000-0000-4000-8000-00000000000${digit}`;

function entry(method: string, url: string, resource?: object, more: object = {}): BundleEntry {
  return { ...(resource ? { resource: resource as Resource } : {}), request: { method, url } as never, ...more };
}

const bundle = (type: string, ...entries: BundleEntry[]) => ({ resourceType: 'Bundle', type, entry: entries });
const run = (...entries: BundleEntry[]) => request('POST', '', { body: bundle('transaction', ...entries) });

const observation = (reference: string, more: object = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  subject: { reference },
  ...more,
});

async function total(query: string): Promise<number | undefined> {
  return (await request('GET', `/${query}${query.includes('?') ? '&' : '?'}_summary=count`)).as<Bundle>().total;
}

const issue = (answer: { as<T>(): T }) => answer.as<OperationOutcome>().issue[0];

async function one<T>(location: string | undefined): Promise<T> {
  return (await request('GET', location ?? '')).as<T>();
}

describe('transaction', () => {
  it('stores all entries and answers each with status, location and etag, in their order', async () => {
    const answer = await run(
      entry('POST', 'Patient', { resourceType: 'Patient' }),
      entry('PUT', 'Patient/tx-put', { resourceType: 'Patient', id: 'tx-put' }),
    );
    const { type, entry: entries } = answer.as<Bundle>();
    expect([answer.status, type]).toEqual([200, 'transaction-response']);
    expect(entries?.map(({ response }) => [response?.status, response?.etag])).toEqual([
      ['201 Created', 'W/"1"'],
      ['201 Created', 'W/"1"'],
    ]);
    expect(entries?.[1]?.response?.location).toBe(`${server.base}/Patient/tx-put/_history/1`);
    expect((await one<Patient>(entries?.[0]?.response?.location)).resourceType).toBe('Patient');
  });

  it('takes the type of the resource for the URL of a POST that has none, as HAPI’s client sends it', async () => {
    const bare = { resource: { resourceType: 'Patient', gender: 'female' }, request: { method: 'POST' } };
    const answer = await run(bare as BundleEntry);
    expect(answer.as<Bundle>().entry?.[0]?.response?.location).toContain('/Patient/');
    for (const wrong of [{ request: { method: 'POST' } }, { ...bare, request: { method: 'PUT' } }, null]) {
      expect((await run(wrong as BundleEntry)).status).toBe(422);
    }
  });

  it('resolves urn:uuid references everywhere: references, uris and narrative, whatever the order', async () => {
    const answer = await run(
      entry('POST', 'Observation', {
        ...observation(urn(1)),
        text: {
          status: 'generated',
          div: `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${urn(1)}">p</a> ${urn(1)}</div>`,
        },
        extension: [{ url: 'http://example.org/e', valueUri: urn(1) }],
        identifier: [{ system: 'urn:ietf:rfc:3986', value: urn(1) }],
      }),
      entry('POST', 'Patient', { resourceType: 'Patient' }, { fullUrl: urn(1) }),
    );
    const [first, second] = answer.as<Bundle>().entry ?? [];
    const patient = second?.response?.location?.split('/').slice(-4, -2).join('/');
    const stored = await one<Observation>(first?.response?.location);
    expect(stored.subject?.reference).toBe(patient);
    expect(stored.extension?.[0]?.valueUri).toBe(patient);
    expect(stored.text?.div).toContain(`<a href="${patient}">p</a> ${urn(1)}`);
    // Identifier.value is a string, no address.
    expect(stored.identifier?.[0]?.value).toBe(urn(1));
    expect(await total(`Observation?subject=${patient}`)).toBe(1);
  });

  it('resolves relative and absolute references to entries that are stored under another id', async () => {
    const other = 'http://elsewhere.example/fhir';
    const answer = await run(
      entry('POST', 'Patient', { resourceType: 'Patient', id: 'p' }, { fullUrl: `${other}/Patient/p` }),
      entry('POST', 'Observation', observation('Patient/p'), { fullUrl: `${other}/Observation/o` }),
      entry('POST', 'Observation', observation(`${other}/Patient/p`), { fullUrl: urn(2) }),
    );
    const [patient, relative, absolute] = (answer.as<Bundle>().entry ?? []).map(({ response }) => response?.location);
    const name = patient?.split('/').slice(-4, -2).join('/');
    expect((await one<Observation>(relative)).subject?.reference).toBe(name);
    expect((await one<Observation>(absolute)).subject?.reference).toBe(name);
  });

  it('keeps the digits of decimals', async () => {
    const text = JSON.stringify(bundle('transaction', entry('POST', 'Observation', observation(urn(1))))).replace(
      '"code":{"text":"x"}',
      '"code":{"text":"x"},  "valueQuantity":{"value":1.10}',
    );
    const patient = JSON.stringify(entry('POST', 'Patient', { resourceType: 'Patient' }, { fullUrl: urn(1) }));
    const answer = await request('POST', '', { body: text.replace('"entry":[', `"entry":[${patient},`) });
    const location = answer.as<Bundle>().entry?.[1]?.response?.location ?? '';
    expect((await request('GET', location)).text).toContain('"code":{"text":"x"},  "valueQuantity":{"value":1.10}');
  });

  it('refuses a urn:uuid of no entry with 400 and its expression, and changes nothing', async () => {
    const before = await total('Patient');
    const answer = await run(
      entry('POST', 'Patient', { resourceType: 'Patient' }),
      entry('POST', 'Observation', { ...observation('Patient/x'), performer: [{ reference: urn(7) }] }),
    );
    expect(answer.status).toBe(400);
    expect(issue(answer)?.expression).toEqual(['Bundle.entry[1].resource.performer[0].reference']);
    expect(await total('Patient')).toBe(before);
  });

  it('refuses an invalid entry with 422 and the expression inside the Bundle, and changes nothing', async () => {
    const before = await total('Patient');
    const answer = await run(
      entry('POST', 'Patient', { resourceType: 'Patient' }),
      entry('POST', 'Patient', { resourceType: 'Patient', gender: 'x' }),
    );
    expect([answer.status, issue(answer)?.expression]).toEqual([422, ['Bundle.entry[1].resource.gender']]);
    expect(await total('Patient')).toBe(before);
  });

  it('refuses a failing If-Match with 412, and changes nothing', async () => {
    const before = await total('Patient');
    const answer = await run(
      entry('POST', 'Patient', { resourceType: 'Patient' }),
      entry(
        'PUT',
        'Patient/tx-none',
        { resourceType: 'Patient', id: 'tx-none' },
        {
          request: { method: 'PUT', url: 'Patient/tx-none', ifMatch: 'W/"3"' },
        },
      ),
    );
    expect([answer.status, issue(answer)?.expression]).toEqual([412, ['Bundle.entry[1]']]);
    expect(await total('Patient')).toBe(before);
  });

  it('refuses two entries that write the same resource', async () => {
    const answer = await run(
      entry('PUT', 'Patient/same', { resourceType: 'Patient', id: 'same' }),
      entry('DELETE', 'Patient/same'),
    );
    expect([answer.status, issue(answer)?.expression]).toEqual([400, ['Bundle.entry[1].request.url']]);
    expect((await request('GET', '/Patient/same')).status).toBe(404);
  });

  it('refuses two entries with the same fullUrl', async () => {
    const answer = await run(
      entry('POST', 'Patient', { resourceType: 'Patient' }, { fullUrl: urn(1) }),
      entry('POST', 'Patient', { resourceType: 'Patient' }, { fullUrl: urn(1) }),
    );
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });

  it('deletes before it creates and updates, and reads last', async () => {
    await request('PUT', '/Patient/tx-gone', { body: { resourceType: 'Patient', id: 'tx-gone' } });
    const answer = await run(
      entry('GET', 'Patient/tx-new'),
      entry('PUT', 'Patient/tx-new', { resourceType: 'Patient', id: 'tx-new', active: true }),
      entry('DELETE', 'Patient/tx-gone'),
      entry('DELETE', 'Patient/tx-never'),
      entry('GET', 'Patient?_id=tx-gone,tx-new'),
    );
    expect(answer.status).toBe(200);
    const entries = answer.as<Bundle>().entry ?? [];
    expect(entries.map(({ response }) => response?.status.slice(0, 3))).toEqual(['200', '201', '204', '204', '200']);
    expect(entries[0]?.resource).toMatchObject({ id: 'tx-new', active: true });
    expect(entries[4]?.resource).toMatchObject({ entry: [{ resource: { id: 'tx-new' } }] });
  });

  it('undoes its writes when a read fails', async () => {
    const answer = await run(
      entry('PUT', 'Patient/tx-undone', { resourceType: 'Patient', id: 'tx-undone' }),
      entry('GET', 'Patient/tx-nowhere'),
    );
    expect([answer.status, issue(answer)?.expression]).toEqual([404, ['Bundle.entry[1]']]);
    expect((await request('GET', '/Patient/tx-undone')).status).toBe(404);
  });

  it('resolves a conditional reference to the one resource that it finds', async () => {
    const identifier = [{ system: 'http://example.org/mrn', value: 'c-1' }];
    await request('PUT', '/Patient/tx-cond', { body: { resourceType: 'Patient', id: 'tx-cond', identifier } });
    const found = await run(entry('POST', 'Observation', observation('Patient?identifier=http://example.org/mrn|c-1')));
    const stored = await one<Observation>(found.as<Bundle>().entry?.[0]?.response?.location);
    expect(stored.subject?.reference).toBe('Patient/tx-cond');
    const none = await run(entry('POST', 'Observation', observation('Patient?identifier=http://example.org/mrn|c-2')));
    expect([none.status, issue(none)?.expression]).toEqual([412, ['Bundle.entry[0].resource.subject.reference']]);
    await request('POST', '/Patient', { body: { resourceType: 'Patient', identifier } });
    const many = await run(entry('POST', 'Observation', observation('Patient?identifier=http://example.org/mrn|c-1')));
    expect([many.status, issue(many)?.code]).toEqual([412, 'multiple-matches']);
  });

  it.each([
    ['an entry without a request', { resource: { resourceType: 'Patient' } }],
    ['a POST without a resource', entry('POST', 'Patient')],
    ['a POST to an id', entry('POST', 'Patient/1', { resourceType: 'Patient' })],
    ['a PUT to a type', entry('PUT', 'Patient', { resourceType: 'Patient', id: '1' })],
    ['a PUT under another id', entry('PUT', 'Patient/1', { resourceType: 'Patient', id: '2' })],
    ['a resource of another type', entry('POST', 'Patient', { resourceType: 'Basic', code: { text: 'x' } })],
    ['an unknown type', entry('POST', 'Patiant', { resourceType: 'Patient' })],
    ['a DELETE with a resource', entry('DELETE', 'Patient/1', { resourceType: 'Patient' })],
    ['an unknown method', entry('BREW', 'Patient/1')],
  ])('refuses %s and says which entry', async (_, bad) => {
    const answer = await run(entry('POST', 'Patient', { resourceType: 'Patient' }), bad as BundleEntry);
    expect([400, 422]).toContain(answer.status);
    expect(issue(answer)?.expression?.[0]).toMatch(/^Bundle\.entry\[1\]/);
  });

  it('refuses what is no Bundle of type transaction or batch', async () => {
    const patient = await request('POST', '', { body: { resourceType: 'Patient' } });
    expect([patient.status, issue(patient)?.expression]).toEqual([400, ['Bundle.type']]);
    const collection = await request('POST', '', { body: { resourceType: 'Bundle', type: 'collection' } });
    expect(collection.status).toBe(400);
  });

  it('takes an empty transaction', async () => {
    const answer = await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction' } });
    expect([answer.status, answer.as<Bundle>()]).toMatchObject([200, { type: 'transaction-response' }]);
  });

  it('refuses more than 5,000 entries with 413', async () => {
    const many = Array.from({ length: 5001 }, () => entry('POST', 'Patient', { resourceType: 'Patient' }));
    const answer = await run(...many);
    expect([answer.status, issue(answer)?.code]).toEqual([413, 'too-long']);
  });

  it('takes a large one whole', async () => {
    const before = (await total('Observation')) ?? 0;
    const many = Array.from({ length: 600 }, () => entry('POST', 'Observation', observation(urn(1))));
    const answer = await run(entry('POST', 'Patient', { resourceType: 'Patient' }, { fullUrl: urn(1) }), ...many);
    expect([answer.status, answer.as<Bundle>().entry?.length]).toEqual([200, 601]);
    expect(await total('Observation')).toBe(before + 600);
  });

  it('lets concurrent transactions on the same resources through, one after the other', async () => {
    const ids = ['tx-a', 'tx-b', 'tx-c'];
    const puts = (order: string[], multipleBirthInteger: number) =>
      order.map((id) => entry('PUT', `Patient/${id}`, { resourceType: 'Patient', id, multipleBirthInteger }));
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, at) => run(...puts(at % 2 ? ids : ids.toReversed(), at))),
    );
    expect(answers.map(({ status }) => status)).toEqual(new Array(8).fill(200));
    for (const id of ids) expect((await request('GET', `/Patient/${id}`)).headers.get('etag')).toBe('W/"8"');
  });
});

describe('batch', () => {
  it('runs each entry for itself', async () => {
    const answer = await request('POST', '', {
      body: bundle(
        'batch',
        entry('POST', 'Patient', { resourceType: 'Patient', gender: 'x' }),
        entry('PUT', 'Patient/batch-1', { resourceType: 'Patient', id: 'batch-1' }),
        entry('GET', 'Patient/batch-1'),
        entry('GET', 'Patient?_id=batch-1'),
        entry('GET', 'Patient/batch-none'),
        entry('DELETE', 'Patient/batch-1'),
        entry('GET', 'Patiant/1'),
      ),
    });
    const { type, entry: entries = [] } = answer.as<Bundle>();
    expect([answer.status, type]).toEqual([200, 'batch-response']);
    expect(entries.map(({ response }) => response?.status.slice(0, 3))).toEqual([
      '422',
      '201',
      '200',
      '200',
      '404',
      '204',
      '404',
    ]);
    const problem = entries[0]?.response?.outcome as OperationOutcome;
    expect(problem.issue[0]?.expression).toEqual(['Bundle.entry[0].resource.gender']);
    expect(entries[2]?.resource).toMatchObject({ resourceType: 'Patient', id: 'batch-1' });
    expect(entries[3]?.resource).toMatchObject({ type: 'searchset', entry: [{ resource: { id: 'batch-1' } }] });
  });
});
