// https://hl7.org/fhir/R4/operations.html#request: what an operation is given, checked against its definition
import type { OperationDefinition, OperationDefinitionParameter } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { parseText } from '../../../../src/fhir/json/body.ts';
import type { Operation } from '../../../../src/fhir/operations/operation.ts';
import { readParameters } from '../../../../src/fhir/operations/parameters-in.ts';
import { rowsOf } from '../../../../src/fhir/operations/table.ts';
import { FhirError } from '../../../../src/shared/errors.ts';

const parameter = (
  name: string,
  type: string | undefined,
  [min, max]: [number, string],
  part?: OperationDefinitionParameter[],
): OperationDefinitionParameter =>
  ({ name, use: 'in', min, max, ...(type ? { type } : {}), ...(part ? { part } : {}) }) as OperationDefinitionParameter;

const definition: OperationDefinition = {
  resourceType: 'OperationDefinition',
  name: 'Test',
  status: 'active',
  kind: 'operation',
  code: 'test',
  resource: ['Patient'],
  system: false,
  type: true,
  instance: true,
  parameter: [
    parameter('resource', 'Resource', [0, '1']),
    parameter('start', 'date', [0, '1']),
    parameter('max', 'integer', [0, '1']),
    parameter('code', 'code', [0, '*']),
    parameter('coding', 'Coding', [0, '1']),
    parameter('pair', undefined, [0, '*'], [parameter('left', 'string', [1, '1'])]),
  ],
};
const operation: Operation = {
  definition,
  permissions: ['r'],
  action: 'E',
  run: () => Promise.resolve({ status: 200 }),
};

function given(query: string, body?: string) {
  const request = {
    params: new URLSearchParams(query),
    hasBody: body !== undefined,
    body: () => Promise.resolve(parseText(body ?? '{}')),
  };
  return readParameters({ validate: () => [] }, operation, request);
}

async function refusal(query: string, body?: string): Promise<[string, string | undefined]> {
  const error = await given(query, body).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof FhirError)) throw new Error('Nothing was refused.');
  return [error.message, error.issues[0]?.expression?.[0]];
}

const parameters = (...list: object[]) => JSON.stringify({ resourceType: 'Parameters', parameter: list });

describe('input parameters', () => {
  it('come from a URL, its general parameters aside', async () => {
    const read = await given('start=2020-01&code=a&code=b&_format=json');
    expect([read.one('start'), read.all('code'), read.one('max')]).toEqual(['2020-01', ['a', 'b'], undefined]);
  });

  it('come from a Parameters resource, with the exact text of resources', async () => {
    const text = `{"resourceType":"Parameters","parameter":[{"name":"max","valueInteger":3},
      {"name":"resource","resource":{"resourceType":"Basic", "x":1.10}},
      {"name":"pair","part":[{"name":"left","valueString":"l"}]},
      {"name":"coding","valueCoding":{"code":"c"}}]}`;
    const read = await given('', text);
    expect(read.one('max')).toBe('3');
    expect(read.resource('resource')?.text).toBe('{"resourceType":"Basic", "x":1.10}');
    expect(read.parts('pair').map((part) => part.one('left'))).toEqual(['l']);
    expect(read.value('coding')).toEqual({ code: 'c' });
  });

  it('may be the one resource itself', async () => {
    expect((await given('', '{"resourceType":"Patient"}')).resource('resource')?.resource).toEqual({
      resourceType: 'Patient',
    });
  });
});

describe('what does not fit the definition is refused, with its expression', () => {
  it.each([
    ['an unknown name', 'nothing=1', undefined, 'nothing'],
    ['a value of another type in a URL', 'max=x', undefined, 'max'],
    ['a complex value in a URL', 'coding=x', undefined, 'coding'],
    ['a value given twice', 'start=2020&start=2021', undefined, 'start'],
    [
      'an unknown name in a body',
      '',
      parameters({ name: 'nothing', valueString: 'x' }),
      'Parameters.parameter[0].name',
    ],
    [
      'a value of another type',
      '',
      parameters({ name: 'start', valueBoolean: true }),
      'Parameters.parameter[0].valueBoolean',
    ],
    ['no value', '', parameters({ name: 'start' }), 'Parameters.parameter[0]'],
    ['a missing part', '', parameters({ name: 'pair', part: [] }), 'Parameters.parameter[0]'],
    [
      'a resource where a value belongs',
      '',
      parameters({ name: 'start', resource: { resourceType: 'Patient' } }),
      'Parameters.parameter[0].resource',
    ],
  ])('%s', async (_, query, body, expression) => {
    expect((await refusal(query, body))[1]).toBe(expression);
  });
});

describe('the rows of an operation', () => {
  it('are those of its levels, by POST and, where nothing changes, by GET', () => {
    expect(rowsOf(operation).map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST Patient/$test',
      'GET Patient/$test',
      'POST Patient/:id/$test',
      'GET Patient/:id/$test',
    ]);
  });

  it('are by POST alone for an operation that changes something, and of any type where it is for all', () => {
    const changing = { ...definition, affectsState: true, resource: ['Resource'], instance: false, system: true };
    const rows = rowsOf({ ...operation, definition: changing as unknown as OperationDefinition });
    expect(rows.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST $test', 'POST :type/$test']);
  });
});
