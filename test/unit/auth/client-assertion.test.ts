// http://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
import type { Client } from 'oidc-provider';
import { describe, expect, it } from 'vitest';
import { checkAssertion } from '../../../src/auth/client-assertion.ts';

const now = 1_800_000_000_000;
const seconds = now / 1000;
const issuer = 'https://livedoc.example/oidc';
const client = { livedoc_jwks_uri: 'https://ehr.example/jwks' } as unknown as Client;
const fapi = { livedoc_fapi: true } as unknown as Client;
const claims = { iss: 'a', sub: 'a', exp: seconds + 300, jti: '1', aud: `${issuer}/token` };
const check =
  (changes: object, header: object = { kid: 'k' }, by = client) =>
  () =>
    checkAssertion({ ...claims, ...changes }, { ...header }, by, { issuer, now });

describe('an assertion', () => {
  it('may be good for five minutes, and five seconds more for its clock', () => {
    expect(check({})).not.toThrow();
    expect(check({ exp: seconds + 305 })).not.toThrow();
    expect(check({ exp: seconds + 306 })).toThrow();
    expect(check({ exp: 'later' })).toThrow();
  });
  it('is about who it is from', () => expect(check({ sub: 'b' })).toThrow());
  it('has an id that is a text of some length', () => {
    expect(check({ jti: 1 })).toThrow();
    expect(check({ jti: 'x'.repeat(513) })).toThrow();
  });
  it('is for the issuer and nothing else where FAPI 2.0 is asked for', () => {
    expect(check({}, { kid: 'k' }, fapi)).toThrow();
    expect(check({ aud: [issuer] }, { kid: 'k' }, fapi)).toThrow();
    expect(check({ aud: issuer }, { kid: 'k', alg: 'PS256' }, fapi)).not.toThrow();
  });
  it('is not signed with RSASSA-PKCS1-v1_5 where FAPI 2.0 is asked for', () => {
    expect(check({ aud: issuer }, { kid: 'k', alg: 'RS256' }, fapi)).toThrow();
    expect(check({}, { kid: 'k', alg: 'RS384' })).not.toThrow();
  });
  it('names its key', () => expect(check({}, {})).toThrow());
  it('may point at the registered key set alone', () => {
    expect(check({}, { kid: 'k', jku: 'https://ehr.example/jwks' })).not.toThrow();
    expect(check({}, { kid: 'k', jku: 'https://ehr.example/other' })).toThrow();
  });
});
