/** The integers that stand for texts: no two search parameters or resource types of R4 share one. */
import { describe, expect, it } from 'vitest';
import { resourceTypes } from '../../../src/fhir/definitions/types.ts';
import { r4Parameters } from '../../../src/fhir/search/parameters.ts';
import { key64, paramKey, resourceKey, systemKey, typeKey } from '../../../src/store/keys.ts';

describe('keys', () => {
  it('differ for all parameters of all types, by value and by identifier', () => {
    const params = resourceTypes().flatMap((type) =>
      r4Parameters.parameters(type).flatMap(({ code }) => [`${type}.${code}`, `${type}.${code}:identifier`]),
    );
    expect(params.length).toBeGreaterThan(4000);
    expect(new Set(params.map(paramKey)).size).toBe(new Set(params).size);
  });

  it('differ for all resource types', () => {
    expect(new Set(resourceTypes().map(typeKey)).size).toBe(resourceTypes().length);
  });

  it('never change, because they are stored', () => {
    expect(paramKey('Patient.identifier')).toBe(79391746);
    expect(resourceKey('Patient', '1')).toBe(key64('Patient/1'));
    expect(key64('Patient/1')).toBe(-7538460233780448788n);
  });

  it('tell no system from every system', () => {
    expect(systemKey(undefined)).toBe(0);
    expect(systemKey('')).toBe(0);
    expect(systemKey('http://loinc.org')).not.toBe(0);
  });
});
