// What a caller with limits can see, and what it can learn: nothing of the rest.
// http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
import type { Bundle, Observation, Resource } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { accessOf } from '../../../src/auth/access.ts';
import { systemAccess } from '../../../src/auth/system-access.ts';
import { extract } from '../../../src/fhir/search/extract.ts';
import { withServer } from '../../support/server.ts';

/** The token is the scope itself, its spaces as `+`; `all` is the server's own access. */
const server = withServer({
  authenticate: ({ authorization = '' }) => {
    const scope = authorization.slice('Bearer '.length).replaceAll('+', ' ');
    const access = scope === 'all' ? systemAccess('test') : accessOf({ client: { name: 'app' } }, scope, extract);
    return Promise.resolve(access);
  },
});

const as = (scope: string) => ({
  get: (path: string) => server.request('GET', path, { headers: { authorization: `Bearer ${scope}` } }),
  send: (method: string, path: string, body?: unknown) =>
    server.request(method, path, { body, headers: { authorization: `Bearer ${scope}` } }),
});
const all = as('all');

const observation = (id: string, code: string, status: string, patient = 'p1') => ({
  resourceType: 'Observation',
  id,
  status,
  code: { coding: [{ system: 'http://loinc.org', code }] },
  subject: { reference: `Patient/${patient}` },
});

beforeAll(async () => {
  const put = (resource: object & { resourceType: string; id: string }) => ({
    resource: resource as Resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  });
  const entry = [
    put({ resourceType: 'Patient', id: 'p1', name: [{ family: 'Seen' }] } as never),
    put({ resourceType: 'Patient', id: 'p2', name: [{ family: 'Other' }] } as never),
    put(observation('lab', 'A', 'final')),
    put(observation('vital', 'B', 'final')),
    put(observation('draft', 'C', 'preliminary', 'p2')),
  ];
  expect((await all.send('POST', '', { resourceType: 'Bundle', type: 'transaction', entry })).status).toBe(200);
});

const ids = (bundle: Bundle, mode = 'match') =>
  (bundle.entry ?? [])
    .filter(({ search }) => search?.mode === mode)
    .map(({ resource }) => resource?.id)
    .sort();

describe('a narrow scope', () => {
  const narrow = as('system/Observation.rs?code=http://loinc.org|A');

  it('finds only what it may see, and counts only that', async () => {
    const found = (await narrow.get('/Observation?_total=accurate')).as<Bundle>();
    expect([ids(found), found.total]).toEqual([['lab'], 1]);
    expect(ids((await narrow.get('/Observation?_id=lab,vital')).as<Bundle>())).toEqual(['lab']);
    expect((await narrow.get('/Observation?code=B')).as<Bundle>().entry).toBeUndefined();
  });

  it('reads inside, and outside gets the same answer as for what is not there', async () => {
    expect((await narrow.get('/Observation/lab')).status).toBe(200);
    for (const path of ['', '/_history', '/_history/1']) {
      const outside = await narrow.get(`/Observation/vital${path}`);
      const nowhere = await narrow.get(`/Observation/vitax${path}`);
      expect([path, outside.status, outside.text.replaceAll('vital', '')]).toEqual([
        path,
        404,
        nowhere.text.replaceAll('vitax', ''),
      ]);
    }
  });

  it('learns nothing of a deleted resource outside', async () => {
    await all.send('PUT', '/Observation/gone', observation('gone', 'B', 'final'));
    await all.send('DELETE', '/Observation/gone');
    expect((await all.get('/Observation/gone')).status).toBe(410);
    expect((await narrow.get('/Observation/gone')).status).toBe(404);
    expect((await narrow.get('/Observation/gone/_history')).status).toBe(404);
  });

  it('includes nothing of other types, and cannot ask about them by chains', async () => {
    const found = (await narrow.get('/Observation?_include=Observation:subject')).as<Bundle>();
    expect([ids(found), ids(found, 'include')]).toEqual([['lab'], []]);
    expect((await narrow.get('/Observation?subject:Patient.name=Seen')).status).toBe(403);
    expect((await narrow.get('/Patient?_has:Observation:subject:code=A')).status).toBe(403);
    expect((await narrow.get('/Patient/p1')).status).toBe(403);
  });

  it('may write nothing', async () => {
    expect((await narrow.send('PUT', '/Observation/lab', observation('lab', 'A', 'final'))).status).toBe(403);
    expect((await narrow.send('POST', '/Observation', observation('x', 'A', 'final'))).status).toBe(403);
    expect((await narrow.send('DELETE', '/Observation/lab')).status).toBe(403);
  });

  it('has no more in a batch or transaction', async () => {
    const entry = [
      { request: { method: 'GET', url: 'Observation/vital' } },
      { request: { method: 'GET', url: 'Patient/p1' } },
      { request: { method: 'DELETE', url: 'Observation/lab' } },
    ];
    const batch = await narrow.send('POST', '', { resourceType: 'Bundle', type: 'batch', entry });
    expect(batch.as<Bundle>().entry?.map(({ response }) => response?.status.slice(0, 3))).toEqual([
      '404',
      '403',
      '403',
    ]);
    const transaction = { resourceType: 'Bundle', type: 'transaction', entry: entry.slice(2) };
    expect((await narrow.send('POST', '', transaction)).status).toBe(403);
  });
});

describe('several scopes of one type', () => {
  const wide = as(
    'system/Observation.rs?code=http://loinc.org|A+system/Observation.rs?status=preliminary+system/Patient.rs',
  );

  it('are ORed in searches and reads', async () => {
    expect(ids((await wide.get('/Observation')).as<Bundle>())).toEqual(['draft', 'lab']);
    expect((await wide.get('/Observation/draft')).status).toBe(200);
    expect((await wide.get('/Observation/vital')).status).toBe(404);
  });

  it('narrow what is asked about by _has, and what _revinclude brings', async () => {
    expect(ids((await wide.get('/Patient?_has:Observation:subject:code=B')).as<Bundle>())).toEqual([]);
    expect(ids((await wide.get('/Patient?_has:Observation:subject:code=C')).as<Bundle>())).toEqual(['p2']);
    const found = (await wide.get('/Patient?_revinclude=Observation:subject')).as<Bundle>();
    expect(ids(found, 'include')).toEqual(['draft', 'lab']);
  });
});

describe('a narrow scope to write', () => {
  const writer = as('system/Observation.cruds?code=http://loinc.org|A');

  it('creates and updates inside, and nothing can be moved in or out', async () => {
    await all.send('PUT', '/Observation/w', observation('w', 'A', 'final'));
    expect((await writer.send('PUT', '/Observation/w', observation('w', 'A', 'amended'))).status).toBe(200);
    expect((await writer.send('PUT', '/Observation/w', observation('w', 'B', 'amended'))).status).toBe(403);
    expect((await writer.send('PUT', '/Observation/vital', observation('vital', 'A', 'final'))).status).toBe(403);
    expect((await writer.send('POST', '/Observation', observation('x', 'B', 'final'))).status).toBe(403);
    expect((await all.get('/Observation/vital')).as<Observation>().code.coding?.[0]?.code).toBe('B');
  });

  it('creates under an id of the server, and learns nothing by ids of its own', async () => {
    const { id, ...rest } = observation('x', 'A', 'final');
    expect([id, (await writer.send('POST', '/Observation', rest)).status]).toEqual(['x', 201]);
    const [there, free] = [
      await writer.send('PUT', '/Observation/vital', observation('vital', 'A', 'final')),
      await writer.send('PUT', '/Observation/vitax', observation('vitax', 'A', 'final')),
    ];
    expect([there.status, there.text]).toEqual([403, free.text]);
    const byCriteria = (own: string) => writer.send('PUT', '/Observation?code=none', observation(own, 'A', 'final'));
    const [taken, open] = [await byCriteria('vital'), await byCriteria('vitax')];
    expect([taken.status, taken.text]).toEqual([403, open.text]);
  });

  it('deletes inside, and outside gets the same answer as for what is not there', async () => {
    expect((await writer.send('DELETE', '/Observation/w')).status).toBe(204);
    expect((await writer.send('DELETE', '/Observation/w')).status).toBe(204);
    expect((await writer.send('DELETE', '/Observation/vital')).status).toBe(404);
    expect((await writer.send('DELETE', '/Observation/vitax')).status).toBe(404);
    expect((await all.get('/Observation/vital')).status).toBe(200);
  });
});
