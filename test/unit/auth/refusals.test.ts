/** Refused tokens leave a trace. https://hl7.org/fhir/R4/security.html#AccessDenied */
import { describe, expect, it } from 'vitest';
import { auditedRefusals } from '../../../src/auth/refusals.ts';
import { systemAccess } from '../../../src/auth/system-access.ts';
import { FhirError } from '../../../src/shared/errors.ts';
import type { AuditRecord } from '../../../src/store/audit/record.ts';

const refused = () => Promise.reject(new FhirError('unauthenticated', 'The token is not known.'));

function trail() {
  const records: AuditRecord[] = [];
  const audit = { append: (record: AuditRecord) => Promise.resolve(void records.push(record)) };
  return { records, store: { audit } as Parameters<typeof auditedRefusals>[1] };
}

describe('auditedRefusals', () => {
  it('notes who came with a token that is not good, never the token', async () => {
    const { records, store } = trail();
    const authenticate = auditedRefusals(refused, store, () => new Date(0));
    const credentials = { authorization: 'Bearer secret-token', address: '192.0.2.1', requestId: 'r1' };
    await expect(authenticate(credentials)).rejects.toMatchObject({ kind: 'unauthenticated' });
    expect(records).toEqual([
      expect.objectContaining({ type: 'access-denied', outcome: '4', address: '192.0.2.1', requestId: 'r1' }),
    ]);
    expect(JSON.stringify(records)).not.toContain('secret-token');
  });

  it('takes a request without credentials for a question, and a good one for no news', async () => {
    const { records, store } = trail();
    const nobody = auditedRefusals(refused, store, () => new Date(0));
    await expect(nobody({ authorization: undefined })).rejects.toThrow();
    const good = auditedRefusals(
      () => Promise.resolve(systemAccess('test')),
      store,
      () => new Date(0),
    );
    expect((await good({ authorization: 'Bearer x' })).caller.client.name).toBe('test');
    expect(records).toEqual([]);
  });

  it('tells ten a second and how many it left out', async () => {
    const { records, store } = trail();
    let time = 0;
    const authenticate = auditedRefusals(refused, store, () => new Date(time));
    const attempt = () => authenticate({ authorization: 'Bearer x' }).catch(() => undefined);
    for (let i = 0; i < 25; i += 1) await attempt();
    expect(records).toHaveLength(10);
    time = 1000;
    await attempt();
    expect(records.at(-1)?.outcomeText).toBe('The token is not known. 15 more like it are not told.');
  });
});
