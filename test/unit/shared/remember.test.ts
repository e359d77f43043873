/** Answers that are kept stay few and small, whoever asks. */
import { describe, expect, it } from 'vitest';
import { remember } from '../../../src/shared/remember.ts';

function counted(most: number) {
  const asked: string[] = [];
  const length = remember((key) => {
    asked.push(key);
    return key.length;
  }, most);
  return { asked, length };
}

describe('what is remembered', () => {
  it('is made once', () => {
    const { asked, length } = counted(10);
    expect([length('Ouédraogo'), length('Ouédraogo'), length('')]).toEqual([9, 9, 0]);
    expect(asked).toEqual(['Ouédraogo', '']);
  });

  it('is forgotten when there is too much of it, and made again', () => {
    const { asked, length } = counted(2);
    for (const key of ['a', 'b', 'c', 'c', 'a']) expect(length(key)).toBe(1);
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
  });

  it('is nothing long', () => {
    const { asked, length } = counted(10);
    const long = 'é'.repeat(129);
    expect([length(long), length(long)]).toEqual([129, 129]);
    expect(asked).toHaveLength(2);
  });
});
