/** Profiles: https://hl7.org/fhir/R4/profiling.html */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Validate } from '../../../../src/fhir/validation/validate.ts';
import { createValidator } from '../../../../src/fhir/validation/validator.ts';

const core = 'http://hl7.org/fhir/StructureDefinition/';
const mine = 'http://test/StructureDefinition/';
let folder: string;
let validate: Validate;

type Element = Readonly<Record<string, unknown>> & { readonly id: string };

/** Writes a profile; an element's path is its id without slices. */
function profile(name: string, type: string, element: readonly Element[], base = `${core}${type}`): void {
  const withPaths = element.map((one) => {
    const slice = /:([^.:]+)$/.exec(one.id)?.[1];
    return { path: one.id.replace(/:[^.]+/g, ''), ...(slice ? { sliceName: slice } : {}), ...one };
  });
  const definition = {
    resourceType: 'StructureDefinition',
    url: mine + name,
    name,
    type,
    derivation: 'constraint',
    baseDefinition: base,
    differential: { element: withPaths },
  };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(definition));
}

const concept = (system: string, code: string) => ({ coding: [{ system, code }] });
const discriminator = (type: string, path: string, rules = 'open') => ({
  slicing: { discriminator: [{ type, path }], rules },
});

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'profiles-'));
  const terms = {
    resourceType: 'CodeSystem',
    url: 'http://test/cs',
    content: 'complete',
    concept: [{ code: 'a', concept: [{ code: 'a1' }] }, { code: 'b' }],
  };
  const include = [{ system: 'http://test/cs' }];
  const exclude = [{ system: 'http://test/cs', concept: [{ code: 'b' }] }];
  writeFileSync(join(folder, 'cs.json'), JSON.stringify(terms));
  writeFileSync(
    join(folder, 'vs.json'),
    JSON.stringify({ resourceType: 'ValueSet', url: 'http://test/vs', compose: { include, exclude } }),
  );
  profile('cardinality', 'Patient', [
    { id: 'Patient.name', min: 1, max: '1' },
    { id: 'Patient.name.family', min: 1 },
    { id: 'Patient.photo', max: '0' },
    { id: 'Patient.birthDate', min: 1 },
    { id: 'Patient.generalPractitioner', type: [{ code: 'Reference', targetProfile: [`${core}Practitioner`] }] },
  ]);
  profile('derived', 'Patient', [{ id: 'Patient.gender', min: 1 }], `${mine}cardinality`);
  profile('values', 'Observation', [
    {
      id: 'Observation',
      constraint: [{ key: 'v-1', severity: 'error', human: 'Final only.', expression: "status = 'final'" }],
    },
    { id: 'Observation.code', patternCodeableConcept: concept('http://loinc.org', '1') },
    {
      id: 'Observation.value[x]',
      type: [{ code: 'Quantity' }, { code: 'CodeableConcept' }],
      binding: { strength: 'required', valueSet: 'http://test/vs|1' },
    },
    { id: 'Observation.value[x]:valueQuantity', min: 0, patternQuantity: { code: 'kg' } },
    { id: 'Observation.interpretation', binding: { strength: 'extensible', valueSet: 'http://test/vs' } },
    { id: 'Observation.method.text', fixedString: 'by hand' },
  ]);
  profile('sliced', 'Patient', [
    { id: 'Patient.identifier', ...discriminator('value', 'system', 'closed') },
    { id: 'Patient.identifier:mrn', min: 1, max: '1' },
    { id: 'Patient.identifier:mrn.system', fixedUri: 'http://mrn' },
    { id: 'Patient.identifier:mrn.value', min: 1 },
    { id: 'Patient.identifier:ssn', max: '1' },
    { id: 'Patient.identifier:ssn.system', fixedUri: 'http://ssn' },
    { id: 'Patient.telecom', ...discriminator('exists', 'period') },
    { id: 'Patient.telecom:old', max: '1' },
    { id: 'Patient.telecom:old.period', min: 1 },
    { id: 'Patient.telecom:old.rank', max: '0' },
    { id: 'Patient.deceased[x]', ...discriminator('type', '$this') },
    { id: 'Patient.deceased[x]:deceasedDateTime', max: '0' },
    { id: 'Patient.link', ...discriminator('type', 'other.resolve()') },
    { id: 'Patient.link:person', max: '1' },
    { id: 'Patient.link:person.other', type: [{ code: 'Reference', targetProfile: [`${core}RelatedPerson`] }] },
    { id: 'Patient.link:person.type', fixedCode: 'seealso' },
  ]);
  profile('components', 'Observation', [
    { id: 'Observation.component', ...discriminator('pattern', 'code') },
    { id: 'Observation.component:x', min: 1 },
    { id: 'Observation.component:x.code', patternCodeableConcept: concept('http://c', 'x') },
    { id: 'Observation.component:x.value[x]', min: 1, type: [{ code: 'integer' }] },
    { id: 'Observation.component:bound', max: '1' },
    { id: 'Observation.component:bound.code', binding: { strength: 'required', valueSet: 'http://test/vs' } },
  ]);
  profile('note', 'Extension', [
    { id: 'Extension.url', fixedUri: `${mine}note` },
    { id: 'Extension.value[x]', min: 1, type: [{ code: 'string' }] },
  ]);
  profile('extended', 'Patient', [
    { id: 'Patient.extension:note', min: 1, max: '1', type: [{ code: 'Extension', profile: [`${mine}note`] }] },
  ]);
  profile('broken', 'Patient', [
    { id: 'Patient', constraint: [{ key: 'x-1', severity: 'error', human: 'x', expression: 'nope(' }] },
  ]);
  validate = createValidator({ profilesFolder: folder });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** `severity code expression`, errors without their severity. */
function issues(name: string, resource: object): string[] {
  return validate(resource, { profiles: [mine + name] }).map(
    ({ severity, code, expression }) => `${severity === 'error' ? '' : `${severity} `}${code} ${expression}`,
  );
}
const patient = (more: object) => ({ resourceType: 'Patient', ...more });
const observation = (more: object) => ({
  resourceType: 'Observation',
  status: 'final',
  code: concept('http://loinc.org', '1'),
  ...more,
});

describe('cardinality', () => {
  it('narrows the base', () => {
    expect(issues('cardinality', patient({ name: [{ family: 'x' }], birthDate: '2020' }))).toEqual([]);
    expect(issues('cardinality', patient({ name: [{ text: 'x' }, { family: 'y' }], photo: [{ title: 'x' }] }))).toEqual(
      [
        'structure Patient.name',
        'required Patient.name[0].family',
        'structure Patient.photo',
        'required Patient.birthDate',
      ],
    );
  });
  it('counts a value that only has an extension', () => {
    const _birthDate = { extension: [{ url: 'http://x', valueCode: 'unknown' }] };
    expect(issues('cardinality', patient({ name: [{ family: 'x' }], _birthDate }))).toEqual([]);
  });
  it('is inherited by derived profiles', () => {
    expect(issues('derived', patient({ name: [{ family: 'x' }] }))).toEqual([
      'required Patient.birthDate',
      'required Patient.gender',
    ]);
  });
  it('says which profile wants it', () => {
    const [issue] = validate(patient({ name: [{ family: 'x' }] }), { profiles: [`${mine}cardinality`] });
    expect(issue?.diagnostics).toBe('birthDate is required at least 1 time, found 0. (profile cardinality)');
  });
});

describe('values', () => {
  it('are held to patterns, fixed values, types and invariants', () => {
    expect(issues('values', observation({ valueQuantity: { value: 1, system: 'u', code: 'kg' } }))).toContain(
      'code-invalid Observation.value',
    );
    expect(
      issues(
        'values',
        observation({ valueCodeableConcept: concept('http://test/cs', 'a1'), method: { text: 'by hand' } }),
      ),
    ).toEqual([]);
    expect(
      issues(
        'values',
        observation({
          code: concept('http://loinc.org', '2'),
          valueString: 'x',
          status: 'amended',
          method: { text: 'x' },
        }),
      ),
    ).toEqual([
      'invariant Observation',
      'value Observation.code',
      'structure Observation.value',
      'value Observation.method.text',
    ]);
  });
  it('are held to local value sets, exclusions included', () => {
    expect(issues('values', observation({ valueCodeableConcept: concept('http://test/cs', 'b') }))).toEqual([
      'code-invalid Observation.value',
    ]);
    expect(issues('values', observation({ interpretation: [concept('http://x', 'y')] }))).toEqual([
      'warning code-invalid Observation.interpretation[0]',
    ]);
  });
  it('of one type of a choice can be asked for', () => {
    expect(issues('values', observation({ valueQuantity: { value: 1, system: 'u', code: 'g' } }))).toContain(
      'value Observation.value',
    );
  });
  it('are references to what the profile allows', () => {
    const generalPractitioner = [{ reference: 'Organization/1' }];
    expect(issues('cardinality', patient({ name: [{ family: 'x' }], birthDate: '2020', generalPractitioner }))).toEqual(
      ['value Patient.generalPractitioner[0].reference'],
    );
  });
});

describe('slices', () => {
  const mrn = { system: 'http://mrn', value: '1' };
  it('are told apart by value', () => {
    expect(issues('sliced', patient({ identifier: [mrn, { system: 'http://ssn' }] }))).toEqual([]);
    expect(issues('sliced', patient({ identifier: [mrn, mrn, { system: 'http://other' }] }))).toEqual([
      'structure Patient.identifier',
      'structure Patient.identifier[2]',
    ]);
    expect(issues('sliced', patient({ identifier: [{ system: 'http://mrn' }] }))).toEqual([
      'required Patient.identifier[0].value',
    ]);
    expect(issues('sliced', patient({}))).toEqual(['required Patient.identifier']);
  });
  it('are told apart by what exists', () => {
    const telecom = [
      { system: 'phone', rank: 1 },
      { system: 'phone', rank: 1, period: { start: '2020' } },
    ];
    expect(issues('sliced', patient({ identifier: [mrn], telecom }))).toEqual(['structure Patient.telecom[1].rank']);
  });
  it('are told apart by type, also of a choice', () => {
    expect(issues('sliced', patient({ identifier: [mrn], deceasedBoolean: true }))).toEqual([]);
    expect(issues('sliced', patient({ identifier: [mrn], deceasedDateTime: '2020' }))).toEqual([
      'structure Patient.deceasedDateTime',
    ]);
    const link = [
      { other: { reference: 'Patient/1' }, type: 'refer' },
      { other: { reference: 'RelatedPerson/1' }, type: 'refer' },
    ];
    expect(issues('sliced', patient({ identifier: [mrn], link }))).toEqual(['value Patient.link[1].type']);
  });
  it('are told apart by pattern and by binding', () => {
    const x = { code: concept('http://c', 'x'), valueInteger: 1 };
    const bound = { code: concept('http://test/cs', 'a'), valueInteger: 1 };
    expect(issues('components', observation({ component: [x, x, bound] }))).toEqual([]);
    expect(issues('components', observation({ component: [bound, bound] }))).toEqual([
      'required Observation.component',
      'structure Observation.component',
    ]);
    expect(
      issues('components', observation({ component: [{ ...x, valueInteger: undefined, valueString: 'y' }] })),
    ).toEqual(['structure Observation.component[0].value']);
  });
});

describe('extensions', () => {
  const note = (more: object) => ({ extension: [{ url: `${mine}note`, ...more }] });
  it('are asked for by url', () => {
    expect(issues('extended', patient(note({ valueString: 'x' })))).toEqual([]);
    expect(issues('extended', patient({}))).toEqual(['required Patient.extension']);
  });
  it('are held to their definition, and told once', () => {
    expect(issues('extended', patient(note({ valueInteger: 1 })))).toEqual(['structure Patient.extension[0].value']);
    expect(
      validate(patient({ name: [note({ valueInteger: 1 })] })).map(({ expression }) => String(expression)),
    ).toEqual(['Patient.name[0].extension[0].value']);
  });
});

describe('the extensions of R4', () => {
  it('are held to their definitions wherever they are used', () => {
    const url = `${core}patient-birthPlace`;
    expect(validate(patient({ extension: [{ url, valueAddress: { city: 'Lyon' } }] }))).toEqual([]);
    expect(
      validate(patient({ extension: [{ url, valueString: 'Lyon' }] })).map(({ diagnostics }) => diagnostics),
    ).toEqual(['The type must be Address, not string. (profile birthPlace)']);
  });
});

describe('which profiles', () => {
  const named = (url: string, resource = patient({})) => validate({ ...resource, meta: { profile: [url] } });
  it('are those of meta.profile, with or without version', () => {
    expect(named(`${mine}cardinality|1.0`).map(({ code }) => code)).toEqual(['required', 'required']);
  });
  it('are not known is a warning, unless it was asked for', () => {
    expect(named('http://nobody/knows').map(({ severity, expression }) => [severity, String(expression)])).toEqual([
      ['warning', 'Patient.meta.profile'],
    ]);
    expect(validate(patient({}), { profiles: ['http://nobody/knows'] }).map(({ severity }) => severity)).toEqual([
      'error',
    ]);
  });
  it('may be the base definition', () => expect(named(`${core}Patient`)).toEqual([]));
  it('must be about the type', () => {
    expect(named(`${mine}values`).map(({ diagnostics }) => diagnostics)).toEqual([
      `The profile ${mine}values is about Observation, not Patient.`,
    ]);
  });
  it('are enforced in entries and contained resources too', () => {
    const resource = patient({ meta: { profile: [`${mine}derived`] }, name: [{ family: 'x' }], birthDate: '2020' });
    const found = validate({ resourceType: 'Bundle', type: 'collection', entry: [{ resource }] });
    expect(found.map(({ expression }) => String(expression))).toEqual(['Bundle.entry[0].resource.gender']);
  });
  it('that are broken stop nobody', () => {
    expect(issues('broken', patient({}))).toEqual(['information not-supported Patient']);
  });
  it('need their folder', () => {
    expect(() => createValidator({ profilesFolder: join(folder, 'nope') })).toThrow('does not exist');
  });
});

describe('the vital signs of R4', () => {
  const loinc = 'http://loinc.org';
  const part = (code: string, value: number) => ({
    code: concept(loinc, code),
    valueQuantity: { value, unit: 'mmHg', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
  });
  const pressure = (more: object) => ({
    ...observation({ code: concept(loinc, '85354-9') }),
    meta: { profile: [`${core}bp`] },
    category: [concept('http://terminology.hl7.org/CodeSystem/observation-category', 'vital-signs')],
    subject: { reference: 'Patient/1' },
    effectiveDateTime: '2020-01-01',
    component: [part('8480-6', 120), part('8462-4', 80)],
    ...more,
  });
  const errors = (resource: object) =>
    validate(resource)
      .filter(({ severity }) => severity === 'error')
      .map(({ code, expression }) => `${code} ${expression}`);

  it('accept a blood pressure', () => expect(errors(pressure({}))).toEqual([]));
  it('want their category, date and both parts', () => {
    const bare = pressure({ category: undefined, effectiveDateTime: undefined, component: [part('8480-6', 120)] });
    expect(errors(JSON.parse(JSON.stringify(bare)))).toEqual([
      'required Observation.category',
      'required Observation.category',
      'required Observation.effective',
      'required Observation.component',
      'required Observation.component',
    ]);
  });
  it('want their unit', () => {
    const wrong = part('8462-4', 80);
    wrong.valueQuantity.code = 'kPa';
    expect(errors(pressure({ component: [part('8480-6', 120), wrong] }))).toContain(
      'value Observation.component[1].value.code',
    );
  });
});
