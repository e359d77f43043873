import { describe, expect, it } from 'vitest';
import { deviceOf, userAgentOf } from '../../../../src/auth/accounts/device.ts';

const mac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)';

describe('a browser in words', () => {
  it.each([
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0', 'Firefox', 'Windows'],
    [`${mac} Chrome/142.0.0.0 Safari/537.36`, 'Chrome', 'macOS'],
    [`${mac} Version/18.1 Safari/605.1.15`, 'Safari', 'macOS'],
    [`${mac} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0`, 'Edge', 'macOS'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile Safari/604.1', 'Safari', 'iPhone'],
    ['Mozilla/5.0 (Linux; Android 15) Chrome/142.0.0.0 Mobile Safari/537.36', 'Chrome', 'Android'],
    ['node', '', ''],
    ['', '', ''],
  ])('%s', (userAgent, browser, system) => expect(deviceOf(userAgent)).toEqual({ browser, system }));

  it('is kept no longer than it is useful', () => {
    expect(userAgentOf('x'.repeat(10_000))).toHaveLength(300);
    expect(userAgentOf(undefined)).toBe('');
  });
});
