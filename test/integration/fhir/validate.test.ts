/** $validate: https://hl7.org/fhir/R4/resource-operation-validate.html */
import type { CapabilityStatement, OperationOutcome } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const server = withServer();
const core = 'http://hl7.org/fhir/StructureDefinition/';
const url = 'http://test/StructureDefinition/named-patient';

interface Answer {
  readonly status: number;
  /** `severity code expression`, information left out. */
  readonly issues: readonly string[];
  readonly outcome: OperationOutcome;
}

async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await server.request(method, path, body === undefined ? {} : { body });
  const outcome = answer.as<OperationOutcome>();
  const issues = (outcome.issue ?? [])
    .filter(({ severity, diagnostics }) => severity !== 'information' && !diagnostics?.startsWith('dom-6'))
    .map(({ severity, code, expression }) => `${severity} ${code} ${expression ?? ''}`);
  return { status: answer.status, issues, outcome };
}

const parameters = (...parameter: readonly object[]) => ({ resourceType: 'Parameters', parameter });
const patient = (more: object = {}) => ({ resourceType: 'Patient', ...more });

function namedPatient(min: number) {
  return {
    resourceType: 'StructureDefinition',
    url,
    name: 'NamedPatient',
    status: 'active',
    kind: 'resource',
    abstract: false,
    type: 'Patient',
    baseDefinition: `${core}Patient`,
    derivation: 'constraint',
    differential: { element: [{ id: 'Patient.name', path: 'Patient.name', min }] },
  };
}

beforeAll(async () => {
  await server.request('PUT', '/Patient/stored', { body: patient({ id: 'stored', gender: 'female' }) });
});

describe('$validate of a type', () => {
  it('finds nothing wrong with what is right', async () => {
    const answer = await ask('POST', '/Patient/$validate', patient({ gender: 'female' }));
    expect(answer).toMatchObject({ status: 200, issues: [] });
  });

  it('answers 200 with every problem at once', async () => {
    const wrong = patient({ gender: 'f', foo: 1, birthDate: '2020-02-30', contact: [{ gender: 'male' }] });
    const { status, issues } = await ask('POST', '/Patient/$validate', wrong);
    expect(status).toBe(200);
    expect([...issues].sort()).toEqual([
      'error code-invalid Patient.gender',
      'error invariant Patient.contact[0]',
      'error structure Patient.foo',
      'error value Patient.birthDate',
    ]);
  });

  it('takes the resource out of Parameters, with a profile', async () => {
    const body = parameters(
      { name: 'resource', resource: { resourceType: 'Observation', status: 'final', code: { text: 'x' } } },
      { name: 'profile', valueUri: `${core}bodyweight` },
    );
    const { status, issues } = await ask('POST', '/Observation/$validate', body);
    expect(status).toBe(200);
    expect(issues).toContain('error required Observation.category');
  });

  it('takes mode and profile from the URL too', async () => {
    const path = `/Patient/$validate?mode=profile&profile=${encodeURIComponent('http://nobody/knows')}`;
    expect(await ask('POST', path, patient())).toMatchObject({ status: 200, issues: ['error not-found Patient'] });
  });

  it('tells of JSON that is none, and of what is no resource', async () => {
    const broken = await ask('POST', '/Patient/$validate', '{"resourceType":"Patient","name":[}');
    expect(broken).toMatchObject({ status: 200, outcome: { issue: [{ severity: 'fatal', code: 'structure' }] } });
    const twice = await ask('POST', '/Patient/$validate', '{"resourceType":"Patient","active":true,"active":false}');
    expect(twice).toMatchObject({ status: 200, outcome: { issue: [{ severity: 'fatal', code: 'structure' }] } });
    expect((await ask('POST', '/Patient/$validate', '{"name":[]}')).status).toBe(200);
  });

  it('tells when the resource is of another type', async () => {
    const answer = await ask('POST', '/Patient/$validate', { resourceType: 'Basic', code: { text: 'x' } });
    expect(answer).toMatchObject({ status: 200, issues: ['error invalid Patient.resourceType'] });
  });

  it.each([
    ['no resource', '/Patient/$validate', parameters({ name: 'mode', valueCode: 'create' })],
    ['an unknown mode', '/Patient/$validate?mode=guess', patient()],
    ['the mode profile without one', '/Patient/$validate?mode=profile', patient()],
    ['the mode delete of a type', '/Patient/$validate?mode=delete', patient()],
    ['an unknown parameter', '/Patient/$validate', parameters({ name: 'nope', valueCode: 'create' })],
  ])('is 400 for %s', async (_, path, body) => {
    expect((await ask('POST', path, body)).status).toBe(400);
  });

  it('wants an id for an update', async () => {
    const answer = await ask('POST', '/Patient/$validate?mode=update', patient());
    expect(answer).toMatchObject({ status: 200, issues: ['error required Patient.id'] });
  });

  it('can be an entry of a batch', async () => {
    const entry = [{ resource: patient({ foo: 1 }), request: { method: 'POST', url: 'Patient/$validate' } }];
    const { status, outcome } = await ask('POST', '', { resourceType: 'Bundle', type: 'batch', entry });
    expect(status).toBe(200);
    expect(outcome).toMatchObject({
      entry: [{ response: { status: '200 OK' }, resource: { resourceType: 'OperationOutcome' } }],
    });
  });
});

describe('$validate of an instance', () => {
  it('takes what is stored when nothing is sent', async () => {
    expect(await ask('GET', '/Patient/stored/$validate')).toMatchObject({ status: 200, issues: [] });
  });
  it('is 404 for what is not there', async () => {
    expect((await ask('GET', '/Patient/nobody/$validate')).status).toBe(404);
  });
  it('compares the ids', async () => {
    const answer = await ask('POST', '/Patient/stored/$validate?mode=update', patient({ id: 'other' }));
    expect(answer).toMatchObject({ status: 200, issues: ['error invalid Patient.id'] });
  });
  it('says whether it could be deleted', async () => {
    expect(await ask('POST', '/Patient/stored/$validate?mode=delete')).toMatchObject({ status: 200, issues: [] });
    expect((await server.request('GET', '/Patient/stored')).status).toBe(200);
  });
});

describe('a posted StructureDefinition', () => {
  it('is enforced once it is written, differential only, and no more once it is deleted', async () => {
    const named = patient({ meta: { profile: [url] } });
    expect((await server.request('POST', '/Patient', { body: named })).status).toBe(201);
    const sent = await server.request('POST', '/StructureDefinition', { body: namedPatient(1) });
    expect(sent.status).toBe(201);
    expect((await server.request('POST', '/Patient', { body: named })).status).toBe(422);
    const { issues } = await ask('POST', `/Patient/$validate?profile=${encodeURIComponent(url)}`, patient());
    expect(issues).toEqual(['error required Patient.name']);
    const location = sent.headers.get('location') ?? '';
    const path = location.slice(location.indexOf('/StructureDefinition')).replace(/\/_history.*/, '');
    const id = path.slice(path.lastIndexOf('/') + 1);
    await server.request('PUT', path, { body: { ...namedPatient(0), id } });
    expect((await server.request('POST', '/Patient', { body: named })).status).toBe(201);
    await server.request('DELETE', path);
    const after = await ask('POST', `/Patient/$validate?profile=${encodeURIComponent(url)}`, patient());
    expect(after.issues).toEqual(['error not-found Patient']);
  });

  it('is refused when its expressions are no FHIRPath', async () => {
    const constraint = [{ key: 'x-1', severity: 'error', human: 'x', expression: 'name.(' }];
    const differential = { element: [{ id: 'Patient', path: 'Patient', constraint }] };
    const answer = await ask('POST', '/StructureDefinition', { ...namedPatient(1), differential });
    expect(answer.status).toBe(422);
    expect(answer.issues).toContain(
      'error invalid StructureDefinition.differential.element[0].constraint[0].expression',
    );
  });
});

describe('CapabilityStatement.rest.resource.supportedProfile', () => {
  it('names the profiles that the server is delivered with, each known to $validate, and none that was posted', async () => {
    const statement = (await server.request('GET', '/metadata')).as<CapabilityStatement>();
    const resources = statement.rest?.[0]?.resource ?? [];
    const named = resources.flatMap(({ type = '', supportedProfile = [] }) =>
      supportedProfile.map((profile) => [type, profile] as const),
    );
    expect(named).toContainEqual(['Patient', 'https://livedoc.health/fhir/StructureDefinition/livedoc-patient']);
    expect(named.map(([, profile]) => profile)).not.toContain(url);
    for (const [type, profile] of named) {
      const { outcome } = await ask('POST', `/${type}/$validate?profile=${profile}`, { resourceType: type });
      expect(outcome.issue.filter(({ code }) => code === 'not-found')).toEqual([]);
    }
  });
});
