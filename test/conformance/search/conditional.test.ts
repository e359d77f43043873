// https://hl7.org/fhir/R4/http.html#ccreate, https://hl7.org/fhir/R4/http.html#trules: criteria can ask whatever a search can.
import type { Bundle, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const { request } = withServer();
const animals = 'http://exemple.ci/animaux';
const species = (code: string) => ({ coding: [{ system: animals, code }] });
const put = (resource: Record<string, unknown>) => ({
  resource: resource as unknown as Resource,
  request: { method: 'PUT' as const, url: `${resource['resourceType']}/${resource['id']}` },
});

beforeAll(async () => {
  const entry = [
    {
      resourceType: 'CodeSystem',
      id: 'animaux',
      url: animals,
      status: 'active',
      content: 'complete',
      hierarchyMeaning: 'is-a',
      concept: [{ code: 'chat', concept: [{ code: 'tigre' }] }, { code: 'chien' }],
    },
    {
      resourceType: 'ValueSet',
      id: 'felins',
      url: 'http://exemple.ci/felins',
      status: 'active',
      compose: { include: [{ system: animals, filter: [{ property: 'concept', op: 'is-a', value: 'chat' }] }] },
    },
    { resourceType: 'Location', id: 'hopital', status: 'active' },
    { resourceType: 'Location', id: 'salle', status: 'active', partOf: { reference: 'Location/hopital' } },
    { resourceType: 'Basic', id: 'tigre', code: species('tigre') },
    { resourceType: 'Basic', id: 'chien', code: species('chien') },
    {
      resourceType: 'Encounter',
      id: 'venue',
      status: 'planned',
      class: { code: 'AMB' },
      location: [{ location: { reference: 'Location/salle' } }],
    },
  ].map(put);
  const answer = await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
  expect(answer.status, answer.text).toBe(200);
});

describe('3.1.0.8.1 conditional create: If-None-Exist', () => {
  it.each(['code:in=http://exemple.ci/felins', `code:below=${animals}|chat`, `code:above=${animals}|tigre`])(
    'finds by %s what is there',
    async (criteria) => {
      const body = { resourceType: 'Basic', code: species('tigre') };
      const answer = await request('POST', '/Basic', { body, headers: { 'if-none-exist': criteria } });
      expect([answer.status, answer.headers.get('location')?.includes('Basic/tigre')]).toEqual([200, true]);
    },
  );

  it('refuses a value set that nobody knows, and creates nothing', async () => {
    const headers = { 'if-none-exist': 'code:in=http://exemple.ci/nulle-part' };
    const answer = await request('POST', '/Basic', { body: { resourceType: 'Basic', code: species('loup') }, headers });
    expect([answer.status, answer.as<OperationOutcome>().issue[0]?.severity]).toEqual([400, 'error']);
    expect((await request('GET', `/Basic?code=${animals}|loup`)).as<Bundle>().entry).toBeUndefined();
  });
});

describe('3.1.0.4.3 conditional update, 3.1.0.6.1 conditional patch, 3.1.0.7.1 conditional delete', () => {
  it('updates what is below a place in a hierarchy', async () => {
    const body = { resourceType: 'Encounter', status: 'arrived', class: { code: 'AMB' } };
    const answer = await request('PUT', '/Encounter?location:below=Location/hopital', { body });
    expect([answer.status, answer.as<Resource>().id]).toEqual([200, 'venue']);
  });

  it('patches the member of a value set', async () => {
    const answer = await request('PATCH', '/Basic?code:in=http://exemple.ci/felins', {
      body: [{ op: 'add', path: '/created', value: '2026-11-23' }],
      headers: { 'content-type': 'application/json-patch+json' },
    });
    expect([answer.status, answer.as<Resource>().id]).toEqual([200, 'tigre']);
  });

  it('deletes what is not in a value set', async () => {
    const criteria = 'code:not-in=http://exemple.ci/felins';
    expect((await request('DELETE', `/Basic?${criteria}`)).status).toBe(204);
    expect([(await request('GET', '/Basic/chien')).status, (await request('GET', '/Basic/tigre')).status]).toEqual([
      410, 200,
    ]);
  });
});

describe('3.1.0.11.2 transaction', () => {
  it('resolves conditional references and criteria by value sets', async () => {
    const entry = [
      {
        resource: { resourceType: 'Basic', code: species('chat') },
        request: { method: 'POST', url: 'Basic', ifNoneExist: 'code:in=http://exemple.ci/felins' },
      },
      {
        resource: {
          resourceType: 'Provenance',
          target: [{ reference: 'Basic?code:in=http://exemple.ci/felins' }],
          recorded: '2026-11-23T08:00:00Z',
          agent: [{ who: { display: 'accueil' } }],
        },
        request: { method: 'POST', url: 'Provenance' },
      },
    ];
    const answer = await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
    expect(answer.status, answer.text).toBe(200);
    const found = (await request('GET', '/Provenance?target=Basic/tigre')).as<Bundle>();
    expect([answer.as<Bundle>().entry?.[0]?.response?.status, found.entry?.length]).toEqual(['200 OK', 1]);
  });
});
