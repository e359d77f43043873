/** https://ucum.org/ucum */
import { describe, expect, it } from 'vitest';
import { canonical, unitOf } from '../../../../src/fhir/terminology/ucum.ts';

describe('a quantity in base units', () => {
  it.each([
    [5, 'mg/dL', 50, 'mg/L'],
    [1, 'mmol/L', 1, 'mol/m3'],
    [60, '/min', 1, '/s'],
    [2.54, 'cm', 1, '[in_i]'],
    [37, 'Cel', 310.15, 'K'],
    [98.6, '[degF]', 37, 'Cel'],
    [1, '[lb_av]', 453.59237, 'g'],
    [1, 'm[H2O]', 98.0665, 'mbar'],
    [7.5, '10*3/uL', 7.5, '10*9/L'],
    [12, 'g%', 120, 'g/L'],
    [3, 'kg{dry}', 3000, 'g'],
    [0.5, '1', 50, '%'],
    [1, 'wk', 7, 'd'],
  ])('has %d %s equal to %d %s', (value, unit, other, otherUnit) => {
    expect(canonical(value, unit)).toEqual(canonical(other, otherUnit));
  });

  it('tells moles from counts', () => expect(canonical(1, 'mol/L')?.unit).not.toBe(canonical(1, '/L')?.unit));

  it.each(['[IU]/L', "[arb'U]", '[pH]', 'dB', 'mmHg', '', 'kg m', '{', 'Cel/min'])('has none for %j', (unit) => {
    expect(canonical(1, unit)).toBeUndefined();
  });
});

describe('a UCUM code', () => {
  it('has a name', () => expect(unitOf('mm[Hg]')).toMatchObject({ name: 'millimeter of mercury' }));

  it.each(['mmHg', 'iU', 'µg', 'kg m', 'x'.repeat(500), '('.repeat(150)])('is not %j, and is told why', (code) => {
    expect(unitOf(code)).toMatch(/./);
    expect(typeof unitOf(code)).toBe('string');
  });

  it('is refused when its annotation does not end', () => expect(unitOf('mg{a')).toContain('brace'));
});
