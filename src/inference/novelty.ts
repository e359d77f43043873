/**
 * How far an image is from those the model learned from: Mahalanobis distance of its embedding under a Gaussian whose
 * covariance is a few principal components plus one variance for all other directions (probabilistic PCA; Tipping and
 * Bishop 1999, https://doi.org/10.1111/1467-9868.00196).
 */

import type { OutOfDistribution } from './model-description.ts';

export interface Reference {
  readonly dimensions: number;
  readonly mean: Float32Array;
  readonly scale: Float32Array;
  readonly variances: Float32Array;
  readonly residualVariance: number;
  /** Orthonormal, one after the other. */
  readonly components: Float32Array;
}

/** The side file: little-endian float32 of mean, scale, component variances, residual variance, components. */
export function parseReference(bytes: Uint8Array, { file, dimensions, components }: OutOfDistribution): Reference {
  const lengths = [dimensions, dimensions, components, 1, components * dimensions];
  const expected = 4 * lengths.reduce((sum, length) => sum + length, 0);
  if (bytes.byteLength !== expected) throw new Error(`${file} has ${bytes.byteLength} bytes instead of ${expected}.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const [mean, scale, variances, residual, axes] = lengths.map((length) =>
    Float32Array.from({ length }, () => {
      offset += 4;
      return view.getFloat32(offset - 4, true);
    }),
  ) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
  return { dimensions, mean, scale, variances, residualVariance: residual[0] ?? 1, components: axes };
}

/** Per dimension, so that about 1 is ordinary whatever the length of the embedding. */
export function distanceFrom(reference: Reference, embedding: Float32Array): number {
  const { dimensions, mean, scale, variances, residualVariance, components } = reference;
  const offset = embedding.map((value, i) => (value - (mean[i] ?? 0)) / (scale[i] ?? 1));
  let rest = offset.reduce((sum, value) => sum + value * value, 0);
  let squared = 0;
  variances.forEach((variance, k) => {
    const axis = components.subarray(k * dimensions, (k + 1) * dimensions);
    const along = axis.reduce((sum, value, i) => sum + value * (offset[i] ?? 0), 0);
    squared += (along * along) / variance;
    rest -= along * along;
  });
  return Math.sqrt((squared + Math.max(0, rest) / residualVariance) / dimensions);
}
