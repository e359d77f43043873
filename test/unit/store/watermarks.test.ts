import { describe, expect, it } from 'vitest';
import { openWatermarks } from '../../../src/store/search/watermarks.ts';

describe('up to which number everything is settled', () => {
  it('is not known from one look, and is from the next when nobody writes', () => {
    const marks = openWatermarks();
    expect(marks.begin().settled({ snapshot: '50:50:', last: '100' })).toBeUndefined();
    expect(marks.begin().settled({ snapshot: '50:50:', last: '100' })).toBe('100');
  });

  it('waits for a transaction that may have one of the numbers', () => {
    const marks = openWatermarks();
    marks.begin().settled({ snapshot: '50:51:', last: '100' });
    expect(marks.begin().settled({ snapshot: '50:53:', last: '104' })).toBeUndefined();
    // 50 has ended; 52 may have begun before 100 was read, and has not.
    expect(marks.begin().settled({ snapshot: '52:54:', last: '105' })).toBeUndefined();
    expect(marks.begin().settled({ snapshot: '54:54:', last: '105' })).toBe('105');
  });

  it('takes no number from a look that may be older than it', () => {
    const marks = openWatermarks();
    const slow = marks.begin();
    marks.begin().settled({ snapshot: '50:50:', last: '100' });
    expect(slow.settled({ snapshot: '49:49:', last: '98' })).toBeUndefined();
    expect(marks.begin().settled({ snapshot: '50:51:', last: '101' })).toBeUndefined();
  });
});
