// https://hl7.org/fhir/R4/search.html#list, https://hl7.org/fhir/R4/lifecycle.html#current
import type { Bundle, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { accessOf } from '../../../src/auth/access.ts';
import { systemAccess } from '../../../src/auth/system-access.ts';
import { extract } from '../../../src/fhir/search/extract.ts';
import { withServer } from '../../support/server.ts';

const { request } = withServer({
  authenticate: ({ authorization = '' }) => {
    const scope = authorization.slice('Bearer '.length).replaceAll('+', ' ');
    const access = scope === 'test' ? systemAccess('test') : accessOf({ client: { name: 'app' } }, scope, extract);
    return Promise.resolve(access);
  },
});
const kinds = 'http://terminology.hl7.org/CodeSystem/list-example-use-codes';
const kind = (code: string, system = kinds) => ({ coding: [{ system, code }] });
const list = (id: string, code: object, status: string, items: readonly string[], patient = 'awa') => ({
  resourceType: 'List',
  id,
  status,
  mode: 'working',
  code,
  subject: { reference: `Patient/${patient}` },
  entry: items.map((reference) => ({ item: { reference } })),
});
const of = (patient: string) => ({ reference: `Patient/${patient}` });
const allergy = (id: string, category: string) => ({
  resourceType: 'AllergyIntolerance',
  id,
  category: [category],
  clinicalStatus: kind('active', 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical'),
  patient: of('awa'),
});
const resources = [
  { resourceType: 'Patient', id: 'awa', name: [{ family: 'Koné' }] },
  { resourceType: 'Patient', id: 'jean', name: [{ family: 'Kouassi' }] },
  { resourceType: 'Condition', id: 'toux', subject: of('awa') },
  { resourceType: 'Condition', id: 'ancienne', subject: of('awa') },
  { resourceType: 'Condition', id: 'jean', subject: of('jean') },
  allergy('penicilline', 'medication'),
  allergy('arachide', 'food'),
  {
    resourceType: 'MedicationStatement',
    id: 'rif',
    status: 'active',
    subject: of('awa'),
    medicationCodeableConcept: { text: 'R' },
  },
  {
    resourceType: 'MedicationRequest',
    id: 'inh',
    status: 'active',
    intent: 'order',
    subject: of('awa'),
    medicationCodeableConcept: { text: 'H' },
  },
  list('problemes', kind('problems'), 'current', ['Condition/toux']),
  list('avant', kind('problems'), 'retired', ['Condition/ancienne']),
  list('de-jean', kind('46105-3', 'http://loinc.org'), 'current', ['Condition/jean'], 'jean'),
  list('allergies', kind('52472-8', 'http://loinc.org'), 'current', [
    'AllergyIntolerance/penicilline',
    'AllergyIntolerance/arachide',
  ]),
  list('traitement', kind('medications'), 'current', ['MedicationStatement/rif', 'MedicationRequest/inh']),
  list('rendez-vous', kind('waiting'), 'current', ['Condition/ancienne']),
];

beforeAll(async () => {
  const entry = resources.map((resource) => ({
    resource: resource as unknown as Resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }));
  const answer = await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
  expect(answer.status, answer.text).toBe(200);
});

const ask = (path: string, scope = 'test') =>
  request('GET', `/${path}`, { headers: { authorization: `Bearer ${scope}` } });
async function found(path: string, scope?: string): Promise<string[]> {
  const answer = await ask(path, scope);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.text}`);
  return (answer.as<Bundle>().entry ?? []).map(({ resource }) => resource?.id ?? '').sort();
}

describe('3.1.1.4.16 _list: functional lists', () => {
  it.each([
    ['Condition?_list=$current-problems', ['jean', 'toux']],
    ['Condition?patient=awa&_list=$current-problems', ['toux']],
    ['Condition?patient=awa&_list=%24current-problems', ['toux']],
    ['Condition?subject:Patient.name=kouassi&_list=$current-problems', ['jean']],
    ['AllergyIntolerance?patient=awa&_list=$current-allergies', ['arachide', 'penicilline']],
    ['AllergyIntolerance?patient=awa&_list=$current-drug-allergies', ['penicilline']],
    ['AllergyIntolerance?patient=jean&_list=$current-allergies', []],
    ['MedicationStatement?_list=$current-medications', ['rif']],
    ['MedicationRequest?_list=$current-medications', ['inh']],
    ['Condition?_list=rendez-vous,$current-problems', ['ancienne', 'jean', 'toux']],
    ['Condition?_list=rendez-vous', ['ancienne']],
    ['Patient?_has:Condition:subject:_list=$current-problems', ['awa', 'jean']],
  ])('%s', async (path, expected) => expect(await found(path)).toEqual(expected));

  it.each([
    'Condition?_list=$current-nothing',
    'Observation?_list=$current-problems',
    'Condition?_list=$',
    'Condition?_list:not=$current-problems',
  ])('%s is refused with 400', async (path) => {
    const answer = await ask(path);
    expect([answer.status, answer.as<OperationOutcome>().issue[0]?.severity]).toEqual([400, 'error']);
  });

  it('holds for Lists that the caller may see', async () => {
    const path = 'Condition?_list=$current-problems';
    expect((await ask(path, 'system/Condition.rs')).status).toBe(403);
    expect(await found(path, 'system/Condition.rs+system/List.rs?subject=Patient/jean')).toEqual(['jean']);
  });
});

describe('3.1.1.4.18 _query: named queries', () => {
  it('says that there are none', async () => {
    const answer = await ask('Patient?_query=voisins');
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('no named queries')]);
  });
});
