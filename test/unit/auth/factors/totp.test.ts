import { describe, expect, it } from 'vitest';
import { newTotpSecret, stepOfCode, totpUri } from '../../../../src/auth/factors/totp.ts';

/** "12345678901234567890" of RFC 6238, Appendix B, in base32. */
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

/** Appendix B gives eight digits of SHA-1; six of them are the last six. */
const vectors: readonly (readonly [seconds: number, code: string])[] = [
  [59, '287082'],
  [1111111109, '081804'],
  [1111111111, '050471'],
  [1234567890, '005924'],
  [2000000000, '279037'],
  [20000000000, '353130'],
];

const at = (seconds: number) => new Date(seconds * 1000);

describe('a one-time code', () => {
  it.each(vectors)('at %i s is %s (RFC 6238, Appendix B)', (seconds, code) => {
    expect(stepOfCode({ secret, code, now: at(seconds), lastStep: -1 })).toBe(Math.floor(seconds / 30));
  });

  it('is taken one step early and one step late, and no further (RFC 6238, 5.2)', () => {
    const step = Math.floor(1111111111 / 30);
    const tryAt = (steps: number) =>
      stepOfCode({ secret, code: '050471', now: at((step + steps) * 30 + 15), lastStep: -1 });
    expect([-2, -1, 0, 1, 2].map(tryAt)).toEqual([undefined, step, step, step, undefined]);
  });

  it('of the last step that was taken, or of one before, is taken no more (RFC 6238, 5.2)', () => {
    const step = Math.floor(1111111111 / 30);
    const after = (lastStep: number) => stepOfCode({ secret, code: '050471', now: at(1111111111), lastStep });
    expect([step - 1, step, step + 1, step + 2].map(after)).toEqual([step, undefined, undefined, undefined]);
  });

  it.each(['', '05047', '0504711', '05047a', '٠٥٠٤٧١', ' 50471', '050472', '0'.repeat(1000)])(
    'that is %.20j is none',
    (code) => {
      expect(stepOfCode({ secret, code, now: at(1111111111), lastStep: -1 })).toBeUndefined();
    },
  );
});

describe('a secret', () => {
  it('has 160 bits (RFC 4226, 4) and is another each time', () => {
    const secrets = new Set(Array.from({ length: 20 }, newTotpSecret));
    expect(secrets.size).toBe(20);
    for (const one of secrets) expect(one).toMatch(/^[A-Z2-7]{32}$/);
  });

  it('goes to the authenticator with issuer and account', () => {
    const uri = new URL(totpUri(secret, 'LIVEDOC hopital.fr', 'claire@hopital.fr'));
    expect(uri.protocol).toBe('otpauth:');
    expect(decodeURIComponent(uri.pathname)).toMatch(/LIVEDOC hopital\.fr:claire@hopital\.fr$/);
    expect(uri.searchParams.get('secret')).toBe(secret);
    expect(uri.searchParams.get('issuer')).toBe('LIVEDOC hopital.fr');
  });
});
