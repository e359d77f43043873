// https://hl7.org/fhir/R4/references.html#literal
import type { Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { mentionsOf } from '../../../../src/fhir/integrity/mentions.ts';
import { enforcesAny, modeOf, modesOf } from '../../../../src/fhir/integrity/policy.ts';

const own = 'https://example.org/own/';
const claiming = (resourceType: string, ...profile: string[]) => ({ resourceType, meta: { profile } }) as Resource;

describe('a policy', () => {
  const policy = { own, modes: modesOf('livedoc=enforce,Basic=off,*=warn') };

  it.each([
    ['what claims an own profile', claiming('Basic', `${own}basic`), 'enforce'],
    ['a type that is named', claiming('Basic'), 'off'],
    ['everything else', claiming('Patient', 'http://hl7.org/fhir/StructureDefinition/Patient'), 'warn'],
    ['a Bundle, whose references are to its own entries', claiming('Bundle', `${own}bundle`), 'off'],
  ])('has a mode for %s', (_, resource, mode) => {
    expect(modeOf(policy, resource)).toBe(mode);
  });

  it('leaves alone what it does not speak of', () => {
    expect(modeOf({ own, modes: modesOf('Basic=warn') }, claiming('Patient'))).toBe('off');
  });

  it('knows whether anything is enforced', () => {
    expect([enforcesAny(policy), enforcesAny({ own, modes: modesOf('*=warn') })]).toEqual([true, false]);
  });
});

describe('mentions', () => {
  const base = 'http://localhost/fhir';

  it('are the local literal references, with their expressions', () => {
    const resource = {
      resourceType: 'Observation',
      subject: { reference: 'Patient/1' },
      performer: [{ reference: `${base}/Practitioner/2` }, { reference: 'http://elsewhere/fhir/Practitioner/3' }],
      hasMember: [{ reference: 'Observation/own' }, { reference: 'Observation/4/_history/2' }, { reference: '#part' }],
      focus: [{ reference: 'urn:uuid:00000000-0000-4000-8000-000000000001' }, { identifier: { value: 'x' } }],
      contained: [{ resourceType: 'Basic', id: 'part', subject: { reference: 'Patient/5' } }],
      extension: [{ url: 'http://e', valueReference: { reference: 'Patient/6' } }],
    };
    expect(mentionsOf(resource as never, { base, id: 'own' })).toEqual([
      { type: 'Patient', id: '1', expression: 'Observation.subject.reference' },
      { type: 'Practitioner', id: '2', expression: 'Observation.performer[0].reference' },
      { type: 'Observation', id: '4', expression: 'Observation.hasMember[1].reference' },
      { type: 'Patient', id: '5', expression: 'Observation.contained[0].subject.reference' },
      { type: 'Patient', id: '6', expression: 'Observation.extension[0].valueReference.reference' },
    ]);
  });
});
