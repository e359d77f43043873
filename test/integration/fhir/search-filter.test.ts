// https://hl7.org/fhir/R4/search_filter.html
import type { Bundle, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { accessOf } from '../../../src/auth/access.ts';
import { systemAccess } from '../../../src/auth/system-access.ts';
import { extract } from '../../../src/fhir/search/extract.ts';
import { withServer } from '../../support/server.ts';

const server = withServer({
  authenticate: ({ authorization = '' }) => {
    const scope = authorization.slice('Bearer '.length).replaceAll('+', ' ');
    const access = scope === 'test' ? systemAccess('test') : accessOf({ client: { name: 'app' } }, scope, extract);
    return Promise.resolve(access);
  },
});
const { request } = server;
const ucum = 'http://unitsofmeasure.org';
const code = (value: string) => ({ coding: [{ system: 'http://loinc.org', code: value }] });
const document = (id: string, relatesTo?: readonly object[]) => ({
  resourceType: 'DocumentReference',
  id,
  status: 'current',
  content: [{ attachment: { title: id } }],
  ...(relatesTo ? { relatesTo } : {}),
});
const concept = (value: string) => ({ coding: [{ system: 'http://g', code: value }] });
const characteristic = (of: string, value: string) => ({
  code: concept(of),
  valueCodeableConcept: concept(value),
  exclude: false,
});
const resources = [
  { resourceType: 'Practitioner', id: 'd', name: [{ family: 'House' }] },
  {
    resourceType: 'Patient',
    id: 'p1',
    name: [{ family: 'Dupré', given: ['Peter'] }],
    gender: 'male',
    birthDate: '1980-02-01',
    generalPractitioner: [{ reference: 'Practitioner/d' }],
  },
  {
    resourceType: 'Patient',
    id: 'p2',
    name: [{ family: 'Petersen', given: ['Anna'] }],
    gender: 'female',
    birthDate: '1990-05',
  },
  {
    resourceType: 'Patient',
    id: 'p3',
    name: [{ family: 'Carpenter' }],
    identifier: [{ system: 'http://a', value: 'x,y' }],
  },
  {
    resourceType: 'Observation',
    id: 'o1',
    status: 'final',
    code: code('1'),
    subject: { reference: 'Patient/p1' },
    effectivePeriod: { start: '2020-01-01', end: '2020-03-01' },
  },
  {
    resourceType: 'Observation',
    id: 'o2',
    status: 'final',
    code: code('2'),
    subject: { reference: 'Patient/p2' },
    effectiveDateTime: '2020-06-01',
    valueQuantity: { value: 5, system: ucum, code: 'mg' },
  },
  {
    resourceType: 'Observation',
    id: 'o3',
    status: 'amended',
    code: code('2'),
    subject: { reference: 'Patient/p1' },
    effectiveDateTime: '2021',
    valueQuantity: { value: 50, system: ucum, code: 'mg' },
  },
  {
    resourceType: 'Patient',
    id: 'p4',
    name: [{ family: 'Zadi', given: ['Awa', 'Anne'] }],
    gender: 'unknown',
    identifier: [
      { system: 'http://a', value: '1' },
      { system: 'http://a', value: 'X-9' },
    ],
  },
  {
    resourceType: 'RiskAssessment',
    id: 'r',
    status: 'final',
    subject: { reference: 'Patient/p1' },
    prediction: [{ probabilityDecimal: 0.8 }],
  },
  document('dr1'),
  document('dr2', [{ code: 'replaces', target: { reference: 'DocumentReference/dr1' } }]),
  {
    resourceType: 'Group',
    id: 'g',
    type: 'person',
    actual: false,
    characteristic: [characteristic('taille', 'grand'), characteristic('cheveux', 'roux')],
  },
  {
    resourceType: 'ValueSet',
    id: 'v',
    url: 'http://v',
    status: 'active',
    compose: { include: [{ system: 'http://loinc.org', concept: [{ code: '1' }] }] },
  },
];

beforeAll(async () => {
  const entry = resources.map((resource) => ({
    resource: resource as unknown as Resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }));
  const answer = await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
  expect(answer.status, answer.text).toBe(200);
});

const ask = (type: string, filter: string, scope = 'test') =>
  request('GET', `/${type}?${new URLSearchParams({ _filter: filter })}`, {
    headers: { authorization: `Bearer ${scope}` },
  });
async function find(type: string, filter: string, scope?: string): Promise<string[]> {
  const answer = await ask(type, filter, scope);
  if (answer.status !== 200) throw new Error(`${filter}: ${answer.text}`);
  return (answer.as<Bundle>().entry ?? []).map(({ resource }) => resource?.id ?? '').sort();
}

describe('_filter', () => {
  it.each([
    // strings: values are never case sensitive
    ['Patient', 'name co "PET"', ['p1', 'p2']],
    ['Patient', 'name co "pent"', ['p3']],
    ['Patient', 'family sw dupre', ['p1']],
    ['Patient', 'family ew ENTER', ['p3']],
    ['Patient', 'family eq petersen', ['p2']],
    ['Patient', 'family eq peter', []],
    ['Patient', 'family ne petersen', ['p1', 'p3', 'p4']],
    ['Patient', 'given ne anna', ['p1', 'p4']],
    // "An item in the set has an unequal value": the others do not matter
    ['Patient', 'given ne awa', ['p1', 'p2', 'p4']],
    ['Patient', 'identifier ne http://a|1', ['p3', 'p4']],
    ['Patient', 'general-practitioner ne Practitioner/d', []],
    ['Patient', '_id ne p1', ['p2', 'p3', 'p4']],
    // code points, case insensitive
    ['Patient', 'family gt m', ['p2', 'p4']],
    ['Patient', 'family ge PETERSEN', ['p2', 'p4']],
    ['Patient', 'family lt d', ['p3']],
    ['Patient', 'family le dupre', ['p1', 'p3']],
    // the examples of the specification
    ['Patient', 'given eq "peter" and birthdate ge 1914-10-10', ['p1']],
    ['Observation', 'code eq http://loinc.org|1', ['o1']],
    ['Observation', 'subject.name co "pet"', ['o1', 'o2', 'o3']],
    // tokens
    ['Patient', 'gender eq male', ['p1']],
    ['Patient', 'gender eq MALE', ['p1']],
    ['Patient', 'identifier eq X-9', ['p4']],
    ['Patient', 'identifier eq x-9', ['p4']],
    ['Observation', 'code eq loinc|1', ['o1']],
    ['Observation', 'code eq "http://loinc.org|1"', ['o1']],
    ['Patient', 'gender ne male', ['p2', 'p4']],
    ['Patient', 'identifier eq "x,y"', ['p3']],
    ['Observation', 'code in ValueSet/v', ['o1']],
    ['Observation', 'code in "http://v"', ['o1']],
    ['Observation', 'code ni http://v', ['o2', 'o3']],
    // dates
    ['Observation', 'date eq 2020-06-01', ['o2']],
    ['Observation', 'date gt 2020-05', ['o2', 'o3']],
    ['Observation', 'date lt 2020-02', ['o1']],
    ['Observation', 'date po 2020-02', ['o1']],
    // "An item in the set's implicit period includes the stated value"
    ['Observation', 'date co 2020-02', ['o1']],
    ['Observation', 'date co 2021-05-06', ['o3']],
    ['Observation', 'date co 2020-02-20T10:00:00Z', ['o1']],
    ['Patient', 'birthdate co 1990-05-09', ['p2']],
    ['Patient', 'birthdate co 1990', []],
    ['RiskAssessment', 'probability co 0.8', ['r']],
    ['RiskAssessment', 'probability co 0.7', []],
    ['Observation', 'date sa 2020-06-01', ['o3']],
    ['Observation', 'date eb 2020-06-01', ['o1']],
    ['Patient', '_lastUpdated gt 2020-01-01', ['p1', 'p2', 'p3', 'p4']],
    // quantities
    ['Observation', `value-quantity gt 5|${ucum}|mg`, ['o3']],
    ['Observation', 'value-quantity le 5', ['o2']],
    // references
    ['Observation', 'subject re Patient/p1', ['o1', 'o3']],
    ['Observation', 'subject eq Patient/p2', ['o2']],
    ['Observation', 'subject ne Patient/p2', ['o1', 'o3']],
    // present
    ['Patient', 'birthdate pr true', ['p1', 'p2']],
    ['Patient', 'birthdate pr false', ['p3', 'p4']],
    ['Patient', '_id pr true', ['p1', 'p2', 'p3', 'p4']],
    // what filters alone have
    ['DocumentReference', 'relatesTo[code eq replaces].target re DocumentReference/dr1', ['dr2']],
    ['DocumentReference', 'relatesTo[code eq appends].target re DocumentReference/dr1', []],
    ['DocumentReference', 'relatesTo[target re DocumentReference/dr1].code eq replaces', ['dr2']],
    ['Group', 'characteristic[code eq http://g|taille].value eq http://g|grand', ['g']],
    ['Group', 'characteristic[code eq http://g|taille].value eq http://g|roux', []],
    // logic
    ['Patient', 'gender eq male or gender eq female and name co dupre', ['p1']],
    ['Patient', 'gender eq male or (gender eq female and name co anna)', ['p1', 'p2']],
    ['Patient', 'not (gender eq male)', ['p2', 'p3', 'p4']],
    ['Patient', 'not (gender pr true or name co carp)', []],
    // paths
    ['Observation', 'patient.general-practitioner.name eq house', ['o1', 'o3']],
    ['Observation', 'patient[gender eq male].name co dupre and status eq amended', ['o3']],
    ['Observation', 'patient[gender eq female].name co dupre', []],
    ['Observation', 'patient._id eq p1', ['o1', 'o3']],
  ])('%s: %s', async (type, filter, expected) => expect(await find(type, filter)).toEqual(expected));

  it('goes with other parameters, and may be given several times', async () => {
    const query = new URLSearchParams([
      ['_filter', 'gender eq male or gender eq female'],
      ['_filter', 'name co anna'],
      ['birthdate', '1990'],
    ]);
    const found = (await request('GET', `/Patient?${query}`)).as<Bundle>();
    expect(found.entry?.map(({ resource }) => resource?.id)).toEqual(['p2']);
  });

  it.each([
    ['Patient', 'nmae eq x'],
    ['Patient', 'gender co x'],
    ['Patient', 'birthdate eq yesterday'],
    ['Patient', 'name pr maybe'],
    ['Patient', 'name.family eq x'],
    ['Patient', 'organization.nothing eq x'],
    ['Observation', 'value-quantity sw 1'],
    ['Observation', 'value-quantity co 1'],
    ['Patient', 'gender sw m'],
    ['Patient', 'phonetic co dupre'],
    ['DocumentReference', 'relatesTo[code ne replaces].target re DocumentReference/dr1'],
    ['DocumentReference', 'relatesTo.target re DocumentReference/dr1'],
    ['Observation', 'code in http://nowhere'],
    ['Observation', 'subject gt Patient/p1'],
    ['Observation', 'subject.subject.subject eq x'],
    ['Patient', "name eq 'x' or 1=1 --"],
  ])('refuses %s: %s with 400, also when lenient', async (type, filter) => {
    const answer = await ask(type, filter);
    expect([answer.status, answer.as<OperationOutcome>().issue[0]?.severity]).toEqual([400, 'error']);
  });

  it('asks nothing of types that the caller may not search', async () => {
    expect((await ask('Observation', 'subject.name co pet', 'system/Observation.s')).status).toBe(403);
    expect(
      await find('Observation', 'subject.name co pet', 'system/Observation.s+system/Patient.s?gender=female'),
    ).toEqual(['o2']);
  });
});
