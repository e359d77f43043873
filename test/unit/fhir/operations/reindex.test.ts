/** Who may reindex. */
import { describe, expect, it } from 'vitest';
import { accessOf } from '../../../../src/auth/access.ts';
import type { Caller, Role } from '../../../../src/fhir/access.ts';
import { demandReindex } from '../../../../src/fhir/operations/reindex-status.ts';
import { extract } from '../../../../src/fhir/search/extract.ts';

const person = (role: Role): Caller => ({
  userId: '1',
  role,
  practitioner: 'Practitioner/1',
  client: { name: 'app' },
});

function may(caller: Caller, scope: string): boolean {
  try {
    demandReindex(accessOf(caller, scope, extract));
    return true;
  } catch (error) {
    expect(error).toMatchObject({ kind: 'forbidden' });
    return false;
  }
}

describe('reindexing', () => {
  it('is for administrators with the scope to change search parameters', () => {
    expect(may(person('ADMINISTRATEUR'), 'user/*.cruds')).toBe(true);
    expect(may(person('ADMINISTRATEUR'), 'user/*.rs')).toBe(false);
    expect(may(person('ADMINISTRATEUR'), 'user/SearchParameter.u')).toBe(true);
  });

  it.each(['MEDECIN', 'PERSONNEL'] as const)('is not for %s', (role) => {
    expect(may(person(role), 'user/*.cruds')).toBe(false);
  });

  it('is for systems that may change search parameters, and no others', () => {
    expect(may({ client: { name: 'ehr' } }, 'system/SearchParameter.cu')).toBe(true);
    expect(may({ client: { name: 'ehr' } }, 'system/Patient.cruds')).toBe(false);
  });
});
