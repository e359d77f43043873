// https://hl7.org/fhir/R4/search.html#all, https://hl7.org/fhir/R4/compartmentdefinition.html, https://hl7.org/fhir/R4/search.html#list
import type { Bundle, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { accessOf } from '../../../src/auth/access.ts';
import { systemAccess } from '../../../src/auth/system-access.ts';
import { extract } from '../../../src/fhir/search/extract.ts';
import { withServer } from '../../support/server.ts';

/** The token is the scope itself, its spaces as `+`; `test` is the server's own access. */
const server = withServer({
  authenticate: ({ authorization = '' }) => {
    const scope = authorization.slice('Bearer '.length).replaceAll('+', ' ');
    const access = scope === 'test' ? systemAccess('test') : accessOf({ client: { name: 'app' } }, scope, extract);
    return Promise.resolve(access);
  },
});
const { request } = server;

const tag = { meta: { tag: [{ system: 'http://t', code: 'x' }] } };
const code = (value: string) => ({ coding: [{ system: 'http://loinc.org', code: value }] });
const resources = [
  { resourceType: 'Organization', id: 'o', name: 'Clinic', ...tag },
  {
    resourceType: 'Patient',
    id: 'p1',
    name: [{ family: 'One' }],
    ...tag,
    managingOrganization: { reference: 'Organization/o' },
  },
  {
    resourceType: 'Patient',
    id: 'p2',
    name: [{ family: 'Two' }],
    link: [{ other: { reference: 'Patient/p1' }, type: 'seealso' }],
  },
  { resourceType: 'Practitioner', id: 'd', ...tag },
  {
    resourceType: 'Encounter',
    id: 'e',
    status: 'finished',
    class: { code: 'AMB' },
    subject: { reference: 'Patient/p1' },
  },
  {
    resourceType: 'Observation',
    id: 'b1',
    status: 'final',
    code: code('1'),
    subject: { reference: 'Patient/p1' },
    encounter: { reference: 'Encounter/e' },
    effectiveDateTime: '2020-01-01',
    ...tag,
  },
  {
    resourceType: 'Observation',
    id: 'b2',
    status: 'final',
    code: code('2'),
    performer: [{ reference: 'Patient/p1' }],
    subject: { reference: 'Patient/p2' },
    effectiveDateTime: '2020-03-01',
  },
  {
    resourceType: 'Observation',
    id: 'b3',
    status: 'final',
    code: code('1'),
    subject: { reference: 'Patient/p2' },
    focus: [{ reference: 'Patient/p1' }],
  },
  { resourceType: 'Condition', id: 'c', subject: { reference: 'Patient/p1' }, recordedDate: '2020-02-01' },
  {
    resourceType: 'List',
    id: 'l',
    status: 'current',
    mode: 'working',
    entry: [{ item: { reference: 'Patient/p2' } }, { item: { reference: 'Observation/b1' } }],
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

const get = (path: string, scope = 'test') => request('GET', path, { headers: { authorization: `Bearer ${scope}` } });
async function bundle(path: string, scope?: string): Promise<Bundle> {
  const answer = await get(path, scope);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return answer.as<Bundle>();
}
const namesOf = ({ entry = [] }: Bundle) =>
  entry
    .filter(({ search }) => search?.mode === 'match')
    .map(({ resource }) => `${resource?.resourceType}/${resource?.id}`);
const find = async (path: string, scope?: string) => namesOf(await bundle(path, scope)).sort();
const link = ({ link: links }: Bundle, relation: string) => links?.find((one) => one.relation === relation)?.url;
const refused = async (path: string, scope?: string) => {
  const { status, as } = await get(path, scope);
  return [status, as<OperationOutcome>().resourceType];
};

describe('search of the whole system', () => {
  it.each([
    ['/?_id=p1,b1', ['Observation/b1', 'Patient/p1']],
    ['/?_tag=http://t|x', ['Observation/b1', 'Organization/o', 'Patient/p1', 'Practitioner/d']],
    ['/?_type=Patient,Observation&_tag=x', ['Observation/b1', 'Patient/p1']],
    ['/?_type=Patient&_type=Organization', ['Organization/o', 'Patient/p1', 'Patient/p2']],
    ['/?_type=Observation,Condition&patient=p1', ['Condition/c', 'Observation/b1']],
    ['/?_type=Observation,Condition&patient.name=two', ['Observation/b2', 'Observation/b3']],
    ['/?_list=l', ['Observation/b1', 'Patient/p2']],
    ['/?_type=Patient,Practitioner&_filter=_tag eq http://t|x', ['Patient/p1', 'Practitioner/d']],
  ])('%s', async (path, expected) => expect(await find(path)).toEqual(expected));

  it('counts all types together', async () => {
    expect((await bundle('/?_type=Patient,Observation&_total=accurate&_count=1')).total).toBe(5);
    expect((await bundle('/?_tag=x&_summary=count')).total).toBe(4);
  });

  it('takes a form by POST', async () => {
    const body = new URLSearchParams({ _type: 'Patient', _tag: 'x' });
    const answer = await request('POST', '/_search', { body });
    expect(namesOf(answer.as<Bundle>())).toEqual(['Patient/p1']);
    expect(link(answer.as<Bundle>(), 'self')).toBe(`${server.base}?_type=Patient&_tag=x`);
  });

  it.each([
    [
      '/?_type=Encounter,Observation,Condition,List,Organization&_sort=-_id',
      ['Organization/o', 'List/l', 'Encounter/e', 'Condition/c', 'Observation/b3', 'Observation/b2', 'Observation/b1'],
    ],
    ['/?_type=Patient,Observation,Condition', undefined],
    ['/?_type=Observation,Condition&_sort=patient', undefined],
    ['/?_type=Observation,Patient&_sort=-_lastUpdated', undefined],
    ['/?_type=Observation,Patient&_sort=_lastUpdated', undefined],
    [
      '/?_type=Observation,Patient&_sort=_id',
      ['Observation/b1', 'Observation/b2', 'Observation/b3', 'Patient/p1', 'Patient/p2'],
    ],
  ])('pages %s in one order, both ways', async (path, order) => {
    const whole = namesOf(await bundle(`${path}&_count=100`));
    if (order) expect(whole).toEqual(order);
    const forward: string[] = [];
    let page = await bundle(`${path}&_count=2`);
    forward.push(...namesOf(page));
    for (let next = link(page, 'next'); next; next = link(page, 'next')) {
      page = await bundle(next);
      forward.push(...namesOf(page));
    }
    expect(forward).toEqual(whole);
    const backward: string[] = namesOf(page);
    for (let previous = link(page, 'previous'); previous; previous = link(page, 'previous')) {
      page = await bundle(previous);
      backward.unshift(...namesOf(page));
    }
    expect(backward).toEqual(whole);
  });

  it('includes around matches of each type', async () => {
    const found = await bundle(
      '/?_type=Patient,Condition&_id=p1,c&_include=Patient:organization&_include=Condition:subject',
    );
    const around = found.entry?.filter(({ search }) => search?.mode === 'include').map(({ resource }) => resource?.id);
    expect(around).toEqual(['o']);
  });

  it('ignores what not every type has, and refuses it when strict', async () => {
    const found = await bundle('/?_type=Patient,Observation&name=one');
    expect([namesOf(found).length, link(found, 'self')]).toEqual([5, `${server.base}?_type=Patient%2CObservation`]);
    const strict = { headers: { prefer: 'handling=strict', authorization: 'Bearer test' } };
    expect((await request('GET', '/?_type=Patient,Observation&name=one', strict)).status).toBe(400);
    expect(await refused('/?_type=Patiant')).toEqual([400, 'OperationOutcome']);
    expect(await refused('/?_type=Observation,Condition&_sort=date')).toEqual([400, 'OperationOutcome']);
  });

  it('finds only what the caller may see, of types that it may search', async () => {
    expect(await find('/?_tag=x', 'system/Patient.s+system/Observation.s?code=http://loinc.org|2')).toEqual([
      'Patient/p1',
    ]);
    expect(await refused('/?_type=Patient,Observation', 'system/Patient.s')).toEqual([403, 'OperationOutcome']);
    expect(await refused('/?_id=p1', 'system/Patient.r')).toEqual([403, 'OperationOutcome']);
    const counted = await bundle(
      '/?_type=Observation,Patient&_total=accurate',
      'system/Patient.s+system/Observation.s?code=http://loinc.org|2',
    );
    expect(counted.total).toBe(3);
  });
});

describe('a compartment', () => {
  it.each([
    ['/Patient/p1/Observation', ['Observation/b1', 'Observation/b2']],
    ['/Patient/p1/Observation?code=1', ['Observation/b1']],
    ['/Patient/p2/Observation?_sort=date', ['Observation/b2', 'Observation/b3']],
    ['/Patient/p1/Condition', ['Condition/c']],
    ['/Patient/p1/Patient', ['Patient/p2']],
    ['/Patient/p1/*', ['Condition/c', 'Encounter/e', 'Observation/b1', 'Observation/b2', 'Patient/p2']],
    ['/Patient/p1/*?_type=Encounter,Condition', ['Condition/c', 'Encounter/e']],
    ['/Encounter/e/*', ['Encounter/e', 'Observation/b1']],
    ['/Encounter/e/Encounter', ['Encounter/e']],
    ['/Practitioner/d/Practitioner', ['Practitioner/d']],
    ['/Patient/p2/*?_tag=x', []],
  ])('%s has its members and nothing else', async (path, expected) => expect(await find(path)).toEqual(expected));

  it('pages, and its links are its own', async () => {
    const first = await bundle('/Patient/p1/*?_count=2');
    expect(link(first, 'next')).toMatch(/\/Patient\/p1\/\*\?_page=/);
    expect(namesOf(await bundle(link(first, 'next') ?? ''))).toHaveLength(2);
    expect(await refused((link(first, 'next') ?? '').replace('p1', 'p2'))).toEqual([400, 'OperationOutcome']);
  });

  it('takes a form by POST', async () => {
    const answer = await request('POST', '/Patient/p1/Observation/_search', {
      body: new URLSearchParams({ code: '2' }),
    });
    expect(namesOf(answer.as<Bundle>())).toEqual(['Observation/b2']);
  });

  it('is not there for what is not there, and what never is a member', async () => {
    expect(await refused('/Patient/none/Observation')).toEqual([404, 'OperationOutcome']);
    expect(await refused('/Patient/p1/Organization')).toEqual([404, 'OperationOutcome']);
    expect(await refused('/Organization/o/Patient')).toEqual([404, 'OperationOutcome']);
    expect(await refused('/Patient/p1/*?_type=Organization')).toEqual([400, 'OperationOutcome']);
  });

  it('is not there for a caller who may not see whose it is', async () => {
    const scope = 'system/Patient.rs?_id=p2+system/Observation.rs';
    expect((await get('/Patient/p1/Observation', scope)).text).toBe(
      (await get('/Patient/pX/Observation', scope)).text.replaceAll('pX', 'p1'),
    );
    expect(await find('/Patient/p2/Observation', scope)).toEqual(['Observation/b2', 'Observation/b3']);
    expect(await refused('/Patient/p2/Condition', scope)).toEqual([403, 'OperationOutcome']);
    expect(await find('/Patient/p2/*', scope)).toEqual(['Observation/b2', 'Observation/b3']);
    expect(await refused('/Patient/p2/Observation', 'system/Observation.rs')).toEqual([403, 'OperationOutcome']);
  });
});

describe('_list', () => {
  it('holds what the List names', async () => expect(await find('/Patient?_list=l')).toEqual(['Patient/p2']));
  it('finds nothing by a List that is not there or not to be seen', async () => {
    expect(await find('/Patient?_list=none')).toEqual([]);
    expect(await find('/Patient?_list=l', 'system/Patient.s+system/List.s?_id=other')).toEqual([]);
    expect(await refused('/Patient?_list=l', 'system/Patient.s')).toEqual([403, 'OperationOutcome']);
  });
  it('refuses a functional list that R4 has not (https://hl7.org/fhir/R4/lifecycle.html#current)', async () => {
    expect(await refused('/AllergyIntolerance?_list=$current-nothing')).toEqual([400, 'OperationOutcome']);
  });
});
