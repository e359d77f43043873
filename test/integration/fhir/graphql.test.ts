// https://hl7.org/fhir/R4/graphql.html
import type { OperationOutcome } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { accessOf } from '../../../src/auth/access.ts';
import { systemAccess } from '../../../src/auth/system-access.ts';
import { extract } from '../../../src/fhir/search/extract.ts';
import { withServer } from '../../support/server.ts';

const server = withServer({
  authenticate: ({ authorization = '' }) => {
    const scope = authorization.slice('Bearer '.length).replaceAll('+', ' ');
    const isAll = scope === 'test' || scope === '';
    return Promise.resolve(isAll ? systemAccess('test') : accessOf({ client: { name: 'app' } }, scope, extract));
  },
});

const patient = `{"resourceType":"Patient","id":"example","active":true,
  "identifier":[{"system":"urn:oid:1.2.36.146.595.217.0.1","value":"12345"}],
  "name":[{"use":"official","family":"Chalmers","given":["Peter","James"]},{"use":"usual","given":["Jim"]},
    {"use":"maiden","family":"Windsor","given":["Peter","James"]}],
  "telecom":[{"system":"phone","value":"1"},{"system":"email","value":"a@b"},{"system":"phone","value":"2"}],
  "birthDate":"1974-12-25","_birthDate":{"extension":[{"url":"http://t","valueDateTime":"1974-12-25T14:35:45-05:00"}]},
  "contained":[{"resourceType":"Organization","id":"inside","name":"Inside"}],
  "managingOrganization":{"reference":"#inside"},
  "generalPractitioner":[{"reference":"Practitioner/d1"}]}`;

const resources: object[] = [
  { resourceType: 'Practitioner', id: 'd1', name: [{ family: 'Kone' }] },
  { resourceType: 'Patient', id: 'other', name: [{ family: 'Petit' }] },
  ...[1, 2, 3].map((at) => ({
    resourceType: 'Condition',
    id: `c${at}`,
    clinicalStatus: {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: at === 3 ? 'resolved' : 'active' },
      ],
    },
    code: { text: `problem ${at}` },
    subject: { reference: 'Patient/example' },
  })),
  {
    resourceType: 'Observation',
    id: 'o1',
    status: 'final',
    code: { text: 'weight' },
    subject: { reference: 'Patient/example' },
    performer: [{ reference: 'Practitioner/gone' }],
  },
];

beforeAll(async () => {
  const weight = `{"resourceType":"Observation","id":"o2","status":"final","code":{"text":"w"},"valueQuantity":{"value":1.10}}`;
  for (const text of [patient, weight, ...resources.map((one) => JSON.stringify(one))]) {
    const { resourceType, id } = JSON.parse(text) as { resourceType: string; id: string };
    const answer = await server.request('PUT', `/${resourceType}/${id}`, { body: text });
    expect([answer.status, answer.status === 201 ? '' : answer.text]).toEqual([201, '']);
  }
});

interface Answer {
  readonly data: unknown;
  readonly errors?: { message: string; extensions: { resource: OperationOutcome } }[];
}

async function ask(path: string, query: string, variables?: object): Promise<Answer> {
  const answer = await server.request('POST', `${path}/$graphql`, {
    body: JSON.stringify({ query, variables }),
    headers: { 'content-type': 'application/json' },
  });
  expect(answer.headers.get('content-type')).toBe('application/json');
  return answer.as<Answer>();
}

const ofPatient = async (query: string) => (await ask('/Patient/example', query)).data;
const ofAll = async (query: string, variables?: object) => (await ask('', query, variables)).data;

describe('fields', () => {
  it('are those of the resource, absent ones left out', async () => {
    expect(await ofPatient('{ resourceType id active name { text given family } }')).toEqual({
      resourceType: 'Patient',
      id: 'example',
      active: true,
      name: [
        { given: ['Peter', 'James'], family: 'Chalmers' },
        { given: ['Jim'] },
        { given: ['Peter', 'James'], family: 'Windsor' },
      ],
    });
  });

  it('can be extensions of primitives', async () => {
    expect(await ofPatient('{ birthDate _birthDate { extension { valueDateTime } } }')).toEqual({
      birthDate: '1974-12-25',
      _birthDate: { extension: [{ valueDateTime: '1974-12-25T14:35:45-05:00' }] },
    });
  });

  it('are chosen by the value of a part, by FHIRPath, and by place', async () => {
    expect(await ofPatient('{ name(use: official) { family } }')).toEqual({ name: [{ family: 'Chalmers' }] });
    expect(await ofPatient('{ name(fhirpath: "family.exists()") { family } }')).toEqual({
      name: [{ family: 'Chalmers' }, { family: 'Windsor' }],
    });
    expect(await ofPatient('{ telecom(system: "phone", _offset: 1, _count: 1) { value } }')).toEqual({
      telecom: [{ value: '2' }],
    });
  });

  it('can have other names, stand in fragments, and be asked for twice', async () => {
    const query =
      'query q { ...p name { family } } fragment p on Patient { who: id name { use } ... on Group { quantity } __typename }';
    expect(await ofPatient(query)).toEqual({
      who: 'example',
      name: [{ use: 'official', family: 'Chalmers' }, { use: 'usual' }, { use: 'maiden', family: 'Windsor' }],
      __typename: 'Patient',
    });
  });

  it('are left out or in by @skip and @include', async () => {
    const query = 'query($yes: Boolean = true) { id @skip(if: $yes) active @include(if: $yes) }';
    expect(await ofPatient(query)).toEqual({ active: true });
  });

  it('keep the digits of decimals', async () => {
    const answer = await server.request(
      'GET',
      `/Observation/o2/$graphql?query=${encodeURIComponent('{valueQuantity{value}}')}`,
    );
    expect(answer.text).toBe('{"data":{"valueQuantity":{"value":1.10}}}');
  });
});

describe('references', () => {
  it('are resolved, also to what is contained', async () => {
    expect(
      await ofPatient(
        '{ managingOrganization { resource { name } } generalPractitioner { reference resource { name { family } } } }',
      ),
    ).toEqual({
      managingOrganization: { resource: { name: 'Inside' } },
      generalPractitioner: [{ reference: 'Practitioner/d1', resource: { name: [{ family: 'Kone' }] } }],
    });
  });

  it('are chosen by type, as an argument and by a fragment', async () => {
    const query = `{ subject { resource(type: Patient) { birthDate } } other: subject { resource(type: Group) { name } }
      third: subject { resource { ... on Patient { active } ... on Group { quantity } } } }`;
    expect((await ask('/Observation/o1', query)).data).toEqual({
      subject: { resource: { birthDate: '1974-12-25' } },
      other: {},
      third: { resource: { active: true } },
    });
  });

  it('that cannot be resolved are an error, unless they are optional', async () => {
    expect((await ask('/Observation/o1', '{ performer { resource { id } } }')).errors?.[0]?.message).toMatch(
      /Practitioner\/gone/,
    );
    expect((await ask('/Observation/o1', '{ performer { reference resource(optional: true) { id } } }')).data).toEqual({
      performer: [{ reference: 'Practitioner/gone' }],
    });
  });

  it('can be followed backwards', async () => {
    expect(
      await ofPatient(
        '{ ConditionList(_reference: patient, clinical_status: "active", _sort: "_id") { id code { text } } }',
      ),
    ).toEqual({
      ConditionList: [
        { id: 'c1', code: { text: 'problem 1' } },
        { id: 'c2', code: { text: 'problem 2' } },
      ],
    });
    expect(
      await ofPatient('{ ObservationConnection(_reference: subject) { count edges { resource { id } } } }'),
    ).toEqual({
      ObservationConnection: { count: 1, edges: [{ resource: { id: 'o1' } }] },
    });
  });
});

describe('queries of the whole system', () => {
  it('read one resource by its id', async () => {
    expect(await ofAll('query($id: ID!) { Patient(id: $id) { id active } }', { id: 'example' })).toEqual({
      Patient: { id: 'example', active: true },
    });
  });

  it('search lists: hyphens are underscores, values of an array are ORed', async () => {
    expect(await ofAll('{ PatientList(name: "petit") { id } none: PatientList(name: "zzz") { id } }')).toEqual({
      PatientList: [{ id: 'other' }],
      none: [],
    });
    expect(
      await ofAll('{ ConditionList(_id: ["c1", "c3"], _sort: "_id") { id subject { resource { id } } } }'),
    ).toEqual({
      ConditionList: [
        { id: 'c1', subject: { resource: { id: 'example' } } },
        { id: 'c3', subject: { resource: { id: 'example' } } },
      ],
    });
    expect(await ofAll('{ ConditionList(fhirpath: "code.text = \'problem 2\'") { id } }')).toEqual({
      ConditionList: [{ id: 'c2' }],
    });
  });

  it('page through connections by cursors', async () => {
    interface Page {
      ConditionConnection: { count: number; next?: string; edges: { mode: string; resource: { id: string } }[] };
    }
    const fields = 'count pagesize next edges { mode score resource { id } }';
    const first = (await ofAll(`{ ConditionConnection(_sort: "_id", _count: 2) { ${fields} } }`)) as Page;
    expect(first.ConditionConnection).toMatchObject({ count: 3, pagesize: 2 });
    const { next } = first.ConditionConnection;
    const second = (await ofAll(
      'query($c: String) { ConditionConnection(_cursor: $c) { next edges { resource { id } } } }',
      {
        c: next,
      },
    )) as Page;
    const ids = [first, second].flatMap((page) => page.ConditionConnection.edges.map(({ resource }) => resource.id));
    expect(ids).toEqual(['c1', 'c2', 'c3']);
    expect(second.ConditionConnection.next).toBeUndefined();
  });

  it('come by GET and as application/graphql too', async () => {
    const query = '{ Patient(id: example) { id } }';
    const expected = '{"data":{"Patient":{"id":"example"}}}';
    const byGet = await server.request('GET', `/$graphql?query=${encodeURIComponent(query)}`);
    expect(byGet.text).toBe(expected);
    const raw = { body: query, headers: { 'content-type': 'application/graphql' } };
    expect((await server.request('POST', '/$graphql', raw)).text).toBe(expected);
    const body = { resourceType: 'Parameters', parameter: [{ name: 'query', valueString: query }] };
    expect((await server.request('POST', '/$graphql', { body })).text).toBe(expected);
  });
});

describe('the answer is flattened (the examples of the specification)', () => {
  it.each<[string, unknown]>([
    [
      '{ identifier @flatten { system value } active name @flatten { text given family } }',
      {
        system: ['urn:oid:1.2.36.146.595.217.0.1'],
        value: ['12345'],
        active: true,
        given: ['Peter', 'James', 'Jim', 'Peter', 'James'],
        family: ['Chalmers', 'Windsor'],
      },
    ],
    [
      '{ active name @flatten { text given @first family } }',
      { active: true, given: ['Peter', 'Jim', 'Peter'], family: ['Chalmers', 'Windsor'] },
    ],
    [
      '{ identifier @flatten { system @singleton value @singleton } name @flatten @first { text given family @singleton } }',
      { system: 'urn:oid:1.2.36.146.595.217.0.1', value: '12345', given: ['Peter', 'James'], family: 'Chalmers' },
    ],
    [
      '{ name @flatten @slice(path: "use") { given family @singleton } }',
      {
        'given.official': ['Peter', 'James'],
        'family.official': 'Chalmers',
        'given.usual': ['Jim'],
        'given.maiden': ['Peter', 'James'],
        'family.maiden': 'Windsor',
      },
    ],
    [
      '{ name @flatten @slice(path: "$index") { given family @singleton } }',
      {
        'given.0': ['Peter', 'James'],
        'family.0': 'Chalmers',
        'given.1': ['Jim'],
        'given.2': ['Peter', 'James'],
        'family.2': 'Windsor',
      },
    ],
  ])('%s', async (query, expected) => {
    expect(await ofPatient(query)).toEqual(expected);
  });

  it('and refuses two values for one, and two types under one name', async () => {
    const two = await ask('/Patient/example', '{ name @flatten { family @singleton } }');
    expect(two.errors?.[0]?.message).toMatch(/more than one/);
    const types = await ask('/Patient/example', '{ x: id x: active }');
    expect(types.errors?.[0]?.message).toMatch(/collect|more than one/);
  });
});

describe('what is refused', () => {
  const deep = `${'{ contact { extension '.repeat(1)}${'{ extension '.repeat(30)}{ url }${' }'.repeat(30)} } }`;
  it.each([
    ['no GraphQL', '{ name '],
    ['a field that the type does not have', '{ nothing }'],
    ['a selection of a primitive', '{ id { x } }'],
    ['no selection of an element', '{ name }'],
    ['an argument of a primitive', '{ id(x: 1) }'],
    ['an unknown argument', '{ name(nothing: 1) { family } }'],
    ['an unknown directive', '{ id @nothing }'],
    ['an unknown fragment', '{ ...nothing }'],
    ['a fragment that contains itself', '{ ...a } fragment a on Patient { ...a }'],
    ['bad FHIRPath', '{ name(fhirpath: "((") { family } }'],
    ['a list without _reference', '{ ConditionList { id } }'],
    ['introspection', '{ __schema { types { name } } }'],
    ['a mutation', 'mutation { PatientDelete(id: "example") { id } }'],
    ['an undeclared variable', '{ name(use: $x) { family } }'],
    ['too many levels', deep],
    ['too many fields', `{ ${'id '.repeat(2001)} }`],
  ])('%s', async (_, query) => {
    const answer = await ask('/Patient/example', query);
    expect(answer.data).toBeNull();
    expect(answer.errors?.[0]?.extensions.resource.resourceType).toBe('OperationOutcome');
  });

  it.each([
    ['{ Patient(id: "none") { id } }', 404],
    ['{ PatientList(nothing: 1) { id } }', 400],
    ['{ PatientList(_include: "x") { id } }', 400],
    ['{ PatientConnection(_cursor: "abc") { next } }', 400],
    ['{ Nothing(id: 1) { id } }', 400],
  ])('%s with %i', async (query, status) => {
    const answer = await server.request('GET', `/$graphql?query=${encodeURIComponent(query)}`);
    expect([answer.status, answer.as<Answer>().data]).toEqual([status, null]);
  });

  it('a body of another type (415), no query (400)', async () => {
    const text = { body: '{ id }', headers: { 'content-type': 'text/plain' } };
    expect((await server.request('POST', '/$graphql', text)).status).toBe(415);
    expect((await server.request('GET', '/$graphql')).status).toBe(400);
  });
});

describe('a caller with limits', () => {
  const as = async (scope: string, query: string) => {
    const headers = { authorization: `Bearer ${scope}` };
    return (await server.request('GET', `/$graphql?query=${encodeURIComponent(query)}`, { headers })).as<Answer>();
  };

  it('sees only what it may, through lists and through references', async () => {
    const scope = 'system/Condition.rs?clinical-status=active';
    expect((await as(scope, '{ ConditionList(_sort: "_id") { id } }')).data).toEqual({
      ConditionList: [{ id: 'c1' }, { id: 'c2' }],
    });
    expect(
      (await as(scope, '{ ConditionList(_sort: "_id", _count: 1) { subject { resource(optional: true) { id } } } }'))
        .data,
    ).toEqual({ ConditionList: [{ subject: {} }] });
    expect((await as(scope, '{ Patient(id: example) { id } }')).errors).toHaveLength(1);
    expect((await as(scope, '{ Condition(id: c3) { id } }')).errors?.[0]?.message).toMatch(/not known/);
  });
});
