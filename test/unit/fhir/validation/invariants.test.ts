/** Invariants and reference targets of R4, each with a resource that breaks it. */
import { describe, expect, it } from 'vitest';
import { invariants, properties, resourceTypes } from '../../../../src/fhir/definitions/types.ts';
import { compileInvariant } from '../../../../src/fhir/validation/invariants.ts';
import { createValidator } from '../../../../src/fhir/validation/validator.ts';

const validate = createValidator({ profilesFolder: 'fhir-profiles' });

/** `key expression` of broken invariants. */
function broken(resource: object): string[] {
  return validate(resource)
    .filter(({ code }) => code === 'invariant')
    .map(({ diagnostics, expression }) => `${diagnostics.split(':')[0]} ${expression}`);
}
const patient = (more: object) => ({ resourceType: 'Patient', ...more });
const code = { text: 'x' };
const observation = (more: object) => ({ resourceType: 'Observation', status: 'final', code, ...more });
const loinc = (value: string) => ({ coding: [{ system: 'http://loinc.org', code: value }] });
const extension = (more: object) => patient({ extension: [{ url: 'http://x', ...more }] });

const cases: readonly (readonly [string, object])[] = [
  ['ext-1 Patient.extension[0]', extension({})],
  ['ext-1 Patient.extension[0]', extension({ valueString: 'x', extension: [{ url: 'y', valueString: 'z' }] })],
  [
    'per-1 Patient.name[0].period',
    patient({ name: [{ family: 'x', period: { start: '2020-02', end: '2020-01-31' } }] }),
  ],
  ['qty-3 Observation.value', observation({ valueQuantity: { value: 1, code: 'kg' } })],
  ['rng-2 Observation.value', observation({ valueRange: { low: { value: 2 }, high: { value: 1 } } })],
  ['cpt-2 Patient.telecom[0]', patient({ telecom: [{ value: '1' }] })],
  ['att-1 Patient.photo[0]', patient({ photo: [{ data: 'YWJj' }] })],
  ['pat-1 Patient.contact[0]', patient({ contact: [{ gender: 'male' }] })],
  ['ref-1 Patient.managingOrganization', patient({ managingOrganization: { reference: '#o' } })],
  ['obs-6 Observation', observation({ valueString: 'x', dataAbsentReason: code })],
  [
    'obs-7 Observation',
    observation({ code: loinc('1'), valueString: 'x', component: [{ code: loinc('1'), valueString: 'y' }] }),
  ],
  ['obs-3 Observation.referenceRange[0]', observation({ referenceRange: [{ type: code }] })],
  [
    'dom-2 Patient',
    patient({
      contained: [{ resourceType: 'Patient', id: 'a', contained: [{ resourceType: 'Patient' }] }],
      link: [{ type: 'seealso', other: { reference: '#a' } }],
    }),
  ],
  ['dom-3 Patient', patient({ contained: [{ resourceType: 'Organization', id: 'o', name: 'x' }] })],
  [
    'dom-4 Patient',
    patient({
      contained: [{ resourceType: 'Organization', id: 'o', name: 'x', meta: { versionId: '1' } }],
      managingOrganization: { reference: '#o' },
    }),
  ],
  [
    'dom-5 Patient',
    patient({
      contained: [{ resourceType: 'Organization', id: 'o', name: 'x', meta: { security: [{ code: 'R' }] } }],
      managingOrganization: { reference: '#o' },
    }),
  ],
  ['bdl-1 Bundle', { resourceType: 'Bundle', type: 'collection', total: 1 }],
  ['bdl-3 Bundle', { resourceType: 'Bundle', type: 'transaction', entry: [{ resource: patient({}) }] }],
  ['bdl-5 Bundle.entry[0]', { resourceType: 'Bundle', type: 'collection', entry: [{ fullUrl: 'urn:uuid:1' }] }],
  [
    'bdl-7 Bundle',
    {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [
        { fullUrl: 'u', resource: patient({}) },
        { fullUrl: 'u', resource: patient({}) },
      ],
    },
  ],
  [
    'bdl-8 Bundle.entry[0]',
    {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ fullUrl: 'http://x/Patient/1/_history/2', resource: patient({}) }],
    },
  ],
  ['inv-1 Parameters.parameter[0]', { resourceType: 'Parameters', parameter: [{ name: 'x' }] }],
  [
    'con-4 Condition',
    {
      resourceType: 'Condition',
      subject: { display: 'x' },
      abatementString: 'x',
      clinicalStatus: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
      },
    },
  ],
  ['org-1 Organization', { resourceType: 'Organization', active: true }],
  [
    'org-3 Organization.telecom[1]',
    { resourceType: 'Organization', name: 'x', telecom: [{ use: 'work' }, { use: 'home' }] },
  ],
  [
    'tim-1 ServiceRequest.occurrence.repeat',
    {
      resourceType: 'ServiceRequest',
      status: 'active',
      intent: 'order',
      subject: { display: 'x' },
      occurrenceTiming: { repeat: { duration: 1 } },
    },
  ],
  [
    'que-2 Questionnaire',
    {
      resourceType: 'Questionnaire',
      status: 'draft',
      item: [{ linkId: '1', type: 'group', item: [{ linkId: '1', type: 'string' }] }],
    },
  ],
  [
    'mdd-1 MedicationDispense',
    {
      resourceType: 'MedicationDispense',
      status: 'completed',
      medicationCodeableConcept: code,
      whenPrepared: '2020-02-02',
      whenHandedOver: '2020-02-01',
    },
  ],
];

describe('invariants', () => {
  it.each(cases)('tell %s', (expected, resource) => expect(broken(resource)).toContain(expected));

  it('hold for what looks similar', () => {
    expect(broken(patient({ name: [{ family: 'x', period: { start: '2020-01-15', end: '2020-01' } }] }))).toEqual([]);
    expect(broken(observation({ code: loinc('1'), component: [{ code: loinc('1'), valueString: 'y' }] }))).toEqual([]);
    const contained = [{ resourceType: 'Organization', id: 'o', name: 'x', partOf: { reference: '#' } }];
    expect(broken(patient({ contained }))).toEqual([]);
    expect(
      broken({
        resourceType: 'Bundle',
        type: 'collection',
        entry: [{ resource: observation({ subject: { display: 'x' } }) }],
      }),
    ).toEqual([]);
  });

  it('keep their severity', () => {
    const named = { resourceType: 'ValueSet', status: 'draft', name: 'not a name' };
    expect(validate(named).map(({ severity, code: kind }) => [severity, kind])).toEqual([['warning', 'invariant']]);
  });

  it('look into contained resources and entries, each with its own %resource', () => {
    const inner = observation({ valueString: 'x', dataAbsentReason: code });
    expect(broken({ resourceType: 'Bundle', type: 'collection', entry: [{ resource: inner }] })).toEqual([
      'obs-6 Bundle.entry[0].resource',
    ]);
    const held = { ...inner, id: 'o' };
    expect(
      broken({
        resourceType: 'DiagnosticReport',
        status: 'final',
        code,
        contained: [held],
        result: [{ reference: '#o' }],
      }),
    ).toEqual(['obs-6 DiagnosticReport.contained[0]']);
  });

  it('are told besides structural errors, whatever those are', () => {
    const issues = validate(patient({ foo: 1, telecom: [{ value: '1' }, null, 7, []], name: 'x', contact: { a: 1 } }));
    expect(issues.map(({ code: kind }) => kind)).toEqual(expect.arrayContaining(['structure', 'invariant']));
  });

  it('of R4 all compile', () => {
    const done = new Set<string>();
    const constraints = (type: string) => [
      ...invariants(type).map((constraint) => [constraint, type] as const),
      ...[...properties(type).values()].flatMap(({ element, type: use }) =>
        (element.constraints ?? []).map((constraint) => [constraint, use.code] as const),
      ),
    ];
    const compileAll = (type: string) => {
      if (done.has(type)) return;
      done.add(type);
      for (const [constraint, focus] of constraints(type)) compileInvariant(constraint, [focus]);
      for (const { type: use } of properties(type).values()) compileAll(use.code);
    };
    resourceTypes().forEach(compileAll);
    expect(done.size).toBeGreaterThan(600);
  });
});

describe('reference targets', () => {
  const wrong = (resource: object) =>
    validate(resource)
      .filter(({ code: kind }) => kind === 'value')
      .map(({ expression }) => String(expression));
  const subject = (reference: string, more: object = {}) => observation({ subject: { reference }, ...more });

  it.each(['Patient/1', 'http://x/fhir/Group/2/_history/3', 'urn:uuid:1', 'Patient?identifier=1', 'http://x/other'])(
    'allow %s',
    (reference) => expect(wrong(subject(reference))).toEqual([]),
  );
  it.each(['Practitioner/1', 'http://x/fhir/Practitioner/1'])('refuse %s', (reference) => {
    expect(wrong(subject(reference))).toEqual(['Observation.subject.reference']);
  });
  it('know what a contained resource is', () => {
    const contained = [{ resourceType: 'Practitioner', id: 'p' }];
    expect(wrong(subject('#p', { contained }))).toEqual(['Observation.subject.reference']);
  });
});
