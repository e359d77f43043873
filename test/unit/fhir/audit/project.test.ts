/** How the projector of audit records makes room for requests. */
import { describe, expect, it } from 'vitest';
import { restsAfter } from '../../../../src/fhir/audit/project.ts';

describe('between two batches of AuditEvents', () => {
  it('is a longer rest while many requests come', () =>
    expect(restsAfter(200, 1000)).toBeGreaterThan(4 * restsAfter(10, 1000)));

  it('counts requests by the second, however long the batch and its rest took', () => {
    expect(restsAfter(40, 10_000)).toBe(restsAfter(0, 1000));
    expect(restsAfter(40, 100)).toBe(restsAfter(4000, 1000));
  });
});
