// https://hl7.org/fhir/R4/http.html#trules, with criteria instead of ids
import type { Bundle, BundleEntry, Observation, OperationOutcome, Patient, Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const server = withServer();
const { request } = server;

const system = 'http://example.org/tc';
const criteria = (value: string) => `identifier=${system}|${value}`;
const patient = (value: string, more: object = {}) => ({
  resourceType: 'Patient',
  identifier: [{ system, value }],
  ...more,
});
const observation = (reference: string, more: object = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  subject: { reference },
  ...more,
});
const urn = (digit: number) => `urn:uuid:00000000-0000-4000-8000-00000000000${digit}`;

function entry(
  method: string,
  url: string,
  resource?: object,
  { fullUrl, ...conditions }: Record<string, string> = {},
) {
  return {
    ...(fullUrl === undefined ? {} : { fullUrl }),
    ...(resource ? { resource: resource as Resource } : {}),
    request: { method, url, ...conditions } as BundleEntry['request'],
  } as BundleEntry;
}
const run = (...entries: BundleEntry[]) =>
  request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry: entries } });
const entries = (answer: { as<T>(): T }) => answer.as<Bundle>().entry ?? [];
const statuses = (answer: { as<T>(): T }) => entries(answer).map(({ response }) => response?.status.slice(0, 3));
const nameOf = (one: BundleEntry | undefined) => one?.response?.location?.split('/').slice(-4, -2).join('/');
const issue = (answer: { as<T>(): T }) => answer.as<OperationOutcome>().issue[0];
const total = async (value: string) =>
  (await request('GET', `/Patient?${criteria(value)}&_summary=count`)).as<Bundle>().total;
const read = async <T>(name: string | undefined) => (await request('GET', `/${name}`)).as<T>();

describe('conditional entries of a transaction', () => {
  it('create what is not there, and point others at what is', async () => {
    const twice = [
      await run(
        entry('POST', 'Patient', patient('1'), { fullUrl: urn(1), ifNoneExist: criteria('1') }),
        entry('POST', 'Observation', observation(urn(1))),
      ),
      await run(
        entry('POST', 'Patient', patient('1'), { fullUrl: urn(1), ifNoneExist: criteria('1') }),
        entry('POST', 'Observation', observation(urn(1))),
      ),
    ];
    expect(twice.map(statuses)).toEqual([
      ['201', '201'],
      ['200', '201'],
    ]);
    const names = twice.map((answer) => nameOf(entries(answer)[0]));
    expect(names[0]).toBe(names[1]);
    const { subject } = await read<Observation>(nameOf(entries(twice[1] as never)[1]));
    expect(subject?.reference).toBe(names[0]);
    expect(await total('1')).toBe(1);
  });

  it('with the same criteria create once, as one after the other would', async () => {
    const answer = await run(
      entry('POST', 'Patient', patient('2'), { fullUrl: urn(1), ifNoneExist: criteria('2') }),
      entry('POST', 'Patient', patient('2'), { fullUrl: urn(2), ifNoneExist: criteria('2') }),
      entry('POST', 'Observation', observation(urn(2))),
    );
    expect(statuses(answer)).toEqual(['201', '200', '201']);
    expect(nameOf(entries(answer)[0])).toBe(nameOf(entries(answer)[1]));
    expect((await read<Observation>(nameOf(entries(answer)[2]))).subject?.reference).toBe(nameOf(entries(answer)[0]));
  });

  it('are what a conditional reference with the same criteria finds', async () => {
    const answer = await run(
      entry('POST', 'Observation', observation(`Patient?${criteria('3')}`)),
      entry('POST', 'Patient', patient('3'), { ifNoneExist: criteria('3') }),
    );
    expect(statuses(answer)).toEqual(['201', '201']);
    const { subject } = await read<Observation>(nameOf(entries(answer)[0]));
    expect(subject?.reference).toBe(nameOf(entries(answer)[1]));
  });

  it('update, patch and delete what they find', async () => {
    for (const value of ['4a', '4b', '4c']) await request('POST', '/Patient', { body: patient(value) });
    const data = Buffer.from('[{"op":"add","path":"/active","value":true}]').toString('base64');
    const answer = await run(
      entry('PUT', `Patient?${criteria('4a')}`, patient('4a', { gender: 'male' })),
      entry('PATCH', `Patient?${criteria('4b')}`, {
        resourceType: 'Binary',
        contentType: 'application/json-patch+json',
        data,
      }),
      entry('DELETE', `Patient?${criteria('4c')}`),
      entry('PUT', `Patient?${criteria('4d')}`, patient('4d')),
      entry('DELETE', `Patient?${criteria('4e')}`),
    );
    expect(statuses(answer)).toEqual(['200', '200', '204', '201', '204']);
    expect(await read<Patient>(nameOf(entries(answer)[0]))).toMatchObject({ gender: 'male', meta: { versionId: '2' } });
    expect((await read<Patient>(nameOf(entries(answer)[1]))).active).toBe(true);
    expect([await total('4c'), await total('4d')]).toEqual([0, 1]);
  });

  it.each([
    ['several match a create', entry('POST', 'Patient', patient('many'), { ifNoneExist: criteria('many') }), 412],
    ['several match an update', entry('PUT', `Patient?${criteria('many')}`, patient('many')), 412],
    ['several match a delete', entry('DELETE', `Patient?${criteria('many')}`), 412],
    ['nothing matches a patch', entry('PATCH', `Patient?${criteria('none')}`, { resourceType: 'Parameters' }), 404],
    ['criteria are empty', entry('DELETE', 'Patient?'), 412],
    ['a parameter is unknown', entry('DELETE', 'Patient?colour=red'), 400],
    ['the body has another id', entry('PUT', `Patient?${criteria('single')}`, patient('single', { id: 'other' })), 400],
  ])('change nothing when %s, and say which entry', async (_, bad, status) => {
    while (((await total('many')) ?? 0) < 2) await request('POST', '/Patient', { body: patient('many') });
    while (((await total('single')) ?? 0) < 1) await request('POST', '/Patient', { body: patient('single') });
    const answer = await run(entry('PUT', 'Patient/tc-never', { resourceType: 'Patient', id: 'tc-never' }), bad);
    expect([answer.status, issue(answer)?.expression?.[0]]).toEqual([
      status,
      expect.stringMatching(/^Bundle\.entry\[1\]/),
    ]);
    expect((await request('GET', '/Patient/tc-never')).status).toBe(404);
  });

  it('refuse to write what another entry writes by its id', async () => {
    const { id } = (await request('POST', '/Patient', { body: patient('5') })).as<Patient>();
    const answer = await run(
      entry('PUT', `Patient?${criteria('5')}`, patient('5', { active: true })),
      entry('PUT', `Patient/${id}`, patient('5', { id, active: false })),
    );
    expect([answer.status, issue(answer)?.expression]).toEqual([400, ['Bundle.entry[1].request.url']]);
    const deleted = await run(
      entry('DELETE', `Patient/${id}`),
      entry('POST', 'Patient', patient('5'), { ifNoneExist: criteria('5') }),
    );
    expect([deleted.status, issue(deleted)?.expression]).toEqual([400, ['Bundle.entry[1].request.ifNoneExist']]);
  });

  it('answer an update that says nothing new with the version that is there', async () => {
    await run(entry('PUT', 'Patient/tc-same', patient('6', { id: 'tc-same' })));
    const answer = await run(
      entry('PUT', 'Patient/tc-same', patient('6', { id: 'tc-same' })),
      entry('POST', 'Patient', patient('6b')),
    );
    expect(entries(answer).map(({ response }) => [response?.status, response?.etag])).toEqual([
      ['200 OK', 'W/"1"'],
      ['201 Created', 'W/"1"'],
    ]);
  });

  it('answer with resources or OperationOutcomes as Prefer asks', async () => {
    await request('POST', '/Patient', { body: patient('7') });
    const body = {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        entry('POST', 'Patient', patient('7'), { ifNoneExist: criteria('7') }),
        entry('PUT', `Patient?${criteria('7b')}`, patient('7b')),
      ],
    };
    const whole = await request('POST', '', { body, headers: { prefer: 'return=representation' } });
    expect(entries(whole).map(({ resource }) => resource?.resourceType)).toEqual(['Patient', 'Patient']);
    const said = await request('POST', '', { body, headers: { prefer: 'return=OperationOutcome' } });
    expect(entries(said).map(({ response }) => response?.outcome?.resourceType)).toEqual([
      'OperationOutcome',
      'OperationOutcome',
    ]);
  });

  it('heed If-Match, If-None-Match and If-Modified-Since', async () => {
    await run(entry('PUT', 'Patient/tc-if', patient('8', { id: 'tc-if' })));
    const body = patient('8', { id: 'tc-if', active: true });
    expect((await run(entry('PUT', 'Patient/tc-if', body, { ifMatch: 'W/"7"' }))).status).toBe(412);
    expect((await run(entry('PUT', 'Patient/tc-if', body, { ifNoneMatch: '*' }))).status).toBe(412);
    const reads = await run(
      entry('GET', 'Patient/tc-if', undefined, { ifNoneMatch: 'W/"1"' }),
      entry('GET', 'Patient/tc-if', undefined, { ifModifiedSince: '2100-01-01T00:00:00Z' }),
      entry('GET', 'Patient/tc-if', undefined, { ifNoneMatch: 'W/"2"' }),
      entry('HEAD', 'Patient/tc-if'),
    );
    expect(statuses(reads)).toEqual(['304', '304', '200', '200']);
    expect(entries(reads).map(({ resource }) => resource?.id)).toEqual([undefined, undefined, 'tc-if', undefined]);
  });

  it('resolve 300 conditional references, and entries by their criteria, in one go', async () => {
    const values = Array.from({ length: 300 }, (_, at) => `bulk-${at}`);
    await run(...values.map((value) => entry('POST', 'Patient', patient(value), { ifNoneExist: criteria(value) })));
    const started = performance.now();
    const answer = await run(
      ...values.map((value) => entry('POST', 'Observation', observation(`Patient?${criteria(value)}`))),
    );
    expect([answer.status, entries(answer).length]).toEqual([200, 300]);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('references in a transaction', () => {
  it('are replaced in uris, urls, canonicals, oids and links, and nowhere else', async () => {
    const oid = 'urn:oid:1.2.3';
    const answer = await run(
      entry('POST', 'Patient', { resourceType: 'Patient' }, { fullUrl: oid }),
      entry(
        'POST',
        'Observation',
        observation(oid, {
          text: {
            status: 'generated',
            div: `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${oid}">p</a><img src="${oid}" alt=""/>${oid}</div>`,
          },
          extension: [
            { url: 'http://example.org/a', valueUri: oid },
            { url: 'http://example.org/b', valueUrl: `${oid}#part` },
            { url: 'http://example.org/c', valueCanonical: `${oid}|1` },
            { url: 'http://example.org/d', valueString: oid },
            { url: 'http://example.org/e', extension: [{ url: 'f', valueReference: { reference: oid } }] },
          ],
          note: [{ text: oid }],
        }),
      ),
    );
    const name = nameOf(entries(answer)[0]);
    const stored = await read<Observation>(nameOf(entries(answer)[1]));
    expect(stored.extension).toMatchObject([
      { valueUri: name },
      { valueUrl: `${name}#part` },
      { valueCanonical: `${name}|1` },
      { valueString: oid },
      { extension: [{ valueReference: { reference: name } }] },
    ]);
    expect(stored.text?.div).toContain(`<a href="${name}">p</a><img src="${name}" alt=""/>${oid}`);
    expect(stored.note?.[0]?.text).toBe(oid);
  });

  it('keep the version that they name', async () => {
    await request('PUT', '/Patient/tc-v', { body: { resourceType: 'Patient', id: 'tc-v' } });
    const answer = await run(
      entry('PUT', 'Patient/tc-v', { resourceType: 'Patient', id: 'tc-v', active: true }),
      entry('POST', 'Observation', observation('Patient/tc-v/_history/1')),
    );
    const { subject } = await read<Observation>(nameOf(entries(answer)[1]));
    expect(subject?.reference).toBe('Patient/tc-v/_history/1');
  });
});
