/** Builders of models and images for the tests of reading. */

import { fileURLToPath } from 'node:url';
import type { ModelDescription } from '../../../src/inference/model-description.ts';
import type { GrayImage } from '../../../src/shared/gray-image.ts';

export const modelFolder = fileURLToPath(new URL('../../../models/tb-cxr', import.meta.url));
export const phantomFolder = fileURLToPath(new URL('../../../models/chest-phantom', import.meta.url));

/** A description as it stands in model.json. */
export function aDescription() {
  return {
    name: 'a-model',
    version: '1.2.3',
    title: 'A model',
    file: 'model.onnx',
    sha256: '0'.repeat(64),
    size: 1000,
    licence: 'MIT',
    manufacturer: 'A hospital',
    input: {
      name: 'image',
      width: 224,
      height: 224,
      channels: 1 as const,
      layout: 'NCHW' as const,
      mean: [0],
      std: [1],
      fit: 'stretch' as const,
      kernel: 'lanczos3' as const,
    },
    outputs: { logit: 'logit' },
    calibration: { method: 'platt' as const, a: 1, b: 0 },
    thresholds: [
      {
        id: 'screening',
        population: 'adults',
        site: 'default',
        value: 0.5,
        indeterminate: { low: 0.4, high: 0.6 },
        sensitivity: 0.9,
        specificity: 0.7,
      },
    ],
    defaultThreshold: 'screening',
    confidence: { moyen: 0.7, eleve: 0.9 },
    minimumAge: 15,
    metrics: {},
  };
}

/** The same, as it is after reading. */
export function aParsedDescription(): ModelDescription {
  return { ...aDescription(), outputs: { score: { kind: 'logit', name: 'logit' } } };
}

/** An image whose samples are given by a function of the place, 0..1 on both axes, to 0..1. */
export function anImage(width: number, height: number, sample: (x: number, y: number) => number): GrayImage {
  const data = Uint8Array.from({ length: width * height }, (_, i) =>
    Math.round(255 * Math.min(1, Math.max(0, sample((i % width) / width, Math.floor(i / width) / height)))),
  );
  return { width, height, bits: 8, data };
}
