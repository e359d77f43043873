/**
 * A chest film of nobody, for the demo and the tests: the mean of many aligned normal films, varied along their
 * principal components, with film grain and, if wanted, tuberculosis drawn by code (models/chest-phantom/README.md).
 */

import type { GrayImage } from '../shared/gray-image.ts';
import { anatomy } from './phantom-anatomy.ts';
import { tuberculosis } from './phantom-lesions.ts';
import { createRandom, type Random } from './phantom-random.ts';
import type { PhantomStatistics } from './phantom-statistics.ts';
import { type Canvas, draw } from './phantom-stroke.ts';

export interface PhantomOptions {
  /** The same seed gives the same film, pixel for pixel; with other lesions, the same patient. */
  readonly seed: number;
  readonly lesions: 'none' | 'tuberculosis';
  readonly width: number;
  readonly height: number;
}

// Well within one standard deviation: beyond, the straight lines of the components leave the curved set of real chests.
const VARIATION = 0.5;
const MOST_VARIATION = 1.2;
// Grain of a digital detector, as part of white.
const GRAIN = 0.006;
// Averaging flattens: this gives back the contrast that a single film has, around the grey of the ribs.
const CONTRAST = 1.45;
const MIDDLE = 0.52;

/** Samples of 16 bits, all of the range in use; shift right by 4 for a 12-bit detector's. */
export function chestPhantom(
  statistics: PhantomStatistics,
  { seed, lesions, width, height }: PhantomOptions,
): GrayImage {
  const canvas = enlarge(body(statistics, createRandom(seed)), width, height);

  // A stream of random numbers for each part, so that lesions change nothing outside themselves.
  const disease = lesions === 'tuberculosis' ? tuberculosis(createRandom(seed ^ 0x5eed)) : [];
  for (const stroke of [...anatomy(createRandom(seed ^ 0xb0e5)), ...disease]) draw(canvas, stroke);
  const random = createRandom(seed ^ 0x9a1);
  const data = Uint16Array.from(canvas.data, (value) =>
    toSample(MIDDLE + CONTRAST * (value - MIDDLE) + GRAIN * random.normal()),
  );
  return { width, height, bits: 16, data };
}

function toSample(value: number): number {
  return Math.round(65_535 * Math.min(1, Math.max(0, value)));
}

function body({ width, height, mean, components }: PhantomStatistics, random: Random): Canvas {
  const data = mean.slice();
  for (const component of components) {
    const weight = Math.min(MOST_VARIATION, Math.max(-MOST_VARIATION, VARIATION * random.normal()));
    for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) + weight * (component[i] ?? 0);
  }
  return { width, height, data };
}

/** Bicubic (Catmull-Rom), one direction after the other. */
function enlarge(canvas: Canvas, width: number, height: number): Canvas {
  return transpose(stretchRows(transpose(stretchRows(canvas, width)), height));
}

function stretchRows({ width, height, data }: Canvas, newWidth: number): Canvas {
  const stretched = new Float32Array(newWidth * height);
  for (let column = 0; column < newWidth; column++) {
    const position = ((column + 0.5) * width) / newWidth - 0.5;
    const first = Math.floor(position) - 1;
    const weights = catmullRom(position - Math.floor(position));
    for (let row = 0; row < height; row++) {
      let sum = 0;
      for (let tap = 0; tap < 4; tap++) {
        const from = Math.min(width - 1, Math.max(0, first + tap));
        sum += (weights[tap] ?? 0) * (data[row * width + from] ?? 0);
      }
      stretched[row * newWidth + column] = sum;
    }
  }
  return { width: newWidth, height, data: stretched };
}

function catmullRom(t: number): [number, number, number, number] {
  return [
    ((2 - t) * t - 1) * t * 0.5,
    ((3 * t - 5) * t * t + 2) * 0.5,
    ((4 - 3 * t) * t + 1) * t * 0.5,
    (t - 1) * t * t * 0.5,
  ];
}

function transpose({ width, height, data }: Canvas): Canvas {
  const turned = new Float32Array(data.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) turned[column * height + row] = data[row * width + column] ?? 0;
  }
  return { width: height, height: width, data: turned };
}
