/** Structure of FHIR's JSON: https://hl7.org/fhir/R4/json.html */
import { describe, expect, it } from 'vitest';
import { createValidator } from '../../../../src/fhir/validation/validator.ts';

const validate = createValidator({ profilesFolder: 'fhir-profiles' });

/** The errors as `code expression`. */
function errors(resource: unknown): string[] {
  return validate(resource)
    .filter(({ severity }) => severity !== 'warning' && severity !== 'information')
    .map(({ code, expression }) => `${code} ${expression ?? ''}`);
}
const messages = (resource: unknown) => validate(resource).map(({ diagnostics }) => diagnostics);
const patient = (more: object = {}) => ({ resourceType: 'Patient', ...more });
const note = { extension: [{ url: 'http://x', valueString: 'why' }] };

describe('a resource', () => {
  it('may be empty but for its type', () => expect(errors(patient())).toEqual([]));
  it.each([[null], [undefined], [[]], ['Patient'], [1], [true]])('is an object, not %j', (value) => {
    expect(errors(value)).toEqual(['structure ']);
  });
  it('has a resourceType', () => expect(errors({})).toEqual(['required resourceType']));
  it.each([
    'Nope',
    '__proto__',
    'constructor',
    'Resource',
    'DomainResource',
    'HumanName',
    'Patient.contact',
    '',
    7,
    {},
  ])('has a resourceType of R4, not %j', (resourceType) =>
    expect(errors({ resourceType })).toEqual(['structure resourceType']),
  );
});

describe('elements', () => {
  it('are refused by their name when unknown', () => {
    expect(errors(patient({ foo: 1, name: [{ familly: 'x' }] }))).toEqual([
      'structure Patient.name[0].familly',
      'structure Patient.foo',
    ]);
    expect(messages(patient({ foo: 1 }))).toEqual(['Unknown element "foo" in Patient.']);
  });
  it('are refused when their name is one that every JavaScript object has', () => {
    const resource = JSON.parse('{"resourceType":"Patient","__proto__":{"active":true},"toString":1,"constructor":2}');
    expect(errors(resource)).toEqual([
      'structure Patient.__proto__',
      'structure Patient.toString',
      'structure Patient.constructor',
    ]);
  });
  it('are required where min is 1', () => {
    expect(errors({ resourceType: 'Observation', component: [{ code: { text: 'x' } }, { valueString: 'y' }] })).toEqual(
      ['required Observation.component[1].code', 'required Observation.status', 'required Observation.code'],
    );
  });
  it('are arrays where max is above 1, and only there', () => {
    expect(errors(patient({ name: { family: 'x' }, active: [true] }))).toEqual([
      'structure Patient.active',
      'structure Patient.name',
    ]);
  });
  it('are never empty', () => {
    expect(errors(patient({ name: [], identifier: [{}], maritalStatus: {}, text: null }))).toEqual([
      'structure Patient.text',
      'structure Patient.identifier[0]',
      'structure Patient.name',
      'structure Patient.maritalStatus',
    ]);
  });
  it('need more than an id (ele-1)', () => {
    expect(errors(patient({ maritalStatus: { id: 'x' } }))).toEqual(['structure Patient.maritalStatus']);
  });
  it('are all told in one answer', () => {
    expect(errors(patient({ active: 'yes', birthDate: 'x', gender: 'm', foo: 1, name: [{ family: 1 }] }))).toHaveLength(
      5,
    );
  });
});

describe('choice elements', () => {
  it('have one type', () => {
    expect(errors(patient({ deceasedBoolean: true, deceasedDateTime: '2020' }))).toEqual([
      'structure Patient.deceased',
    ]);
  });
  it('may carry an extension beside their value', () => {
    expect(errors(patient({ deceasedBoolean: true, _deceasedBoolean: note }))).toEqual([]);
  });
  it('name the types they may have', () => {
    expect(messages(patient({ deceasedString: 'yes' }))).toEqual([
      'Unknown element "deceasedString" in Patient. deceased[x] may be boolean, dateTime.',
    ]);
  });
  it('can be required', () => {
    const statement = { resourceType: 'MedicationStatement', status: 'active', subject: { display: 'x' } };
    expect(errors(statement)).toEqual(['required MedicationStatement.medication']);
    expect(messages(statement)).toEqual(['MedicationStatement.medication[x] is required.']);
  });
});

describe('siblings with _', () => {
  it('stand for a missing value', () => {
    expect(errors({ resourceType: 'Observation', _status: note, code: { text: 'x' } })).toEqual([]);
  });
  it('need an extension then, an id is not enough', () => {
    expect(errors(patient({ _birthDate: { id: 'x' } }))).toEqual(['structure Patient.birthDate']);
    expect(errors(patient({ birthDate: '2020', _birthDate: { id: 'x' } }))).toEqual([]);
  });
  it('belong to primitives only', () => {
    expect(errors(patient({ _name: [note], _foo: note }))).toEqual([
      'structure Patient._name',
      'structure Patient._foo',
    ]);
  });
  it('are padded with null to the length of the values', () => {
    const name = (given: unknown, _given: unknown) => errors(patient({ name: [{ given, _given }] }));
    expect(name(['a', null], [null, note])).toEqual([]);
    expect(name([null], [note])).toEqual([]);
    expect(name(['a', null], [null, null])).toEqual(['structure Patient.name[0].given[1]']);
    expect(name(['a'], [null, note])).toEqual(['structure Patient.name[0].given']);
    expect(errors(patient({ name: [{ given: ['a', null] }] }))).toEqual(['structure Patient.name[0].given[1]']);
    expect(errors(patient({ name: [{ _given: [note] }] }))).toEqual([]);
    expect(errors(patient({ name: [{ _given: [null, { id: 'x' }] }] }))).toEqual([
      'structure Patient.name[0].given[1]',
    ]);
  });
  it('are validated themselves', () => {
    const bad = { extension: [{ valueString: 'no url' }] };
    expect(errors(patient({ birthDate: '2020', _birthDate: bad }))).toEqual([
      'required Patient.birthDate.extension[0].url',
    ]);
  });
});

describe('resources inside', () => {
  it('are validated by their own type when contained', () => {
    const contained = [{ resourceType: 'Organization', id: 'o', nme: 'x' }];
    expect(errors(patient({ contained, managingOrganization: { reference: '#o' } }))).toContain(
      'structure Patient.contained[0].nme',
    );
  });
  it('are validated in entries and parameters', () => {
    const entry = [{ resource: patient({ gender: 'm' }) }, { resource: { resourceType: 'Nope' } }];
    expect(errors({ resourceType: 'Bundle', type: 'collection', entry })).toEqual([
      'code-invalid Bundle.entry[0].resource.gender',
      'structure Bundle.entry[1].resource.resourceType',
    ]);
    const parameter = [{ name: 'x', resource: patient({ active: 1 }) }];
    expect(errors({ resourceType: 'Parameters', parameter })).toEqual([
      'value Parameters.parameter[0].resource.active',
    ]);
  });
});

describe('bindings', () => {
  it('list the codes that a required one allows', () => {
    expect(messages(patient({ gender: 'm' }))).toEqual([
      '"m" is not in the value set http://hl7.org/fhir/ValueSet/administrative-gender (required): expected one of male, female, other, unknown.',
    ]);
  });
  it('want system and code of a CodeableConcept', () => {
    const condition = (coding: object) =>
      errors({ resourceType: 'Condition', subject: { display: 'x' }, clinicalStatus: { coding: [coding] } });
    const system = 'http://terminology.hl7.org/CodeSystem/condition-clinical';
    expect(condition({ system, code: 'active' })).toEqual([]);
    expect(condition({ code: 'active' })).toEqual(['code-invalid Condition.clinicalStatus']);
    expect(condition({ system: 'x', code: 'active' })).toEqual(['code-invalid Condition.clinicalStatus']);
  });
});

describe('depth', () => {
  it('is limited, without harm to the stack', () => {
    let extension: object = { url: 'http://x', valueString: 'y' };
    for (let level = 0; level < 10_000; level++) extension = { url: 'http://x', extension: [extension] };
    expect(errors(patient({ extension: [extension] }))).toEqual(['too-costly Patient']);
  });
});
