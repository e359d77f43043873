import { describe, expect, it } from 'vitest';
import {
  acrOf,
  asksMultiFactor,
  multiFactor,
  singleFactor,
  withSecondFactor,
} from '../../../../src/auth/factors/methods.ts';

describe('the methods of a sign-in (RFC 8176)', () => {
  it('name the second factor once, and that there were several', () => {
    expect(withSecondFactor(['pwd'], 'otp')).toEqual(['pwd', 'otp', 'mfa']);
    expect(withSecondFactor(['pwd', 'otp', 'mfa'], 'otp')).toEqual(['pwd', 'otp', 'mfa']);
  });

  it('come to one of two context classes', () => {
    expect(acrOf(['pwd'])).toBe(singleFactor);
    expect(acrOf(['pwd', 'hwk', 'mfa'])).toBe(multiFactor);
    expect(acrOf([])).toBe(singleFactor);
  });
});

describe('acr_values (OpenID Connect Core 3.1.2.1)', () => {
  it.each([
    [undefined, false],
    ['', false],
    [7, false],
    ['urn:other', false],
    [singleFactor, false],
    [multiFactor, true],
    [`urn:other ${multiFactor}`, true],
    [`${multiFactor} ${singleFactor}`, true],
    [`${singleFactor} ${multiFactor}`, false],
    [`x${multiFactor}`, false],
  ])('%j asks for two factors: %j', (values, expected) => {
    expect(asksMultiFactor(values)).toBe(expected);
  });
});
