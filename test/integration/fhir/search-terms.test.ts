// https://hl7.org/fhir/R4/search.html#token, https://hl7.org/fhir/R4/search.html#reference
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
const coded = (system: string, value: string) => ({ coding: [{ system, code: value }] });
const observation = (id: string, value: string, system = 'http://animals') => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: coded(system, value),
});
const place = (id: string, partOf?: string) => ({
  resourceType: 'Location',
  id,
  status: 'active',
  ...(partOf ? { partOf: { reference: `Location/${partOf}` } } : {}),
});
const encounter = (id: string, where: string) => ({
  resourceType: 'Encounter',
  id,
  status: 'finished',
  class: { code: 'AMB' },
  location: [{ location: { reference: `Location/${where}` } }],
});
const resources = [
  {
    resourceType: 'CodeSystem',
    id: 'animals',
    url: 'http://animals',
    status: 'active',
    content: 'complete',
    hierarchyMeaning: 'is-a',
    concept: [
      { code: 'animal', concept: [{ code: 'cat', concept: [{ code: 'tiger' }] }, { code: 'dog' }] },
      { code: 'plant' },
    ],
  },
  {
    resourceType: 'ValueSet',
    id: 'cats',
    url: 'http://cats',
    status: 'active',
    compose: { include: [{ system: 'http://animals', filter: [{ property: 'concept', op: 'is-a', value: 'cat' }] }] },
  },
  {
    resourceType: 'ValueSet',
    id: 'plain',
    status: 'active',
    compose: { include: [{ system: 'http://animals', concept: [{ code: 'dog' }] }] },
  },
  observation('animal', 'animal'),
  observation('cat', 'cat'),
  observation('tiger', 'tiger'),
  observation('dog', 'dog'),
  observation('other', 'cat', 'http://other'),
  { resourceType: 'Condition', id: 'none', subject: { reference: 'Patient/p' } },
  { resourceType: 'Condition', id: 'has', subject: { reference: 'Patient/p' }, code: coded('http://animals', 'cat') },
  { resourceType: 'Patient', id: 'p' },
  place('hospital'),
  place('ward', 'hospital'),
  place('room', 'ward'),
  place('circle', 'circle'),
  encounter('eh', 'hospital'),
  encounter('ew', 'ward'),
  encounter('er', 'room'),
  encounter('ec', 'circle'),
  { resourceType: 'Questionnaire', id: 'q12', url: 'http://q', version: '1.2', status: 'active' },
  { resourceType: 'Questionnaire', id: 'q13', url: 'http://q', version: '1.3', status: 'active' },
  { resourceType: 'Questionnaire', id: 'q2', url: 'http://q', version: '2', status: 'active' },
  { resourceType: 'QuestionnaireResponse', id: 'a', status: 'completed', questionnaire: 'http://q|1.2' },
  { resourceType: 'QuestionnaireResponse', id: 'b', status: 'completed', questionnaire: 'http://q|2' },
  { resourceType: 'QuestionnaireResponse', id: 'c', status: 'completed', questionnaire: 'http://q' },
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
async function find(path: string, scope?: string, mode = 'match'): Promise<string[]> {
  const answer = await get(path, scope);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  const { entry = [] } = answer.as<Bundle>();
  return entry
    .filter(({ search }) => search?.mode === mode)
    .map(({ resource }) => resource?.id ?? '')
    .sort();
}
async function refused(path: string, scope?: string): Promise<readonly unknown[]> {
  const answer = await get(path, scope);
  return [answer.status, answer.as<OperationOutcome>().issue[0]?.severity];
}

describe('tokens and the terminology service (search.html#token)', () => {
  it.each([
    ['/Observation?code:in=http://cats', ['cat', 'tiger']],
    ['/Observation?code:in=ValueSet/cats', ['cat', 'tiger']],
    ['/Observation?code:in=ValueSet/plain', ['dog']],
    ['/Observation?code:in=ValueSet/plain,http://cats', ['cat', 'dog', 'tiger']],
    ['/Observation?code:not-in=http://cats', ['animal', 'dog', 'other']],
    ['/Condition?code:not-in=http://cats', ['none']],
    ['/Observation?code:in=http://animals?fhir_vs', ['animal', 'cat', 'dog', 'tiger']],
    ['/Observation?code:below=http://animals|cat', ['cat', 'tiger']],
    ['/Observation?code:below=http://animals|animal', ['animal', 'cat', 'dog', 'tiger']],
    ['/Observation?code:above=http://animals|tiger', ['animal', 'cat', 'tiger']],
    ['/Observation?code:below=http://other|cat', ['other']],
    ['/Patient?_has:Condition:subject:code:in=http://cats', ['p']],
    [
      '/Observation?status:in=http://hl7.org/fhir/ValueSet/observation-status',
      ['animal', 'cat', 'dog', 'other', 'tiger'],
    ],
  ])('%s', async (path, expected) => expect(await find(path)).toEqual(expected));

  it('finds an absolute literal reference below the base', async () => {
    expect(await find(`/Observation?code:in=${server.base}/ValueSet/cats`)).toEqual(['cat', 'tiger']);
  });

  it.each([
    'code:in=http://nowhere',
    'code:in=ValueSet/none',
    'code:in=Patient/p',
    'code:below=cat',
    'code:above=http://animals|',
  ])('refuses %s with 400', async (query) => expect(await refused(`/Observation?${query}`)).toEqual([400, 'error']));

  it('takes a value set that the caller may not read for one that is not there', async () => {
    const scope = 'system/Observation.rs';
    expect(await refused('/Observation?code:in=ValueSet/cats', scope)).toEqual([400, 'error']);
    expect(await refused('/Observation?code:in=http://cats', scope)).toEqual([400, 'error']);
  });
});

describe('hierarchies of references (search.html#reference)', () => {
  it.each([
    ['/Encounter?location:below=Location/hospital', ['eh', 'er', 'ew']],
    ['/Encounter?location:below=ward', ['er', 'ew']],
    ['/Encounter?location:below=Location/circle', ['ec']],
    ['/Encounter?location:above=Location/room', ['eh', 'er', 'ew']],
    ['/Encounter?location:above=hospital', ['eh']],
    ['/Location?partof:below=hospital', ['room', 'ward']],
    ['/QuestionnaireResponse?questionnaire=http://q', ['a', 'b', 'c']],
    ['/QuestionnaireResponse?questionnaire=http://q|1.2', ['a']],
    ['/QuestionnaireResponse?questionnaire:below=http://q|1', ['a']],
    ['/QuestionnaireResponse?questionnaire:below=http://q', ['a', 'b', 'c']],
    ['/QuestionnaireResponse?questionnaire:above=http://q|2.0', ['b']],
  ])('%s', async (path, expected) => expect(await find(path)).toEqual(expected.sort()));

  it('refuses what has no hierarchy', async () => {
    expect(await refused('/Encounter?subject:below=Patient/p')).toEqual([400, 'error']);
    expect(await refused('/Encounter?subject:above=p')).toEqual([400, 'error']);
    expect(await refused('/Encounter?location:below=a b')).toEqual([400, 'error']);
  });

  it('goes through nothing that the caller may not search', async () => {
    expect(await refused('/Encounter?location:below=hospital', 'system/Encounter.s')).toEqual([403, 'error']);
    const scope = 'system/Encounter.s+system/Location.s?_id=hospital,room';
    expect(await find('/Encounter?location:below=hospital', scope)).toEqual(['eh']);
  });
});

describe('includes (search.html#include)', () => {
  it('bring what a canonical URL names, of a version that version', async () => {
    expect(
      await find('/QuestionnaireResponse?_id=a&_include=QuestionnaireResponse:questionnaire', 'test', 'include'),
    ).toEqual(['q12']);
    expect(
      await find('/QuestionnaireResponse?_id=c&_include=QuestionnaireResponse:questionnaire', 'test', 'include'),
    ).toHaveLength(1);
  });

  it('bring what names a definition, of its version or of none', async () => {
    const around = (id: string) =>
      find(`/Questionnaire?_id=${id}&_revinclude=QuestionnaireResponse:questionnaire`, 'test', 'include');
    expect([await around('q12'), await around('q13'), await around('q2')]).toEqual([['a', 'c'], ['c'], ['b', 'c']]);
    expect(await find('/Questionnaire?_id=q12&_revinclude=*', 'test', 'include')).toEqual(['a', 'c']);
  });

  it('end in a circle', async () => {
    expect(await find('/Location?_id=circle&_include:iterate=Location:partof', 'test', 'include')).toEqual([]);
    expect(await find('/Location?_id=room&_include:iterate=Location:partof', 'test', 'include')).toEqual([
      'hospital',
      'ward',
    ]);
    expect(
      await find(
        '/Location?_id=room&_include:recurse=Location:partof&_revinclude:iterate=Encounter:location',
        'test',
        'include',
      ),
    ).toEqual(['eh', 'er', 'ew', 'hospital', 'ward']);
  });

  it('have wildcards both ways', async () => {
    expect(await find('/Encounter?_id=er&_include=*', 'test', 'include')).toEqual(['room']);
    expect(await find('/Encounter?_id=er&_include=Encounter:*', 'test', 'include')).toEqual(['room']);
    expect(await find('/Location?_id=ward&_revinclude=*', 'test', 'include')).toEqual(['ew', 'room']);
    expect(await find('/Location?_id=ward&_revinclude=Encounter:*', 'test', 'include')).toEqual(['ew']);
    expect(await find('/Location?_id=ward&_revinclude=*', 'system/Location.rs', 'include')).toEqual(['room']);
  });

  it('bring the version that a reference names', async () => {
    await request('PUT', '/Location/ward', { body: { ...place('ward', 'hospital'), name: 'later' } });
    const body = { ...encounter('ev', 'ward'), location: [{ location: { reference: 'Location/ward/_history/1' } }] };
    await request('PUT', '/Encounter/ev', { body });
    const { entry = [] } = (await get('/Encounter?_id=ev&_include=Encounter:location')).as<Bundle>();
    expect(entry.map(({ resource }) => resource?.meta?.versionId)).toEqual(['1', '1']);
    expect(await find('/Encounter?location=Location/ward')).toEqual(['ev', 'ew']);
  });
});
