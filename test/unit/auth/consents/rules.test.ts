/**
 * What a Consent comes to for one caller, as a table: https://hl7.org/fhir/R4/consent.html. Each row is judged as the store
 * is asked and as a resource at hand is judged, by the same clauses.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Consent, ConsentProvision, Observation, Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { closedTo, closingOf } from '../../../../src/auth/consents/labels.ts';
import {
  groupsOf,
  nextBoundary,
  nothingClosed,
  type Restrictions,
} from '../../../../src/auth/consents/restrictions.ts';
import { understand } from '../../../../src/auth/consents/understand.ts';
import { type Veiled, veilOf } from '../../../../src/auth/consents/veil.ts';
import { extract } from '../../../../src/fhir/search/extract.ts';

const base = 'http://localhost/fhir';
const now = Date.parse('2026-11-22T12:00:00Z');
const medecin: Veiled = { role: 'MEDECIN', practitioner: 'Practitioner/me', clientId: 'app' };
const service: Veiled = { clientId: 'feed' };

const actCode = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const actReason = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';
const types = 'http://hl7.org/fhir/resource-types';

type Policy = 'OPTIN' | 'OPTOUT' | undefined;

function consent(policy: Policy, provision?: ConsentProvision): Consent {
  return {
    resourceType: 'Consent',
    status: 'active',
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
    category: [{ text: 'privacy' }],
    patient: { reference: 'Patient/p' },
    ...(policy ? { policyRule: { coding: [{ system: actCode, code: policy }] } } : {}),
    ...(provision ? { provision } : {}),
  };
}

function restrictionsOf(...consents: readonly Consent[]): Restrictions {
  const understood = consents.map((one) => understand(one, base).understood).filter((one) => one !== undefined);
  const members = new Map([['Organization/house', new Set(['Practitioner/me'])]]);
  return { ...nothingClosed, groups: groupsOf(understood), members };
}

const pulse: Observation = {
  resourceType: 'Observation',
  id: 'pulse',
  meta: { security: [{ system: actCode, code: 'HIV' }] },
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
  subject: { reference: 'Patient/p' },
  effectiveDateTime: '2026-11-20',
  performer: [{ reference: 'Organization/lab' }],
};

const veil = (restrictions: Restrictions, caller: Veiled, opened: readonly string[] = []) =>
  veilOf(caller, {
    restrictions,
    opened: new Set(opened),
    purposes: new Map([['research', 'HRESCH']]),
    isTold: true,
    now,
    extract: (resource: Resource) => extract(resource, { base }),
  });

const hides = (one: Consent, caller: Veiled = medecin, resource: Resource = pulse, permission: 'r' | 'c' | 'u' = 'r') =>
  veil(restrictionsOf(one), caller)?.hides(permission, resource) ?? false;

const actor = (reference: string, role = 'IRCP') => ({ role: { coding: [{ code: role }] }, reference: { reference } });
const action = (code: string) => ({
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentaction', code }],
});
const me = actor('Practitioner/me');
const other = actor('Practitioner/other');
const deny = (rest: ConsentProvision = {}): ConsentProvision => ({ type: 'deny', ...rest });
const permit = (rest: ConsentProvision = {}): ConsentProvision => ({ type: 'permit', ...rest });
const label = (code: string, system = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality') => ({ system, code });

describe('what a Consent hides from a physician', () => {
  it.each<[string, Policy, ConsentProvision | undefined, boolean]>([
    ['OPTIN', 'OPTIN', undefined, false],
    ['OPTOUT', 'OPTOUT', undefined, true],
    ['OPTOUT but for me', 'OPTOUT', permit({ actor: [me] }), false],
    ['OPTOUT but for another', 'OPTOUT', permit({ actor: [other] }), true],
    ['OPTOUT but for my organization', 'OPTOUT', permit({ actor: [actor('Organization/house')] }), false],
    [
      'OPTOUT but for my application',
      'OPTOUT',
      permit({
        actor: [
          { ...me, reference: { identifier: { system: 'https://livedoc.health/fhir/sid/client-id', value: 'app' } } },
        ],
      }),
      false,
    ],
    ['denial of me', 'OPTIN', deny({ actor: [me] }), true],
    ['denial of me or another', undefined, deny({ actor: [other, me] }), true],
    ['denial of another', undefined, deny({ actor: [other] }), false],
    ['denial of what an organization made', 'OPTIN', deny({ actor: [actor('Organization/lab', 'AUT')] }), true],
    ['denial of what another made', 'OPTIN', deny({ actor: [actor('Organization/else', 'CST')] }), false],
    ['permission alone', undefined, permit({ actor: [other] }), false],
    ['denial for treatment', 'OPTIN', deny({ purpose: [{ system: actReason, code: 'TREAT' }] }), true],
    ['denial for research', 'OPTIN', deny({ purpose: [{ system: actReason, code: 'HRESCH' }] }), false],
    ['denial for any purpose', 'OPTIN', deny({ purpose: [{ system: actReason, code: 'PurposeOfUse' }] }), true],
    ['denial of the class', 'OPTIN', deny({ class: [{ system: types, code: 'Observation' }] }), true],
    ['denial of another class', 'OPTIN', deny({ class: [{ system: types, code: 'Encounter' }] }), false],
    [
      'denial of the code',
      'OPTIN',
      deny({ code: [{ coding: [{ system: 'http://loinc.org', code: '8867-4' }] }] }),
      true,
    ],
    [
      'denial of another code',
      'OPTIN',
      deny({ code: [{ coding: [{ system: 'http://loinc.org', code: '1-8' }] }] }),
      false,
    ],
    ['denial of a label that it has', 'OPTIN', deny({ securityLabel: [label('HIV', actCode)] }), true],
    ['denial of a label that it has not', 'OPTIN', deny({ securityLabel: [label('PSY', actCode)] }), false],
    ['denial from R on; no label is N', 'OPTIN', deny({ securityLabel: [label('R')] }), false],
    ['denial from N on', 'OPTIN', deny({ securityLabel: [label('N')] }), true],
    ['permission up to N', 'OPTOUT', permit({ securityLabel: [label('N')] }), false],
    ['permission up to M; no label is N', 'OPTOUT', permit({ securityLabel: [label('M')] }), true],
    ['denial of the time of data', 'OPTIN', deny({ dataPeriod: { start: '2026-11-20', end: '2026-11-21' } }), true],
    ['denial of another time', 'OPTIN', deny({ dataPeriod: { end: '2026-11-19' } }), false],
    ['permission of the time of data', 'OPTOUT', permit({ dataPeriod: { start: '2026-11-01' } }), false],
    ['permission of half of it', 'OPTOUT', permit({ dataPeriod: { end: '2026-11-20T10:00:00Z' } }), true],
    [
      'denial of this resource',
      'OPTIN',
      deny({ data: [{ meaning: 'instance', reference: { reference: 'Observation/pulse' } }] }),
      true,
    ],
    [
      'denial of what refers to a resource',
      'OPTIN',
      deny({ data: [{ meaning: 'dependents', reference: { reference: 'Organization/lab' } }] }),
      true,
    ],
    [
      'denial of that resource alone',
      'OPTIN',
      deny({ data: [{ meaning: 'instance', reference: { reference: 'Organization/lab' } }] }),
      false,
    ],
    ['denial to access', 'OPTIN', deny({ action: [action('access')] }), true],
    ['denial to disclose', 'OPTIN', deny({ action: [action('disclose')] }), false],
    ['denial to correct', 'OPTIN', deny({ action: [action('correct')] }), false],
    ['denial until yesterday', 'OPTIN', deny({ period: { end: '2026-11-21' } }), false],
    ['denial until today', 'OPTIN', deny({ period: { end: '2026-11-22' } }), true],
    ['denial from tomorrow on', 'OPTIN', deny({ period: { start: '2026-11-23' } }), false],
    [
      'denial, but of vital signs',
      undefined,
      deny({ provision: [permit({ code: [{ coding: [{ code: '8867-4' }] }] })] }),
      false,
    ],
    [
      'denial, but of others',
      undefined,
      deny({ provision: [permit({ code: [{ coding: [{ code: '1-8' }] }] })] }),
      true,
    ],
    [
      'permission, but of the class',
      undefined,
      permit({ provision: [deny({ class: [{ system: types, code: 'Observation' }] })] }),
      true,
    ],
    [
      'exception of an exception',
      undefined,
      permit({ provision: [deny({ provision: [permit({ actor: [me] })] })] }),
      false,
    ],
    [
      'two that differ',
      undefined,
      permit({ provision: [permit({ actor: [me] }), deny({ class: [{ system: types, code: 'Observation' }] })] }),
      true,
    ],
    [
      'actor and purpose, one of which fits',
      'OPTIN',
      deny({ actor: [me], purpose: [{ system: actReason, code: 'HRESCH' }] }),
      false,
    ],
    ['OPTIN with what it describes: an exception', 'OPTIN', { actor: [me] }, true],
    ['OPTIN with what it describes of another', 'OPTIN', { actor: [other] }, false],
    ['OPTIN for a time that is over', 'OPTIN', { period: { end: '2020' } }, false],
    ['OPTOUT for a time that is over', 'OPTOUT', { period: { end: '2020' } }, false],
    ['OPTOUT, described', 'OPTOUT', { actor: [other] }, true],
  ])('%s', (_, policy, provision, expected) => expect(hides(consent(policy, provision))).toBe(expected));

  it('is nothing of another patient', () => {
    expect(hides(consent('OPTOUT'), medecin, { ...pulse, subject: { reference: 'Patient/q' } })).toBe(false);
  });

  it('is told by absolute references to this server, too', () => {
    expect(hides(consent('OPTOUT'), medecin, { ...pulse, subject: { reference: `${base}/Patient/p` } })).toBe(true);
  });

  it('is the Patient, and no definition', () => {
    expect(hides(consent('OPTOUT'), medecin, { resourceType: 'Patient', id: 'p' })).toBe(true);
    expect(hides(consent('OPTOUT'), medecin, { resourceType: 'Patient', id: 'q' })).toBe(false);
    expect(hides(consent('OPTOUT'), medecin, { resourceType: 'Practitioner', id: 'p' })).toBe(false);
  });

  it('is in R4 types outside the compartment that name their patient', () => {
    expect(hides(consent('OPTOUT'), medecin, { resourceType: 'Device', patient: { reference: 'Patient/p' } })).toBe(
      true,
    );
  });

  it('is neither the audit trail nor the Consent itself, which whom it denies does not change', () => {
    const trail = { resourceType: 'AuditEvent', entity: [{ what: { reference: 'Patient/p' } }] } as Resource;
    expect(hides(consent('OPTOUT'), medecin, trail)).toBe(false);
    expect(hides(consent('OPTOUT'), medecin, consent('OPTOUT'))).toBe(false);
    expect(hides(consent('OPTOUT'), medecin, consent('OPTOUT'), 'u')).toBe(true);
    expect(hides(consent('OPTIN', deny({ actor: [other] })), medecin, consent('OPTIN'), 'u')).toBe(false);
  });

  it('is not changed, where it is not seen or not to be corrected', () => {
    expect(hides(consent('OPTIN', deny({ action: [action('access')] })), medecin, pulse, 'u')).toBe(true);
    expect(hides(consent('OPTIN', deny({ action: [action('correct')] })), medecin, pulse, 'u')).toBe(true);
    expect(hides(consent('OPTIN', deny({ action: [action('collect')] })), medecin, pulse, 'u')).toBe(false);
    expect(hides(consent('OPTIN', deny({ action: [action('collect')] })), medecin, pulse, 'c')).toBe(true);
  });
});

describe('a backend service', () => {
  const research = deny({ purpose: [{ system: actReason, code: 'HRESCH' }] });
  it.each<[string, Veiled, ConsentProvision, boolean]>([
    ['of a purpose that nobody knows is held to a denial of any', service, research, true],
    ['of another purpose is not', { clientId: 'ward' }, deny({ actor: [me] }), false],
    ['of the purpose is', { clientId: 'research' }, research, true],
    ['gets what may not be disclosed', service, deny({ action: [action('disclose')] }), true],
  ])('%s', (_, caller, provision, expected) => expect(hides(consent('OPTIN', provision), caller)).toBe(expected));
});

describe('an opened record', () => {
  it('is seen, and still not changed', () => {
    const open = veil(restrictionsOf(consent('OPTOUT')), medecin, ['p']);
    expect([open?.hides('r', pulse), open?.hides('u', pulse), open?.hides('c', pulse)]).toEqual([false, true, true]);
    const elsewhere = veil(restrictionsOf(consent('OPTOUT')), medecin, ['q']);
    expect(elsewhere?.hides('r', pulse)).toBe(true);
  });

  it('has its labelled resources open, and those of others closed', () => {
    const labelled = new Map([['Observation', new Set(['V'] as const)]]);
    const secret = { ...pulse, meta: { security: [label('V')] } };
    const closed = veil({ ...nothingClosed, labelled }, medecin, ['p']);
    expect(closed?.hides('r', secret)).toBe(false);
    expect(closed?.hides('r', { ...secret, subject: { reference: 'Patient/q' } })).toBe(true);
    expect(closed?.hides('r', pulse)).toBe(false);
  });
});

describe('the veil', () => {
  it('is none where nothing concerns the caller', () => {
    expect(veil(nothingClosed, medecin)).toBeUndefined();
    expect(veil(restrictionsOf(consent('OPTIN')), medecin)).toBeUndefined();
    expect(veil(restrictionsOf(consent('OPTIN', deny({ actor: [other] }))), medecin)).toBeUndefined();
  });

  it('asks nothing of types that a rule does not name', () => {
    const one = veil(
      restrictionsOf(consent('OPTIN', deny({ class: [{ system: types, code: 'Encounter' }] }))),
      medecin,
    );
    expect(one?.excluded('s', 'Encounter')).toBeDefined();
    expect(one?.excluded('s', 'Observation')).toBeUndefined();
  });

  it('knows one rule of many patients as one', () => {
    const many = Array.from({ length: 100 }, (_, at) => ({
      ...consent('OPTOUT'),
      patient: { reference: `Patient/${at}` },
    }));
    const { groups } = restrictionsOf(...many);
    expect(groups.map(({ patients }) => patients.size)).toEqual([100]);
  });

  it('knows when a rule begins or ends next', () => {
    const { groups } = restrictionsOf(consent('OPTIN', deny({ period: { start: '2026-12-01', end: '2026-12-02' } })), {
      ...consent('OPTIN', deny({ period: { end: '2026-11-22' } })),
      patient: { reference: 'Patient/q' },
    });
    expect(new Date(nextBoundary(groups, now)).toISOString()).toBe('2026-11-23T00:00:00.000Z');
    expect(new Date(nextBoundary(groups, Date.parse('2026-12-01T10:00:00Z'))).toISOString()).toBe(
      '2026-12-03T00:00:00.000Z',
    );
    expect(nextBoundary(groups, Date.parse('2027-01-01'))).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('labels', () => {
  it('of a meta close by the highest', () => {
    expect(closingOf({ security: [label('R'), label('V')] })).toBe('V');
    expect(closingOf({ security: [label('N')] })).toBeUndefined();
    expect(closingOf({ security: [label('R', 'http://elsewhere')] })).toBeUndefined();
  });

  it.each([
    ['MEDECIN', ['V', 'restricted']],
    ['PERSONNEL', ['R', 'V', 'restricted']],
    ['ADMINISTRATEUR', ['R', 'V', 'restricted']],
    [undefined, ['restricted']],
  ] as const)('close to %s: %s', (role, closings) => expect(closedTo(role)).toEqual(closings));
});

describe("R4's own examples", () => {
  const folder = dirname(createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/package.json'));
  const examples = readdirSync(folder).filter((name) => /^Consent-.*\.json$/.test(name));

  it('are there', () => expect(examples.length).toBeGreaterThan(10));

  it.each(examples)('%s is understood', (name) => {
    const { understood, issues } = understand(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Consent, base);
    expect(understood).toBeDefined();
    expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});
