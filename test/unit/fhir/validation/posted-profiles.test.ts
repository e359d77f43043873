/** Posted profiles and extensions in depth: https://hl7.org/fhir/R4/profiling.html, https://hl7.org/fhir/R4/defining-extensions.html */
import { beforeAll, describe, expect, it } from 'vitest';
import { createValidation } from '../../../../src/fhir/validation/validator.ts';

const core = 'http://hl7.org/fhir/StructureDefinition/';
const mine = 'http://test/StructureDefinition/';
const { validate, put } = createValidation({ profilesFolder: 'fhir-profiles' });

type Element = Readonly<Record<string, unknown>> & { readonly id: string };

function definition(name: string, type: string, element: readonly Element[], more: object = {}) {
  const withPaths = element.map((one) => {
    const slice = /:([^.:]+)$/.exec(one.id)?.[1];
    return { path: one.id.replace(/:[^.]+/g, ''), ...(slice ? { sliceName: slice } : {}), ...one };
  });
  return {
    resourceType: 'StructureDefinition',
    url: mine + name,
    name,
    type,
    derivation: 'constraint',
    baseDefinition: core + type,
    differential: { element: withPaths },
    ...more,
  };
}

const profile = (name: string, type: string, element: readonly Element[], more: object = {}) =>
  put(name, definition(name, type, element, more));
const by = (type: string, path: string, more: object = {}) => ({
  slicing: { discriminator: [{ type, path }], rules: 'open', ...more },
});
const observation = (more: object) => ({ resourceType: 'Observation', status: 'final', code: { text: 'x' }, ...more });
const patient = (more: object) => ({ resourceType: 'Patient', ...more });

function found(name: string | undefined, resource: unknown): string[] {
  const profiles = name === undefined ? {} : { profiles: [mine + name] };
  return validate(resource, profiles).map(
    ({ severity, code, expression }) => `${severity === 'error' ? '' : `${severity} `}${code} ${expression}`,
  );
}

beforeAll(() => {
  profile('ordered', 'Patient', [
    { id: 'Patient.telecom', ...by('value', 'system', { ordered: true, rules: 'openAtEnd' }) },
    { id: 'Patient.telecom:phone', max: '1' },
    { id: 'Patient.telecom:phone.system', fixedCode: 'phone' },
    { id: 'Patient.telecom:email' },
    { id: 'Patient.telecom:email.system', fixedCode: 'email' },
  ]);
  profile('resliced', 'Observation', [
    { id: 'Observation.category', ...by('pattern', '$this') },
    {
      id: 'Observation.category:a',
      min: 1,
      patternCodeableConcept: { coding: [{ system: 'http://a' }] },
      ...by('value', 'text'),
    },
    { id: 'Observation.category:a/one', min: 1, max: '1' },
    { id: 'Observation.category:a/one.text', fixedString: 'one' },
  ]);
  profile('withDefault', 'Patient', [
    { id: 'Patient.identifier', ...by('value', 'system', { rules: 'closed' }) },
    { id: 'Patient.identifier:mrn', max: '1' },
    { id: 'Patient.identifier:mrn.system', fixedUri: 'http://mrn' },
    { id: 'Patient.identifier:@default' },
    { id: 'Patient.identifier:@default.period', min: 1 },
  ]);
  profile('valueTypes', 'Observation', [
    { id: 'Observation.value[x]', ...by('type', '$this', { rules: 'closed' }) },
    { id: 'Observation.value[x]:valueQuantity', max: '1' },
    { id: 'Observation.value[x]:valueQuantity.code', min: 1 },
  ]);
  profile('ranges', 'Observation', [
    { id: 'Observation.value[x]', type: [{ code: 'Quantity' }, { code: 'integer' }] },
    { id: 'Observation.value[x]:valueInteger', min: 0, minValueInteger: 1, maxValueInteger: 10 },
    { id: 'Observation.effective[x]', minValueDateTime: '2020-01-01' },
    { id: 'Observation.method.text', maxLength: 5 },
  ]);
  profile('practitioner', 'Practitioner', [{ id: 'Practitioner.name', min: 1 }]);
  profile('targets', 'Observation', [
    {
      id: 'Observation.performer',
      type: [{ code: 'Reference', targetProfile: [`${mine}practitioner`], aggregation: ['contained', 'bundled'] }],
    },
  ]);
  profile('byResolvedProfile', 'Observation', [
    { id: 'Observation.performer', ...by('profile', 'resolve()') },
    {
      id: 'Observation.performer:named',
      min: 1,
      type: [{ code: 'Reference', targetProfile: [`${mine}practitioner`] }],
    },
  ]);
  profile('entries', 'Bundle', [
    { id: 'Bundle.entry', ...by('profile', 'resource', { rules: 'closed' }) },
    { id: 'Bundle.entry:practitioner', min: 1 },
    {
      id: 'Bundle.entry:practitioner.resource',
      min: 1,
      type: [{ code: 'Practitioner', profile: [`${mine}practitioner`] }],
    },
    { id: 'Bundle.entry:basic' },
    { id: 'Bundle.entry:basic.resource', min: 1, type: [{ code: 'Basic' }] },
  ]);
  profile('hb', 'Observation', [{ id: 'Observation.code', patternCodeableConcept: { text: 'hb' } }]);
  profile('byResolvedCode', 'Observation', [
    { id: 'Observation.hasMember', ...by('value', 'resolve().code') },
    { id: 'Observation.hasMember:hb', min: 1, type: [{ code: 'Reference', targetProfile: [`${mine}hb`] }] },
  ]);
  profile('byOfType', 'Observation', [
    { id: 'Observation.component', ...by('value', 'value.ofType(CodeableConcept)') },
    { id: 'Observation.component:a', min: 1 },
    { id: 'Observation.component:a.value[x]:valueCodeableConcept', patternCodeableConcept: { text: 'A' } },
  ]);
  profile('looping', 'Patient', [
    { id: 'Patient.link.other', type: [{ code: 'Reference', targetProfile: [`${mine}looping`] }] },
  ]);
  profile('asking', 'Patient', [
    {
      id: 'Patient',
      constraint: [
        { key: 'a-1', severity: 'warning', human: 'Has a name.', expression: 'name.exists()' },
        { key: 'a-2', severity: 'error', human: 'Conforms.', expression: `conformsTo('${mine}snapshotOnly')` },
        {
          key: 'a-3',
          severity: 'error',
          human: 'Is in the set.',
          expression: "gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')",
        },
      ],
    },
  ]);
  profile('bothWays', 'Patient', [{ id: 'Patient.name', min: 1 }], { baseDefinition: `${mine}otherWay` });
  profile('otherWay', 'Patient', [{ id: 'Patient.gender', min: 1 }], { baseDefinition: `${mine}bothWays` });
  profile(
    'severity',
    'Extension',
    [
      { id: 'Extension', max: '1' },
      { id: 'Extension.extension:level', min: 1 },
      { id: 'Extension.extension:level.url', fixedUri: 'level' },
      { id: 'Extension.extension:level.value[x]', min: 1, type: [{ code: 'integer' }] },
      { id: 'Extension.url', fixedUri: `${mine}severity` },
      { id: 'Extension.value[x]', max: '0' },
    ],
    {
      context: [
        { type: 'element', expression: 'Condition' },
        { type: 'element', expression: 'Patient.contact' },
      ],
    },
  );
  profile('byExtension', 'Patient', [
    { id: 'Patient.contact', ...by('value', `extension('${mine}rank').value`) },
    { id: 'Patient.contact:first', min: 1 },
    { id: 'Patient.contact:first.extension:rank', min: 1, type: [{ code: 'Extension', profile: [`${mine}rank`] }] },
    { id: 'Patient.contact:first.extension:rank.value[x]', fixedInteger: 1 },
  ]);
  profile(
    'rank',
    'Extension',
    [
      { id: 'Extension.url', fixedUri: `${mine}rank` },
      { id: 'Extension.value[x]', min: 1, type: [{ code: 'integer' }] },
    ],
    { context: [{ type: 'fhirpath', expression: 'Patient.contact' }], contextInvariant: ['%resource.active'] },
  );
  profile(
    'negated',
    'Extension',
    [
      { id: 'Extension', isModifier: true },
      { id: 'Extension.url', fixedUri: `${mine}negated` },
      { id: 'Extension.value[x]', min: 1, type: [{ code: 'boolean' }] },
    ],
    { context: [{ type: 'element', expression: 'DomainResource' }] },
  );
  profile('snapshotOnly', 'Patient', [], {
    baseDefinition: 'http://nobody/knows',
    differential: undefined,
    snapshot: {
      element: [
        { id: 'Patient', path: 'Patient' },
        { id: 'Patient.name', path: 'Patient.name', min: 1, max: '*' },
      ],
    },
  });
  profile('withoutIds', 'Observation', [], {
    differential: {
      element: [
        { path: 'Observation' },
        { path: 'Observation.component', ...by('value', 'code.text') },
        { path: 'Observation.component', sliceName: 'a', min: 1 },
        { path: 'Observation.component.code' },
        { path: 'Observation.component.code.text', fixedString: 'a' },
        { path: 'Observation.component.valueQuantity', min: 1 },
        { path: 'Observation.method', min: 1 },
      ],
    },
  });
  profile('primitive', 'Patient', [
    { id: 'Patient.birthDate', min: 1 },
    { id: 'Patient.birthDate.extension', ...by('value', 'url'), min: 1 },
  ]);
  profile('nested', 'Questionnaire', [], {
    differential: undefined,
    baseDefinition: 'http://nobody/knows',
    snapshot: {
      element: [
        { id: 'Questionnaire', path: 'Questionnaire' },
        { id: 'Questionnaire.item', path: 'Questionnaire.item', min: 0, max: '*' },
        { id: 'Questionnaire.item.text', path: 'Questionnaire.item.text', min: 1, max: '1' },
        { id: 'Questionnaire.item.item', path: 'Questionnaire.item.item', contentReference: '#Questionnaire.item' },
      ],
    },
  });
});

describe('slices', () => {
  const phone = { system: 'phone', value: '1' };
  const email = { system: 'email', value: 'a@b' };
  const other = { system: 'fax', value: '1' };
  it('come in their order, and what is in none after them', () => {
    expect(found('ordered', patient({ telecom: [phone, email, other] }))).toEqual([]);
    expect(found('ordered', patient({ telecom: [email, phone] }))).toEqual(['structure Patient.telecom[1]']);
    expect(found('ordered', patient({ telecom: [other, phone] }))).toEqual(['structure Patient.telecom[1]']);
  });
  it('can be sliced again', () => {
    const category = (text: string) => ({ coding: [{ system: 'http://a', code: '1' }], text });
    expect(found('resliced', observation({ category: [category('one'), category('two')] }))).toEqual([]);
    expect(found('resliced', observation({ category: [category('two')] }))).toEqual(['required Observation.category']);
  });
  it('leave the rest to @default', () => {
    const given = (more: object) => patient({ identifier: [{ system: 'http://x', value: '1', ...more }] });
    expect(found('withDefault', given({ period: { start: '2020' } }))).toEqual([]);
    expect(found('withDefault', given({}))).toEqual(['required Patient.identifier[0].period']);
  });
  it('of a choice can be closed', () => {
    expect(found('valueTypes', observation({ valueQuantity: { code: 'kg', system: 'http://u' } }))).toEqual([]);
    expect(found('valueTypes', observation({ valueQuantity: { value: 1 } }))).toEqual([
      'required Observation.value.code',
    ]);
    expect(found('valueTypes', observation({ valueString: 'x' }))).toEqual(['structure Observation.value']);
  });
  it('are found by the profile of what a reference leads to', () => {
    const contained = [{ resourceType: 'Practitioner', id: 'p', name: [{ family: 'x' }] }];
    const performer = [{ reference: '#p' }];
    expect(found('byResolvedProfile', observation({ contained, performer }))).toEqual([]);
    const nameless = [{ resourceType: 'Practitioner', id: 'p', gender: 'male' }];
    expect(found('byResolvedProfile', observation({ contained: nameless, performer }))).toEqual([
      'required Observation.performer',
    ]);
  });
  it('of a Bundle are found by profile and type of their resources', () => {
    const entry = (resource: {
      readonly resourceType: string;
      readonly id: string;
      readonly [other: string]: unknown;
    }) => ({
      fullUrl: `http://x.org/${resource.resourceType}/${resource.id}`,
      resource,
    });
    const bundle = (...all: object[]) => ({ resourceType: 'Bundle', type: 'collection', entry: all });
    const named = entry({ resourceType: 'Practitioner', id: '1', name: [{ text: 'x' }] });
    const nameless = entry({ resourceType: 'Practitioner', id: '2' });
    const group = entry({ resourceType: 'Basic', id: '3', code: { text: 'x' } });
    expect(found('entries', bundle(named, group))).toEqual([]);
    expect(found('entries', bundle(nameless, group))).toEqual(['required Bundle.entry', 'structure Bundle.entry[0]']);
  });
  it('are found by what a reference leads to', () => {
    const hasMember = [{ reference: '#o' }];
    const of = (text: string) => observation({ contained: [observation({ id: 'o', code: { text } })], hasMember });
    expect(found('byResolvedCode', of('hb'))).toEqual([]);
    expect(found('byResolvedCode', of('na'))).toEqual(['required Observation.hasMember']);
  });
  it('are found by one type of a choice', () => {
    const component = (text: string) => [{ code: { text: 'c' }, valueCodeableConcept: { text } }];
    expect(found('byOfType', observation({ component: component('A') }))).toEqual([]);
    expect(found('byOfType', observation({ component: component('B') }))).toEqual(['required Observation.component']);
  });
  it('are found by the value of an extension', () => {
    const contact = (rank: number) => [
      { name: { text: 'x' }, extension: [{ url: `${mine}rank`, valueInteger: rank }] },
    ];
    expect(found('byExtension', patient({ active: true, contact: contact(1) }))).toEqual([]);
    expect(found('byExtension', patient({ active: true, contact: contact(2) }))).toEqual(['required Patient.contact']);
  });
  it('need no ids of elements', () => {
    const method = { text: 'x' };
    const component = (more: object) => [{ code: { text: 'a' }, ...more }];
    expect(found('withoutIds', observation({ method, component: component({ valueQuantity: { value: 1 } }) }))).toEqual(
      [],
    );
    expect(found('withoutIds', observation({ component: component({ valueString: 'x' }) }))).toEqual([
      'required Observation.component[0].valueQuantity',
      'required Observation.method',
    ]);
  });
});

describe('values', () => {
  it('are held to ranges and lengths', () => {
    expect(
      found('ranges', observation({ valueInteger: 5, effectiveDateTime: '2020-02-01', method: { text: 'short' } })),
    ).toEqual([]);
    expect(
      found('ranges', observation({ valueInteger: 11, effectiveDateTime: '2019-12-31', method: { text: 'longer' } })),
    ).toEqual(['value Observation.value', 'value Observation.effective', 'too-long Observation.method.text']);
  });
  it('that are primitives have extensions too', () => {
    const _birthDate = { extension: [{ url: 'http://x', valueCode: 'unknown' }] };
    expect(found('primitive', patient({ birthDate: '2020', _birthDate }))).toEqual([]);
    expect(found('primitive', patient({ birthDate: '2020' }))).toEqual(['required Patient.birthDate.extension']);
  });
});

describe('targets of references', () => {
  const performer = [{ reference: '#p' }];
  it('fulfil one of the profiles, when they are at hand', () => {
    const contained = (more: object) => [{ resourceType: 'Practitioner', id: 'p', gender: 'male', ...more }];
    expect(found('targets', observation({ contained: contained({ name: [{ text: 'x' }] }), performer }))).toEqual([]);
    expect(found('targets', observation({ contained: contained({}), performer }))).toEqual([
      'structure Observation.performer[0]',
    ]);
  });
  it('are where aggregation wants them', () => {
    expect(found('targets', observation({ performer: [{ reference: 'Practitioner/1' }] }))).toEqual([
      'structure Observation.performer[0]',
    ]);
  });
  it('that lead back end', () => {
    const link = (id: string) => [{ type: 'seealso', other: { reference: id } }];
    const contained = [patient({ id: 'a', link: link('#b') }), patient({ id: 'b', link: link('#a') })];
    expect(found('looping', patient({ contained, link: link('#a') }))).toEqual([]);
  });
});

describe('constraints', () => {
  it('keep their severity, and may ask for profiles and value sets', () => {
    expect(found('asking', patient({ gender: 'male' }))).toEqual(['warning invariant Patient', 'invariant Patient']);
    expect(found('asking', patient({ gender: 'male', name: [{ text: 'x' }] }))).toEqual([]);
  });
});

describe('bases', () => {
  it('that lead back to the profile end', () => {
    expect(found('bothWays', patient({}))).toEqual(['required Patient.gender', 'required Patient.name']);
  });
  it('that nobody knows are made up for by a snapshot', () => {
    expect(found('snapshotOnly', patient({}))).toEqual(['required Patient.name']);
  });
  it('are followed into what a contentReference names', () => {
    const item = (more: object) => ({ linkId: '1', type: 'group', text: 'x', ...more });
    const questionnaire = (inner: object) => ({
      resourceType: 'Questionnaire',
      status: 'draft',
      item: [item({ item: [inner] })],
    });
    expect(found('nested', questionnaire(item({ linkId: '2' })))).toEqual([]);
    expect(found('nested', questionnaire({ linkId: '2', type: 'group' }))).toEqual([
      'required Questionnaire.item[0].item[0].text',
    ]);
  });
});

describe('extensions', () => {
  const severity = (...extension: object[]) => ({ url: `${mine}severity`, extension });
  const level = { url: 'level', valueInteger: 1 };
  const condition = (...extension: object[]) => ({ resourceType: 'Condition', subject: { display: 'x' }, extension });
  it('have their parts, with their types', () => {
    expect(found(undefined, condition(severity(level)))).toEqual([]);
    expect(found(undefined, condition(severity({ url: 'level', valueString: 'x' })))).toEqual([
      'structure Condition.extension[0].extension[0].value',
    ]);
    expect(found(undefined, condition(severity(level, { url: 'other', valueString: 'x' })))).toEqual([
      'extension Condition.extension[0].extension[1]',
    ]);
  });
  it('are not more than their definition allows', () => {
    expect(found(undefined, condition(severity(level), severity(level)))).toEqual(['extension Condition.extension[1]']);
  });
  it('are where their context is', () => {
    expect(found(undefined, patient({ contact: [{ name: { text: 'x' }, extension: [severity(level)] }] }))).toEqual([]);
    expect(found(undefined, patient({ extension: [severity(level)] }))).toEqual(['extension Patient.extension[0]']);
    const name = { text: 'x', extension: [severity(level)] };
    expect(found(undefined, patient({ contact: [{ name }] }))).toEqual([
      'extension Patient.contact[0].name.extension[0]',
    ]);
  });
  it('are where a FHIRPath context and its invariants are', () => {
    const rank = { url: `${mine}rank`, valueInteger: 1 };
    const contact = [{ name: { text: 'x' }, extension: [rank] }];
    expect(found(undefined, patient({ active: true, contact }))).toEqual([]);
    expect(found(undefined, patient({ active: false, contact }))).toEqual([
      'extension Patient.contact[0].extension[0]',
    ]);
    expect(found(undefined, patient({ active: true, extension: [rank] }))).toEqual(['extension Patient.extension[0]']);
  });
  it('modify only as modifierExtension, and then always', () => {
    const negated = { url: `${mine}negated`, valueBoolean: true };
    expect(found(undefined, patient({ modifierExtension: [negated] }))).toEqual([]);
    expect(found(undefined, patient({ extension: [negated] }))).toEqual(['extension Patient.extension[0]']);
    expect(found(undefined, { ...condition(), extension: undefined, modifierExtension: [severity(level)] })).toEqual([
      'extension Condition.modifierExtension[0]',
    ]);
  });
  it('that modify must be known', () => {
    const unknown = { url: 'http://nobody/knows', valueBoolean: true };
    expect(found(undefined, patient({ modifierExtension: [unknown] }))).toEqual([
      'extension Patient.modifierExtension[0]',
    ]);
    expect(found(undefined, patient({ extension: [unknown] }))).toEqual([]);
  });
});

describe('a definition that is put in', () => {
  it('takes effect, also on what is derived from it, and goes again', () => {
    profile('base', 'Patient', [{ id: 'Patient.name', min: 1 }]);
    profile('derived', 'Patient', [{ id: 'Patient.gender', min: 1 }], { baseDefinition: `${mine}base` });
    expect(found('derived', patient({}))).toEqual(['required Patient.name', 'required Patient.gender']);
    profile('base', 'Patient', []);
    expect(found('derived', patient({}))).toEqual(['required Patient.gender']);
    put('derived', undefined);
    expect(found('derived', patient({}))).toEqual(['not-found Patient']);
  });
  it('is of the version that is named', () => {
    put('v1', definition('versioned', 'Patient', [{ id: 'Patient.name', min: 1 }], { version: '1.0.0' }));
    put('v2', definition('versioned', 'Patient', [{ id: 'Patient.gender', min: 1 }], { version: '2.0.0' }));
    const of = (version: string) => found(`versioned${version}`, patient({}));
    expect([of('|1.0.0'), of('|2.0.0'), of('')]).toEqual([
      ['required Patient.name'],
      ['required Patient.gender'],
      ['required Patient.gender'],
    ]);
    expect(of('|3.0.0')).toEqual(['not-found Patient']);
  });
  it('cannot take the place of one that this installation was delivered with', () => {
    const url = 'http://hl7.org/fhir/StructureDefinition/Patient';
    put('evil', { ...definition('evil', 'Patient', [{ id: 'Patient.name', min: 1 }]), url });
    expect(validate(patient({ meta: { profile: [url] } }))).toEqual([]);
    put('evil', undefined);
  });
});
