// https://hl7.org/fhir/R4/references.html#canonical, https://hl7.org/fhir/R4/search.html#chaining
import type { Bundle, Resource } from '@medplum/fhirtypes';
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
const url = (name: string) => `http://exemple.ci/fhir/${name}`;
const questionnaire = (id: string, name: string, version: string, title: string) => ({
  resourceType: 'Questionnaire',
  id,
  url: url(name),
  version,
  title,
  status: 'active',
});
const response = (id: string, named: string) => ({
  resourceType: 'QuestionnaireResponse',
  id,
  status: 'completed',
  questionnaire: named,
});
const resources = [
  questionnaire('tri1', 'tri', '1.0', 'Tri de la toux'),
  questionnaire('tri2', 'tri', '2.0', 'Tri élargi'),
  questionnaire('suivi', 'suivi', '1.0', 'Suivi du traitement'),
  response('r-tri', url('tri')),
  response('r-tri1', `${url('tri')}|1.0`),
  response('r-tri2', `${url('tri')}|2.0`),
  response('r-suivi', url('suivi')),
  response('r-ailleurs', 'http://ailleurs.example/q'),
  {
    resourceType: 'ActivityDefinition',
    id: 'crachat',
    url: url('crachat'),
    status: 'active',
    title: 'Recueil de crachat',
  },
  {
    resourceType: 'PlanDefinition',
    id: 'depistage',
    status: 'active',
    title: 'Dépistage',
    action: [{ definitionCanonical: url('crachat') }],
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

async function found(path: string, scope = 'test'): Promise<string> {
  const answer = await request('GET', `/${path}`, { headers: { authorization: `Bearer ${scope}` } });
  if (answer.status !== 200) return `${answer.status}`;
  return (answer.as<Bundle>().entry ?? [])
    .map(({ resource }) => resource?.id)
    .toSorted()
    .join(' ');
}

describe('3.1.1.4.15 chains through canonical references', () => {
  it.each([
    ['QuestionnaireResponse?questionnaire.title=suivi', 'r-suivi'],
    // Without a version any is meant, with one that one.
    ['QuestionnaireResponse?questionnaire.title=tri de', 'r-tri r-tri1'],
    ['QuestionnaireResponse?questionnaire.version=2.0', 'r-tri r-tri2'],
    ['QuestionnaireResponse?questionnaire:Questionnaire.status=active', 'r-suivi r-tri r-tri1 r-tri2'],
    ['QuestionnaireResponse?questionnaire.title=rien', ''],
    ['QuestionnaireResponse?_filter=questionnaire.title sw suivi', 'r-suivi'],
    ['PlanDefinition?definition:ActivityDefinition.title=recueil', 'depistage'],
    ['PlanDefinition?definition.title=recueil', 'depistage'],
    ['PlanDefinition?definition:Questionnaire.title=recueil', ''],
  ])('%s', async (path, ids) => expect(await found(path)).toBe(ids));
});

describe('3.1.1.4.16 reverse chains through canonical references', () => {
  it.each([
    ['Questionnaire?_has:QuestionnaireResponse:questionnaire:_id=r-tri1', 'tri1'],
    ['Questionnaire?_has:QuestionnaireResponse:questionnaire:_id=r-tri', 'tri1 tri2'],
    ['Questionnaire?_has:QuestionnaireResponse:questionnaire:status=completed', 'suivi tri1 tri2'],
    ['Questionnaire?_has:QuestionnaireResponse:questionnaire:_id=r-ailleurs', ''],
    ['ActivityDefinition?_has:PlanDefinition:definition:title=dépistage', 'crachat'],
    ['ActivityDefinition?_has:PlanDefinition:definition:title=rien', ''],
  ])('%s', async (path, ids) => expect(await found(path)).toBe(ids));
});

describe('what is at the other end is what the caller may see', () => {
  it('forward and back', async () => {
    const own = 'system/QuestionnaireResponse.rs';
    const path = 'QuestionnaireResponse?questionnaire.title=tri';
    expect(await found(path, own)).toBe('403');
    expect(await found(path, `${own}+system/Questionnaire.rs?version=2.0`)).toBe('r-tri r-tri2');
    const back = 'Questionnaire?_has:QuestionnaireResponse:questionnaire:status=completed';
    expect(await found(back, 'system/Questionnaire.rs')).toBe('403');
    const limited =
      'system/Questionnaire.rs+system/QuestionnaireResponse.rs?questionnaire=http://exemple.ci/fhir/suivi';
    expect(await found(back, limited)).toBe('suivi');
  });
});
