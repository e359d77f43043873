// https://hl7.org/fhir/R4/http.html#trules: operations, reads and searches by POST as entries
import type { Bundle, BundleEntry, OperationOutcome, Parameters, Patient, Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const { request } = withServer();

const entry = (method: string, url: string, resource?: object): BundleEntry => ({
  ...(resource ? { resource: resource as Resource } : {}),
  request: { method, url } as never,
});
const run = (...entries: BundleEntry[]) =>
  request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry: entries } });
const issue = (answer: { as<T>(): T }) => answer.as<OperationOutcome>().issue[0];
const tag = (code: string) => ({
  resourceType: 'Parameters',
  parameter: [{ name: 'meta', valueMeta: { tag: [{ system: 'http://example.org/t', code }] } }],
});
const patient = (id: string, more: object = {}) => ({ resourceType: 'Patient', id, ...more });
const put = (id: string, more: object = {}) => request('PUT', `/Patient/${id}`, { body: patient(id, more) });
const tagsOf = async (id: string) =>
  (await request('GET', `/Patient/${id}`)).as<Patient>().meta?.tag?.map(({ code }) => code);
const statuses = (answer: { as<T>(): T }) => answer.as<Bundle>().entry?.map(({ response }) => response?.status);

describe('operations that read, in a transaction', () => {
  it('see what the other entries have written, wherever they are', async () => {
    const answer = await run(
      entry('GET', 'Patient/op-1/$everything'),
      entry('POST', 'Patient/$validate', {
        resourceType: 'Parameters',
        parameter: [{ name: 'resource', resource: patient('x') }],
      }),
      entry('PUT', 'Patient/op-1', patient('op-1', { gender: 'female' })),
      entry('POST', 'Patient/op-1/$meta'),
      entry('GET', 'Patient/$meta'),
    );
    expect([answer.status, statuses(answer)]).toEqual([200, ['200 OK', '200 OK', '201 Created', '200 OK', '200 OK']]);
    const [everything, validated, , meta] = answer.as<Bundle>().entry ?? [];
    expect((everything?.resource as Bundle | undefined)?.entry?.[0]?.resource).toMatchObject({
      id: 'op-1',
      gender: 'female',
    });
    expect(validated?.resource?.resourceType).toBe('OperationOutcome');
    expect((meta?.resource as Parameters | undefined)?.parameter?.[0]?.valueMeta?.versionId).toBe('1');
  });

  it('are given references to other entries as what these are stored as', async () => {
    const urn = 'urn:uuid:00000000-0000-4000-8000-00000000000a';
    const observation = {
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'x' },
      subject: { reference: urn },
    };
    const answer = await run(
      entry('POST', 'Observation/$validate', {
        resourceType: 'Parameters',
        parameter: [{ name: 'resource', resource: observation }],
      }),
      { fullUrl: urn, ...entry('POST', 'Patient', { resourceType: 'Patient' }) },
    );
    expect(statuses(answer)).toEqual(['200 OK', '201 Created']);
  });

  it('undo everything when they fail, and say which entry', async () => {
    const answer = await run(
      entry('PUT', 'Patient/op-2', patient('op-2')),
      entry('GET', 'Patient/op-none/$everything'),
    );
    expect([answer.status, issue(answer)?.expression]).toEqual([404, ['Bundle.entry[1]']]);
    expect((await request('GET', '/Patient/op-2')).status).toBe(404);
  });
});

describe('operations that write, in a transaction', () => {
  it('commit with the other entries, after those that write resources', async () => {
    await put('op-3');
    const answer = await run(
      entry('GET', 'Patient/op-3'),
      entry('POST', 'Patient/op-3/$meta-add', tag('a')),
      entry('POST', 'Patient/op-4/$meta-add', tag('b')),
      entry('PUT', 'Patient/op-4', patient('op-4')),
    );
    expect([answer.status, statuses(answer)]).toEqual([200, ['200 OK', '200 OK', '200 OK', '201 Created']]);
    expect(answer.as<Bundle>().entry?.[0]?.resource?.meta?.tag?.[0]?.code).toBe('a');
    expect([await tagsOf('op-3'), await tagsOf('op-4')]).toEqual([['a'], ['b']]);
    expect((await request('GET', '/Patient?_tag=b&_id=op-4')).as<Bundle>().entry?.length).toBe(1);
  });

  it('are undone with the other entries', async () => {
    await put('op-5', { meta: { tag: [{ system: 'http://example.org/t', code: 'kept' }] } });
    const answer = await run(
      entry('POST', 'Patient/op-5/$meta-add', tag('a')),
      entry('POST', 'Patient/op-5/$meta-delete', tag('kept')),
      entry('POST', 'Patient/op-none/$meta-add', tag('a')),
    );
    expect([answer.status, issue(answer)?.expression]).toEqual([404, ['Bundle.entry[2]']]);
    expect(await tagsOf('op-5')).toEqual(['kept']);
    expect((await request('GET', '/Patient?_tag=a&_id=op-5')).as<Bundle>().entry ?? []).toEqual([]);
  });

  it('leave one record each in the audit trail, as requests of their own do', async () => {
    await put('op-6');
    await run(entry('POST', 'Patient/op-6/$meta-add', tag('a')));
    const events = (await request('GET', '/AuditEvent?entity=Patient/op-6&action=U')).as<Bundle>().entry ?? [];
    expect(events.length).toBeGreaterThan(0);
  });

  it('pass each other on the same resources', async () => {
    await Promise.all(['op-7', 'op-8'].map((id) => put(id)));
    const both = (ids: string[], code: string) =>
      run(...ids.map((id) => entry('POST', `Patient/${id}/$meta-add`, tag(code))));
    const codes = ['a', 'b', 'c', 'd', 'e', 'f'];
    const answers = await Promise.all(
      codes.map((code, at) => both(at % 2 ? ['op-7', 'op-8'] : ['op-8', 'op-7'], code)),
    );
    expect(answers.map(({ status }) => status)).toEqual(codes.map(() => 200));
    expect((await tagsOf('op-7'))?.toSorted()).toEqual(codes);
    expect((await tagsOf('op-8'))?.toSorted()).toEqual(codes);
  });
});

describe('operations that no transaction takes', () => {
  it.each(['$reindex', 'Patient/$reindex', 'Patient/op-9/$reindex', '$reindex-cancel', '$export', 'Patient/$export'])(
    '%s: 400 with the entry, and nothing is changed',
    async (url) => {
      const answer = await run(entry('PUT', 'Patient/op-9', patient('op-9')), entry('POST', url));
      expect([answer.status, issue(answer)?.code, issue(answer)?.expression]).toEqual([
        400,
        'not-supported',
        ['Bundle.entry[1].request.url'],
      ]);
      expect((await request('GET', '/Patient/op-9')).status).toBe(404);
    },
  );

  it('$export by GET: 400 too', async () => {
    const answer = await run(entry('GET', '$export'));
    expect([answer.status, issue(answer)?.expression]).toEqual([400, ['Bundle.entry[0].request.url']]);
  });

  it('unknown ones, and those of another level: 404', async () => {
    for (const url of ['Patient/op-1/$nothing', 'Patient/$meta-add', '$everything']) {
      const answer = await run(entry('POST', url, tag('a')));
      expect([answer.status, issue(answer)?.expression]).toEqual([404, ['Bundle.entry[0]']]);
    }
  });
});

describe('other reads', () => {
  it.each(['batch', 'transaction'])('HEAD, and a search by POST, are entries of a %s', async (type) => {
    await put(`op-h-${type}`);
    const entries = [
      entry('HEAD', `Patient/op-h-${type}`),
      entry('POST', `Patient/_search?_id=op-h-${type}`),
      entry('GET', `Patient/op-h-${type}/_history/1`),
      entry('GET', `Patient/op-h-${type}/_history`),
    ];
    const answer = await request('POST', '', { body: { resourceType: 'Bundle', type, entry: entries } });
    expect([answer.status, statuses(answer)]).toEqual([200, entries.map(() => '200 OK')]);
    const [head, search] = answer.as<Bundle>().entry ?? [];
    expect([head?.resource, head?.response?.etag]).toEqual([undefined, 'W/"1"']);
    expect((search?.resource as Bundle | undefined)?.entry?.length).toBe(1);
  });
});
