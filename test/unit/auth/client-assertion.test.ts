// http://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
import type { Client } from 'oidc-provider';
import { describe, expect, it } from 'vitest';
import { checkAssertion } from '../../../src/auth/client-assertion.ts';

const now = 1_800_000_000_000;
const seconds = now / 1000;
const client = { jwksUri: 'https://ehr.example/jwks' } as Client;
const claims = { iss: 'a', sub: 'a', exp: seconds + 300 };
const check =
  (changes: object, header: object = { kid: 'k' }) =>
  () =>
    checkAssertion({ ...claims, ...changes }, { ...header }, client, now);

describe('an assertion', () => {
  it('may be good for five minutes, and five seconds more for its clock', () => {
    expect(check({})).not.toThrow();
    expect(check({ exp: seconds + 305 })).not.toThrow();
    expect(check({ exp: seconds + 306 })).toThrow();
    expect(check({ exp: 'later' })).toThrow();
  });
  it('is about who it is from', () => expect(check({ sub: 'b' })).toThrow());
  it('names its key', () => expect(check({}, {})).toThrow());
  it('may point at the registered key set alone', () => {
    expect(check({}, { kid: 'k', jku: 'https://ehr.example/jwks' })).not.toThrow();
    expect(check({}, { kid: 'k', jku: 'https://ehr.example/other' })).toThrow();
  });
});
