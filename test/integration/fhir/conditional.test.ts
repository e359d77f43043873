// https://hl7.org/fhir/R4/http.html#ccreate, #cond-update, #3.1.0.7.1 (conditional delete)
import type { Bundle, OperationOutcome, Patient } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const { request } = withServer();
const several = withServer({ conditionalDelete: 'multiple' });

const system = 'http://example.org/mrn';
const criteria = (value: string) => `identifier=${encodeURIComponent(`${system}|${value}`)}`;
const patient = (value: string, more: object = {}) => ({
  resourceType: 'Patient',
  identifier: [{ system, value }],
  ...more,
});
const issue = (answer: { as<T>(): T }) => answer.as<OperationOutcome>().issue[0];

async function total(value: string): Promise<number | undefined> {
  return (await request('GET', `/Patient?${criteria(value)}&_summary=count`)).as<Bundle>().total;
}

const createUnless = (value: string, more: object = {}) =>
  request('POST', '/Patient', { body: patient(value, more), headers: { 'if-none-exist': criteria(value) } });

describe('conditional create', () => {
  it('creates when nothing matches: 201', async () => {
    const answer = await createUnless('c-1');
    expect([answer.status, answer.headers.get('etag')]).toEqual([201, 'W/"1"']);
    expect(await total('c-1')).toBe(1);
  });

  it('ignores the body when one matches: 200 with what is there, its ETag and Location', async () => {
    const first = await createUnless('c-2', { active: true });
    const again = await createUnless('c-2', { active: false });
    expect([again.status, again.headers.get('etag')]).toEqual([200, 'W/"1"']);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(again.as<Patient>()).toMatchObject({ id: first.as<Patient>().id, active: true });
  });

  it('answers 412 when several match', async () => {
    for (const _ of [1, 2]) await request('POST', '/Patient', { body: patient('c-3') });
    const answer = await createUnless('c-3');
    expect([answer.status, issue(answer)?.code]).toEqual([412, 'multiple-matches']);
    expect(await total('c-3')).toBe(2);
  });

  it('does not count what was deleted', async () => {
    const { id } = (await createUnless('c-4')).as<Patient>();
    await request('DELETE', `/Patient/${id}`);
    expect((await createUnless('c-4')).status).toBe(201);
  });

  it('takes the whole search URL as criteria, as some clients send it', async () => {
    await createUnless('c-5');
    const headers = { 'if-none-exist': `Patient?${criteria('c-5')}` };
    expect((await request('POST', '/Patient', { body: patient('c-5'), headers })).status).toBe(200);
  });

  it.each([
    ['nothing', '', 412],
    ['an empty value', 'identifier=', 412],
    ['only _format', '_format=json', 412],
    ['an unknown parameter', 'colour=red', 400],
    ['a known and an unknown one', 'active=true&colour=red', 400],
    ['_count', 'active=true&_count=1', 400],
    ['_sort', 'active=true&_sort=name', 400],
    ['another type', 'Observation?status=final', 400],
  ])('refuses criteria of %s, and creates nothing', async (_, value, status) => {
    const before = (await request('GET', '/Patient?_summary=count')).as<Bundle>().total;
    const answer = await request('POST', '/Patient', { body: patient('c-6'), headers: { 'if-none-exist': value } });
    expect(answer.status).toBe(status);
    expect((await request('GET', '/Patient?_summary=count')).as<Bundle>().total).toBe(before);
  });

  it('gives exactly one resource to 64 clients at once', async () => {
    const answers = await Promise.all(Array.from({ length: 64 }, () => createUnless('c-64')));
    expect(answers.map(({ status }) => status).sort()).toEqual([...new Array(63).fill(200), 201]);
    expect(new Set(answers.map((answer) => answer.as<Patient>().id)).size).toBe(1);
    expect(await total('c-64')).toBe(1);
  });
});

describe('conditional update', () => {
  const put = (value: string, body: object, headers: Record<string, string> = {}) =>
    request('PUT', `/Patient?${criteria(value)}`, { body, headers });

  it('creates under an id of the server when nothing matches and the body has none', async () => {
    const answer = await put('u-1', patient('u-1'));
    expect([answer.status, answer.as<Patient>().id !== undefined]).toEqual([201, true]);
  });

  it('creates under the id of the body when nothing matches', async () => {
    const answer = await put('u-2', patient('u-2', { id: 'u-2' }));
    expect([answer.status, answer.as<Patient>().id]).toEqual([201, 'u-2']);
  });

  it('answers 409 when nothing matches and the id is that of another resource', async () => {
    await request('PUT', '/Patient/u-3', { body: { resourceType: 'Patient', id: 'u-3' } });
    const answer = await put('u-3', patient('u-3', { id: 'u-3' }));
    expect([answer.status, issue(answer)?.expression]).toEqual([409, ['Patient.id']]);
  });

  it('updates the one match, with its id in the body or without any', async () => {
    const { id } = (await put('u-4', patient('u-4'))).as<Patient>();
    const without = await put('u-4', patient('u-4', { active: true }));
    expect([without.status, without.headers.get('etag'), without.as<Patient>().id]).toEqual([200, 'W/"2"', id]);
    const withId = await put('u-4', patient('u-4', { id, active: false }));
    expect([withId.status, withId.headers.get('etag')]).toEqual([200, 'W/"3"']);
  });

  it('answers 400 when the body has another id than the match', async () => {
    await put('u-5', patient('u-5'));
    const answer = await put('u-5', patient('u-5', { id: 'another' }));
    expect([answer.status, issue(answer)?.expression]).toEqual([400, ['Patient.id']]);
  });

  it('answers 412 when several match', async () => {
    for (const _ of [1, 2]) await request('POST', '/Patient', { body: patient('u-6') });
    expect((await put('u-6', patient('u-6'))).status).toBe(412);
  });

  it('heeds If-Match and If-None-Match', async () => {
    await put('u-7', patient('u-7'));
    const body = patient('u-7', { active: true });
    expect((await put('u-7', body, { 'if-match': 'W/"2"' })).status).toBe(412);
    expect((await put('u-7', body, { 'if-none-match': '*' })).status).toBe(412);
    expect((await put('u-7', body, { 'if-match': 'W/"1"' })).status).toBe(200);
    expect((await put('u-7-none', patient('u-7-none'), { 'if-match': 'W/"1"' })).status).toBe(412);
    expect(await total('u-7-none')).toBe(0);
  });

  it('makes no version of what says nothing new', async () => {
    await put('u-8', patient('u-8'));
    const again = await put('u-8', patient('u-8'));
    expect([again.status, again.headers.get('etag')]).toEqual([200, 'W/"1"']);
  });

  it.each(['', '?', '?_format=json', '?colour=x'])('refuses %j as criteria', async (query) => {
    expect([400, 412]).toContain((await request('PUT', `/Patient${query}`, { body: patient('u-9') })).status);
  });

  it('gives exactly one resource to many clients at once, and loses none of their updates', async () => {
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, at) => put('u-24', patient('u-24', { multipleBirthInteger: at + 1 }))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([...new Array(23).fill(200), 201]);
    const [id, ...others] = new Set(answers.map((answer) => answer.as<Patient>().id));
    expect(others).toEqual([]);
    expect((await request('GET', `/Patient/${id}`)).headers.get('etag')).toBe('W/"24"');
  });
});

describe('conditional delete', () => {
  const remove = (query: string, headers: Record<string, string> = {}) =>
    request('DELETE', `/Patient?${query}`, { headers });

  it('answers 204 whether one matches or none', async () => {
    await createUnless('d-1');
    expect((await remove(criteria('d-1'))).status).toBe(204);
    expect(await total('d-1')).toBe(0);
    expect((await remove(criteria('d-1'))).status).toBe(204);
  });

  it('answers 412 when several match and a single one may be deleted, and deletes none', async () => {
    for (const _ of [1, 2]) await request('POST', '/Patient', { body: patient('d-2') });
    expect((await remove(criteria('d-2'))).status).toBe(412);
    expect(await total('d-2')).toBe(2);
  });

  it('deletes all where the server is set to', async () => {
    for (const _ of [1, 2, 3]) await several.request('POST', '/Patient', { body: patient('d-3') });
    expect((await several.request('DELETE', `/Patient?${criteria('d-3')}`)).status).toBe(204);
    const left = await several.request('GET', `/Patient?${criteria('d-3')}&_summary=count`);
    expect(left.as<Bundle>().total).toBe(0);
  });

  it.each(['', '_format=json', 'colour=x', 'active='])('refuses %j as criteria', async (query) => {
    expect([400, 412]).toContain((await remove(query)).status);
    expect([400, 412]).toContain((await several.request('DELETE', `/Patient?${query}`)).status);
  });

  it('heeds If-Match', async () => {
    await createUnless('d-4');
    expect((await remove(criteria('d-4'), { 'if-match': 'W/"2"' })).status).toBe(412);
    expect((await remove(criteria('d-4'), { 'if-match': 'W/"1"' })).status).toBe(204);
  });

  it('answers with an OperationOutcome where asked', async () => {
    await createUnless('d-5');
    const answer = await remove(criteria('d-5'), { prefer: 'return=OperationOutcome' });
    expect([answer.status, answer.as<OperationOutcome>().resourceType]).toEqual([200, 'OperationOutcome']);
  });
});
