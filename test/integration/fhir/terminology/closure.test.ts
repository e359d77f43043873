/** https://hl7.org/fhir/R4/terminology-service.html#closure https://hl7.org/fhir/R4/conceptmap-operation-closure.html */
import type { ConceptMap, OperationOutcome, ParametersParameter } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemAccess } from '../../../../src/auth/system-access.ts';
import { withServer } from '../../../support/server.ts';
import { animalSystem, animals } from '../../../support/terminology.ts';

const server = withServer({
  authenticate: ({ authorization = 'Bearer test', requestId }) => {
    const access = systemAccess(authorization);
    return Promise.resolve({ ...access, caller: { ...access.caller, requestId } });
  },
});

const closure = (parameter: ParametersParameter[], authorization = 'Bearer test') =>
  server.request('POST', '/$closure', {
    body: { resourceType: 'Parameters', parameter },
    headers: { authorization },
  });
const name = (valueString: string): ParametersParameter => ({ name: 'name', valueString });
const concepts = (...codes: string[]) =>
  codes.map((code): ParametersParameter => ({ name: 'concept', valueCoding: { system: animals, code } }));
const pairs = (answer: { as<T>(): T }) =>
  answer
    .as<ConceptMap>()
    .group?.flatMap(({ element }) =>
      element.flatMap(({ code, target = [] }) => target.map((one) => `${code} < ${one.code} ${one.equivalence}`)),
    )
    .sort();

beforeAll(async () => {
  expect((await server.request('POST', '/CodeSystem', { body: animalSystem })).status).toBe(201);
});

describe('a closure table', () => {
  it('is started empty, grows by what is new, and can be replayed from a version', async () => {
    const started = await closure([name('table')]);
    expect([started.status, started.as<ConceptMap>().version, pairs(started)]).toEqual([200, '0', undefined]);
    const first = await closure([name('table'), ...concepts('cow', 'mammal', 'hen')]);
    expect([first.as<ConceptMap>().version, pairs(first)]).toEqual(['1', ['cow < mammal subsumes']]);
    const second = await closure([name('table'), ...concepts('calf', 'cow')]);
    expect([second.as<ConceptMap>().version, pairs(second)]).toEqual([
      '2',
      ['calf < cow subsumes', 'calf < mammal subsumes'],
    ]);
    const nothing = await closure([name('table'), ...concepts('calf')]);
    expect([nothing.as<ConceptMap>().version, pairs(nothing)]).toEqual(['2', undefined]);
    const replayed = await closure([name('table'), { name: 'version', valueString: '1' }]);
    expect(pairs(replayed)).toEqual(['calf < cow subsumes', 'calf < mammal subsumes']);
    const all = await closure([name('table'), { name: 'version', valueString: '0' }]);
    expect(pairs(all)).toHaveLength(3);
  });

  it('is forgotten when it is started again', async () => {
    await closure([name('again')]);
    await closure([name('again'), ...concepts('cow', 'mammal')]);
    await closure([name('again')]);
    expect(pairs(await closure([name('again'), ...concepts('cow')]))).toBeUndefined();
  });

  it('belongs to who started it', async () => {
    await closure([name('mine')]);
    expect((await closure([name('mine'), ...concepts('cow')], 'Bearer somebody else')).status).toBe(404);
  });

  it('misses nothing when two clients grow it at once', async () => {
    await closure([name('busy')]);
    const codes = ['mammal', 'cow', 'calf', 'pig', 'platypus'];
    const answers = await Promise.all(codes.map((code) => closure([name('busy'), ...concepts(code)])));
    expect(answers.flatMap((answer) => pairs(answer) ?? []).sort()).toEqual([
      'calf < cow subsumes',
      'calf < mammal subsumes',
      'cow < mammal subsumes',
      'pig < mammal subsumes',
      'platypus < mammal subsumes',
    ]);
  });

  it.each([
    ['an unknown table', [name('never'), ...concepts('cow')], 404],
    ['no name', concepts('cow'), 400],
    ['a version that there is not', [name('table'), { name: 'version', valueString: '99' }], 400],
    ['concepts and a version', [name('table'), { name: 'version', valueString: '0' }, ...concepts('cow')], 400],
    ['a concept without system', [name('table'), { name: 'concept', valueCoding: { code: 'cow' } }], 400],
  ])('refuses %s', async (_, parameter, status) => {
    const answer = await closure(parameter);
    expect([answer.status, answer.as<OperationOutcome>().resourceType]).toEqual([status, 'OperationOutcome']);
  });

  it('is not read by GET, because it changes', async () =>
    expect((await server.request('GET', '/$closure?name=table')).status).toBe(405));
});
