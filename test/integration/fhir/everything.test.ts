// https://hl7.org/fhir/R4/patient-operation-everything.html, https://hl7.org/fhir/R4/encounter-operation-everything.html
import type { Bundle, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const server = withServer();

const subject = { reference: 'Patient/p1' };
const code = { text: 'x' };

const resources: Record<string, unknown>[] = [
  { resourceType: 'Organization', id: 'o1', name: 'Centre' },
  { resourceType: 'Practitioner', id: 'd1', name: [{ family: 'Kone' }] },
  { resourceType: 'Practitioner', id: 'd2', name: [{ family: 'Nobody' }] },
  { resourceType: 'Medication', id: 'm1', code },
  { resourceType: 'Location', id: 'l1', name: 'Salle 1' },
  { resourceType: 'Binary', id: 'b1', contentType: 'text/plain', data: 'eA==' },
  {
    resourceType: 'Patient',
    id: 'p1',
    managingOrganization: { reference: 'Organization/o1' },
    link: [{ other: { reference: 'Patient/p3' }, type: 'seealso' }],
  },
  { resourceType: 'Patient', id: 'p2', name: [{ family: 'Other' }] },
  { resourceType: 'Patient', id: 'p3', name: [{ family: 'Twin record' }] },
  {
    resourceType: 'Encounter',
    id: 'e1',
    status: 'finished',
    class: { code: 'AMB' },
    subject,
    period: { start: '2020-03-01', end: '2020-03-02' },
    location: [{ location: { reference: 'Location/l1' } }],
  },
  ...Array.from({ length: 12 }, (_, at) => ({
    resourceType: 'Observation',
    id: `obs${at}`,
    status: 'final',
    code,
    subject,
    effectiveDateTime: `20${10 + at}-01-01`,
    performer: [{ reference: 'Practitioner/d1' }],
    ...(at === 3 ? { encounter: { reference: 'Encounter/e1' } } : {}),
  })),
  { resourceType: 'Observation', id: 'alien', status: 'final', code, subject: { reference: 'Patient/p2' } },
  {
    resourceType: 'Observation',
    id: 'panel',
    status: 'final',
    code,
    subject,
    hasMember: [{ reference: 'Observation/obs1' }, { reference: 'Observation/alien' }],
  },
  {
    resourceType: 'MedicationRequest',
    id: 'mr1',
    status: 'active',
    intent: 'order',
    subject,
    medicationReference: { reference: 'Medication/m1' },
    // No search parameter says who dispenses when it was asked for here.
    dispenseRequest: { performer: { reference: 'Organization/o1' } },
  },
  {
    resourceType: 'DocumentReference',
    id: 'doc1',
    status: 'current',
    subject,
    content: [{ attachment: { url: 'Binary/b1' } }],
  },
  {
    resourceType: 'Appointment',
    id: 'a1',
    status: 'proposed',
    participant: [
      { actor: subject, status: 'accepted' },
      { actor: { reference: 'Patient/p2' }, status: 'accepted' },
    ],
  },
];

beforeAll(async () => {
  const entry = resources.map((resource) => ({
    resource,
    request: { method: 'PUT', url: `${resource['resourceType']}/${resource['id']}` },
  }));
  const { status, text } = await server.request('POST', '', {
    body: { resourceType: 'Bundle', type: 'transaction', entry },
  });
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
});

const names = ({ entry = [] }: Bundle) =>
  entry.map(({ resource }) => `${resource?.resourceType}/${(resource as Resource).id}`);

async function get(path: string): Promise<Bundle> {
  const { status, text, as } = await server.request('GET', path);
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return as<Bundle>();
}

async function pages(path: string): Promise<string[][]> {
  const found: string[][] = [];
  for (let url: string | undefined = path; url !== undefined; ) {
    const bundle: Bundle = await get(url);
    found.push(names(bundle));
    url = bundle.link?.find(({ relation }) => relation === 'next')?.url;
  }
  return found;
}

const record = [
  'Patient/p1',
  'Appointment/a1',
  'DocumentReference/doc1',
  'Encounter/e1',
  'MedicationRequest/mr1',
  ...Array.from({ length: 12 }, (_, at) => `Observation/obs${at}`),
  'Observation/panel',
];
const around = ['Binary/b1', 'Location/l1', 'Medication/m1', 'Organization/o1', 'Patient/p3', 'Practitioner/d1'];

describe('Patient/$everything', () => {
  it('gives the patient, the compartment and what it points at, and nobody else’s record', async () => {
    const bundle = await get('/Patient/p1/$everything');
    expect(bundle.type).toBe('searchset');
    expect(names(bundle).toSorted()).toEqual([...record, ...around].toSorted());
    expect(bundle.total).toBe(record.length);
    expect(bundle.entry?.find(({ resource }) => resource?.id === 'd1')?.search?.mode).toBe('include');
  });

  it('pages through the same resources, each once (_count)', async () => {
    for (const count of [1, 5, 18, 23]) {
      const found = await pages(`/Patient/p1/$everything?_count=${count}`);
      expect(found.every((page) => page.length <= count)).toBe(true);
      expect(found.flat().toSorted()).toEqual([...record, ...around].toSorted());
    }
  });

  it('neither skips nor repeats what is changed between two pages', async () => {
    const first = await get('/Patient/p1/$everything?_count=6');
    const seen = names(first);
    for (const id of ['obs0', 'obs9', 'obs11']) {
      const body = { ...resources.find((one) => one['id'] === id), valueString: 'changed' };
      await server.request('PUT', `/Observation/${id}`, { body });
    }
    const next = first.link?.find(({ relation }) => relation === 'next')?.url ?? '';
    const rest = (await pages(next)).flat();
    expect([...seen, ...rest].toSorted()).toEqual([...record, ...around].toSorted());
  });

  it('keeps to dates of care, and to what has none (start, end)', async () => {
    const found = names(await get('/Patient/p1/$everything?start=2013-01-01&end=2015-12-31&_type=Observation'));
    expect(found.toSorted()).toEqual(['obs3', 'obs4', 'obs5', 'panel'].map((id) => `Observation/${id}`));
  });

  it('keeps to types, of members and of what they point at (_type)', async () => {
    expect(names(await get('/Patient/p1/$everything?_type=Encounter,Practitioner'))).toEqual([
      'Encounter/e1',
      'Practitioner/d1',
    ]);
    expect(names(await get('/Patient/p1/$everything?_type=Encounter&_type=Location'))).toEqual([
      'Encounter/e1',
      'Location/l1',
    ]);
  });

  it('gives what was written since, also when only what is pointed at was (_since)', async () => {
    const since = new Date().toISOString();
    const practitioner = { ...resources.find((one) => one['id'] === 'd1'), active: true };
    await server.request('PUT', '/Practitioner/d1', { body: practitioner });
    expect(names(await get(`/Patient/p1/$everything?_since=${since}`))).toEqual(['Practitioner/d1']);
  });

  it('takes its parameters from a Parameters resource too', async () => {
    const body = { resourceType: 'Parameters', parameter: [{ name: '_type', valueCode: 'Encounter' }] };
    const answer = await server.request('POST', '/Patient/p1/$everything', { body });
    expect(names(answer.as<Bundle>())).toEqual(['Encounter/e1']);
    expect(answer.as<Bundle>().link?.[0]?.url).toBe(`${server.base}/Patient/p1/$everything?_type=Encounter`);
  });

  it('of the type goes through all records', async () => {
    const whole = names(await get('/Patient/$everything'));
    expect(new Set(whole)).toEqual(new Set([...record, ...around, 'Patient/p2', 'Observation/alien']));
    const paged = (await pages('/Patient/$everything?_count=4')).flat();
    expect(new Set(paged)).toEqual(new Set(whole));
  });

  it.each([
    ['/Patient/none/$everything', 404],
    ['/Patient/p1/$everything?_count=0', 400],
    ['/Patient/p1/$everything?_count=x', 400],
    ['/Patient/p1/$everything?_type=Nothing', 400],
    ['/Patient/p1/$everything?start=yesterday', 400],
    ['/Patient/p1/$everything?nothing=1', 400],
    ['/Patient/p1/$everything?_page=abc', 400],
  ])('refuses %s with %i', async (path, status) => {
    const answer = await server.request('GET', path);
    expect([answer.status, answer.as<OperationOutcome>().resourceType]).toEqual([status, 'OperationOutcome']);
  });
});

describe('Encounter/$everything', () => {
  it('gives the encounter, what refers to it and what these point at', async () => {
    expect(names(await get('/Encounter/e1/$everything'))).toEqual([
      'Encounter/e1',
      'Observation/obs3',
      'Location/l1',
      'Patient/p1',
      'Practitioner/d1',
    ]);
  });

  it('is not there for the type', async () => {
    const { status } = await server.request('GET', '/Encounter/$everything');
    expect([404, 405]).toContain(status);
  });
});
