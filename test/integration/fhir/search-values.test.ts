/** What parameters of every type find: https://hl7.org/fhir/R4/search.html#ptypes */
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const server = withServer();
const { request } = server;

const loinc = 'http://loinc.org';
const ucum = 'http://unitsofmeasure.org';
const v2 = 'http://terminology.hl7.org/CodeSystem/v2-0203';
const concept = (code: string, display?: string, text?: string) => ({
  coding: [{ system: loinc, code, ...(display ? { display } : {}) }],
  ...(text ? { text } : {}),
});
const quantity = (value: number, code: string, more: object = {}) => ({
  value,
  system: ucum,
  code,
  unit: code,
  ...more,
});

const pressure = (systolic: number, diastolic: number) => [
  { code: concept('8480-6', 'Systolic'), valueQuantity: quantity(systolic, 'mm[Hg]', { unit: 'mmHg' }) },
  { code: concept('8462-4', 'Diastolic'), valueQuantity: quantity(diastolic, 'mm[Hg]') },
];

const observation = (id: string, more: object) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: concept('x'),
  ...more,
});
const resources: readonly object[] = [
  observation('bp1', {
    code: concept('85354-9', 'Blood pressure', 'Tension artérielle'),
    component: pressure(150, 80),
  }),
  observation('bp2', { code: concept('85354-9', 'BP panel'), component: pressure(120, 95) }),
  observation('g1', { code: concept('2345-7'), valueQuantity: quantity(5400, 'mg') }),
  observation('g2', { code: concept('2345-7'), valueQuantity: quantity(5.4, 'g') }),
  observation('g3', { code: concept('2345-7'), valueQuantity: quantity(6, 'g', { comparator: '<' }) }),
  observation('t1', { code: concept('8310-5'), valueQuantity: quantity(37, 'Cel') }),
  observation('c1', { code: concept('72166-2'), valueCodeableConcept: concept('LA18976-3', 'Every day smoker') }),
  observation('d1', { code: concept('date'), valueDateTime: '2020-05-17' }),
  observation('s1', { code: { text: 'Toux sèche' }, valueString: 'Très fréquente' }),
  observation('sd1', {
    valueSampledData: {
      origin: { value: 2, system: ucum, code: 'mV' },
      period: 10,
      factor: 0.5,
      dimensions: 1,
      data: '4 -2 E 8',
    },
  }),
  {
    resourceType: 'Patient',
    id: 'p1',
    identifier: [
      { system: 'urn:a', value: '12345', type: { coding: [{ system: v2, code: 'MR' }], text: 'Dossier médical' } },
      { system: 'urn:b', value: '777', type: { coding: [{ system: v2, code: 'PPN' }], text: 'Passeport' } },
    ],
    name: [{ family: "d'Artagnan-Traoré", given: ['Jean-Pierre'] }],
    telecom: [{ system: 'email', value: 'Jean@Example.org' }],
  },
  {
    resourceType: 'Patient',
    id: 'p2',
    identifier: [{ system: 'urn:a', value: '777' }],
    name: [{ family: 'L’Hôpital', given: ['Mohamed'] }],
  },
  { resourceType: 'Patient', id: 'p3', name: [{ text: 'Œdipe Nguyễn' }] },
  {
    resourceType: 'Encounter',
    id: 'e1',
    status: 'finished',
    class: { code: 'AMB' },
    subject: { reference: 'Patient/p1', display: 'M. d’Artagnan' },
  },
  { resourceType: 'Encounter', id: 'e2', status: 'finished', class: { code: 'AMB' }, subject: { display: 'Inconnu' } },
  { resourceType: 'Location', id: 'bamako', name: 'Bamako', position: { latitude: 12.6392, longitude: -8.0029 } },
  { resourceType: 'Location', id: 'kati', name: 'Kati', position: { latitude: 12.7441, longitude: -8.0726 } },
  { resourceType: 'Location', id: 'suva', name: 'Suva', position: { latitude: -18.1416, longitude: 178.4419 } },
  { resourceType: 'ValueSet', id: 'v1', url: 'http://example.org/vs', version: '1.0', status: 'active' },
  { resourceType: 'ValueSet', id: 'v2', url: 'http://example.org/vs', version: '2.0', status: 'active' },
  {
    resourceType: 'MedicationRequest',
    id: 'm1',
    status: 'active',
    intent: 'order',
    medicationCodeableConcept: concept('m'),
    subject: { reference: 'Patient/p1' },
    dosageInstruction: [{ timing: { event: ['2020-01-01', '2020-01-31'] } }],
  },
  {
    resourceType: 'Condition',
    id: 'cond1',
    subject: { reference: 'Patient/p1' },
    text: {
      status: 'generated',
      div: '<div xmlns="http://www.w3.org/1999/xhtml"><b class="x">Fracture</b> du poignet</div>',
    },
    note: [{ text: 'Un secret' }],
  },
  {
    resourceType: 'Condition',
    id: 'cond2',
    subject: { reference: 'Patient/p2' },
    text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">Toux, vu à l’hôpital général</div>' },
  },
  {
    resourceType: 'Group',
    id: 'gr1',
    type: 'person',
    actual: false,
    characteristic: [
      { code: concept('gender'), valueCodeableConcept: { coding: [{ code: 'mixed' }] }, exclude: false },
      { code: concept('owner'), valueCodeableConcept: { coding: [{ code: 'john' }] }, exclude: false },
    ],
  },
];

beforeAll(async () => {
  const entry = resources.map((resource) => {
    const { resourceType, id } = resource as { resourceType: string; id: string };
    return { resource: resource as Resource, request: { method: 'PUT', url: `${resourceType}/${id}` } };
  });
  const answer = await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
  expect(answer.text).not.toContain('OperationOutcome');
});

async function find(path: string): Promise<readonly (string | undefined)[]> {
  const answer = await request('GET', `/${path}`);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.text}`);
  return (answer.as<Bundle>().entry ?? []).map(({ resource }) => resource?.id).sort();
}

describe('composites (R4 3.1.1.4.17)', () => {
  it.each([
    ['Observation?component-code-value-quantity=8480-6$gt140', ['bp1']],
    ['Observation?component-code-value-quantity=8462-4$gt90', ['bp2']],
    [`Observation?component-code-value-quantity=${loinc}|8480-6$150|${ucum}|mm[Hg]`, ['bp1']],
    ['Observation?component-code-value-quantity=8480-6$150||mmHg', ['bp1']],
    ['Observation?component-code-value-quantity=8480-6$80', []],
    ['Observation?component-code-value-quantity=8480-6$150,8480-6$120', ['bp1', 'bp2']],
    ['Observation?combo-code-value-quantity=8480-6$gt140', ['bp1']],
    ['Observation?combo-code-value-quantity=2345-7$5.4', ['g2']],
    [`Observation?code-value-quantity=2345-7$5.4|${ucum}|g`, ['g1', 'g2']],
    [`Observation?code-value-quantity=2345-7$lt0.01|${ucum}|kg`, ['g1', 'g2', 'g3']],
    ['Observation?code-value-concept=72166-2$LA18976-3', ['c1']],
    [`Observation?combo-code-value-concept=${loinc}|72166-2$${loinc}|LA18976-3`, ['c1']],
    ['Observation?code-value-concept=72166-2$other', []],
    ['Observation?code-value-date=date$ge2020-05', ['d1']],
    ['Observation?code-value-date=date$lt2020-05', []],
    ['Group?characteristic-value=gender$mixed', ['gr1']],
    ['Group?characteristic-value=gender$john', []],
    ['Observation?combo-code-value-quantity:missing=false&code=2345-7', ['g1', 'g2', 'g3']],
    ['Observation?combo-code-value-quantity:missing=true&status=final', ['c1', 'd1', 's1', 'sd1']],
  ])('%s', async (path, ids) => expect(await find(path)).toEqual(ids));

  it.each(['8480-6', '8480-6$', '8480-6$1$2'])('of %j are refused', async (value) =>
    expect((await request('GET', `/Observation?component-code-value-quantity=${value}`)).status).toBe(400),
  );
});

describe('tokens (R4 3.1.1.4.10)', () => {
  it.each([
    ['Observation?code:text=blood', ['bp1']],
    ['Observation?code:text=TENSION arterielle', ['bp1']],
    ['Observation?code:text=tour,toux', ['s1']],
    ['Observation?code:text=pressure', []],
    ['Observation?combo-code:text=systol', ['bp1', 'bp2']],
    ['Observation?code:code-text=85354,toux', ['bp1', 'bp2', 's1']],
    ['Observation?code:missing=true', []],
    ['Patient?identifier:text=dossier', ['p1']],
    [`Patient?identifier:of-type=${v2}|MR|12345`, ['p1']],
    [`Patient?identifier:of-type=${v2}|PPN|777`, ['p1']],
    [`Patient?identifier:of-type=${v2}|MR|777`, []],
    ['Patient?identifier=777', ['p1', 'p2']],
    ['Patient?email=jean@example.ORG', ['p1']],
    ['Encounter?subject:text=m d’art', ['e1']],
    ['Encounter?subject:text=inconnu', ['e2']],
  ])('%s', async (path, ids) => expect(await find(path)).toEqual(ids));

  it.each(['MR|12345', `${v2}|MR|`, '12345'])('of a type %j are refused, being in part', async (value) =>
    expect((await request('GET', `/Patient?identifier:of-type=${value}`)).status).toBe(400),
  );
});

describe('quantities (R4 3.1.1.4.11)', () => {
  it.each([
    [`Observation?value-quantity=5.4|${ucum}|g`, ['g1', 'g2']],
    [`Observation?value-quantity=5.40|${ucum}|g`, ['g1', 'g2']],
    [`Observation?value-quantity=5400|${ucum}|mg`, ['g1', 'g2']],
    [`Observation?value-quantity=5.40e-3|${ucum}|kg`, ['g1', 'g2']],
    [`Observation?value-quantity=le5.4|${ucum}|g`, ['g1', 'g2', 'g3']],
    [`Observation?value-quantity=gt5.4|${ucum}|g`, ['g3']],
    ['Observation?value-quantity=5.4||g', ['g2']],
    ['Observation?value-quantity=5.4', ['g2']],
    [`Observation?value-quantity=310.15|${ucum}|K`, ['t1']],
    [`Observation?value-quantity=98.6|${ucum}|[degF]`, ['t1']],
    ['Observation?component-value-quantity=150||mmHg', ['bp1']],
    [`Observation?value-quantity=ge1|${ucum}|mV`, ['sd1']],
    [`Observation?value-quantity=sa6|${ucum}|mV`, []],
  ])('%s', async (path, ids) => expect(await find(path)).toEqual(ids));
});

describe('strings (R4 3.1.1.4.8)', () => {
  it.each([
    ["Patient?name=d'artagnan", ['p1']],
    ['Patient?name=D’ARTAGNAN', ['p1']],
    ['Patient?name=artagnan', ['p1']],
    ['Patient?family=traore', ['p1']],
    ['Patient?family:exact=Traoré', []],
    ["Patient?family:exact=d'Artagnan-Traoré", ['p1']],
    ['Patient?given=jean pierre', ['p1']],
    ['Patient?given=pierre', ['p1']],
    ["Patient?name=l'hopital", ['p2']],
    ['Patient?name=hopital', ['p2']],
    ['Patient?name=oedipe nguyen', ['p3']],
    ['Patient?name:contains=tagnan tra', ['p1']],
    ['Patient?phonetic=Muhammad', ['p2']],
    ['Patient?phonetic=Trahoret', ['p1']],
    ['Patient?phonetic=Dupont', []],
  ])('%s', async (path, ids) => expect(await find(path)).toEqual(ids));
});

describe('dates (R4 3.1.1.4.7)', () => {
  it.each([
    ['MedicationRequest?date=2020-01', ['m1']],
    ['MedicationRequest?date=ge2020-01-15', ['m1']],
    ['MedicationRequest?date=2020-01-15', []],
    ['MedicationRequest?date=sa2020-01', []],
  ])('%s', async (path, ids) => expect(await find(path)).toEqual(ids));
});

describe('canonicals (R4 3.1.1.4.9)', () => {
  it.each([
    ['ValueSet?url=http://example.org/vs', ['v1', 'v2']],
    ['ValueSet?url=http://example.org/vs|2.0', ['v2']],
    ['ValueSet?url=http://example.org/vs|3.0', []],
  ])('%s', async (path, ids) => expect(await find(path)).toEqual(ids));
});

describe('full text (R4 3.1.1.4.22, _text and _content)', () => {
  it.each([
    ['Condition?_text=fracture', ['cond1']],
    ['Condition?_text=fractures', ['cond1']],
    ['Condition?_text=hopital', ['cond2']],
    ['Condition?_text=Hôpital general', ['cond2']],
    ['Condition?_text="general hopital"', []],
    ['Condition?_text=(fracture OR toux) and not hôpital', ['cond1']],
    ['Condition?_text=fracture,toux', ['cond1', 'cond2']],
    ['Condition?_text=class', []],
    ['Condition?_text=secret', []],
    ['Condition?_content=secret', ['cond1']],
    ['Condition?_content=secret&subject=Patient/p1', ['cond1']],
    ['Patient?_has:Condition:subject:_text=toux', ['p2']],
  ])('%s', async (path, ids) => expect(await find(path)).toEqual(ids));

  it('finds and counts resources of the type alone, however many others say the same', async () => {
    for (let at = 0; at < 25; at += 1) {
      await request('POST', '/Basic', { body: { resourceType: 'Basic', code: { text: 'quarantaine' } } });
    }
    const subject = { reference: 'Patient/p1' };
    const flag = { resourceType: 'Flag', id: 'quiet', status: 'active', code: { text: 'quarantaine' }, subject };
    await request('PUT', '/Flag/quiet', { body: flag });
    await request('POST', '/Basic', { body: { resourceType: 'Basic', code: { text: 'quarantaine' } } });
    expect(await find('Flag?_content=quarantaine')).toEqual(['quiet']);
    const counted = await request('GET', '/Flag?_content=quarantaine&_summary=count');
    expect(counted.as<{ total: number }>().total).toBe(1);
  });

  it.each(['(a', 'a)', 'or', '"."', 'a and'])('of %j is refused', async (value) =>
    expect((await request('GET', `/Condition?_text=${encodeURIComponent(value)}`)).status).toBe(400),
  );
});

describe('near (R4 Location, positional searching)', () => {
  it.each([
    ['Location?near=12.64|-8.0|5|km', ['bamako']],
    ['Location?near=12.64|-8.0|20|km', ['bamako', 'kati']],
    ['Location?near=12.64|-8.0', ['bamako', 'kati']],
    ['Location?near=12.64|-8.0|5000|m', ['bamako']],
    ['Location?near=-18|-179|400|km', ['suva']],
  ])('%s', async (path, ids) => expect(await find(path)).toEqual(ids));

  it.each(['', '91|0', '1', '1|2|x|km', '1|2|3|parsec'])('of %j is refused or ignored', async (value) => {
    const { status } = await request('GET', `/Location?near=${value}`);
    expect(status).toBe(value === '' ? 200 : 400);
  });
});
