// https://hl7.org/fhir/R4/search.html#summary, https://hl7.org/fhir/R4/search.html#elements: over HTTP, for every kind of answer
import type { Bundle, OperationOutcome, Patient } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const server = withServer();
const { request } = server;
const text = { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">A</div>' };
const patient = {
  resourceType: 'Patient',
  id: 'a',
  text,
  name: [{ family: 'A' }],
  gender: 'male',
  contact: [{ name: { text: 'B' }, gender: 'female' }],
};

beforeAll(async () => {
  expect((await request('PUT', '/Patient/a', { body: patient })).status).toBe(201);
});

const keys = (resource: unknown) => Object.keys(resource as object).sort();
const only = (answer: { as<T>(): T }) => answer.as<Bundle>().entry?.[0]?.resource as Patient;

describe('_summary and _elements', () => {
  it.each([
    ['/Patient/a', '_summary=true', ['gender', 'id', 'meta', 'name', 'resourceType']],
    ['/Patient/a', '_summary=text', ['id', 'meta', 'resourceType', 'text']],
    ['/Patient/a', '_summary=data', ['contact', 'gender', 'id', 'meta', 'name', 'resourceType']],
    ['/Patient/a/_history/1', '_elements=contact', ['contact', 'id', 'meta', 'resourceType']],
  ])('of %s?%s', async (path, query, expected) => {
    const answer = await request('GET', `${path}?${query}`);
    expect([answer.status, keys(answer.as())]).toEqual([200, expected]);
    expect(answer.text).toContain('"SUBSETTED"');
    expect(answer.headers.get('etag')).toBe('W/"1"');
  });

  it.each(['/Patient?_id=a', '/Patient/a/_history?', '/Patient/_history?_count=1', '/_history?_count=1'])(
    'of the entries of %s',
    async (path) => {
      const answer = await request('GET', `${path}&_elements=Patient.gender`.replace('?&', '?'));
      expect([answer.status, keys(only(answer))]).toEqual([200, ['gender', 'id', 'meta', 'resourceType']]);
      expect(answer.as<Bundle>().entry?.[0]?.fullUrl).toBe(`${server.base}/Patient/a`);
    },
  );

  it('of a posted search, a batch entry and XML', async () => {
    const body = new URLSearchParams({ _id: 'a', _summary: 'true' });
    expect(keys(only(await request('POST', '/Patient/_search', { body })))).toEqual([
      'gender',
      'id',
      'meta',
      'name',
      'resourceType',
    ]);
    const batch = {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [{ request: { method: 'GET', url: 'Patient/a?_elements=gender' } }],
    };
    expect(keys(only(await request('POST', '', { body: batch })))).toEqual(['gender', 'id', 'meta', 'resourceType']);
    const xml = await request('GET', '/Patient/a?_elements=gender&_format=xml');
    expect(xml.text).toContain(
      '<code value="SUBSETTED"/><display value="subsetted"/></tag></meta><gender value="male"/></Patient>',
    );
  });

  it('count has no entries (search.html#summary)', async () => {
    const bundle = (await request('GET', '/Patient?_id=a&_summary=count')).as<Bundle>();
    expect([bundle.total, bundle.entry]).toEqual([1, undefined]);
  });

  it('that make no sense are 400', async () => {
    for (const query of ['_summary=some', '_summary=true&_elements=name', '_elements=a b']) {
      const answer = await request('GET', `/Patient/a?${query}`);
      expect([query, answer.status, answer.as<OperationOutcome>().resourceType]).toEqual([
        query,
        400,
        'OperationOutcome',
      ]);
      expect([query, (await request('GET', `/Patient?${query}`)).status]).toEqual([query, 400]);
    }
    const headers = { prefer: 'handling=strict' };
    expect((await request('GET', '/Patient/a?_elements=colour', { headers })).status).toBe(400);
    expect((await request('GET', '/Patient/a?_elements=colour')).status).toBe(200);
  });

  it('make parts that are not taken back as if they were whole (resource.html#simple-tags)', async () => {
    const part = (await request('GET', '/Patient/a?_elements=gender')).as<Patient>();
    const put = await request('PUT', '/Patient/a', { body: part });
    expect([put.status, put.as<OperationOutcome>().issue[0]?.expression]).toEqual([422, ['Patient.meta.tag']]);
    const entry = [{ resource: part, request: { method: 'PUT', url: 'Patient/a' } }];
    expect((await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } })).status).toBe(
      422,
    );
    expect((await request('GET', '/Patient/a')).headers.get('etag')).toBe('W/"1"');
  });

  it('make a small CapabilityStatement', async () => {
    const whole = await request('GET', '/metadata');
    const small = await request('GET', '/metadata?_summary=true');
    expect(small.text.length).toBeLessThan(whole.text.length);
    expect((await request('GET', '/metadata?_elements=fhirVersion')).as()).toMatchObject({
      fhirVersion: '4.0.1',
      status: 'active',
    });
  });
});
