// https://hl7.org/fhir/R4/search.html
import type { Bundle, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const server = withServer();
const { request } = server;

const patients = [
  {
    id: 'p1',
    name: [{ family: 'Dupré', given: ['Éléonore'] }],
    gender: 'female',
    birthDate: '1980-02-01',
    identifier: [{ system: 'http://a', value: '1' }],
  },
  {
    id: 'p2',
    name: [{ family: 'Dupont', given: ['Jean'] }],
    gender: 'male',
    birthDate: '1990-05',
    identifier: [{ system: 'http://b', value: '1' }, { value: 'x,y' }],
  },
  {
    id: 'p3',
    name: [{ family: 'Martin' }],
    gender: 'male',
    birthDate: '2000',
    generalPractitioner: [{ reference: 'Practitioner/d1' }],
  },
];
const code = (value: string) => ({ coding: [{ system: 'http://loinc.org', code: value }] });
const observations = [
  {
    id: 'o1',
    code: code('1'),
    subject: { reference: 'Patient/p1' },
    effectiveDateTime: '2020-01-01',
    valueQuantity: { value: 5.4, system: 'http://unitsofmeasure.org', code: 'mg', unit: 'mg' },
  },
  {
    id: 'o2',
    code: code('2'),
    subject: { reference: 'Patient/p2' },
    effectiveDateTime: '2020-06-01T10:00:00Z',
    valueQuantity: { value: 100, system: 'http://unitsofmeasure.org', code: 'g' },
  },
  {
    id: 'o3',
    code: code('1'),
    subject: { reference: 'Patient/p3', identifier: { system: 'http://s', value: 'k' } },
    effectivePeriod: { start: '2019-01-01', end: '2020-03-01' },
  },
];

beforeAll(async () => {
  const put = (resourceType: string, resource: { id: string }) => ({
    resource: { resourceType, ...resource } as unknown as Resource,
    request: { method: 'PUT', url: `${resourceType}/${resource.id}` },
  });
  const entry = [
    put('Practitioner', { id: 'd1' }),
    ...patients.map((one) => put('Patient', one)),
    ...observations.map((one) => put('Observation', { status: 'final', ...one } as unknown as { id: string })),
  ];
  const answer = await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
  expect(answer.status).toBe(200);
});

async function bundle(path: string, headers: Record<string, string> = {}): Promise<Bundle> {
  const answer = await request('GET', path, { headers });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.text}`);
  return answer.as<Bundle>();
}

const idsOf = ({ entry = [] }: Bundle, mode = 'match') =>
  entry.filter(({ search }) => search?.mode === mode).map(({ resource }) => resource?.id);
const find = async (path: string) => idsOf(await bundle(path)).sort();
const next = ({ link }: Bundle) => link?.find(({ relation }) => relation === 'next')?.url;
const self = ({ link }: Bundle) => link?.find(({ relation }) => relation === 'self')?.url;

describe('search parameters', () => {
  it.each([
    ['Patient?_id=p1,p3', ['p1', 'p3']],
    ['Patient?identifier=1', ['p1', 'p2']],
    ['Patient?identifier=http://a|1', ['p1']],
    ['Patient?identifier=http://a|', ['p1']],
    ['Patient?identifier=|x\\,y', ['p2']],
    ['Patient?identifier=x\\,y', ['p2']],
    ['Patient?name=dup', ['p1', 'p2']],
    ['Patient?name=eleonore', ['p1']],
    ['Patient?name=dup&name=jean', ['p2']],
    ['Patient?family=martin,dupont', ['p2', 'p3']],
    ['Patient?family:exact=Dupont', ['p2']],
    ['Patient?family:exact=dupont', []],
    ['Patient?family:contains=upr', ['p1']],
    ['Patient?gender=male', ['p2', 'p3']],
    ['Patient?gender:not=male', ['p1']],
    ['Patient?general-practitioner:missing=true', ['p1', 'p2']],
    ['Patient?general-practitioner:missing=false', ['p3']],
    ['Patient?general-practitioner=d1', ['p3']],
    ['Patient?general-practitioner=Practitioner/d1', ['p3']],
    ['Patient?general-practitioner:Practitioner=d1', ['p3']],
    ['Patient?birthdate=1980-02-01', ['p1']],
    ['Patient?birthdate=1990', ['p2']],
    ['Patient?birthdate=ge1990', ['p2', 'p3']],
    ['Patient?birthdate=lt1985', ['p1']],
    ['Patient?_lastUpdated=gt2020', ['p1', 'p2', 'p3']],
    ['Patient?_lastUpdated=lt2020', []],
    ['Observation?code=http://loinc.org|1', ['o1', 'o3']],
    ['Observation?subject=Patient/p1', ['o1']],
    ['Observation?patient=p1,p2', ['o1', 'o2']],
    ['Observation?subject:Patient=p2', ['o2']],
    ['Observation?subject:identifier=http://s|k', ['o3']],
    ['Observation?date=2020-01-01', ['o1']],
    ['Observation?date=ge2020-06', ['o2']],
    ['Observation?value-quantity=5.4', ['o1']],
    ['Observation?value-quantity=5.4|http://unitsofmeasure.org|mg', ['o1']],
    ['Observation?value-quantity=5.4||g', []],
    ['Observation?value-quantity=gt50', ['o2']],
    ['Observation?subject:Patient.name=dupont', ['o2']],
    ['Observation?subject.name=dup', ['o1', 'o2']],
    ['Observation?patient.birthdate=lt1985&code=1', ['o1']],
    ['Observation?subject:Patient.general-practitioner:Practitioner._id=d1', ['o3']],
    ['Patient?_has:Observation:patient:code=2', ['p2']],
    ['Patient?_has:Observation:subject:code=1', ['p1', 'p3']],
    ['Practitioner?_has:Patient:general-practitioner:_has:Observation:subject:code=1', ['d1']],
    ['Practitioner?_has:Patient:general-practitioner:name=dupont', []],
  ])('%s', async (path, expected) => expect(await find(`/${path}`)).toEqual(expected));

  it('finds a reference by its absolute URL below the base', async () => {
    expect(await find(`/Observation?subject=${server.base}/Patient/p1`)).toEqual(['o1']);
  });

  it('takes a form by POST, together with the URL', async () => {
    const body = new URLSearchParams({ name: 'dup', _count: '5' });
    const answer = await request('POST', '/Patient/_search?gender=male', { body });
    expect([answer.status, idsOf(answer.as<Bundle>())]).toEqual([200, ['p2']]);
  });
});

describe('the answer', () => {
  it('is a searchset with fullUrls, matches and a self link', async () => {
    const found = await bundle('/Patient?name=martin');
    expect(found).toMatchObject({
      type: 'searchset',
      entry: [{ fullUrl: `${server.base}/Patient/p3`, search: { mode: 'match' } }],
    });
    expect(self(found)).toBe(`${server.base}/Patient?name=martin`);
    expect(found.total).toBe(1);
  });

  it('counts on demand', async () => {
    expect((await bundle('/Patient?_total=accurate&_count=1')).total).toBe(3);
    for (const query of ['_summary=count', '_count=0']) {
      const counted = await bundle(`/Patient?gender=male&${query}`);
      expect([counted.total, counted.entry, next(counted)]).toEqual([2, undefined, undefined]);
    }
  });

  it('sorts', async () => {
    const order = async (sort: string) => idsOf(await bundle(`/Patient?_sort=${sort}`));
    expect(await order('birthdate')).toEqual(['p1', 'p2', 'p3']);
    expect(await order('-birthdate')).toEqual(['p3', 'p2', 'p1']);
    expect(await order('gender,-_id')).toEqual(['p1', 'p3', 'p2']);
    expect(await order('family')).toEqual(['p2', 'p1', 'p3']);
    expect(await order('_id')).toEqual(['p1', 'p2', 'p3']);
  });

  it('includes what matches point at, once each, and what points at them', async () => {
    const forward = await bundle('/Observation?_include=Observation:subject&code=1');
    expect([idsOf(forward).sort(), idsOf(forward, 'include').sort()]).toEqual([
      ['o1', 'o3'],
      ['p1', 'p3'],
    ]);
    const reverse = await bundle('/Patient?_id=p1,p2&_revinclude=Observation:subject');
    expect(idsOf(reverse, 'include').sort()).toEqual(['o1', 'o2']);
    const far = await bundle(
      '/Observation?_id=o3&_include=Observation:subject&_include:iterate=Patient:general-practitioner',
    );
    expect(idsOf(far, 'include').sort()).toEqual(['d1', 'p3']);
    const all = await bundle('/Patient?_id=p3&_include=*');
    expect(idsOf(all, 'include')).toEqual(['d1']);
  });

  it('names what it ignored in an OperationOutcome and leaves it out of the self link', async () => {
    const found = await bundle('/Patient?nmae=x&name=martin&_nothing=x');
    expect(idsOf(found)).toEqual(['p3']);
    expect(self(found)).toBe(`${server.base}/Patient?name=martin`);
    const outcome = found.entry?.find(({ search }) => search?.mode === 'outcome')?.resource as OperationOutcome;
    expect(outcome.issue.map(({ severity, diagnostics }) => [severity, diagnostics])).toEqual([
      ['warning', '"nmae" is no search parameter of Patient.'],
      ['warning', '"_nothing" is no search parameter of Patient.'],
    ]);
  });

  it('refuses the unknown with Prefer: handling=strict', async () => {
    const answer = await request('GET', '/Patient?nmae=x', { headers: { prefer: 'handling=strict' } });
    expect([answer.status, answer.as<OperationOutcome>().issue[0]?.severity]).toEqual([400, 'error']);
  });

  it.each([
    'name:above=x',
    'gender:exact=x',
    'birthdate=yesterday',
    'birthdate=2020-02-30',
    '_lastUpdated=x',
    '_count=-1',
    '_count=x',
    '_count=1&_count=2',
    '_sort=nothing',
    '_sort=',
    '_total=maybe',
    '_include=Patient',
    '_include=Observation:subject',
    '_include=Patient:name',
    '_include=Patient:organization:Observation',
    '_revinclude=Observation:code',
    '_include:forever=Patient:organization',
    '_revinclude=Patient:general-practitioner',
    '_has:Observation:code=1',
    '_has:Observation:code:status=final',
    '_has:Patiant:subject:code=1',
    'name.family=x',
    'general-practitioner:Patiant.name=x',
    'general-practitioner:missing=perhaps',
    'general-practitioner=a b',
    'name=,',
    'identifier=a|b|c',
    'identifier=|',
    '_page=abc',
  ])('refuses %s with 400 and says why', async (query) => {
    const answer = await request('GET', `/Patient?${query}`);
    expect([answer.status, answer.as<OperationOutcome>().issue[0]?.severity]).toEqual([400, 'error']);
  });

  it('refuses a list of very many values', async () => {
    const body = new URLSearchParams({ gender: new Array(2001).fill('male').join(',') });
    expect((await request('POST', '/Patient/_search', { body })).status).toBe(400);
  });
});

describe('paging', () => {
  it.each([
    ['Basic?_count=7', 100],
    ['Basic?_count=7&_sort=_id', 200],
    ['Basic?code=p&_count=10&_sort=created', 300],
  ])('shows each match of %s once, also while others write', async (path, first) => {
    const add = (from: number, to: number) =>
      Promise.all(
        Array.from({ length: to - from }, (_, at) => {
          const id = `b${String(from + at).padStart(3, '0')}`;
          const body = { resourceType: 'Basic', id, code: { coding: [{ code: 'p' }] }, created: '2020-01-01' };
          return request('PUT', `/Basic/${id}`, { body });
        }),
      );
    await add(0, 30);
    const seen: (string | undefined)[] = [];
    let url: string | undefined = `/${path}`;
    for (let at = 0; url; at += 1) {
      const found: Bundle = await bundle(url);
      seen.push(...idsOf(found));
      if (at === 0) await add(first, first + 3);
      url = next(found);
    }
    const old = seen.filter((id) => id !== undefined && id < 'b1');
    expect(new Set(seen).size).toBe(seen.length);
    expect(old.sort()).toEqual(Array.from({ length: 30 }, (_, at) => `b${String(at).padStart(3, '0')}`));
  });

  it('gives links that say nothing and cannot be changed or used elsewhere', async () => {
    const url = next(await bundle('/Patient?_count=1&gender=female,male')) ?? '';
    expect(url).toMatch(/^http.*\/Patient\?_page=[\w-]+$/);
    expect(Buffer.from(url.split('=')[1] ?? '', 'base64url').toString('latin1')).not.toContain('gender');
    const changed = url.replace(/.(?=.{5}$)/, (one) => (one === 'A' ? 'B' : 'A'));
    expect((await request('GET', changed)).status).toBe(400);
    expect((await request('GET', url.replace('/Patient?', '/Observation?'))).status).toBe(400);
    expect((await request('GET', url)).status).toBe(200);
  });
});
