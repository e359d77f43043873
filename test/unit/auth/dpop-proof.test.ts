// The time of a proof and its nonces: RFC 9449, 4.3, 8, 9. The rest is tested over HTTP.
import { describe, expect, it } from 'vitest';
import { checkProof, currentNonce } from '../../../src/auth/dpop-proof.ts';
import { makeDpopKey } from '../../support/dpop-client.ts';

const key = await makeDpopKey();
const nonceKey = new Uint8Array(32).fill(1);
const url = 'https://livedoc.example/fhir/Patient/1';
const minute = 60_000;

async function check(claims: object, { now = Date.now(), asked = url, once = true } = {}): Promise<unknown> {
  const proof = await key.proof('GET', url, { token: 'token', claims: { ...claims } });
  const common = { proof, method: 'GET', url: asked, token: 'token', thumbprint: key.thumbprint, nonceKey, now };
  return checkProof({ ...common, once: () => Promise.resolve(once) }).then(
    () => 'taken',
    (error: Error & { readonly nonce?: string }) => error.nonce ?? 'refused',
  );
}

describe('a proof', () => {
  it('is taken within five minutes, either way', async () => {
    const now = Date.now();
    expect(await check({}, { now: now + 4 * minute })).toBe('taken');
    expect(await check({}, { now: now - 4 * minute })).toBe('taken');
    expect(await check({}, { now: now + 6 * minute })).toBe(currentNonce(nonceKey, now + 6 * minute));
    expect(await check({}, { now: now - 6 * minute })).toBe(currentNonce(nonceKey, now - 6 * minute));
  });

  it('is taken with a nonce of the last five minutes, whatever its clock says', async () => {
    const now = Date.now();
    const iat = 1;
    expect(await check({ iat, nonce: currentNonce(nonceKey, now) }, { now })).toBe('taken');
    expect(await check({ iat, nonce: currentNonce(nonceKey, now - 4 * minute) }, { now })).toBe('taken');
    expect(await check({ iat, nonce: currentNonce(nonceKey, now - 7 * minute) }, { now })).toBe(
      currentNonce(nonceKey, now),
    );
    expect(await check({ nonce: 5 }, { now })).toBe(currentNonce(nonceKey, now));
    const stranger = new Uint8Array(32).fill(2);
    expect(await check({ nonce: currentNonce(stranger, now) }, { now })).toBe(currentNonce(nonceKey, now));
  });

  it('is for one URL, however that is written, its query apart', async () => {
    expect(await check({}, { asked: `${url}?_summary=true` })).toBe('taken');
    expect(await check({ htu: 'HTTPS://LIVEDOC.EXAMPLE:443/fhir/Patient/1#x' })).toBe('taken');
    expect(await check({ htu: 'https://livedoc.example/fhir/Patient/2' })).toBe('refused');
    expect(await check({ htu: 'no URL' })).toBe('refused');
    expect(await check({ htu: undefined })).toBe('refused');
  });

  it('is refused when its id came before, or is none', async () => {
    expect(await check({}, { once: false })).toBe('refused');
    expect(await check({ jti: '' })).toBe('refused');
    expect(await check({ jti: 'x'.repeat(600) })).toBe('refused');
  });
});
