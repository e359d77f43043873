/** Distance from what the model knows. */

import { describe, expect, it } from 'vitest';
import { distanceFrom, parseReference } from '../../../src/inference/novelty.ts';

const shape = { method: 'ppca', file: 'n.bin', sha256: '', dimensions: 2, components: 1, limit: 2 } as const;
// Mean (1, 2), scale (1, 2), variance 4 along the first axis, 1 across it.
const numbers = [1, 2, 1, 2, 4, 1, 1, 0];
const bytes = (values: number[]) => {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, i) => {
    view.setFloat32(i * 4, value, true);
  });
  return new Uint8Array(view.buffer);
};
const reference = parseReference(bytes(numbers), shape);

describe('distanceFrom', () => {
  it('is zero at the mean', () => expect(distanceFrom(reference, Float32Array.of(1, 2))).toBe(0));

  it('counts in standard deviations along a component', () =>
    expect(distanceFrom(reference, Float32Array.of(5, 2))).toBeCloseTo(2 / Math.sqrt(2), 6));

  it('counts what no component explains by the variance of the rest', () =>
    expect(distanceFrom(reference, Float32Array.of(1, 8))).toBeCloseTo(3 / Math.sqrt(2), 6));
});

describe('parseReference', () => {
  it('refuses a file of another length', () => {
    expect(() => parseReference(bytes([1, 2]), shape)).toThrow('n.bin has 8 bytes instead of 32.');
  });
});
