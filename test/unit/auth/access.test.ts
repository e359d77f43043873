// The table of who may do what: role x resource type x permission, scopes on top.
import type { AuditEvent, ClinicalImpression, DiagnosticReport, Observation } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { accessOf } from '../../../src/auth/access.ts';
import { type Group, groups } from '../../../src/auth/resource-groups.ts';
import { systemAccess } from '../../../src/auth/system-access.ts';
import type { Caller, Permission, Role } from '../../../src/fhir/access.ts';
import { extract } from '../../../src/fhir/search/extract.ts';

const all: readonly Permission[] = ['c', 'r', 'u', 'd', 's'];
const person = (role: Role): Caller => ({
  userId: '0190',
  role,
  practitioner: 'Practitioner/me',
  client: { name: 'app' },
});
const service: Caller = { client: { name: 'ehr' } };

const accessFor = (caller: Caller, scope: string) => accessOf(caller, scope, extract);

/** livedoc-mapping, as letters; an empty cell is no access. */
const table: readonly [Group, medecin: string, personnel: string, administrateur: string][] = [
  ['record', 'crus', 'crus', 'rs'],
  ['measurements', 'crus', 'crus', 'rs'],
  ['notes', 'crus', '', ''],
  ['images', 'rs', 'rs', ''],
  ['predictions', 'rs', 'rs', 'rs'],
  ['origins', 'rs', 'rs', 'rs'],
  ['care', 'crus', 'rs', ''],
  ['directory', 'rs', 'rs', 'crus'],
  ['definitions', 'rs', 'rs', 'crus'],
  ['audit', 'rs', 'rs', 'rs'],
  ['systems', '', '', ''],
];

describe('a role with every scope', () => {
  const rows = table.flatMap(([group, medecin, personnel, administrateur]) =>
    groups[group].flatMap((type) =>
      (
        [
          ['MEDECIN', medecin],
          ['PERSONNEL', personnel],
          ['ADMINISTRATEUR', administrateur],
        ] as const
      ).map(([role, letters]) => [role, type, letters] as const),
    ),
  );

  it('has a row for each group', () =>
    expect(table.map(([group]) => group).sort()).toEqual(Object.keys(groups).sort()));
  it('has a row for each of the 146 types', () => expect(new Set(Object.values(groups).flat()).size).toBe(146));

  it.each(rows)('%s on %s has "%s"', (role, type, letters) => {
    const access = accessFor(person(role), 'user/*.cruds');
    expect(all.filter((permission) => access.may(permission, type)).join('')).toBe(letters);
  });

  it('has nothing on what is no resource type', () =>
    expect(accessFor(person('MEDECIN'), 'user/*.cruds').may('r', 'Nothing')).toBe(false));
});

describe('a scope with every role', () => {
  it.each(all)('letter %s gives that letter only', (letter) => {
    const access = accessFor(person('MEDECIN'), `user/Patient.${letter}`);
    const expected = letter === 'd' ? [] : [letter];
    expect(all.filter((permission) => access.may(permission, 'Patient'))).toEqual(expected);
    expect(all.filter((permission) => access.may(permission, 'Encounter'))).toEqual([]);
  });

  it.each(['', 'openid', 'system/*.cruds', 'patient/*.cruds'])('%j gives a person nothing', (scope) => {
    const access = accessFor(person('MEDECIN'), scope);
    expect(all.filter((permission) => access.may(permission, 'Patient'))).toEqual([]);
  });

  it('of a person gives a service nothing', () => {
    const access = accessFor(service, 'user/*.cruds patient/*.cruds');
    expect(all.filter((permission) => access.may(permission, 'Patient'))).toEqual([]);
  });

  it('of a system gives a service its letters on every type', () => {
    const access = accessFor(service, 'system/*.rs system/Observation.c');
    expect(all.filter((permission) => access.may(permission, 'Observation')).join('')).toBe('crs');
    expect(all.filter((permission) => access.may(permission, 'Claim')).join('')).toBe('rs');
  });

  it('never lets anybody but the server write the audit trail', () => {
    for (const access of [accessFor(service, 'system/*.cruds'), accessFor(person('ADMINISTRATEUR'), 'user/*.cruds')]) {
      expect(all.filter((permission) => access.may(permission, 'AuditEvent')).join('')).toBe('rs');
    }
  });

  it('fhirUser gives the reading of the own Practitioner alone', () => {
    const access = accessFor(person('MEDECIN'), 'openid fhirUser');
    expect(access.restrict('r', 'Practitioner')).toEqual([[['_id', 'me']]]);
    expect(access.mayTouch('r', { resourceType: 'Practitioner', id: 'me' })).toBe(true);
    expect(access.mayTouch('r', { resourceType: 'Practitioner', id: 'you' })).toBe(false);
    expect(access.may('u', 'Practitioner')).toBe(false);
  });
});

describe('granular scopes', () => {
  const laboratory = 'user/Observation.rs?category=http://c.org|laboratory';
  const vitals = 'user/Observation.r?category=vital-signs';
  const of = (code: string): Observation => ({
    resourceType: 'Observation',
    status: 'final',
    code: {},
    category: [{ coding: [{ system: 'http://c.org', code }] }],
  });

  it('are a union, letter by letter', () => {
    const access = accessFor(person('MEDECIN'), `${laboratory} ${vitals}`);
    expect(access.restrict('r', 'Observation')).toEqual([[['category', 'http://c.org|laboratory,vital-signs']]]);
    expect(access.restrict('s', 'Observation')).toEqual([[['category', 'http://c.org|laboratory']]]);
  });

  it('let the resources of the category through and no other', () => {
    const access = accessFor(person('MEDECIN'), `${laboratory} ${vitals}`);
    expect(access.mayTouch('r', of('laboratory'))).toBe(true);
    expect(access.mayTouch('r', of('vital-signs'))).toBe(true);
    expect(access.mayTouch('r', of('survey'))).toBe(false);
    expect(access.mayTouch('s', of('vital-signs'))).toBe(false);
  });

  it('are no restriction beside a scope on the whole type', () =>
    expect(accessFor(person('MEDECIN'), `${laboratory} user/*.rs`).restrict('r', 'Observation')).toEqual([[]]));

  it('with a parameter that cannot be judged let nothing through', () =>
    expect(accessFor(person('MEDECIN'), 'user/Observation.rs?date=2020').mayTouch('r', of('x'))).toBe(false));
});

describe('the audit trail', () => {
  const event = (reference: string) => ({ resourceType: 'AuditEvent', agent: [{ who: { reference } }] }) as AuditEvent;

  it.each(['MEDECIN', 'PERSONNEL'] as const)('shows a %s the own actions alone', (role) => {
    const access = accessFor(person(role), 'user/*.cruds');
    expect(access.restrict('s', 'AuditEvent')).toEqual([[['agent', 'Practitioner/me']]]);
    expect(access.mayTouch('r', event('Practitioner/me'))).toBe(true);
    expect(access.mayTouch('r', event('Practitioner/you'))).toBe(false);
    expect(access.mayUse('audit')).toBe(false);
  });

  it('shows an ADMINISTRATEUR everything', () => {
    const access = accessFor(person('ADMINISTRATEUR'), 'user/*.cruds');
    expect(access.restrict('s', 'AuditEvent')).toEqual([[]]);
    expect(access.mayTouch('r', event('Practitioner/you'))).toBe(true);
    expect(access.mayUse('audit')).toBe(true);
  });

  it('shows nothing to a person without a Practitioner', () => {
    const { practitioner, ...caller } = person('MEDECIN');
    expect(practitioner).toBeDefined();
    expect(accessFor(caller, 'user/*.cruds').may('r', 'AuditEvent')).toBe(false);
  });
});

describe('what the model has read', () => {
  const label = { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'AIAST' }] };
  const labelled: Observation = { resourceType: 'Observation', status: 'preliminary', code: {}, meta: label };
  const agreed: DiagnosticReport = {
    resourceType: 'DiagnosticReport',
    status: 'final',
    code: { coding: [{ system: 'https://livedoc.health/fhir/CodeSystem/tb-cad', code: 'classification' }] },
  };

  it('is read and not written by a physician', () => {
    const access = accessFor(person('MEDECIN'), 'user/*.cruds');
    expect(access.mayTouch('r', labelled)).toBe(true);
    expect(access.mayTouch('c', labelled)).toBe(false);
    expect(access.mayTouch('u', labelled)).toBe(false);
  });

  it('is kept from updates by parameters that an update can be conditioned on', () =>
    expect(accessFor(service, 'system/*.cruds').restrict('u', 'Observation')).toEqual([
      [
        ['_security:not', 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue|AIAST'],
        ['code:not', 'https://livedoc.health/fhir/CodeSystem/tb-cad|'],
      ],
    ]));

  it('does not hinder what is none', () => {
    const vital: Observation = { resourceType: 'Observation', status: 'final', code: { coding: [{ code: '8310-5' }] } };
    expect(accessFor(person('PERSONNEL'), 'user/*.cruds').mayTouch('u', vital)).toBe(true);
    expect(accessFor(service, 'system/*.cruds').mayTouch('d', vital)).toBe(true);
  });

  it('is not changed or deleted by another system, before and after a physician agreed', () => {
    const access = accessFor(service, 'system/*.cruds');
    expect(access.mayTouch('c', labelled)).toBe(true);
    for (const resource of [labelled, agreed]) {
      expect(access.mayTouch('u', resource)).toBe(false);
      expect(access.mayTouch('d', resource)).toBe(false);
    }
  });
});

describe('a medical note', () => {
  const note = (reference?: string): ClinicalImpression => ({
    resourceType: 'ClinicalImpression',
    status: 'completed',
    subject: { reference: 'Patient/1' },
    ...(reference ? { assessor: { reference } } : {}),
  });

  it('is written by its own physician and read by every one', () => {
    const access = accessFor(person('MEDECIN'), 'user/*.cruds');
    expect(access.mayTouch('c', note('Practitioner/me'))).toBe(true);
    expect(access.mayTouch('c', note())).toBe(true);
    expect(access.mayTouch('u', note('Practitioner/you'))).toBe(false);
    expect(access.mayTouch('r', note('Practitioner/you'))).toBe(true);
  });
});

describe('features', () => {
  const features = ['images', 'submit', 'validation', 'accounts', 'audit'] as const;
  it.each([
    ['MEDECIN', 'user/*.cruds', ['images', 'submit', 'validation']],
    ['PERSONNEL', 'user/*.cruds', ['images', 'submit']],
    ['ADMINISTRATEUR', 'user/*.cruds', ['accounts', 'audit']],
    ['MEDECIN', 'user/*.rs', ['images']],
    ['MEDECIN', 'user/ImagingStudy.c', ['submit']],
    ['MEDECIN', 'user/DiagnosticReport.u', ['validation']],
    ['MEDECIN', 'openid', []],
    ['ADMINISTRATEUR', 'user/*.rs', ['audit']],
  ] as const)('%s with %s has %j', (role, scope, expected) => {
    const access = accessFor(person(role), scope);
    expect(features.filter((feature) => access.mayUse(feature))).toEqual(expected);
  });

  it('of a service follow its scopes and never include validation or accounts', () => {
    const access = accessFor(service, 'system/*.cruds');
    expect(features.filter((feature) => access.mayUse(feature))).toEqual(['images', 'submit', 'audit']);
    const none = accessFor(service, 'system/Patient.rs');
    expect(features.filter((feature) => none.mayUse(feature))).toEqual([]);
  });

  it('are all open to the server itself', () => {
    const access = systemAccess('livedoc read-instance');
    expect(features.every((feature) => access.mayUse(feature))).toBe(true);
    expect(access.may('d', 'AuditEvent') && access.mayTouch('u', { resourceType: 'Patient' })).toBe(true);
    expect(access.caller.client.name).toBe('livedoc read-instance');
  });
});

describe('a patient/ scope', () => {
  const inContext = (role: Role): Caller => ({ ...person(role), patient: 'p1' });
  const root = 'Patient/p1';

  /** Letters of patient/*.cruds: scope and role together. */
  const rows: readonly (readonly [type: string, medecin: string, personnel: string, administrateur: string])[] = [
    ['Patient', 'rus', 'rus', 'rs'],
    ['Encounter', 'crus', 'crus', 'rs'],
    ['Observation', 'crus', 'crus', 'rs'],
    ['Condition', 'crus', 'rs', ''],
    ['ClinicalImpression', 'crus', '', ''],
    ['ImagingStudy', 'rs', 'rs', ''],
    ['Binary', 'rs', 'rs', ''],
    ['DiagnosticReport', 'rs', 'rs', 'rs'],
    ['Provenance', 'rs', 'rs', 'rs'],
    ['Device', 'rs', 'rs', 'rs'],
    ['Task', 'crus', 'rs', ''],
    ['Medication', 'rs', 'rs', ''],
    ['Practitioner', 'rs', 'rs', 'rs'],
    ['Organization', 'rs', 'rs', 'rs'],
    ['ValueSet', 'rs', 'rs', 'rs'],
    ['DeviceMetric', '', '', ''],
    ['Coverage', '', '', ''],
    ['Group', '', '', ''],
  ];

  it.each(
    rows.flatMap(([type, ...letters]) =>
      (['MEDECIN', 'PERSONNEL', 'ADMINISTRATEUR'] as const).map((role, at) => [role, type, letters[at] ?? ''] as const),
    ),
  )('gives %s on %s "%s"', (role, type, letters) => {
    const access = accessFor(inContext(role), 'patient/*.cruds');
    expect(all.filter((permission) => access.may(permission, type)).join('')).toBe(letters);
  });

  it.each([
    ['r', 'Observation', [[['_compartment', root]]]],
    ['s', 'Patient', [[['_compartment', root]]]],
    ['c', 'Observation', [[['_compartment:only', root], ...guarded()]]],
    ['r', 'Provenance', [[['target._compartment', root]]]],
    ['r', 'Binary', [[['securityContext._compartment', root]]]],
    ['s', 'Device', [[['patient', root]], [['patient:missing', 'true']]]],
    ['u', 'Task', [[['patient', root]]]],
    ['r', 'Organization', [[]]],
  ] as const)('holds %s on %s to the compartment', (permission, type, expected) =>
    expect(accessFor(inContext('MEDECIN'), 'patient/*.cruds').restrict(permission, type)).toEqual(expected),
  );

  function guarded(): readonly (readonly [string, string])[] {
    return [
      ['_security:not', 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue|AIAST'],
      ['code:not', 'https://livedoc.health/fhir/CodeSystem/tb-cad|'],
    ];
  }

  it('is a union with user/ scopes, and the role is over both', () => {
    const access = accessFor(inContext('PERSONNEL'), 'patient/*.cruds user/Observation.r');
    expect(access.restrict('r', 'Observation')).toEqual([[]]);
    expect(access.restrict('s', 'Observation')).toEqual([[['_compartment', root]]]);
    expect(access.may('c', 'Condition')).toBe(false);
  });

  it('with a query is held to both', () =>
    expect(
      accessFor(inContext('MEDECIN'), 'patient/Observation.rs?code=A patient/Observation.r?code=B').restrict(
        'r',
        'Observation',
      ),
    ).toEqual([
      [
        ['code', 'A,B'],
        ['_compartment', root],
      ],
    ]));

  it('gives nothing without a patient, and nothing to a service', () => {
    for (const caller of [person('MEDECIN'), { ...service, patient: 'p1' }]) {
      const access = accessFor(caller, 'patient/*.cruds');
      expect(all.filter((permission) => access.may(permission, 'Observation'))).toEqual([]);
    }
  });

  const of = (subject: string, performer?: string): Observation => ({
    resourceType: 'Observation',
    status: 'final',
    code: {},
    subject: { reference: subject },
    ...(performer ? { performer: [{ reference: performer }] } : {}),
  });

  it.each([
    ['of the patient', of(root), 'cru'],
    ['with a practitioner', of(root, 'Practitioner/x'), 'cru'],
    ['of a group, told by the patient', of('Group/g', root), 'cru'],
    ['of another patient', of('Patient/p2'), ''],
    ['of another patient, told by this one', of('Patient/p2', root), 'r'],
    ['told by a patient of another server', of(root, 'https://other.example/Patient/9'), 'r'],
    ['of nobody', { resourceType: 'Observation', status: 'final', code: {} } as Observation, ''],
  ])('on an Observation %s gives "%s"', (_, resource, letters) => {
    const access = accessFor(inContext('MEDECIN'), 'patient/*.cruds');
    const given = (['c', 'r', 'u'] as const).filter((permission) => access.mayTouch(permission, resource));
    expect(given.join('')).toBe(letters);
  });

  it('shows the Patient itself, and what is linked as the store tells', () => {
    const access = accessFor(inContext('MEDECIN'), 'patient/*.rs');
    expect(access.mayTouch('r', { resourceType: 'Patient', id: 'p1' })).toBe(true);
    expect(access.mayTouch('r', { resourceType: 'Patient', id: 'p2' })).toBe(false);
    const provenance = {
      resourceType: 'Provenance',
      target: [{ reference: 'Observation/o1' }],
      recorded: '2024-01-02T03:04:05Z',
      agent: [],
    } as never;
    expect(access.mayTouch('r', provenance)).toBe(false);
    expect(access.mayTouch('r', provenance, ({ id }, compartment) => id === 'o1' && compartment === root)).toBe(true);
  });

  it('brings no ids of its own, and opens nothing that is for all patients', () => {
    const access = accessFor(inContext('MEDECIN'), 'patient/*.cruds');
    expect(access.mayName('Observation')).toBe(false);
    expect(accessFor(person('MEDECIN'), 'user/*.cruds').mayName('Observation')).toBe(true);
    const features = ['images', 'submit', 'validation', 'accounts', 'audit'] as const;
    expect(features.filter((feature) => access.mayUse(feature))).toEqual([]);
  });
});
