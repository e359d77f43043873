import { describe, expect, it } from 'vitest';
import { hashRecoveryCode, isRecoveryCode, newRecoveryCodes } from '../../../../src/auth/factors/recovery-codes.ts';

const key = new Uint8Array(32).fill(3);

describe('recovery codes', () => {
  it('are ten, all different, in groups that people can read', () => {
    const codes = newRecoveryCodes();
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(codes.every(isRecoveryCode)).toBe(true);
  });

  it('are the same without dashes, in lower case and with letters that look alike', () => {
    const hash = (code: string) => hashRecoveryCode(key, 'a person', code);
    expect(hash('7k3m90qz 4txa c8w1')).toBe(hash('7K3M-9OQZ-4TXA-C8WL'));
    expect(isRecoveryCode('7k3m9oqz4txac8wi')).toBe(true);
    expect(hash('7K3M-90QZ-4TXA-C8W2')).not.toBe(hash('7K3M-90QZ-4TXA-C8W1'));
  });

  it('have another hash for another person and with another key', () => {
    const [code = ''] = newRecoveryCodes();
    expect(hashRecoveryCode(key, 'b', code)).not.toBe(hashRecoveryCode(key, 'a', code));
    expect(hashRecoveryCode(new Uint8Array(32), 'a', code)).not.toBe(hashRecoveryCode(key, 'a', code));
  });

  it.each(['', '123456', '7K3M-90QZ-4TXA-C8W', '7K3M-90QZ-4TXA-C8WUU', 'x'.repeat(1000)])('are not %j', (text) => {
    expect(isRecoveryCode(text)).toBe(false);
  });
});
