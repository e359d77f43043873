import type { Observation } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { both, fulfils, type Pair } from '../../../src/auth/restriction.ts';
import { extract } from '../../../src/fhir/search/extract.ts';

const observation: Observation = {
  resourceType: 'Observation',
  id: 'o1',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '8310-5' }, { code: 'bare' }] },
  subject: { reference: 'Patient/p1' },
  performer: [{ reference: 'https://other.example/fhir/Practitioner/x' }],
};

const holds = (...pairs: Pair[]) => fulfils(observation, [pairs], extract);

describe('a restriction', () => {
  it.each([
    ['_id', 'o1'],
    ['_id', 'o0,o1'],
    ['code', '8310-5'],
    ['code', 'http://loinc.org|8310-5'],
    ['code', 'http://loinc.org|'],
    ['code', '|bare'],
    ['code', 'none,bare'],
    ['subject', 'Patient/p1'],
    ['patient', 'Patient/p1'],
    ['performer', 'https://other.example/fhir/Practitioner/x'],
    ['code:not', 'http://loinc.org|other'],
    ['category:missing', 'true'],
    ['code:missing', 'false'],
  ])('%s=%s holds', (name, value) => expect(holds([name, value])).toBe(true));

  it.each([
    ['_id', 'o'],
    ['_id:not', 'o2'],
    ['code', 'http://other|8310-5'],
    ['code', '|8310-5'],
    ['code', ''],
    ['subject', 'Patient/p2'],
    ['subject', 'p1'],
    ['subject', 'Group/p1'],
    ['code:not', '8310-5'],
    ['code:not', 'http://loinc.org|'],
    ['category:missing', 'false'],
    ['code:in', 'http://loinc.org|8310-5'],
    ['date', '2020'],
    ['unknown', 'x'],
  ])('%s=%s does not', (name, value) => expect(holds([name, value])).toBe(false));

  it('of several parameters needs all of them', () => {
    expect(holds(['code', '8310-5'], ['subject', 'Patient/p1'])).toBe(true);
    expect(holds(['code', '8310-5'], ['subject', 'Patient/p2'])).toBe(false);
  });

  it('of two sides holds where both do', () => {
    const [a, b, c, d]: Pair[] = [
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
      ['d', '4'],
    ];
    expect(both([[a as Pair], [b as Pair]], [[c as Pair], [d as Pair]])).toEqual([
      [a, c],
      [a, d],
      [b, c],
      [b, d],
    ]);
    expect(both([[]], [[]])).toEqual([[]]);
    expect(both([], [[]])).toEqual([]);
  });
});
