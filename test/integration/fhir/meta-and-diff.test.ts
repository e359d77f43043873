// https://hl7.org/fhir/R4/resource-operation-meta.html and -meta-add, -meta-delete; $diff as a FHIRPath Patch
import type { Bundle, Meta, OperationOutcome, Parameters, Patient } from '@medplum/fhirtypes';
import { beforeEach, describe, expect, it } from 'vitest';
import { accessOf } from '../../../src/auth/access.ts';
import { systemAccess } from '../../../src/auth/system-access.ts';
import { extract } from '../../../src/fhir/search/extract.ts';
import { withServer } from '../../support/server.ts';

const server = withServer({
  authenticate: ({ authorization = '' }) => {
    const scope = authorization.slice('Bearer '.length).replaceAll('+', ' ');
    return Promise.resolve(
      scope === 'test' ? systemAccess('test') : accessOf({ client: { name: 'app' } }, scope, extract),
    );
  },
});

const red = { system: 'http://t', code: 'red', display: 'Red' };
const blue = { system: 'http://t', code: 'blue' };
const secret = { system: 'http://s', code: 'R' };

let count = 0;
let id = '';

beforeEach(async () => {
  count += 1;
  id = `p${count}`;
  const text = (tag: string) =>
    `{"resourceType":"Patient","id":"${id}","meta":{"source":"http://x","tag":[${tag}]},"multipleBirthInteger":2}`;
  expect((await server.request('PUT', `/Patient/${id}`, { body: text(JSON.stringify(red)) })).status).toBe(201);
});

const change = (path: string, meta: Meta, token = 'test') =>
  server.request('POST', path, {
    body: { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: meta }] },
    headers: { authorization: `Bearer ${token}` },
  });
const metaOf = (answer: { as<T>(): T }) => answer.as<Parameters>().parameter?.[0]?.valueMeta;
const found = async (query: string) =>
  ((await server.request('GET', `/Patient?${query}&_id=${id}`)).as<Bundle>().entry ?? []).length;

describe('$meta-add and $meta-delete', () => {
  it('change the labels of the version, which stays that version, and what it is found by', async () => {
    const answer = await change(`/Patient/${id}/$meta-add`, { tag: [blue], security: [secret], profile: ['http://p'] });
    expect([answer.status, metaOf(answer)]).toEqual([
      200,
      {
        versionId: '1',
        lastUpdated: expect.any(String),
        source: 'http://x',
        profile: ['http://p'],
        security: [secret],
        tag: [red, blue],
      },
    ]);
    const read = await server.request('GET', `/Patient/${id}`);
    expect(read.headers.get('etag')).toBe('W/"1"');
    expect(read.as<Patient>()).toMatchObject({ meta: metaOf(answer), multipleBirthInteger: 2 });
    expect(await found('_tag=http://t|blue')).toBe(1);
    expect(await found('_security=http://s|R')).toBe(1);
    expect(await found('_profile=http://p')).toBe(1);
    await change(`/Patient/${id}/$meta-delete`, { tag: [{ ...red, display: 'another' }], profile: ['http://p'] });
    expect(await found('_tag=http://t|red')).toBe(0);
    expect(await found('_tag=http://t|blue')).toBe(1);
    expect(await found('_profile=http://p')).toBe(0);
    expect(await found('_lastUpdated=gt2000')).toBe(1);
  });

  it('add nothing twice (system and code are what counts), and delete what is not there without an error', async () => {
    const twice = await change(`/Patient/${id}/$meta-add`, { tag: [{ ...red, display: 'R' }] });
    expect(metaOf(twice)?.tag).toEqual([red]);
    expect((await change(`/Patient/${id}/$meta-delete`, { tag: [blue] })).status).toBe(200);
  });

  it('work on a superseded version too, without another one', async () => {
    await server.request('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id, active: true } });
    const answer = await change(`/Patient/${id}/_history/1/$meta-add`, { security: [secret] });
    expect(metaOf(answer)?.security).toEqual([secret]);
    const old = (await server.request('GET', `/Patient/${id}/_history/1/$meta`)).as<Parameters>();
    expect(old.parameter?.[0]?.valueMeta?.security).toEqual([secret]);
    expect(metaOf(await server.request('GET', `/Patient/${id}/$meta`))?.security).toBeUndefined();
    expect((await server.request('GET', `/Patient/${id}/_history`)).as<Bundle>().total).toBe(2);
  });

  it('lose no change that many make at once', async () => {
    const codes = Array.from({ length: 8 }, (_, at) => `c${at}`);
    const answers = await Promise.all(
      codes.map((code) => change(`/Patient/${id}/$meta-add`, { tag: [{ system: 'http://many', code }] })),
    );
    expect(answers.map(({ status }) => status)).toEqual(codes.map(() => 200));
    const tags = metaOf(await server.request('GET', `/Patient/${id}/$meta`))?.tag?.map(({ code }) => code);
    expect(tags?.toSorted()).toEqual([...codes, 'red'].toSorted());
  });

  it('are audited as changes of the version', async () => {
    await change(`/Patient/${id}/$meta-add`, { tag: [blue] });
    const events = (await server.request('GET', `/AuditEvent?action=U&entity=Patient/${id}`)).as<Bundle>();
    expect(JSON.stringify(events)).toContain(`Patient/${id}/_history/1`);
  });

  it('are for those who may update what it was and what it becomes', async () => {
    const scope = 'system/Patient.ru?_tag=http://t|red';
    expect((await change(`/Patient/${id}/$meta-add`, { tag: [blue] }, scope)).status).toBe(200);
    expect((await change(`/Patient/${id}/$meta-delete`, { tag: [red] }, scope)).status).toBe(403);
    expect((await change(`/Patient/${id}/$meta-add`, { tag: [blue] }, 'system/Patient.rs')).status).toBe(403);
    await change(`/Patient/${id}/$meta-delete`, { tag: [red] });
    expect((await change(`/Patient/${id}/$meta-add`, { tag: [red] }, scope)).status).toBe(404);
  });

  it.each([
    ['/Patient/none/$meta-add', 404],
    ['/Patient/$meta-add', 404],
    ['/AuditEvent/x/$meta-add', 405],
  ])('refuse %s with %i', async (path, status) => {
    expect((await change(path, { tag: [blue] })).status).toBe(status);
  });

  it('refuse what is no Meta, and GET', async () => {
    const body = { resourceType: 'Parameters', parameter: [{ name: 'meta', valueString: 'x' }] };
    expect((await server.request('POST', `/Patient/${id}/$meta-add`, { body })).status).toBe(400);
    expect((await server.request('GET', `/Patient/${id}/$meta-add`)).status).toBe(405);
  });
});

describe('$meta of a type and of everything', () => {
  it('lists what is in use, for the caller', async () => {
    const own = { system: `http://only-${id}`, code: 'x' };
    await change(`/Patient/${id}/$meta-add`, { tag: [own], profile: [`http://profile-${id}`] });
    const ofType = metaOf(await server.request('GET', '/Patient/$meta'));
    expect(ofType?.tag).toEqual(expect.arrayContaining([own, red]));
    expect(ofType?.profile).toContain(`http://profile-${id}`);
    expect(ofType?.versionId).toBeUndefined();
    const ofAll = metaOf(await server.request('GET', '/$meta'));
    expect(ofAll?.tag).toEqual(expect.arrayContaining([own]));
    expect(metaOf(await server.request('GET', '/Observation/$meta'))).toEqual({});
    const headers = { authorization: `Bearer system/Patient.rs?_tag=http://nothing|x` };
    expect(metaOf(await server.request('GET', '/Patient/$meta', { headers }))).toEqual({});
  });
});

describe('$diff', () => {
  const operations = (answer: { as<T>(): T }) =>
    (answer.as<Parameters>().parameter ?? []).map(({ part = [] }) =>
      Object.fromEntries(part.map(({ name, ...value }) => [name, Object.values(value)[0]])),
    );

  it('tells what a version changed, and between versions that are named', async () => {
    await server.request('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id, active: true } });
    await server.request('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id, active: false } });
    expect(operations(await server.request('GET', `/Patient/${id}/$diff`))).toEqual([
      { type: 'replace', path: 'Patient.active', value: false },
    ]);
    expect(operations(await server.request('GET', `/Patient/${id}/$diff?fromVersion=1`))).toEqual([
      { type: 'add', path: 'Patient', name: 'active', value: false },
      { type: 'delete', path: 'Patient.multipleBirth' },
    ]);
    expect(operations(await server.request('GET', `/Patient/${id}/_history/2/$diff?fromVersion=3`))).toEqual([
      { type: 'replace', path: 'Patient.active', value: true },
    ]);
    expect(operations(await server.request('GET', `/Patient/${id}/_history/1/$diff`))).toEqual([
      { type: 'add', path: 'Patient', name: 'multipleBirth', value: 2 },
    ]);
  });

  it('compares two resources, with their meta when asked', async () => {
    await server.request('PUT', '/Patient/other', { body: { resourceType: 'Patient', id: 'other', active: true } });
    const path = `/$diff?from=Patient/${id}&to=Patient/other`;
    expect(operations(await server.request('GET', path)).map(({ path: at, name }) => name ?? at)).toEqual([
      'Patient.id',
      'active',
      'Patient.multipleBirth',
    ]);
    const withMeta = operations(await server.request('GET', `${path}&includeMeta=true`));
    expect(withMeta.some(({ path: at }) => String(at).startsWith('Patient.meta'))).toBe(true);
  });

  it.each([
    ['/Patient/none/$diff', 404],
    ['/$diff?from=Patient/p1', 400],
    ['/$diff?from=Patient/p1&to=nothing', 400],
    ['/$diff?from=Patient/p1&to=Observation/1', 400],
    ['/$diff?from=Patient/p1&to=Patient/none', 404],
    ['/Patient/p1/$diff?fromVersion=x', 400],
    ['/Patient/p1/$diff?fromVersion=99', 404],
  ])('refuses %s with %i', async (path, status) => {
    const answer = await server.request('GET', path);
    expect([answer.status, answer.as<OperationOutcome>().resourceType]).toEqual([status, 'OperationOutcome']);
  });
});
