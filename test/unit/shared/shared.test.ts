/** Ids, errors and the log: the leaves that everything else stands on. */
import { describe, expect, it } from 'vitest';
import { FhirError, kinds } from '../../../src/shared/errors.ts';
import { isId, newId } from '../../../src/shared/id.ts';
import { createLogger } from '../../../src/shared/logger.ts';

describe('newId', () => {
  it('makes UUIDs of version 7 that sort by time', () => {
    const [first, second] = [newId(1_700_000_000_000), newId(1_700_000_000_001)];
    expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(first < second).toBe(true);
  });

  it('knows the FHIR id rule', () => {
    expect(['a', 'A-1.b', 'x'.repeat(64)].every(isId)).toBe(true);
    expect(['', 'x'.repeat(65), 'a_b', 'a/b', 'é'].some(isId)).toBe(false);
  });
});

describe('FhirError', () => {
  it('has a status and an issue code for each kind', () => {
    for (const [status, code] of Object.values(kinds)) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(code).toMatch(/^[a-z-]+$/);
    }
  });

  it('turns into one issue with expression and diagnostics', () => {
    const error = new FhirError('gone', 'Resource Patient/0 was deleted.', { expression: ['Patient.id'] });
    expect(error.status).toBe(410);
    expect(error.issues).toEqual([
      {
        severity: 'error',
        code: 'deleted',
        diagnostics: 'Resource Patient/0 was deleted.',
        expression: ['Patient.id'],
      },
    ]);
  });
});

describe('createLogger', () => {
  it('writes JSON lines from its level on and keeps secrets out', () => {
    const lines: string[] = [];
    const log = createLogger('info', (line) => lines.push(line));
    log.debug('hidden');
    log.warn('seen', { accessToken: 'abc', nested: { password: 'p' }, cause: new Error('why'), big: 1n });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      level: 'warn',
      message: 'seen',
      accessToken: '[redacted]',
      nested: { password: '[redacted]' },
      cause: { message: 'why' },
      big: '1',
    });
  });
});
