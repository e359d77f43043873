// https://hl7.org/fhir/R4/search.html#contained, https://hl7.org/fhir/R4/search.html#chaining
import type { Bundle, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { accessOf } from '../../../src/auth/access.ts';
import { systemAccess } from '../../../src/auth/system-access.ts';
import { extract } from '../../../src/fhir/search/extract.ts';
import { withServer } from '../../support/server.ts';

const server = withServer({
  authenticate: ({ authorization = '' }) => {
    const [scope = '', patient] = authorization.slice('Bearer '.length).replaceAll('+', ' ').split('@');
    const caller = { client: { name: 'app' }, ...(patient ? { patient, userId: 'u', role: 'MEDECIN' as const } : {}) };
    return Promise.resolve(scope === 'test' ? systemAccess('test') : accessOf(caller, scope, extract));
  },
});
const { request } = server;
const drug = (code: string) => ({ coding: [{ system: 'http://exemple.ci/dci', code }] });
const medication = (id: string, more: object) => ({ resourceType: 'Medication', id, ...more });
const order = (id: string, patient: string, contained: readonly object[], reference = '#m1') => ({
  resourceType: 'MedicationRequest',
  id,
  status: 'active',
  intent: 'order',
  contained,
  medicationReference: { reference },
  subject: { reference: `Patient/${patient}` },
  // Whatever is contained is referred to: https://hl7.org/fhir/R4/domainresource.html (dom-3)
  ...(contained.length > 1 && reference === '#m1' ? { supportingInformation: [{ reference: '#m2' }] } : {}),
});
const maker = { resourceType: 'Organization', id: 'm2', name: 'Pharmivoire' };
const resources: readonly (Record<string, unknown> & { readonly resourceType: string; readonly id: string })[] = [
  { resourceType: 'Patient', id: 'awa', name: [{ family: 'Koné', given: ['Awa'] }] },
  { resourceType: 'Patient', id: 'jean', name: [{ family: 'Kouassi', given: ['Jean'] }] },
  { resourceType: 'Organization', id: 'labo', name: 'Laboratoire Cinpharm' },
  medication('seul', { code: drug('rifampicine'), status: 'active' }),
  order('melange', 'awa', [
    medication('m1', {
      code: drug('isoniazide'),
      status: 'active',
      ingredient: [{ itemCodeableConcept: drug('sirop') }],
      manufacturer: { reference: '#m2' },
      amount: { numerator: { value: 1.5 }, denominator: { value: 1 } },
    }),
    maker,
  ]),
  order('double', 'jean', [
    medication('m1', {
      code: drug('rifampicine'),
      status: 'inactive',
      manufacturer: { reference: 'Organization/labo' },
    }),
    medication('m2', { code: drug('isoniazide'), status: 'active', form: drug('gelule') }),
  ]),
  order('simple', 'awa', [], 'Medication/seul'),
  {
    resourceType: 'Observation',
    id: 'parle',
    status: 'final',
    code: drug('poids'),
    contained: [{ resourceType: 'Patient', id: 'p', name: [{ family: 'Traoré' }], birthDate: '1990-02-03' }],
    subject: { reference: '#p' },
  },
].map(({ contained, ...rest }: Record<string, unknown>) => ({
  ...rest,
  ...(Array.isArray(contained) && contained.length > 0 ? { contained } : {}),
})) as never;

beforeAll(async () => {
  const entry = resources.map((resource) => ({
    resource: resource as unknown as Resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }));
  const answer = await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
  expect(answer.status, answer.text).toBe(200);
});

const bearer = (scope: string) => ({ headers: { authorization: `Bearer ${scope}` } });
async function found(path: string, scope = 'test'): Promise<string[]> {
  const answer = await request('GET', `/${path}`, bearer(scope));
  if (answer.status !== 200) throw new Error(`${path}: ${answer.text}`);
  const entries = answer.as<Bundle>().entry ?? [];
  expect(entries.every(({ search }) => search?.mode === 'match')).toBe(true);
  return entries.map(({ fullUrl = '' }) => fullUrl.slice(server.base.length + 1)).sort();
}

const [double, melange] = ['MedicationRequest/double', 'MedicationRequest/melange'];

describe('3.1.1.5.7 chains are evaluated inside contained resources', () => {
  it.each([
    ['MedicationRequest?medication.ingredient-code=sirop', [melange]],
    ['MedicationRequest?medication.code=isoniazide', [melange]],
    ['MedicationRequest?medication.code=rifampicine', [double, 'MedicationRequest/simple']],
    ['MedicationRequest?medication:Medication.status=active', [melange, 'MedicationRequest/simple']],
    ['MedicationRequest?medication.status:not=active', [double]],
    ['MedicationRequest?medication.form:missing=true', [double, melange, 'MedicationRequest/simple']],
    ['MedicationRequest?medication._id=m1', [double, melange]],
    ['MedicationRequest?medication.manufacturer.name=pharm', [melange]],
    ['MedicationRequest?medication.manufacturer.name=labo', [double]],
    ['MedicationRequest?medication.code=isoniazide&subject:Patient.name=kone', [melange]],
    ['Observation?subject:Patient.name=traore', ['Observation/parle']],
    ['Observation?patient.birthdate=1990', ['Observation/parle']],
    ['Observation?_filter=subject.name co "aor"', ['Observation/parle']],
    ['Observation?subject:Patient.name=kone', []],
    ['Observation?subject:missing=false', ['Observation/parle']],
    ['Organization?name=pharm', []],
  ])('%s', async (path, expected) => expect(await found(path)).toEqual(expected));
});

describe('3.1.1.5.7 _contained: by default contained resources are not found', () => {
  it.each([
    ['Medication?code=isoniazide', []],
    ['Medication?code=isoniazide&_contained=false', []],
    ['Medication?code=isoniazide&_contained=true', [double, melange]],
    ['Medication?code=isoniazide&_contained=true&_containedType=container', [double, melange]],
    ['Medication?code=rifampicine&_contained=both', ['Medication/seul', double]],
    ['Medication?code=rifampicine&_contained=true', [double]],
    ['Medication?_contained=true', [double, melange]],
    // Both criteria hold for one contained resource, not for two of them together.
    ['Medication?code=rifampicine&status=active&_contained=true', []],
    ['Medication?code=isoniazide&status=active&_contained=true', [double, melange]],
    ['Medication?_id=m2&_contained=true', [double]],
    ['Medication?form:missing=false&_contained=true', [double]],
    ['Medication?manufacturer.name=labo&_contained=true', [double]],
    ['Medication?manufacturer.name=pharm&_contained=true', [melange]],
    ['Medication?_filter=status eq active and not (form pr true)&_contained=true', [melange]],
    ['Medication?_has:MedicationRequest:medication:status=active&_contained=true', []],
    ['Patient?name=traore&_contained=both', ['Observation/parle']],
    ['Patient?name=k&_contained=both', ['Patient/awa', 'Patient/jean']],
    ['Encounter?_contained=true', []],
  ])('%s', async (path, expected) => expect(await found(path)).toEqual(expected));
});

describe('3.1.1.5.7 _containedType=contained: the contained resources alone', () => {
  it.each([
    ['Medication?code=isoniazide', [`${double}#m2`, `${melange}#m1`]],
    ['Medication?status=active,inactive', [`${double}#m1`, `${double}#m2`, `${melange}#m1`]],
    ['Organization?name=pharm', [`${melange}#m2`]],
  ])('%s&_contained=true', async (path, expected) => {
    expect(await found(`${path}&_contained=true&_containedType=contained`)).toEqual(expected);
  });

  it('goes with those that are not contained, is counted, and keeps what was written', async () => {
    const path = 'Medication?code=isoniazide,rifampicine&_contained=both&_containedType=contained';
    const all = ['Medication/seul', `${double}#m1`, `${double}#m2`, `${melange}#m1`];
    expect(await found(path)).toEqual(all);
    const answer = await request('GET', `/${path}&_total=accurate&_count=1`);
    expect(answer.as<Bundle>().total).toBe(4);
    const one = (
      await request('GET', '/Medication?ingredient-code=sirop&_contained=true&_containedType=contained')
    ).as<Bundle>();
    expect([one.total, one.entry?.[0]?.resource?.resourceType, one.entry?.[0]?.resource?.id]).toEqual([
      1,
      'Medication',
      'm1',
    ]);
  });

  it('is paged and sorted like any other search', async () => {
    const path = 'Medication?_contained=both&_count=1&_sort=code';
    const seen: string[] = [];
    for (let url: string | undefined = `${server.base}/${path}`; url; ) {
      const page: Bundle = (await request('GET', url)).as<Bundle>();
      seen.push(...(page.entry ?? []).map(({ fullUrl = '' }) => fullUrl.slice(server.base.length + 1)));
      url = page.link?.find(({ relation }) => relation === 'next')?.url;
    }
    expect(seen.toSorted()).toEqual(['Medication/seul', double, melange]);
    expect(seen[0]).toBe(melange);
  });
});

describe('contained resources are found by who may see their containers', () => {
  const path = 'Medication?code=isoniazide,rifampicine&_contained=true';
  it('by the compartment of the patient of the container', async () => {
    const scope = 'user/Medication.rs+patient/MedicationRequest.rs';
    expect(await found(path, `${scope}@awa`)).toEqual([melange]);
    expect(await found(`${path}&_containedType=contained`, `${scope}@jean`)).toEqual([`${double}#m1`, `${double}#m2`]);
  });

  it('by the scopes of the type of the container', async () => {
    expect(await found(path, 'system/Medication.rs')).toEqual([]);
    expect(await found(path, 'system/Medication.rs+system/MedicationRequest.rs?status=completed')).toEqual([]);
    expect(await found(path, 'system/Medication.rs+system/MedicationRequest.rs?status=active')).toEqual([
      double,
      melange,
    ]);
  });

  it('within the compartment that is searched', async () => {
    expect(await found('Patient/awa/MedicationRequest?medication.code=isoniazide')).toEqual([melange]);
  });
});

describe('what is wrong is refused', () => {
  it.each([
    'Medication?_contained=maybe',
    'Medication?_contained=true&_containedType=all',
    'Medication?_contained=true&_contained=both',
    '?_type=Medication,Patient&_contained=true',
    'Medication?_contained:not=true',
    'Observation/$lastn?_contained=true',
  ])('%s with 400', async (path) => {
    const answer = await request('GET', `/${path}`);
    expect([answer.status, answer.as<OperationOutcome>().issue[0]?.severity]).toEqual([400, 'error']);
  });

  it('contained resources that point at each other are found, and end', async () => {
    const contained = Array.from({ length: 12 }, (_, at) => ({
      resourceType: 'Observation',
      id: `o${at}`,
      status: 'final',
      code: drug('ronde'),
      hasMember: Array.from({ length: 12 }, (_, other) => ({ reference: `#o${other}` })),
    }));
    const body = { ...contained[0], id: 'ronde', contained };
    expect((await request('PUT', '/Observation/ronde', { body })).status).toBe(201);
    expect(await found('Observation?has-member.has-member.code=ronde')).toEqual(['Observation/ronde']);
  });

  it('superseded containers are not found any more', async () => {
    const body = order('passager', 'awa', [medication('m1', { code: drug('ethambutol') })]);
    await request('PUT', '/MedicationRequest/passager', { body });
    expect(await found('Medication?code=ethambutol&_contained=true')).toEqual(['MedicationRequest/passager']);
    const changed = order('passager', 'awa', [medication('m1', { code: drug('pyrazinamide') })]);
    await request('PUT', '/MedicationRequest/passager', { body: changed });
    expect(await found('Medication?code=ethambutol&_contained=true')).toEqual([]);
    await request('DELETE', '/MedicationRequest/passager');
    expect(await found('Medication?code=pyrazinamide&_contained=true')).toEqual([]);
  });
});
