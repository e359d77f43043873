// https://hl7.org/fhir/R4/fhirpatch.html
import type { Parameters, Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { parseText } from '../../../../src/fhir/json/body.ts';
import { applyFhirPathPatch } from '../../../../src/fhir/patch/fhirpath-patch.ts';
import { FhirError } from '../../../../src/shared/errors.ts';

type Part = NonNullable<NonNullable<Parameters['parameter']>[number]['part']>[number];

/** One operation: the value is `{ valueX }`, or a list of parts. */
function operation(type: string, path: string, { value, ...more }: Record<string, unknown> = {}) {
  const parts: Part[] = [
    { name: 'type', valueCode: type },
    { name: 'path', valueString: path },
  ];
  for (const [name, one] of Object.entries(more)) {
    parts.push(typeof one === 'number' ? { name, valueInteger: one } : { name, valueString: String(one) });
  }
  if (Array.isArray(value)) parts.push({ name: 'value', part: value as Part[] });
  else if (value) parts.push({ name: 'value', ...(value as object) });
  return { name: 'operation', part: parts };
}

function patch(resource: object, ...parameter: object[]): unknown {
  return JSON.parse(patchText(JSON.stringify(resource), ...parameter));
}

function patchText(text: string, ...parameter: object[]): string {
  const { resourceType } = JSON.parse(text) as Resource;
  const body = parseText(JSON.stringify({ resourceType: 'Parameters', parameter }));
  return applyFhirPathPatch(text, resourceType, body);
}

function failure(run: () => unknown): FhirError {
  try {
    run();
  } catch (error) {
    if (error instanceof FhirError) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}

const patient = (more: object = {}) => ({ resourceType: 'Patient', ...more });
const identifiers = (...values: string[]) => values.map((value) => ({ system: 'http://example.org', value }));
const values = (resource: unknown) =>
  (resource as { identifier: { value: string }[] }).identifier.map((one) => one.value);

describe('FHIRPath Patch', () => {
  it('changes no byte without operations', () => {
    const text = '{ "resourceType":"Patient", "birthDate" :"1920-01-01"}';
    expect(patchText(text)).toBe(text);
  });

  it('keeps the digits and the order of what it does not touch', () => {
    const text =
      '{"resourceType":"Observation", "valueQuantity": {"value": 1.10, "unit":"g"},"status":"final","code":{"text":"x"}}';
    expect(patchText(text, operation('replace', 'Observation.status', { value: { valueCode: 'amended' } }))).toBe(
      '{"resourceType":"Observation","valueQuantity":{"value": 1.10, "unit":"g"},"status":"amended","code":{"text":"x"}}',
    );
  });

  it.each([
    [
      'a primitive',
      { birthDate: '1920-01-01' },
      'Patient.birthDate',
      { valueDate: '1930-01-01' },
      { birthDate: '1930-01-01' },
    ],
    [
      'a nested primitive',
      { contact: [{ name: { text: 'a name' }, gender: 'male' }] },
      'Patient.contact[0].gender',
      { valueCode: 'female' },
      { contact: [{ name: { text: 'a name' }, gender: 'female' }] },
    ],
    [
      'a complex element, its id too',
      { maritalStatus: { id: '1', text: 'married' } },
      'Patient.maritalStatus',
      { valueCodeableConcept: { id: '2', text: 'not married' } },
      { maritalStatus: { id: '2', text: 'not married' } },
    ],
    [
      'a choice by another type',
      { deceasedBoolean: false, active: true },
      'Patient.deceased',
      { valueDateTime: '2020' },
      { deceasedDateTime: '2020', active: true },
    ],
    [
      'a primitive along with its extensions',
      { birthDate: '1920-01-01', _birthDate: { id: 'x' } },
      'Patient.birthDate',
      { valueDate: '1930-01-01', _valueDate: { id: 'y' } },
      { birthDate: '1930-01-01', _birthDate: { id: 'y' } },
    ],
    [
      'an item found by where()',
      {
        name: [
          { use: 'usual', text: 'a' },
          { use: 'official', text: 'b' },
        ],
      },
      "Patient.name.where(use = 'official').text",
      { valueString: 'c' },
      {
        name: [
          { use: 'usual', text: 'a' },
          { use: 'official', text: 'c' },
        ],
      },
    ],
    [
      'a narrative, by its text',
      { text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">a</div>' } },
      'Patient.text.div',
      { valueString: '<div xmlns="http://www.w3.org/1999/xhtml">b</div>' },
      { text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">b</div>' } },
    ],
    [
      'an item of a list of primitives',
      { name: [{ given: ['a', 'b', 'c'], _given: [null, { id: 'x' }, null] }] },
      'Patient.name.given[1]',
      { valueString: 'B' },
      { name: [{ given: ['a', 'B', 'c'], _given: [null, null, null] }].map(({ given }) => ({ given })) },
    ],
  ])('replaces %s', (_, before, path, value, after) => {
    expect(patch(patient(before), operation('replace', path, { value }))).toEqual(patient(after));
  });

  it.each([
    ['a primitive', {}, 'Patient', 'birthDate', { valueDate: '1930-01-01' }, { birthDate: '1930-01-01' }],
    [
      'a nested primitive',
      { contact: [{ name: { text: 'a' } }] },
      'Patient.contact[0]',
      'gender',
      { valueCode: 'male' },
      { contact: [{ name: { text: 'a' }, gender: 'male' }] },
    ],
    [
      'a complex element',
      {},
      'Patient',
      'maritalStatus',
      { valueCodeableConcept: { text: 'married' } },
      { maritalStatus: { text: 'married' } },
    ],
    [
      'a backbone, of parts',
      {},
      'Patient',
      'contact',
      [
        { name: 'name', valueHumanName: { text: 'a name' } },
        { name: 'telecom', valueContactPoint: { value: '1' } },
        { name: 'telecom', valueContactPoint: { value: '2' } },
      ],
      { contact: [{ name: { text: 'a name' }, telecom: [{ value: '1' }, { value: '2' }] }] },
    ],
    [
      'to the end of a list',
      { identifier: identifiers('1') },
      'Patient',
      'identifier',
      { valueIdentifier: identifiers('2')[0] },
      { identifier: identifiers('1', '2') },
    ],
    [
      'the first of a list',
      {},
      'Patient',
      'identifier',
      { valueIdentifier: identifiers('3')[0] },
      { identifier: identifiers('3') },
    ],
    ['a choice', {}, 'Patient', 'deceased', { valueBoolean: true }, { deceasedBoolean: true }],
    [
      'an extension to a primitive',
      { birthDate: '1930' },
      'Patient.birthDate',
      'extension',
      [
        { name: 'url', valueUri: 'http://example.org/e' },
        { name: 'value', valueString: 'x' },
      ],
      { birthDate: '1930', _birthDate: { extension: [{ url: 'http://example.org/e', valueString: 'x' }] } },
    ],
  ])('adds %s', (_, before, path, name, value, after) => {
    expect(patch(patient(before), operation('add', path, { name, value }))).toEqual(patient(after));
  });

  it('adds a contained resource', () => {
    const value = { resource: { resourceType: 'Organization', id: 'o', name: 'x' } };
    expect(patch(patient(), operation('add', 'Patient', { name: 'contained', value }))).toEqual(
      patient({ contained: [value.resource] }),
    );
  });

  it.each([
    ['a primitive', { birthDate: '1920', _birthDate: { id: 'x' } }, 'Patient.birthDate', {}],
    ['what is not there: nothing', { active: true }, 'Patient.birthDate', { active: true }],
    [
      'the last child, and with it the parent',
      { contact: [{ name: { text: 'a' }, gender: 'male' }] },
      'Patient.contact[0].name.text',
      { contact: [{ gender: 'male' }] },
    ],
    ['the last item, and with it the list', { contact: [{ name: { text: 'a' } }] }, 'Patient.contact[0]', {}],
    [
      'an item of a list',
      { identifier: identifiers('1', '2', '3') },
      'Patient.identifier[1]',
      { identifier: identifiers('1', '3') },
    ],
    [
      'an extension by its URL',
      {
        extension: [
          { url: 'http://a', valueCode: 'x' },
          { url: 'http://b', valueCode: 'y' },
        ],
      },
      "Patient.extension('http://a')",
      { extension: [{ url: 'http://b', valueCode: 'y' }] },
    ],
  ])('deletes %s', (_, before, path, after) => {
    expect(patch(patient(before), operation('delete', path))).toEqual(patient(after));
  });

  it.each([
    [0, ['3', '1', '2']],
    [1, ['1', '3', '2']],
    [2, ['1', '2', '3']],
  ])('inserts at %i', (index, after) => {
    const value = { valueIdentifier: identifiers('3')[0] };
    const result = patch(
      patient({ identifier: identifiers('1', '2') }),
      operation('insert', 'Patient.identifier', { index, value }),
    );
    expect(values(result)).toEqual(after);
  });

  it.each([
    [3, 1, ['1', '4', '2', '3']],
    [3, 0, ['4', '1', '2', '3']],
    [3, 2, ['1', '2', '4', '3']],
    [0, 3, ['2', '3', '4', '1']],
    [1, 1, ['1', '2', '3', '4']],
  ])('moves from %i to %i', (source, destination, after) => {
    const before = patient({ identifier: identifiers('1', '2', '3', '4') });
    expect(values(patch(before, operation('move', 'Patient.identifier', { source, destination })))).toEqual(after);
  });

  it('applies the operations in their order', () => {
    const moves = [1, 2, 3].map((at) => operation('move', 'Patient.identifier', { source: 3, destination: at - 1 }));
    expect(values(patch(patient({ identifier: identifiers('1', '2', '3', '4') }), ...moves))).toEqual([
      '4',
      '3',
      '2',
      '1',
    ]);
  });

  it.each([
    [
      'an add to what is not there',
      operation('add', "Patient.identifier.where(use = 'official').period", {
        name: 'end',
        value: { valueDate: '2021' },
      }),
    ],
    [
      'an add of what is there and no list',
      operation('add', 'Patient', { name: 'active', value: { valueBoolean: true } }),
    ],
    ['a replace of nothing', operation('replace', 'Patient.birthDate', { value: { valueDate: '2021' } })],
    ['a replace of several', operation('replace', 'Patient.identifier', { value: { valueIdentifier: {} } })],
    ['a delete of several', operation('delete', 'Patient.identifier')],
    [
      'an insert behind the end',
      operation('insert', 'Patient.identifier', { index: 3, value: { valueIdentifier: {} } }),
    ],
    ['a move of what is not there', operation('move', 'Patient.identifier', { source: 2, destination: 0 })],
    ['a move to where nothing is', operation('move', 'Patient.identifier', { source: 0, destination: 2 })],
    [
      'an insert into what is no list',
      operation('insert', 'Patient.birthDate', { index: 0, value: { valueDate: '2020' } }),
    ],
    ['a delete of the resource', operation('delete', 'Patient')],
  ])('answers 422 to %s, naming the operation', (_, one) => {
    const before = patient({ active: false, identifier: identifiers('1', '2') });
    const { status, issues } = failure(() => patch(before, operation('delete', 'Patient.name'), one));
    expect([status, issues[0]?.expression]).toEqual([422, ['Parameters.parameter[1]']]);
  });

  it.each([
    ['an unknown type', operation('remove', 'Patient.active')],
    ['no path', { name: 'operation', part: [{ name: 'type', valueCode: 'delete' }] }],
    ['a path that is no FHIRPath', operation('delete', 'Patient.')],
    ['a path that names no element', operation('delete', "Patient.active = 'x'")],
    ['an unknown function', operation('delete', 'Patient.active.nothing()')],
    ['an unknown part', operation('delete', 'Patient.active', { colour: 'x' })],
    ['another parameter', { name: 'op', part: [] }],
    ['an unknown element', operation('add', 'Patient', { name: 'colour', value: { valueString: 'x' } })],
    ['a choice that has no such type', operation('add', 'Patient', { name: 'deceased', value: { valueAge: {} } })],
    ['no value', operation('add', 'Patient', { name: 'active' })],
    ['a negative index', operation('insert', 'Patient.name', { index: -1, value: { valueHumanName: {} } })],
  ])('answers 400 to %s', (_, one) => {
    expect(failure(() => patch(patient({ active: true }), one)).status).toBe(400);
  });
});
