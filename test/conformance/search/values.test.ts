// What public suites of FHIR servers ask of search (claims in our own words and data), by the sections of
// https://hl7.org/fhir/R4/search.html
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const server = withServer();
const { request } = server;
const ucum = 'http://unitsofmeasure.org';
const coded = (...codings: readonly (readonly [system: string | undefined, code: string, display?: string])[]) => ({
  coding: codings.map(([system, code, display]) => ({
    ...(system === undefined ? {} : { system }),
    code,
    ...(display === undefined ? {} : { display }),
  })),
});
const longText = 'Avenue des Cocotiers '.repeat(60).trim();
const patient = (id: string, more: object) => ({ resourceType: 'Patient', id, ...more });
const observation = (id: string, more: object) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: coded(['http://exemple.ci/mesures', 'mesure']),
  ...more,
});
const measured = (id: string, value: number, code: string, system: string) =>
  observation(id, { valueQuantity: { value, code, unit: code, system } });
const dated = (id: string, effective: object) =>
  observation(id, { category: [coded(['http://t', 'date'])], ...effective });
const concept = (id: string, value: object) =>
  observation(id, { category: [coded(['http://t', 'code'])], valueCodeableConcept: value });
const risk = (id: string, probability: number) => ({
  resourceType: 'RiskAssessment',
  id,
  status: 'final',
  subject: { reference: 'Patient/awa' },
  prediction: [{ probabilityDecimal: probability }],
});
const valueSet = (id: string, url: string, version?: string) => ({
  resourceType: 'ValueSet',
  id,
  url,
  status: 'active',
  ...(version ? { version } : {}),
});
const document = (id: string, relatesTo: readonly object[] = []) => ({
  resourceType: 'DocumentReference',
  id,
  status: 'current',
  content: [{ attachment: { title: id } }],
  ...(relatesTo.length > 0 ? { relatesTo } : {}),
});

const attached = (id: string, contentType: string) => ({
  ...document(id),
  content: [{ attachment: { contentType } }],
});

const resources = [
  patient('awa', {
    active: true,
    name: [{ family: 'Koné', given: ['Awa', 'Béatrice'], prefix: ['Mme'] }],
    gender: 'female',
    birthDate: '1982-03-10',
    telecom: [
      { system: 'phone', value: '+225 07 01' },
      { system: 'email', value: 'Awa@Exemple.ci' },
    ],
    address: [{ city: 'Bouaké', line: ['12 rue du Marché'], country: 'CI' }],
    identifier: [
      {
        system: 'http://exemple.ci/dossier',
        value: 'A-1',
        type: coded(['http://terminology.hl7.org/CodeSystem/v2-0203', 'MR']),
      },
    ],
    managingOrganization: { reference: 'Organization/chu' },
    generalPractitioner: [{ reference: 'Practitioner/dr' }],
  }),
  patient('jean', {
    active: false,
    name: [{ text: 'Jean Müller', family: 'Müller' }],
    gender: 'male',
    birthDate: '1982-03',
    deceasedDateTime: '2020-01-01',
    address: [{ city: longText }],
    identifier: [{ value: 'A-1' }],
    managingOrganization: { reference: 'Organization/csu' },
  }),
  patient('sans', {
    name: [{ family: "N'Guessan,Yao|dit$Y\\Z" }],
    link: [{ other: { reference: 'Patient/awa' }, type: 'seealso' }],
    managingOrganization: { identifier: { system: 'http://exemple.ci/finess', value: '77' }, display: 'Clinique' },
  }),
  { resourceType: 'Organization', id: 'chu', name: 'CHU de Bouaké', active: true },
  { resourceType: 'Organization', id: 'csu', name: 'Centre urbain', partOf: { reference: 'Organization/chu' } },
  { resourceType: 'Practitioner', id: 'dr', name: [{ family: 'Diarra' }] },
  // Quantities: number, system, unit
  measured('q1', 0.002, 'u1', 'http://s1'),
  measured('q2', 1, 'u1', 'http://s1'),
  measured('q3', 3.12, 'u1', 'http://s2'),
  measured('q4', 5, 'u1', 'http://s1'),
  measured('q5', 5, 'u2', 'http://s2'),
  measured('q6', 8.95, 'u2', 'http://s1'),
  // Dates around 11 May 1980 at 16:32:15.5
  dated('d1', { effectivePeriod: { start: '1980-05-16', end: '1980-05-20' } }),
  dated('d2', { effectiveDateTime: '1980-05' }),
  dated('d3', { effectiveDateTime: '1980-05-11' }),
  dated('d4', { effectiveDateTime: '1980-05-11T16:32:15Z' }),
  dated('d5', { effectiveDateTime: '1980-05-11T16:32:15.500Z' }),
  dated('d6', { effectiveDateTime: '1981-01-01T01:00:00+01:00' }),
  dated('d7', { effectivePeriod: { start: '1979-12-31' } }),
  // Codes
  concept('c1', coded(['http://s1', 'code1'])),
  concept('c2', coded(['http://s2', 'code2', 'Toux sèche'])),
  concept('c3', { text: 'toux grasse' }),
  concept('c4', { ...coded(['http://s1', 'code1'], ['http://s3', 'code3', 'Fièvre']), text: 'toux' }),
  concept('c5', coded([undefined, 'code3'])),
  // Composites
  observation('tension', {
    code: coded(['http://loinc.org', '85354-9']),
    component: [
      { code: coded(['http://loinc.org', '8480-6']), valueQuantity: { value: 107, system: ucum, code: 'mm[Hg]' } },
      { code: coded(['http://loinc.org', '8462-4']), valueQuantity: { value: 60, system: ucum, code: 'mm[Hg]' } },
    ],
  }),
  observation('yeux', { code: coded(['http://snomed.info/sct', '162806009']), valueString: 'Marron clair' }),
  document('dr1'),
  attached('m1', 'text/xml'),
  attached('m2', 'text/xml; charset=UTF-8'),
  attached('m3', 'image/png'),
  attached('m4', 'text/xml-external'),
  document('dr2', [{ code: 'appends', target: { reference: 'DocumentReference/dr1' } }]),
  document('dr3', [{ code: 'replaces', target: { reference: 'DocumentReference/dr1' } }]),
  risk('r1', 0.5),
  risk('r2', 0.75),
  risk('r3', 1),
  valueSet('v1', 'http://exemple.ci/fhir/ValueSet/a', '1.0'),
  valueSet('v2', 'http://exemple.ci/fhir/ValueSet/a', '2.0'),
  valueSet('v3', 'http://exemple.ci/fhir/ValueSet/a/b'),
  valueSet('v4', 'urn:oid:1.2.3'),
];

beforeAll(async () => {
  const entry = resources.map((resource) => ({
    resource: resource as unknown as Resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }));
  const answer = await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
  expect(answer.status, answer.text).toBe(200);
});

/** The ids of the matches; of a path without `&` in its values, each value encoded as a client does. */
async function found(path: string): Promise<string> {
  const [type = '', query = ''] = path.split(/\?(.*)/s);
  const params = query.split('&').map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]);
  const answer = await request('GET', `/${type}?${new URLSearchParams(params)}&_count=200`);
  if (answer.status !== 200) return `${answer.status}`;
  const entries = answer.as<Bundle>().entry ?? [];
  const ids = entries.flatMap(({ resource, search }) => (search?.mode === 'match' ? [resource?.id] : []));
  return (query.includes('_sort') ? ids : ids.toSorted()).join(' ');
}
const claims = (list: readonly (readonly [path: string, ids: string])[]) =>
  it.each(list)('%s', async (path, ids) => expect(await found(path)).toBe(ids));

describe('3.1.1.4.8 string', () => {
  claims([
    ['Patient?address-city=bouake', 'awa'],
    ['Patient?address-city=BOUAKÉ', 'awa'],
    ['Patient?address-city=Bou', 'awa'],
    ['Patient?address-city=aké', ''],
    ['Patient?address-city:exact=Bouaké', 'awa'],
    ['Patient?address-city:exact=bouaké', ''],
    ['Patient?address-city:exact=Bouake', ''],
    ['Patient?address-city:exact=Bou', ''],
    ['Patient?address-city:contains=AKE', 'awa'],
    ['Patient?address-city:contains=123', ''],
    [`Patient?address-city=${longText}`, 'jean'],
    [`Patient?address-city=Pas ${longText}`, ''],
    [`Patient?address-city:exact=${longText}`, 'jean'],
    [`Patient?address-city:exact=${longText} x`, ''],
    ['Patient?address-city:contains=Cocotiers Avenue', 'jean'],
    ['Patient?address=marché', ''],
    ['Patient?address=12 rue', 'awa'],
    ['Patient?address-country=ci', 'awa'],
    ['Patient?family=Koné,Mull', 'awa jean'],
    ['Patient?name=béa&name=kon', 'awa'],
    ['Patient?name=muller', 'jean'],
    ['Patient?name=müller', 'jean'],
    ['Patient?name=mme', 'awa'],
    ['Patient?given=awa&family=kone', 'awa'],
    ['Patient?given=awa&family=muller', ''],
    ['Patient?family:missing=true', ''],
    ['Patient?given:missing=true', 'jean sans'],
    ['Patient?given:missing=false', 'awa'],
    ['Patient?family:wrong=x', '400'],
    ['Patient?name=', 'awa jean sans'],
    ['Patient?name:text=x', '400'],
  ]);
});

describe('3.1.1.4.4 escaping', () => {
  claims([
    ["Patient?family=N'Guessan\\,Yao\\|dit\\$Y\\\\Z", 'sans'],
    ["Patient?family:exact=N'Guessan\\,Yao\\|dit\\$Y\\\\Z", 'sans'],
    ["Patient?family=N'Guessan\\,Kof", ''],
    ["Patient?family=rien,N'Guessan", 'sans'],
    ['Patient?family:contains=%', ''],
    ['Patient?family:contains=_', ''],
  ]);
});

describe('3.1.1.4.10 token', () => {
  claims([
    ['Observation?value-concept=rien', ''],
    ['Observation?value-concept=code1', 'c1 c4'],
    ['Observation?value-concept=code3', 'c4 c5'],
    ['Observation?value-concept=a|b', ''],
    ['Observation?value-concept=http://s2|code2', 'c2'],
    ['Observation?value-concept=http://s1|code2', ''],
    ['Observation?value-concept=|code2', ''],
    ['Observation?value-concept=|code3', 'c5'],
    ['Observation?value-concept=http://s3|', 'c4'],
    ['Observation?value-concept=code1,http://s2|code2', 'c1 c2 c4'],
    ['Observation?value-concept:text=toux', 'c2 c3 c4'],
    ['Observation?value-concept:text=TOUX S', 'c2'],
    ['Observation?value-concept:text=grasse', ''],
    ['Observation?value-concept:text=code1', ''],
    ['Observation?category=http://t|code&value-concept:not=code1', 'c2 c3 c5'],
    ['Observation?category=http://t|code&value-concept:not=http://s3|', 'c1 c2 c3 c5'],
    ['Observation?category=http://t|code&value-concept:not=|code3', 'c1 c2 c3 c4'],
    ['Observation?category=http://t|code&value-concept:not=code1,code2', 'c3 c5'],
    ['Patient?gender=female', 'awa'],
    ['Patient?gender=http://hl7.org/fhir/administrative-gender|female', 'awa'],
    ['Patient?gender=http://autre|female', ''],
    ['Patient?gender:not=female', 'jean sans'],
    ['Patient?gender:missing=true', 'sans'],
    ['Patient?active=true', 'awa'],
    ['Patient?active=false', 'jean'],
    ['Patient?active:not=true', 'jean sans'],
    ['Patient?deceased=true', 'jean'],
    ['Patient?deceased=false', 'awa sans'],
    ['Patient?identifier=A-1', 'awa jean'],
    ['Patient?identifier=http://exemple.ci/dossier|A-1', 'awa'],
    ['Patient?identifier=|A-1', 'jean'],
    ['Patient?identifier=http://exemple.ci/dossier|', 'awa'],
    ['Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|A-1', 'awa'],
    ['Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|A-2', ''],
    ['Patient?identifier:of-type=MR|A-1', '400'],
    ['Patient?telecom=awa@exemple.ci', 'awa'],
    ['Patient?email=AWA@EXEMPLE.CI', 'awa'],
    ['Patient?phone=+225 07 01', 'awa'],
    ['Patient?_id=awa,jean', 'awa jean'],
    ['Patient?_id=awa&_id=jean', ''],
    ['Patient?_id=rien', ''],
  ]);
});

describe('3.1.1.4.7 date: what the range of the value and the range that is stored have to do with each other', () => {
  const of = (value: string) => `Observation?category=http://t|date&date=${value}`;
  claims([
    [of('1980'), 'd1 d2 d3 d4 d5'],
    [of('eq1980-05'), 'd1 d2 d3 d4 d5'],
    [of('1980-05-11'), 'd3 d4 d5'],
    [of('1980-05-11T16:32Z'), 'd4 d5'],
    [of('1980-05-11T16:32:15Z'), 'd4 d5'],
    [of('1980-05-11T18:32:15+02:00'), 'd4 d5'],
    [of('1980-05-11T16:32:15.500Z'), 'd5'],
    [of('1981-01-01'), 'd6'],
    [of('ne1980'), 'd6 d7'],
    [of('ne1980-05-11'), 'd1 d2 d6 d7'],
    [of('lt1980'), 'd7'],
    [of('lt1980-05-11'), 'd2 d7'],
    [of('lt1980-05-11T16:32:15Z'), 'd2 d3 d7'],
    [of('gt1980'), 'd6 d7'],
    [of('gt1980-05-11'), 'd1 d2 d6 d7'],
    [of('gt1980-05-31'), 'd6 d7'],
    [of('ge1980-05-16'), 'd1 d2 d6 d7'],
    [of('le1980-05-10'), 'd2 d7'],
    // What begins within the day and goes on after it is neither before the day nor in it.
    [of('le1979-12-31'), ''],
    [of('le1980-01-01'), 'd7'],
    [of('sa1980-05-11'), 'd1 d6'],
    [of('eb1980-05-16'), 'd3 d4 d5'],
    [of('eb1981'), 'd1 d2 d3 d4 d5'],
    [`${of('ge1980-05-11')}&date=lt1980-05-12`, 'd2 d3 d4 d5 d7'],
    [of('1980-05-16,1981-01-01'), 'd6'],
    [of('1980-13'), '400'],
    [of('1980-02-30'), '400'],
    [of('80'), '400'],
    [of('xx1980'), '400'],
    ['Patient?birthdate=1982-03', 'awa jean'],
    ['Patient?birthdate=1982-03-10', 'awa'],
    ['Patient?birthdate=gt1982-03-10', 'jean'],
    ['Patient?birthdate:missing=true', 'sans'],
    ['Patient?death-date=2020-01-01', 'jean'],
    ['Patient?birthdate:exact=1982', '400'],
  ]);
});

describe('3.1.1.4.6 number', () => {
  const of = (value: string) => `RiskAssessment?probability=${value}`;
  claims([
    [of('0.5'), 'r1'],
    [of('0.50'), 'r1'],
    [of('5e-1'), 'r1'],
    [of('0.8'), 'r2'],
    [of('1'), 'r1 r2 r3'],
    [of('1.0'), 'r3'],
    [of('ne0.5'), 'r2 r3'],
    [of('lt0.75'), 'r1'],
    [of('le0.75'), 'r1 r2'],
    [of('gt0.75'), 'r3'],
    [of('ge0.75'), 'r2 r3'],
    [of('sa0.75'), 'r3'],
    [of('eb0.75'), 'r1'],
    [of('ap0.7'), 'r2'],
    [of('0.50,1.00'), 'r1 r3'],
    [of('x'), '400'],
    [of('1.'), '400'],
  ]);
});

describe('3.1.1.4.11 quantity: number, system and unit', () => {
  const of = (value: string) => `Observation?value-quantity=${value}`;
  claims([
    [of('30'), ''],
    [of('0.002'), 'q1'],
    [of('2e-3'), 'q1'],
    [of('2.00e-3'), 'q1'],
    [of('5'), 'q4 q5'],
    [of('5.000'), 'q4 q5'],
    [of('3.1'), 'q3'],
    [of('3.10'), ''],
    [of('ne5'), 'q1 q2 q3 q6'],
    [of('lt5'), 'q1 q2 q3'],
    [of('lt5.01'), 'q1 q2 q3 q4 q5'],
    [of('gt5'), 'q6'],
    [of('ge5'), 'q4 q5 q6'],
    [of('le3.12'), 'q1 q2 q3'],
    [of('sa4.9999'), 'q4 q5 q6'],
    [of('eb5'), 'q1 q2 q3'],
    [of('5|http://s1'), 'q4'],
    [of('5|http://s1|'), 'q4'],
    [of('ne5|http://s1'), 'q1 q2 q6'],
    [of('gt2e-3|http://s2'), 'q3 q5'],
    [of('5||u2'), 'q5'],
    [of('ne5||u2'), 'q6'],
    [of('5|http://s1|u2'), ''],
    [of('gt5|http://s1|u2'), 'q6'],
    [of('5|http://s1|u1'), 'q4'],
    [of('5||u1,5||u2'), 'q4 q5'],
    ['Observation?component-value-quantity=107|http://unitsofmeasure.org|mm[Hg]', 'tension'],
    ['Observation?combo-value-quantity=60', 'tension'],
    [of('5|a|b|c'), '400'],
  ]);
});

describe('3.1.1.4.12 reference', () => {
  claims([
    ['Patient?organization=Organization/chu', 'awa'],
    ['Patient?organization=chu', 'awa'],
    ['Patient?organization:Organization=chu', 'awa'],
    ['Patient?organization:Organization=Organization/chu', 'awa'],
    ['Patient?organization=Organization/chu,Organization/csu', 'awa jean'],
    ['Patient?organization=Organization/rien', ''],
    ['Patient?organization=Practitioner/chu', ''],
    ['Patient?organization=http://ailleurs.example/fhir/Organization/chu', ''],
    ['Patient?organization:identifier=http://exemple.ci/finess|77', 'sans'],
    ['Patient?organization:identifier=77', 'sans'],
    ['Patient?organization:missing=true', ''],
    ['Patient?link=Patient/awa', 'sans'],
    ['Patient?general-practitioner:Practitioner=dr', 'awa'],
    ['Patient?general-practitioner:Organization=dr', ''],
    ['Patient?organization:Nothing=chu', '400'],
    ['Organization?partof:below=Organization/chu', 'csu'],
  ]);

  it('takes the absolute URL of a resource of its own', async () => {
    expect(await found(`Patient?organization=${server.base}/Organization/chu`)).toBe('awa');
  });
});

describe('3.1.1.4.14 uri', () => {
  claims([
    ['ValueSet?url=http://exemple.ci/fhir/ValueSet/a', 'v1 v2'],
    ['ValueSet?url=http://exemple.ci/fhir/ValueSet/A', ''],
    ['ValueSet?url=http://exemple.ci/fhir/ValueSet/', ''],
    ['ValueSet?url=http://exemple.ci/fhir/ValueSet/a|2.0', 'v2'],
    ['ValueSet?url=urn:oid:1.2.3', 'v4'],
    ['ValueSet?url:below=http://exemple.ci/fhir', 'v1 v2 v3'],
    ['ValueSet?url:below=http://exemple.ci/fhir/ValueSet/a', 'v1 v2 v3'],
    ['ValueSet?url:below=http://exemple.ci/fh', ''],
    ['ValueSet?url:above=http://exemple.ci/fhir/ValueSet/a/b/c', 'v1 v2 v3'],
    ['ValueSet?url=http://exemple.ci/fhir/ValueSet/a&version=1.0', 'v1'],
  ]);
});

describe('3.1.1.4.10 token: media types', () => {
  claims([
    ['DocumentReference?contenttype=text/xml', 'm1'],
    ['DocumentReference?contenttype:below=text/xml', 'm1 m2'],
    ['DocumentReference?contenttype:below=TEXT/XML', 'm1 m2'],
    ['DocumentReference?contenttype:below=text', 'm1 m2 m4'],
    ['DocumentReference?contenttype:below=image', 'm3'],
    ['DocumentReference?contenttype:below=image/png,text/xml', 'm1 m2 m3'],
    ['DocumentReference?contenttype:below=tex', ''],
    ['DocumentReference?contenttype:above=text/xml', '400'],
  ]);
});

describe('3.1.1.4.13 composite', () => {
  claims([
    ['Observation?component-code-value-quantity=8480-6$107', 'tension'],
    ['Observation?combo-code-value-quantity=8480-6$107', 'tension'],
    ['Observation?combo-code-value-quantity=8480-6$60', ''],
    ['Observation?combo-code-value-quantity=85354-9$107', ''],
    ['Observation?combo-code-value-quantity=http://loinc.org|8480-6$gt100', 'tension'],
    ['Observation?combo-code-value-quantity=8480-6$107|http://unitsofmeasure.org|mm[Hg]', 'tension'],
    ['Observation?combo-code-value-quantity=8480-6$lt100,8462-4$lt70', 'tension'],
    ['Observation?code-value-string=http://snomed.info/sct|162806009$marron', 'yeux'],
    ['Observation?code-value-string=162806009$vert', ''],
    ['Observation?code-value-string=http://snomed.info/sct|$marron', 'yeux'],
    ['Observation?code-value-concept=mesure$code1', 'c1 c4'],
    ['Observation?code-value-date=mesure$1980', ''],
    ['DocumentReference?relationship=DocumentReference/dr1$appends', 'dr2'],
    [
      'DocumentReference?relationship=DocumentReference/dr1$http://hl7.org/fhir/document-relationship-type|appends',
      'dr2',
    ],
    ['DocumentReference?relationship=DocumentReference/dr1$appends,DocumentReference/dr1$replaces', 'dr2 dr3'],
    ['DocumentReference?relationship=DocumentReference/dr2$appends', ''],
    ['Observation?combo-code-value-quantity=8480-6', '400'],
    ['Observation?combo-code-value-quantity=8480-6$107$1', '400'],
  ]);
});

describe('3.1.1.4.15 chaining, 3.1.1.4.16 reverse chaining', () => {
  claims([
    ['Patient?organization.name=chu', 'awa'],
    ['Patient?organization.partof.name=chu', 'jean'],
    ['Patient?organization:Organization.partof:Organization.name=chu', 'jean'],
    ['Patient?general-practitioner.name=diarra', 'awa'],
    ['Patient?general-practitioner:Practitioner.name=diarra', 'awa'],
    ['Patient?organization._id=chu,csu', 'awa jean'],
    ['Patient?organization.name:missing=false', 'awa jean'],
    ['Patient?organization.active=true&organization.name=chu', 'awa'],
    ['Patient?link:Patient.name=kone', 'sans'],
    ['RiskAssessment?patient.organization.name=chu', 'r1 r2 r3'],
    ['RiskAssessment?subject:Patient.family=rien', ''],
    ['Organization?_has:Patient:organization:name=kone', 'chu'],
    ['Organization?_has:Patient:organization:gender=male,female', 'chu csu'],
    ['Patient?_has:RiskAssessment:subject:probability=gt0.9', 'awa'],
    ['Organization?_has:Patient:organization:_has:RiskAssessment:subject:probability=1.0', 'chu'],
    ['Organization?_has:Patient:organization:general-practitioner.name=diarra', 'chu'],
    ['Patient?organization._has:Patient:organization:name=awa', 'awa'],
    ['Patient?name.family=x', '400'],
    ['Patient?organization.nothing=x', 'awa jean sans'],
    ['Patient?_has:Nothing:subject:code=x', '400'],
    ['Patient?_has:Observation:code:code=x', '400'],
  ]);
});

describe('3.1.1.5.1 sorting', () => {
  claims([
    ['Patient?_sort=family', 'awa jean sans'],
    ['Patient?_sort=-family', 'sans jean awa'],
    ['Patient?_sort=birthdate,_id', 'jean awa sans'],
    ['Patient?_sort=-birthdate,_id', 'awa jean sans'],
    ['Patient?_sort=gender', 'awa jean sans'],
    ['Patient?_sort=-_id', 'sans jean awa'],
    ['Patient?_sort=organization', 'awa jean sans'],
    ['RiskAssessment?_sort=-probability', 'r3 r2 r1'],
    ['Observation?category=http://t|date&_sort=date,_id', 'd7 d2 d3 d4 d5 d1 d6'],
    ['ValueSet?_sort=url,version', 'v1 v2 v3 v4'],
    ['Patient?_sort=nothing', '400'],
    ['Patient?_sort=', '400'],
  ]);
});
