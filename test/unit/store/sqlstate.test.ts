/** PostgreSQL's errors as the errors that clients get. */
import { describe, expect, it } from 'vitest';
import { FhirError } from '../../../src/shared/errors.ts';
import { mayRetry, toStoreError } from '../../../src/store/sqlstate.ts';

const failure = (code: string) => Object.assign(new Error('secret detail'), { code });

describe('an error of PostgreSQL', () => {
  it.each([
    ['23505', 'conflict'],
    ['23503', 'conflict'],
    ['57014', 'busy'],
    ['40001', 'busy'],
    ['40P01', 'busy'],
    ['53100', 'full'],
    ['53300', 'busy'],
    ['08006', 'busy'],
    ['57P01', 'busy'],
    ['54000', 'tooLarge'],
    ['22021', 'invalid'],
    ['ECONNREFUSED', 'busy'],
    ['ENOENT', 'busy'],
  ])('%s is %s, and its own words stay inside', (code, kind) => {
    const error = toStoreError(failure(code));
    expect(error).toBeInstanceOf(FhirError);
    expect(error).toMatchObject({ kind });
    expect((error as Error).message).not.toContain('secret');
  });

  it('of a kind that no client can help stays a fault', () => {
    const error = failure('42703');
    expect(toStoreError(error)).toBe(error);
    const bug = new TypeError('x is undefined');
    expect(toStoreError(bug)).toBe(bug);
  });

  it('says when the same may succeed again', () => {
    expect(mayRetry(failure('40001'))).toBe(true);
    expect(mayRetry(toStoreError(failure('40P01')))).toBe(true);
    expect(mayRetry(toStoreError(failure('23505')))).toBe(false);
    expect(mayRetry(new Error('40001'))).toBe(false);
  });

  it('of a lost connection is busy, whatever its form', () => {
    expect(toStoreError(new Error('Connection terminated unexpectedly'))).toMatchObject({ kind: 'busy' });
  });
});
