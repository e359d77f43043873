// https://hl7.org/fhir/R4/search.html#number, #date, #escaping
import { describe, expect, it } from 'vitest';
import {
  alternatives,
  dateValue,
  numberValue,
  quantityValue,
  tokenValue,
  unescaped,
} from '../../../../src/fhir/search/values.ts';
import { FhirError } from '../../../../src/shared/errors.ts';

describe('numbers', () => {
  // The examples of the specification.
  it.each([
    ['100', 'eq', 99.5, 100.5],
    ['100.00', 'eq', 99.995, 100.005],
    ['1e2', 'eq', 95, 105],
    ['lt100', 'lt', 100, 100],
    ['le100', 'le', 100, 100],
    ['gt100', 'gt', 100, 100],
    ['ge100', 'ge', 100, 100],
    ['ne100', 'ne', 99.5, 100.5],
    ['ap100', 'ap', 90, 110],
    ['-5.4', 'eq', -5.45, -5.35],
  ])('%s is %s from %d to %d', (text, prefix, low, high) => {
    const value = numberValue('n', text);
    expect(value.prefix).toBe(prefix);
    expect(value.low).toBeCloseTo(low, 9);
    expect(value.high).toBeCloseTo(high, 9);
  });

  it.each(['', 'x', '1.', '.5', '1e', 'NaN', 'Infinity', '1e999', 'eq', '1 2', '0x10'])('%j is none', (text) =>
    expect(() => numberValue('n', text)).toThrow(FhirError),
  );
});

describe('dates', () => {
  const now = Date.UTC(2026, 0, 1);

  it('cover what their precision says', () => {
    expect(dateValue('d', 'ge2013-01-14', now)).toEqual({
      prefix: 'ge',
      low: Date.UTC(2013, 0, 14),
      high: Date.UTC(2013, 0, 15) - 1,
    });
  });

  it('are widened by a tenth of their distance from now for ap', () => {
    const { low, high } = dateValue('d', 'ap2016-01-01', now);
    const distance = now - Date.UTC(2016, 0, 1);
    expect(Date.UTC(2016, 0, 1) - low).toBeCloseTo(distance / 10, 0);
    expect(high - (Date.UTC(2016, 0, 2) - 1)).toBeCloseTo(distance / 10, 0);
  });

  it.each(['', '20', '2013-1-1', '2013-02-30', 'yesterday', 'xx2013'])('%j is none', (text) =>
    expect(() => dateValue('d', text, now)).toThrow(FhirError),
  );
});

describe('quantities', () => {
  it.each([
    ['5.4', {}],
    ['5.4|urn:x|mg', { system: 'urn:x', code: 'mg' }],
    ['5.4||mg', { code: 'mg' }],
    ['5.4|http://unitsofmeasure.org|', { system: 'http://unitsofmeasure.org' }],
  ])('%s has its unit', (text, unit) => {
    const { prefix, low, high, ...rest } = quantityValue('q', text);
    expect([prefix, rest]).toEqual(['eq', unit]);
    expect(low).toBeLessThan(high);
  });
});

describe('tokens', () => {
  it.each([
    ['code', { code: 'code' }],
    ['http://s|code', { system: 'http://s', code: 'code' }],
    ['|code', { system: '', code: 'code' }],
    ['http://s|', { system: 'http://s' }],
    ['a\\|b', { code: 'a|b' }],
    ['s|a\\,b\\$c\\\\d', { system: 's', code: 'a,b$c\\d' }],
  ])('%s', (text, expected) => expect(tokenValue('t', text)).toEqual(expected));
});

describe('lists', () => {
  it('are cut at commas that nothing escapes', () => {
    expect(alternatives('n', 'a,b\\,c,d\\\\,e').map(unescaped)).toEqual(['a', 'b,c', 'd\\', 'e']);
  });

  it('have no empty values and no end', () => {
    for (const bad of [',', 'a,', ',a', new Array(2001).fill('a').join(',')]) {
      expect(() => alternatives('n', bad)).toThrow(FhirError);
    }
  });
});
