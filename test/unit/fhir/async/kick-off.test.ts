// https://hl7.org/fhir/R4/async.html: only who asked fetches the answer.
import { describe, expect, it } from 'vitest';
import { ownerOf } from '../../../../src/fhir/async/kick-off.ts';

const caller = { client: { name: 'app' }, clientId: 'c1', userId: 'u1', rights: 'patient p1' };

describe('the owner of an answer that comes later', () => {
  it('is the same for the same person, application and rights', () =>
    expect(ownerOf({ ...caller })).toBe(ownerOf(caller)));

  it.each([
    ['application', { clientId: 'c2' }],
    ['person', { userId: 'u2' }],
    ['patient in context, or scopes', { rights: 'patient p2' }],
  ])('is another one for another %s', (_, other) => expect(ownerOf({ ...caller, ...other })).not.toBe(ownerOf(caller)));
});
