/** Reads the statistics that chest phantoms are drawn from: the mean of many aligned films, and principal components. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface PhantomStatistics {
  readonly width: number;
  readonly height: number;
  /** Row by row, black = 0, white = 1. */
  readonly mean: Float32Array;
  /** Each as large as one standard deviation of the films it was computed from, the most telling first. */
  readonly components: readonly Float32Array[];
}

interface Contents {
  readonly file: string;
  readonly sha256: string;
  readonly width: number;
  readonly height: number;
  readonly meanStep: number;
  readonly componentSteps: readonly number[];
}

/** From `models/chest-phantom`, as its `build.py` writes it. */
export async function readPhantomStatistics(folder: string): Promise<PhantomStatistics> {
  const contents = JSON.parse(await readFile(join(folder, 'statistics.json'), 'utf8')) as Contents;
  const { file, sha256, width, height, meanStep, componentSteps } = contents;
  const bytes = await readFile(join(folder, file));
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
    throw new Error(`${file} is not the file that statistics.json describes.`);
  }
  const size = width * height;
  return {
    width,
    height,
    mean: Float32Array.from({ length: size }, (_, i) => bytes.readInt16LE(i * 2) * meanStep),
    components: componentSteps.map((step, k) =>
      Float32Array.from({ length: size }, (_, i) => bytes.readInt8((2 + k) * size + i) * step),
    ),
  };
}
