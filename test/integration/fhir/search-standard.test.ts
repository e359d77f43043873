// The rules of https://hl7.org/fhir/R4/search.html, section by section; types of values have search-values.test.ts, unions of
// types and compartments search-wide.test.ts, value sets and hierarchies search-terms.test.ts.
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const server = withServer();
const { request } = server;

const risk = (id: string, probability: number) => ({
  resourceType: 'RiskAssessment',
  id,
  status: 'final',
  subject: { reference: 'Patient/peter' },
  prediction: [{ probabilityDecimal: probability }],
});
const diagnostic = (id: string, rest: object) => ({
  resourceType: 'DiagnosticReport',
  id,
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: id }] },
  ...rest,
});
const resources = [
  { resourceType: 'Organization', id: 'acme', name: 'ACME', partOf: { reference: 'Organization/holding' } },
  { resourceType: 'Organization', id: 'holding', name: 'Holding' },
  {
    resourceType: 'Practitioner',
    id: 'joe',
    name: [{ family: 'Practitioner', given: ['Joe'] }],
    identifier: [{ system: 'http://staff', value: '7' }],
  },
  {
    resourceType: 'Patient',
    id: 'peter',
    meta: {
      tag: [{ system: 'http://acme.org/codes', code: 'needs-review' }],
      profile: ['http://hl7.org/fhir/StructureDefinition/Patient'],
      security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }],
      source: 'http://example.com/Organization/123',
    },
    name: [{ family: 'Chalmers', given: ['Peter', 'James'] }],
    gender: 'male',
    birthDate: '1974-12-25',
    generalPractitioner: [{ reference: 'Practitioner/joe' }],
    managingOrganization: { reference: 'Organization/acme' },
  },
  {
    resourceType: 'Patient',
    id: 'steven',
    name: [{ family: 'Levin', given: ['Steven'] }],
    birthDate: '1990',
    identifier: [{ system: 'http://acme.org/patient', value: '2345' }, { value: 'a,b|c$d\\e' }],
  },
  { resourceType: 'Patient', id: 'nobody' },
  diagnostic('d1', {
    subject: { reference: 'Patient/peter' },
    performer: [{ reference: 'Practitioner/joe' }],
    effectiveDateTime: '2012-01-01',
  }),
  diagnostic('d2', {
    subject: { reference: 'Patient/steven' },
    performer: [{ reference: 'Organization/acme' }],
    effectiveDateTime: '2013-01-14',
  }),
  diagnostic('d3', {
    subject: { reference: 'http://elsewhere.org/fhir/Patient/peter' },
    effectiveDateTime: '2013-01-14T10:00:00Z',
  }),
  diagnostic('d4', { subject: { identifier: { system: 'http://acme.org/patient', value: '2345' } } }),
  ...[99.4, 99.5, 100, 100.004, 100.4, 100.5].map((value) => risk(`r${value}`.replace('.', '-'), value / 1000)),
];

beforeAll(async () => {
  const entry = resources.map((resource) => ({
    resource: resource as unknown as Resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }));
  const answer = await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
  expect(answer.status, answer.text).toBe(200);
});

async function bundle(path: string): Promise<Bundle> {
  const answer = await request('GET', path.replaceAll('BASE', server.base));
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return answer.as<Bundle>();
}
const idsOf = ({ entry = [] }: Bundle, mode = 'match') =>
  entry.filter(({ search }) => search?.mode === mode).map(({ resource }) => resource?.id ?? '');
const link = ({ link: links }: Bundle, relation: string) => links?.find((one) => one.relation === relation)?.url;

/** Each rule: the search, and what it finds in any order. */
const rules: Readonly<Record<string, readonly (readonly [path: string, expected: readonly string[]])[]>> = {
  'Parameters for all resources: _id (search.html#id)': [
    ['Patient?_id=peter', ['peter']],
    ['Patient?_id=peter,steven,none', ['peter', 'steven']],
    ['Patient?_id=Patient/peter', []],
  ],
  '_lastUpdated (search.html#lastUpdated)': [
    ['Patient?_lastUpdated=gt2010-10-01', ['nobody', 'peter', 'steven']],
    ['Patient?_lastUpdated=lt2010-10-01', []],
    ['Patient?_lastUpdated=gt2010&_lastUpdated=lt2999', ['nobody', 'peter', 'steven']],
  ],
  '_tag, _profile, _security, _source (search.html#tag)': [
    ['Patient?_tag=http://acme.org/codes|needs-review', ['peter']],
    ['Patient?_tag=needs-review', ['peter']],
    ['Patient?_profile=http://hl7.org/fhir/StructureDefinition/Patient', ['peter']],
    ['Patient?_security=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R', ['peter']],
    ['Patient?_source=http://example.com/Organization/123', ['peter']],
    ['Patient?_source:below=http://example.com', ['peter']],
    ['Patient?_tag:missing=true', ['nobody', 'steven']],
    ['Patient?_security:not=R', ['nobody', 'steven']],
  ],
  'Repeated parameters are joined by and, commas by or (search.html#combining)': [
    ['Patient?given=peter&given=james', ['peter']],
    ['Patient?given=peter&given=steven', []],
    ['Patient?given=peter,steven', ['peter', 'steven']],
    ['Patient?given=peter,steven&gender=male', ['peter']],
  ],
  'Modifier missing (search.html#modifiers)': [
    ['Patient?gender:missing=true', ['nobody', 'steven']],
    ['Patient?gender:missing=false', ['peter']],
    ['Patient?birthdate:missing=true', ['nobody']],
    ['Patient?name:missing=true', ['nobody']],
    ['Patient?identifier:missing=false', ['steven']],
    ['Patient?organization:missing=false', ['peter']],
    ['DiagnosticReport?subject:missing=true', []],
    ['Patient?_profile:missing=false', ['peter']],
    ['RiskAssessment?probability:missing=true', []],
    ['Patient?_id:missing=true', []],
    ['Patient?_lastUpdated:missing=false', ['nobody', 'peter', 'steven']],
  ],
  'number: the precision of what is asked counts for eq and ne (search.html#number)': [
    ['RiskAssessment?probability=0.1', ['r100', 'r100-004', 'r100-4', 'r100-5', 'r99-4', 'r99-5']],
    ['RiskAssessment?probability=0.100', ['r100', 'r100-004', 'r100-4', 'r99-5']],
    ['RiskAssessment?probability=0.10000', ['r100', 'r100-004']],
    ['RiskAssessment?probability=1.00e-1', ['r100', 'r100-004', 'r100-4', 'r99-5']],
    ['RiskAssessment?probability=ne0.100', ['r100-5', 'r99-4']],
    ['RiskAssessment?probability=gt0.100', ['r100-004', 'r100-4', 'r100-5']],
    ['RiskAssessment?probability=ge0.100', ['r100', 'r100-004', 'r100-4', 'r100-5']],
    ['RiskAssessment?probability=lt0.100', ['r99-4', 'r99-5']],
    ['RiskAssessment?probability=le0.100', ['r100', 'r99-4', 'r99-5']],
    ['RiskAssessment?probability=ap0.100', ['r100', 'r100-004', 'r100-4', 'r100-5', 'r99-4', 'r99-5']],
  ],
  'date (search.html#date)': [
    ['DiagnosticReport?date=2013-01-14', ['d2', 'd3']],
    ['DiagnosticReport?date=ne2013-01-14', ['d1']],
    ['DiagnosticReport?date=lt2013-01-14T10:00', ['d1', 'd2']],
    ['DiagnosticReport?date=gt2013-01-14T10:00', ['d2']],
    ['DiagnosticReport?date=ge2013-01-14', ['d2', 'd3']],
    ['DiagnosticReport?date=sa2012-06', ['d2', 'd3']],
    ['DiagnosticReport?date=eb2012-06', ['d1']],
    ['DiagnosticReport?date=ge2012-01-01&date=le2012-12-31', ['d1']],
    ['DiagnosticReport?date=2013-01-14T10:00:00%2B00:00', ['d3']],
  ],
  'string (search.html#string)': [
    ['Patient?given=pet', ['peter']],
    ['Patient?given=ETER', []],
    ['Patient?given:contains=ETER', ['peter']],
    ['Patient?given:exact=Peter', ['peter']],
    ['Patient?given:exact=peter', []],
  ],
  'token (search.html#token)': [
    ['Patient?identifier=http://acme.org/patient|2345', ['steven']],
    ['Patient?identifier=2345', ['steven']],
    ['Patient?identifier=|2345', []],
    ['Patient?identifier=http://acme.org/patient|', ['steven']],
    ['Patient?gender:not=male,female', ['nobody', 'steven']],
  ],
  'reference (search.html#reference)': [
    ['DiagnosticReport?subject=peter', ['d1']],
    ['DiagnosticReport?subject=Patient/peter', ['d1']],
    ['DiagnosticReport?subject=BASE/Patient/peter', ['d1']],
    ['DiagnosticReport?subject=http://elsewhere.org/fhir/Patient/peter', ['d3']],
    ['DiagnosticReport?subject:Patient=peter', ['d1']],
    ['DiagnosticReport?subject:Location=peter', []],
    ['DiagnosticReport?subject:identifier=http://acme.org/patient|2345', ['d4']],
    ['DiagnosticReport?patient=steven', ['d2']],
  ],
  'Escaping (search.html#escaping)': [
    ['Patient?identifier=a\\,b\\|c\\$d\\\\e', ['steven']],
    ['Patient?identifier=|a\\,b\\|c\\$d\\\\e', ['steven']],
    ['Patient?identifier=a,b', []],
  ],
  'Chained parameters (search.html#chaining)': [
    ['DiagnosticReport?subject:Patient.name=peter', ['d1']],
    ['DiagnosticReport?subject.name=peter', ['d1']],
    ['DiagnosticReport?patient.name=peter', ['d1']],
    ['DiagnosticReport?subject:Patient.given=peter&subject:Patient.birthdate=1974', ['d1']],
    ['DiagnosticReport?performer.name=joe,acme', ['d1', 'd2']],
    ['DiagnosticReport?patient.organization.name=acme', ['d1']],
    ['DiagnosticReport?patient.organization.partof.name=hold', ['d1']],
    ['DiagnosticReport?patient.general-practitioner:Practitioner.identifier=http://staff|7', ['d1']],
    ['DiagnosticReport?subject:Patient._id=steven', ['d2']],
    ['DiagnosticReport?subject:Patient.gender:missing=true', ['d2']],
    ['DiagnosticReport?subject:Patient.given:exact=peter', []],
  ],
  'Reverse chaining (search.html#has)': [
    ['Patient?_has:DiagnosticReport:patient:code=d1', ['peter']],
    ['Patient?_has:DiagnosticReport:patient:code=d1,d2', ['peter', 'steven']],
    ['Practitioner?_has:Patient:general-practitioner:_has:DiagnosticReport:patient:code=d1', ['joe']],
    ['Patient?_has:DiagnosticReport:patient:performer.name=acme', ['steven']],
    ['DiagnosticReport?patient._has:RiskAssessment:subject:probability=gt0', ['d1']],
    ['Patient?_has:DiagnosticReport:patient:code=d1&_has:RiskAssessment:subject:_id=r100', ['peter']],
    ['Patient?_has:DiagnosticReport:patient:date:missing=false', ['peter', 'steven']],
  ],
};

describe.each(Object.entries(rules))('%s', (_, rows) => {
  it.each(rows)('%s', async (path, expected) => expect(idsOf(await bundle(`/${path}`)).sort()).toEqual(expected));
});

describe('Sorting (search.html#sort)', () => {
  it.each([
    ['_sort=birthdate', ['peter', 'steven', 'nobody']],
    ['_sort=-birthdate', ['steven', 'peter', 'nobody']],
    ['_sort=gender,-_id', ['peter', 'steven', 'nobody']],
    ['_sort=-_id', ['steven', 'peter', 'nobody']],
    ['_sort=family', ['peter', 'steven', 'nobody']],
    ['_sort=_lastUpdated', ['peter', 'steven', 'nobody']],
    ['_sort=-_lastUpdated', ['nobody', 'steven', 'peter']],
    ['_sort=organization,name', ['peter', 'steven', 'nobody']],
  ])('%s', async (query, expected) => expect(idsOf(await bundle(`/Patient?${query}`))).toEqual(expected));
});

describe('Total number of matching resources (search.html#total)', () => {
  it('is what the access allows and the client asks for', async () => {
    expect((await bundle('/Patient?_total=accurate&_count=1')).total).toBe(3);
    expect((await bundle('/Patient?_total=none')).total).toBeUndefined();
    expect((await bundle('/Patient?gender=male')).total).toBe(1);
    expect((await bundle('/Patient?_count=1')).total).toBeUndefined();
  });

  it('counts matches and not what is included', async () => {
    const found = await bundle('/Patient?_include=Patient:organization&_total=accurate');
    expect([found.total, found.entry?.length]).toEqual([3, 4]);
  });

  it('stays what the first page said', async () => {
    const first = await bundle('/Patient?_total=accurate&_count=2');
    expect((await bundle(link(first, 'next') ?? '')).total).toBe(3);
  });
});

describe('Page count (search.html#count)', () => {
  it('bounds the matches of a page, includes aside, and 0 is a summary of the count', async () => {
    const found = await bundle('/Patient?_count=1&_sort=birthdate&_include=*');
    expect([idsOf(found), idsOf(found, 'include').sort()]).toEqual([['peter'], ['acme', 'joe']]);
    const counted = await bundle('/Patient?_count=0');
    expect([counted.total, counted.entry]).toEqual([3, undefined]);
    expect(await bundle('/Patient?_summary=count')).toMatchObject({ type: 'searchset', total: 3 });
  });
});

describe('Paging (http.html#paging)', () => {
  it('has first, previous, next and self links, and ends', async () => {
    const first = await bundle('/Patient?_count=1&_sort=_id');
    expect(first.link?.map(({ relation }) => relation)).toEqual(['self', 'first', 'next']);
    const second = await bundle(link(first, 'next') ?? '');
    expect([idsOf(second), second.link?.map(({ relation }) => relation)]).toEqual([
      ['peter'],
      ['self', 'first', 'previous', 'next'],
    ]);
    const third = await bundle(link(second, 'next') ?? '');
    expect([idsOf(third), link(third, 'next')]).toEqual([['steven'], undefined]);
    expect(idsOf(await bundle(link(third, 'previous') ?? ''))).toEqual(['peter']);
    expect(idsOf(await bundle(link(third, 'first') ?? ''))).toEqual(['nobody']);
    expect(idsOf(await bundle(link(third, 'self') ?? ''))).toEqual(['steven']);
  });

  it('goes back over values that are missing', async () => {
    let page = await bundle('/Patient?_count=1&_sort=-birthdate');
    const seen = idsOf(page);
    for (let url = link(page, 'next'); url; url = link(page, 'next')) {
      page = await bundle(url);
      seen.push(...idsOf(page));
    }
    expect(seen).toEqual(['steven', 'peter', 'nobody']);
    page = await bundle(link(page, 'previous') ?? '');
    expect(idsOf(page)).toEqual(['peter']);
    expect(idsOf(await bundle(link(page, 'previous') ?? ''))).toEqual(['steven']);
  });
});

describe('Including other resources (search.html#include)', () => {
  it.each([
    ['DiagnosticReport?_id=d1&_include=DiagnosticReport:subject', ['peter']],
    ['DiagnosticReport?_id=d1,d2&_include=DiagnosticReport:performer:Practitioner', ['joe']],
    ['DiagnosticReport?_id=d1&_include=DiagnosticReport:performer&_include=DiagnosticReport:patient', ['joe', 'peter']],
    ['DiagnosticReport?_id=d3,d4&_include=*', []],
    ['Patient?_id=peter&_revinclude=DiagnosticReport:subject', ['d1']],
    ['Patient?_id=peter&_revinclude=DiagnosticReport:subject:Patient', ['d1']],
    [
      'DiagnosticReport?_id=d1&_include=DiagnosticReport:patient&_include:iterate=Patient:organization',
      ['acme', 'peter'],
    ],
    [
      'DiagnosticReport?_id=d1&_include=DiagnosticReport:patient&_include:iterate=Patient:organization&_include:iterate=Organization:partof',
      ['acme', 'holding', 'peter'],
    ],
    [
      'DiagnosticReport?_id=d1&_include=DiagnosticReport:patient&_include=DiagnosticReport:performer&_include:iterate=Patient:general-practitioner',
      ['joe', 'peter'],
    ],
    [
      'Organization?_id=holding&_revinclude:iterate=Organization:partof&_revinclude:iterate=Patient:organization',
      ['acme', 'peter'],
    ],
  ])('%s brings each once', async (path, expected) => {
    expect(idsOf(await bundle(`/${path}`), 'include').sort()).toEqual(expected);
  });

  it('says of each entry why it is there, and puts matches first', async () => {
    const found = await bundle('/DiagnosticReport?_id=d1&_include=*&nmae=x');
    expect(found.entry?.map(({ search }) => search?.mode)).toEqual(['match', 'include', 'include', 'outcome']);
    expect(found.entry?.slice(0, 3).map(({ fullUrl }) => fullUrl?.startsWith(server.base))).toEqual([true, true, true]);
  });
});

describe('Searching by POST (http.html#search)', () => {
  it('answers as GET does, its self link saying what was asked', async () => {
    const body = new URLSearchParams({ given: 'peter,steven', _sort: '-_id', _count: '1' });
    const posted = (await request('POST', '/Patient/_search', { body })).as<Bundle>();
    const got = await bundle(`/Patient?${body}`);
    expect([idsOf(posted), link(posted, 'self')]).toEqual([idsOf(got), link(got, 'self')]);
    expect(idsOf(await bundle(link(posted, 'next') ?? ''))).toEqual(['peter']);
  });
});
