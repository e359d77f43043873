/** Our FHIRPath engine against @medplum/core's, an independent one, on the expressions of the search parameters. */
import { evalFhirPath } from '@medplum/core';
import type { Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/fhir/fhirpath/compile.ts';
import { r4Parameters } from '../../../src/fhir/search/parameters.ts';

const resources: readonly Resource[] = [
  {
    resourceType: 'Patient',
    id: 'p',
    active: true,
    identifier: [{ system: 'urn:a', value: '1' }, { value: '2' }],
    name: [{ use: 'official', family: 'Lefèbvre', given: ['Zoé', 'Anne'] }],
    telecom: [
      { system: 'phone', value: '+33 1' },
      { system: 'email', value: 'z@e.fr' },
    ],
    birthDate: '1970-01-02',
    deceasedDateTime: '2020-02-03T04:05:06Z',
    generalPractitioner: [{ reference: 'Practitioner/1' }, { reference: 'Organization/2' }],
  },
  {
    resourceType: 'Observation',
    id: 'o',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8310-5' }], text: 'T' },
    subject: { reference: 'Patient/p' },
    effectivePeriod: { start: '2020-01-01', end: '2020-01-02' },
    valueQuantity: { value: 37.2, unit: 'Cel' },
    component: [{ code: { text: 'c' }, valueString: 'x' }],
  },
  {
    resourceType: 'Encounter',
    id: 'e',
    status: 'finished',
    class: { code: 'AMB' },
    participant: [{ individual: { reference: 'Practitioner/1' } }, { individual: { reference: 'RelatedPerson/2' } }],
    period: { start: '2021-05-05T10:00:00+02:00' },
  },
];

// Medplum takes every `resolve()` of a plain reference for a stub, and evaluates `Resource.` paths on no type.
const comparable = (expression: string) => !/resolve\(\)|^Resource\.|DomainResource\./.test(expression);

describe.each(resources.map((resource) => [resource.resourceType, resource] as const))('on a %s', (type, resource) => {
  const expressions = r4Parameters
    .parameters(type)
    .map(({ expression }) => expression ?? '')
    .filter((text) => text && comparable(text));

  it('has expressions to compare', () => expect(expressions.length).toBeGreaterThan(8));

  it.each(expressions)('%s gives what the other engine gives', (expression) => {
    const ours = compile(expression, [type]).run([resource], { resource, root: resource });
    expect(JSON.parse(JSON.stringify(ours))).toEqual(JSON.parse(JSON.stringify(evalFhirPath(expression, resource))));
  });
});
