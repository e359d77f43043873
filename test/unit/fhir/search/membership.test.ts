// https://hl7.org/fhir/R4/compartmentdefinition.html
import { describe, expect, it } from 'vitest';
import { isImplied, membershipClause } from '../../../../src/fhir/search/membership.ts';
import { r4Parameters } from '../../../../src/fhir/search/parameters.ts';
import type { Clause } from '../../../../src/store/search/query.ts';

const root = { type: 'Patient', id: 'p1' };
const reference = (param: string, ...any: { type?: string; id?: string; url?: string }[]): Clause => ({
  kind: 'reference',
  param,
  any,
});

describe('a restriction to a compartment', () => {
  it.each([
    [
      'Observation',
      '_compartment',
      { kind: 'member', params: ['Observation.subject', 'Observation.performer'], any: [root] },
    ],
    ['Organization', '_compartment', { kind: 'either', ways: [] }],
    ['Binary', 'securityContext._compartment', { kind: 'either', ways: [] }],
  ])('of %s by %s is a clause', (type, name, expected) =>
    expect(membershipClause(type, name, 'Patient/p1')).toEqual(expected),
  );

  it('has the Patient itself, and who is linked to it', () =>
    expect(membershipClause('Patient', '_compartment', 'Patient/p1')).toEqual({
      kind: 'either',
      ways: [[{ kind: 'id', any: ['p1'] }], [{ kind: 'member', params: ['Patient.link'], any: [root] }]],
    }));

  it('goes by a link, and can be turned round', () => {
    expect(membershipClause('Provenance', 'target._compartment', 'Patient/p1')).toMatchObject({
      kind: 'link',
      param: 'Provenance.target',
      any: [root],
    });
    expect(membershipClause('Observation', '_compartment:not', 'Patient/p1')).toMatchObject({ kind: 'not' });
    expect(membershipClause('Observation', 'subject', 'Patient/p1')).toBeUndefined();
  });
});

describe('membership that a search implies', () => {
  const member = membershipClause('Observation', '_compartment', 'Patient/p1') as Clause;
  it.each([
    ['subject', [reference('Observation.subject', root)], true],
    ['patient, which is the subject', [reference('Observation.patient', root)], true],
    ['another patient', [reference('Observation.subject', { type: 'Patient', id: 'p2' })], false],
    ['this one or another', [reference('Observation.subject', root, { type: 'Patient', id: 'p2' })], false],
    ['a URL', [reference('Observation.subject', { url: 'http://a.org/Patient/p1' })], false],
    ['another reference', [reference('Observation.focus', root)], false],
    ['no reference', [{ kind: 'id', any: ['o1'] } as Clause], false],
    ['nothing', [], false],
  ])('by %s: %#', (_, searched, expected) => expect(isImplied({}, member, searched)).toBe(expected));

  it('is not implied by a parameter that was redefined', () => {
    const patient = { url: 'x', code: 'patient', type: 'reference', expression: 'Observation.focus' } as const;
    const parameters = {
      ...r4Parameters,
      parameter: (type: string, code: string) => (code === 'patient' ? patient : r4Parameters.parameter(type, code)),
    };
    expect(isImplied({ parameters }, member, [reference('Observation.patient', root)])).toBe(false);
  });
});
