// https://hl7.org/fhir/R4/observation-operation-lastn.html, https://hl7.org/fhir/R4/composition-operation-document.html
import type { Bundle, OperationOutcome } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const server = withServer();
const loinc = 'http://loinc.org';

const observation = (id: string, code: string, day: number, rest: object = {}) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  category: [{ coding: [{ code: 'vital-signs' }] }],
  code: { coding: [{ system: loinc, code }] },
  subject: { reference: 'Patient/p1' },
  effectiveDateTime: `2020-01-${String(day).padStart(2, '0')}`,
  ...rest,
});

const composition = {
  resourceType: 'Composition',
  id: 'c1',
  status: 'final',
  type: { text: 'Summary' },
  subject: { reference: 'Patient/p1' },
  date: '2020-02-01',
  author: [{ reference: 'Practitioner/d1' }],
  title: 'Summary',
  section: [{ title: 'Weight', entry: [{ reference: 'Observation/w1' }] }],
};

const resources: (Record<string, unknown> & { resourceType: string; id: string })[] = [
  { resourceType: 'Organization', id: 'o1', name: 'Centre' },
  { resourceType: 'Practitioner', id: 'd1' },
  { resourceType: 'Practitioner', id: 'd2' },
  { resourceType: 'Patient', id: 'p1', managingOrganization: { reference: 'Organization/o1' } },
  { resourceType: 'Patient', id: 'p2' },
  observation('w1', 'weight', 1, { performer: [{ reference: 'Practitioner/d2' }] }),
  observation('w2', 'weight', 3),
  observation('w3', 'weight', 2),
  observation('h1', 'height', 2),
  observation('other', 'weight', 9, { subject: { reference: 'Patient/p2' } }),
  observation('lab', 'glucose', 9, { category: [{ coding: [{ code: 'laboratory' }] }] }),
  composition,
  { ...composition, id: 'c2', author: [{ reference: 'Practitioner/missing' }] },
  { ...composition, id: 'c3', author: [{ reference: 'https://elsewhere.example/Practitioner/1' }] },
];

beforeAll(async () => {
  for (const resource of resources) {
    const { status, text } = await server.request('PUT', `/${resource.resourceType}/${resource.id}`, {
      body: resource,
    });
    expect([status, status === 201 ? '' : text]).toEqual([201, '']);
  }
});

const ids = ({ entry = [] }: Bundle) => entry.map(({ resource }) => resource?.id);
const get = async (path: string) => (await server.request('GET', path)).as<Bundle>();

describe('Observation/$lastn', () => {
  it('gives the newest of each code', async () => {
    expect(ids(await get('/Observation/$lastn?patient=p1&category=vital-signs'))).toEqual(['w2', 'h1']);
    expect(ids(await get('/Observation/$lastn?max=2&subject=Patient/p1&category=vital-signs'))).toEqual([
      'w2',
      'h1',
      'w3',
    ]);
  });

  it('takes any search parameter, by GET and in Parameters', async () => {
    const bundle = await get(`/Observation/$lastn?max=9&patient=p1&code=${loinc}|weight&date=lt2020-01-03`);
    expect(ids(bundle)).toEqual(['w3', 'w1']);
    const parameter = [
      { name: 'max', valuePositiveInt: 1 },
      { name: 'patient', valueString: 'p1' },
      { name: 'code', valueString: `${loinc}|weight` },
    ];
    const answer = await server.request('POST', '/Observation/$lastn', {
      body: { resourceType: 'Parameters', parameter },
    });
    expect(ids(answer.as<Bundle>())).toEqual(['w2']);
  });

  it('gives an empty searchset when nothing matches', async () => {
    const bundle = await get('/Observation/$lastn?patient=none&code=x');
    expect([bundle.type, bundle.total, bundle.entry]).toEqual(['searchset', 0, undefined]);
  });

  it.each([
    '/Observation/$lastn',
    '/Observation/$lastn?patient=p1',
    '/Observation/$lastn?code=x',
    '/Observation/$lastn?max=0&patient=p1&code=x',
    '/Observation/$lastn?patient=p1&code=x&nothing=1',
  ])('refuses %s', async (path) => {
    const answer = await server.request('GET', path);
    expect([answer.status, answer.as<OperationOutcome>().resourceType]).toEqual([400, 'OperationOutcome']);
  });
});

describe('Composition/$document', () => {
  it('gives a document: the composition first, then all that it refers to', async () => {
    const bundle = await get('/Composition/c1/$document');
    expect([bundle.type, bundle.identifier?.system, bundle.timestamp]).toEqual([
      'document',
      'urn:ietf:rfc:3986',
      expect.any(String),
    ]);
    expect(ids(bundle)[0]).toBe('c1');
    expect(ids(bundle).slice(1).toSorted()).toEqual(['d1', 'd2', 'o1', 'p1', 'w1']);
    const same = await get('/Composition/$document?id=c1');
    expect(ids(same)).toEqual(ids(bundle));
  });

  it('stores the document when it is asked to (persist)', async () => {
    const body = { resourceType: 'Parameters', parameter: [{ name: 'persist', valueBoolean: true }] };
    const answer = await server.request('POST', '/Composition/c1/$document', { body });
    expect(answer.status).toBe(201);
    const location = answer.headers.get('location') ?? '';
    const stored = await server.request('GET', location.slice(server.base.length));
    expect(stored.as<Bundle>().type).toBe('document');
  });

  it.each([
    ['GET', '/Composition/none/$document', 404],
    ['GET', '/Composition/$document', 400],
    ['GET', '/Composition/c1/$document?id=c1', 400],
    ['GET', '/Composition/c1/$document?persist=true', 400],
    ['GET', '/Composition/c1/$document?graph=http://x', 501],
    ['GET', '/Composition/$document?id=https://elsewhere.example/Composition/1', 501],
    ['GET', '/Composition/c2/$document', 422],
    ['GET', '/Composition/c3/$document', 422],
  ])('refuses %s %s with %i', async (method, path, status) => {
    const answer = await server.request(method, path);
    expect([answer.status, answer.as<OperationOutcome>().resourceType]).toEqual([status, 'OperationOutcome']);
  });
});
