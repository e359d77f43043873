// https://hl7.org/fhir/R4/http.html: read, vread, create, update, delete
import type { Bundle, OperationOutcome, Patient } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const server = withServer();
const { request } = server;

const text = '{ "resourceType":"Patient", "active":true,\n "name":[{"family":"Dupré","given":["Éléonore"]}] }';

async function made(body: unknown = text): Promise<string> {
  const answer = await request('POST', '/Patient', { body });
  expect(answer.status).toBe(201);
  return answer.as<Patient>().id ?? '';
}

const said = (answer: { as<T>(): T }) => answer.as<OperationOutcome>().issue[0];

describe('create', () => {
  it('answers 201 with Location, ETag, Last-Modified and the resource under an id of the server', async () => {
    const answer = await request('POST', '/Patient', { body: '{"resourceType":"Patient","id":"mine","active":true}' });
    const { id, meta, active } = answer.as<Patient>();
    expect([answer.status, active, meta?.versionId]).toEqual([201, true, '1']);
    expect(id).not.toBe('mine');
    expect(answer.headers.get('location')).toBe(`${server.base}/Patient/${id}/_history/1`);
    expect(answer.headers.get('etag')).toBe('W/"1"');
    expect(answer.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8');
    expect(Date.parse(answer.headers.get('last-modified') ?? '')).toBe(
      Math.floor(Date.parse(meta?.lastUpdated ?? '') / 1000) * 1000,
    );
  });

  it('keeps every byte but id and meta, so decimals keep their digits', async () => {
    const body =
      '{"resourceType":"Observation","status":"final","code":{"text":"x\\u00e9"},\n "valueQuantity":{"value":1.10, "unit":"mg"},"component":[{"code":{"text":"c"},"valueQuantity":{"value":1e-7}}]}';
    const answer = await request('POST', '/Observation', { body });
    expect(answer.status).toBe(201);
    const rest = body.slice('{"resourceType":"Observation"'.length);
    expect(answer.text.endsWith(rest)).toBe(true);
    const read = await request('GET', `/Observation/${answer.as<Patient>().id}`);
    expect(read.text).toBe(answer.text);
  });

  it('keeps tag, security and profile of the client', async () => {
    const meta = { versionId: '9', lastUpdated: '2001-01-01T00:00:00Z', tag: [{ code: 'a' }], source: 'urn:x' };
    const id = await made({ resourceType: 'Patient', meta });
    const read = (await request('GET', `/Patient/${id}`)).as<Patient>();
    expect(read.meta).toMatchObject({ versionId: '1', tag: [{ code: 'a' }], source: 'urn:x' });
    expect(read.meta?.lastUpdated).not.toBe(meta.lastUpdated);
  });

  it('refuses a body of another type with 400', async () => {
    const answer = await request('POST', '/Observation', { body: text });
    expect(answer.status).toBe(400);
    expect(said(answer)).toMatchObject({ code: 'invalid', expression: ['Observation.resourceType'] });
  });

  it('refuses what is not valid with 422, an expression for each problem, and stores nothing', async () => {
    const before = (await request('GET', '/Patient?_summary=count')).as<Bundle>().total;
    const body = { resourceType: 'Patient', gender: 'x', birthDate: '2020-13-01', nmae: [], contact: [{ gender: 1 }] };
    const answer = await request('POST', '/Patient', { body });
    expect(answer.status).toBe(422);
    const expressions = answer.as<OperationOutcome>().issue.map(({ expression }) => expression?.[0]);
    expect(expressions).toEqual(
      expect.arrayContaining(['Patient.gender', 'Patient.birthDate', 'Patient.contact[0].gender']),
    );
    expect(answer.text).toContain('nmae');
    expect((await request('GET', '/Patient?_summary=count')).as<Bundle>().total).toBe(before);
  });
});

describe('read', () => {
  it('answers 200 with ETag and Last-Modified', async () => {
    const id = await made();
    const answer = await request('GET', `/Patient/${id}`);
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, 'W/"1"']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('answers HEAD with the headers of GET and no body', async () => {
    const id = await made();
    const get = await request('GET', `/Patient/${id}`);
    const head = await request('HEAD', `/Patient/${id}`);
    expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', 'W/"1"']);
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
  });

  it.each(['W/"1"', '"1"', 'W/"7", W/"1"', '*'])('answers 304 to If-None-Match: %s', async (tag) => {
    const id = await made();
    const answer = await request('GET', `/Patient/${id}`, { headers: { 'if-none-match': tag } });
    expect([answer.status, answer.text, answer.headers.get('etag')]).toEqual([304, '', 'W/"1"']);
  });

  it('answers 200 to an If-None-Match of another version', async () => {
    const id = await made();
    expect((await request('GET', `/Patient/${id}`, { headers: { 'if-none-match': 'W/"2"' } })).status).toBe(200);
  });

  it('answers If-Modified-Since by whole seconds', async () => {
    const id = await made();
    const at = (await request('GET', `/Patient/${id}`)).headers.get('last-modified') ?? '';
    const ask = async (since: string) =>
      (await request('GET', `/Patient/${id}`, { headers: { 'if-modified-since': since } })).status;
    expect(await ask(at)).toBe(304);
    expect(await ask(new Date(Date.parse(at) - 1000).toUTCString())).toBe(200);
  });

  it.each([
    '/Patient/unknown',
    '/Patient/unknown/_history/1',
    '/Patient/unknown/_history',
    `/Patient/${'x'.repeat(65)}`,
  ])('answers 404 to %s', async (path) => {
    const answer = await request('GET', path);
    expect([answer.status, said(answer)?.code]).toEqual([404, 'not-found']);
  });

  it('answers 404 to an unknown resource type', async () => {
    const answer = await request('GET', '/Patiant/1');
    expect([answer.status, said(answer)?.diagnostics]).toEqual([404, 'Patiant is not a resource type of FHIR R4.']);
  });
});

describe('update', () => {
  const put = (id: string, headers: Record<string, string> = {}, more: object = {}) =>
    request('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id, ...more }, headers });

  it('makes a new version and answers 200', async () => {
    const id = await made();
    const answer = await put(id, {}, { active: false });
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, 'W/"2"']);
    expect(answer.headers.get('location')).toBe(`${server.base}/Patient/${id}/_history/2`);
    expect((await request('GET', `/Patient/${id}`)).as<Patient>().active).toBe(false);
    expect((await request('GET', `/Patient/${id}/_history/1`)).as<Patient>().active).toBe(true);
  });

  it("creates under the client's id with 201", async () => {
    const answer = await put('client-id.1');
    expect([answer.status, answer.as<Patient>().id, answer.as<Patient>().meta?.versionId]).toEqual([
      201,
      'client-id.1',
      '1',
    ]);
  });

  it('refuses an old If-Match with 412 and changes nothing', async () => {
    const id = await made();
    expect((await put(id, { 'if-match': 'W/"1"' })).status).toBe(200);
    const answer = await put(id, { 'if-match': 'W/"1"' });
    expect([answer.status, said(answer)?.code]).toEqual([412, 'conflict']);
    expect((await request('GET', `/Patient/${id}`)).as<Patient>().meta?.versionId).toBe('2');
  });

  it('refuses If-Match for what does not exist with 412, and a malformed one with 400', async () => {
    expect((await put('never', { 'if-match': 'W/"1"' })).status).toBe(412);
    expect((await put('never', { 'if-match': '*' })).status).toBe(412);
    expect((await put('never', { 'if-match': 'one' })).status).toBe(400);
    expect((await request('GET', '/Patient/never')).status).toBe(404);
  });

  it.each([
    [{ resourceType: 'Patient' }, 'has no id'],
    [{ resourceType: 'Patient', id: 'other' }, 'has the id "other"'],
  ])('refuses %j under another id with 400', async (body, problem) => {
    const answer = await request('PUT', '/Patient/one', { body });
    expect([answer.status, said(answer)?.expression]).toEqual([400, ['Patient.id']]);
    expect(said(answer)?.diagnostics).toContain(problem);
  });

  it.each(['x'.repeat(65), 'a b', 'a_b'])('refuses the id %s with 400', async (id) => {
    const path = `/Patient/${encodeURIComponent(id)}`;
    const answer = await request('PUT', path, { body: { resourceType: 'Patient', id } });
    expect([answer.status, said(answer)?.expression]).toEqual([400, ['Patient.id']]);
  });

  it('lets exactly one of two updates with the same If-Match through', async () => {
    const id = await made();
    const answers = await Promise.all([1, 2, 3, 4].map(() => put(id, { 'if-match': 'W/"1"' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  });

  it.each([
    ['the same text', (text: string) => text],
    [
      'another order and other white space',
      (text: string) => text.replace('"status":"final",', '').replace(/}$/, ', "status" : "final"\n}'),
    ],
    [
      'its own meta',
      (text: string) => text.replace('{', '{"meta":{"versionId":"77","lastUpdated":"2020-01-01T00:00:00Z"},'),
    ],
  ])('makes no version of %s: 200 with the current one', async (_, change) => {
    const id = await made();
    const text = `{"resourceType":"Observation","id":"${id}","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10}}`;
    const first = await request('PUT', `/Observation/${id}`, { body: text });
    const again = await request('PUT', `/Observation/${id}`, { body: change(text) });
    expect([first.status, again.status, again.headers.get('etag')]).toEqual([201, 200, 'W/"1"']);
    expect(again.text).toBe(first.text);
    expect((await request('GET', `/Observation/${id}/_history`)).as<Bundle>().total).toBe(1);
  });

  it('takes other digits for a change', async () => {
    const id = await made();
    const text = (value: string) =>
      `{"resourceType":"Observation","id":"${id}","status":"final","code":{"text":"x"},"valueQuantity":{"value":${value}}}`;
    await request('PUT', `/Observation/${id}`, { body: text('1.10') });
    const answer = await request('PUT', `/Observation/${id}`, { body: text('1.1') });
    expect([answer.headers.get('etag'), answer.text.includes('"value":1.1}')]).toEqual(['W/"2"', true]);
  });

  it('heeds If-None-Match: * creates only what is not there', async () => {
    const id = await made();
    expect((await put(id, { 'if-none-match': '*' })).status).toBe(412);
    await request('DELETE', `/Patient/${id}`);
    const again = await put(id, { 'if-none-match': '*' });
    expect([again.status, again.headers.get('etag')]).toEqual([201, 'W/"3"']);
  });

  it('lets all of many updates without If-Match through, one version each', async () => {
    const id = await made();
    const body = (at: number) => ({ resourceType: 'Patient', id, multipleBirthInteger: at });
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, at) => request('PUT', `/Patient/${id}`, { body: body(at) })),
    );
    expect(answers.map(({ status }) => status)).toEqual(new Array(12).fill(200));
    const versions = answers.map((answer) => Number(answer.as<Patient>().meta?.versionId)).sort((a, b) => a - b);
    expect(versions).toEqual(Array.from({ length: 12 }, (_, at) => at + 2));
  });
});

describe('delete', () => {
  it('answers 204, then 410 to reads, and keeps the history', async () => {
    const id = await made();
    const answer = await request('DELETE', `/Patient/${id}`);
    expect([answer.status, answer.text, answer.headers.get('etag')]).toEqual([204, '', 'W/"2"']);
    const read = await request('GET', `/Patient/${id}`);
    expect([read.status, said(read)?.code]).toEqual([410, 'deleted']);
    expect((await request('GET', `/Patient/${id}/_history/2`)).status).toBe(410);
    expect((await request('GET', `/Patient/${id}/_history/1`)).status).toBe(200);
    expect((await request('GET', `/Patient?_id=${id}`)).as<Bundle>().entry).toBeUndefined();
  });

  it('answers 204 again, and for what never was', async () => {
    const id = await made();
    await request('DELETE', `/Patient/${id}`);
    expect((await request('DELETE', `/Patient/${id}`)).status).toBe(204);
    expect((await request('DELETE', '/Patient/never-was')).status).toBe(204);
    expect((await request('GET', `/Patient/${id}/_history`)).as<Bundle>().total).toBe(2);
  });

  it('refuses an old If-Match with 412', async () => {
    const id = await made();
    const answer = await request('DELETE', `/Patient/${id}`, { headers: { 'if-match': 'W/"3"' } });
    expect(answer.status).toBe(412);
    expect((await request('GET', `/Patient/${id}`)).status).toBe(200);
  });

  it('lets an update bring the resource back, its versions going on', async () => {
    const id = await made();
    await request('DELETE', `/Patient/${id}`);
    const answer = await request('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id } });
    expect([answer.status, answer.headers.get('etag')]).toEqual([201, 'W/"3"']);
    expect((await request('GET', `/Patient/${id}`)).status).toBe(200);
  });
});

describe('Prefer: return', () => {
  it.each([
    ['minimal', /^$/],
    ['representation', /^\{.*"resourceType":"Patient"/s],
    ['OperationOutcome', /"resourceType":"OperationOutcome"/],
  ])('answers a write with %s', async (form, expected) => {
    const answer = await request('POST', '/Patient', { body: text, headers: { prefer: `return=${form}` } });
    expect([answer.status, expected.test(answer.text)]).toEqual([201, true]);
    expect(answer.headers.get('location')).toMatch(/\/Patient\/[^/]+\/_history\/1$/);
  });
});

describe('history of an instance', () => {
  it('lists all versions, newest first, with their requests and responses', async () => {
    const id = await made();
    await request('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id } });
    await request('DELETE', `/Patient/${id}`);
    const bundle = (await request('GET', `/Patient/${id}/_history`)).as<Bundle>();
    expect([bundle.type, bundle.total]).toEqual(['history', 3]);
    const fullUrl = `${server.base}/Patient/${id}`;
    expect(bundle.entry).toMatchObject([
      {
        fullUrl,
        request: { method: 'DELETE', url: `Patient/${id}` },
        response: { status: '204 No Content', etag: 'W/"3"' },
      },
      { fullUrl, resource: { id }, request: { method: 'PUT', url: `Patient/${id}` }, response: { etag: 'W/"2"' } },
      { fullUrl, resource: { id }, request: { method: 'POST', url: 'Patient' }, response: { status: '201 Created' } },
    ]);
    expect(bundle.entry?.[0]?.resource).toBeUndefined();
  });

  it('comes in pages that together are the whole', async () => {
    const id = await made();
    for (const multipleBirthInteger of [1, 2, 3, 4]) {
      await request('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id, multipleBirthInteger } });
    }
    const versions: string[] = [];
    let next: string | undefined = `/Patient/${id}/_history?_count=2`;
    while (next) {
      const bundle: Bundle = (await request('GET', next)).as<Bundle>();
      expect(bundle.total).toBe(5);
      versions.push(...(bundle.entry ?? []).map(({ resource }) => (resource as Patient).meta?.versionId ?? ''));
      next = bundle.link?.find(({ relation }) => relation === 'next')?.url;
    }
    expect(versions).toEqual(['5', '4', '3', '2', '1']);
  });

  it('refuses bad parameters with 400', async () => {
    const id = await made();
    for (const query of ['_count=-1', '_count=x', '_since=yesterday', '_page=x']) {
      expect([query, (await request('GET', `/Patient/${id}/_history?${query}`)).status]).toEqual([query, 400]);
    }
  });
});
