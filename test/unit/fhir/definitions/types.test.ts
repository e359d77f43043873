/** The distilled definitions of R4: https://hl7.org/fhir/R4/resourcelist.html */
import { describe, expect, it } from 'vitest';
import { compartmentMembers, compartmentParameters } from '../../../../src/fhir/definitions/compartments.ts';
import {
  isA,
  isResourceType,
  properties,
  resourceTypes,
  typeDefinition,
} from '../../../../src/fhir/definitions/types.ts';
import { codesOf, systemOfCode } from '../../../../src/fhir/definitions/value-sets.ts';
import { r4Parameters } from '../../../../src/fhir/search/parameters.ts';

describe('types', () => {
  it('are the 146 of R4', () => {
    expect(resourceTypes()).toHaveLength(146);
    expect(['Patient', 'Binary', 'Parameters', 'VisionPrescription'].every(isResourceType)).toBe(true);
    expect(
      ['DomainResource', 'MetadataResource', 'SubscriptionStatus', 'HumanName', '__proto__'].some(isResourceType),
    ).toBe(false);
  });
  it('spread choices over JSON properties', () => {
    const names = [...properties('Observation').keys()].filter((name) => name.startsWith('effective'));
    expect(names).toEqual(['effectiveDateTime', 'effectivePeriod', 'effectiveTiming', 'effectiveInstant']);
  });
  it('name backbones by their path, also where they are reused', () => {
    expect(properties('Observation').get('referenceRange')?.type.code).toBe('Observation.referenceRange');
    expect(properties('Observation.component').get('referenceRange')?.type.code).toBe('Observation.referenceRange');
  });
  it('know bases, bindings, summary elements and reference targets', () => {
    expect(isA('Patient', 'DomainResource') && isA('Binary', 'Resource') && !isA('Binary', 'DomainResource')).toBe(
      true,
    );
    const gender = properties('Patient').get('gender')?.element;
    expect(gender).toMatchObject({ summary: true, binding: { strength: 'required' } });
    expect(properties('Patient').get('managingOrganization')?.type.targets).toEqual(['Organization']);
    expect(typeDefinition('Patient')?.elements[0]?.name).toBe('id');
  });
});

describe('value sets', () => {
  it('are listed by system', () => {
    expect(
      [...(codesOf('http://hl7.org/fhir/ValueSet/administrative-gender')?.values() ?? [])].map((codes) => [...codes]),
    ).toEqual([['male', 'female', 'other', 'unknown']]);
    expect(systemOfCode('http://hl7.org/fhir/ValueSet/observation-status', 'final')).toBe(
      'http://hl7.org/fhir/observation-status',
    );
  });
  it('are not listed when they are open', () =>
    expect(codesOf('http://hl7.org/fhir/ValueSet/ucum-units')).toBeUndefined());
});

describe('search parameters', () => {
  it('include those of Resource and DomainResource', () => {
    const codes = r4Parameters.parameters('Patient').map(({ code }) => code);
    expect(codes).toEqual(
      expect.arrayContaining(['_id', '_lastUpdated', '_profile', '_tag', 'identifier', 'birthdate']),
    );
    expect(r4Parameters.parameters('Observation').length).toBeGreaterThan(30);
  });
  it('tell targets and components', () => {
    expect(r4Parameters.parameter('Observation', 'encounter')).toMatchObject({
      type: 'reference',
      targets: ['Encounter', 'EpisodeOfCare'],
    });
    expect(r4Parameters.parameter('Observation', 'code-value-quantity')?.components).toHaveLength(2);
  });
  it('are none for what is no type', () => {
    expect(r4Parameters.parameters('__proto__')).toEqual([]);
    expect(r4Parameters.parameter('Patient', 'constructor')).toBeUndefined();
  });
});

describe('compartments', () => {
  it('name the parameters that make a member', () => {
    expect(compartmentParameters('Patient', 'Observation')).toEqual(['subject', 'performer']);
    expect(compartmentParameters('Patient', 'Organization')).toEqual([]);
    expect(compartmentParameters('Patient', 'constructor')).toEqual([]);
    expect(compartmentMembers('Patient')).toContain('Encounter');
  });
});
