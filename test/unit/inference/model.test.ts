/** Reading images with the model that comes with the project. */

import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chestPhantom } from '../../../src/imaging/phantom.ts';
import { readPhantomStatistics } from '../../../src/imaging/phantom-statistics.ts';
import { loadModel } from '../../../src/inference/load-model.ts';
import type { Model } from '../../../src/inference/model.ts';
import type { GrayImage } from '../../../src/shared/gray-image.ts';
import { anImage, modelFolder, phantomFolder } from './a-model.ts';

let model: Model;
let sick: GrayImage;
beforeAll(async () => {
  model = await loadModel(modelFolder, { threads: 1 });
  const statistics = await readPhantomStatistics(phantomFolder);
  sick = chestPhantom(statistics, { seed: 1, lesions: 'tuberculosis', width: 900, height: 1100 });
});
afterAll(() => model.close());

const invert = (image: GrayImage): GrayImage => ({ ...image, data: image.data.map((value) => 65_535 - value) });
const turn = (image: GrayImage): GrayImage => ({ ...image, data: image.data.slice().reverse() });

describe('a finding', () => {
  it('is the same each time, to the last bit', async () => {
    const { milliseconds: _, ...first } = await model.read(sick);
    const { milliseconds: __, ...second } = await model.read(sick);
    expect(second).toEqual(first);
  });

  it('has a probability that follows from the logit by the calibration of the model', async () => {
    const { logit, probability } = await model.read(sick);
    const { a, b } = model.description.calibration;
    expect(probability).toBeCloseTo(1 / (1 + Math.exp(-(a * logit + b))), 9);
  });

  it('has a logit that is the mean of the map, so that the map explains it exactly', async () => {
    const { logit, heatmap } = await model.read(sick);
    const cells = heatmap?.data ?? new Float32Array();
    expect(cells.reduce((sum, cell) => sum + cell, 0) / cells.length).toBeCloseTo(logit, 4);
  });

  it('has its heat map in the geometry of the image, at most 1024 pixels', async () => {
    const { heatmap } = await model.read(sick);
    const { width, height, format, hasAlpha } = await sharp(heatmap?.png).metadata();
    expect({ width, height, format, hasAlpha }).toEqual({ width: 838, height: 1024, format: 'png', hasAlpha: true });
  });

  it('has its regions inside the image', async () => {
    const { regions } = await model.read(sick);
    expect(regions.length).toBeGreaterThan(0);
    for (const { box } of regions) {
      expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= 900 && box.y + box.height <= 1100).toBe(true);
    }
  });

  it('belongs to the threshold that was asked for', async () => {
    expect((await model.read(sick, 'balanced')).threshold.id).toBe('balanced');
  });

  it('is refused for a threshold of another model', async () => {
    await expect(model.read(sick, 'elsewhere')).rejects.toThrow('has no threshold "elsewhere"');
  });
});

describe('an image that is no upright chest film', () => {
  const strange: [string, () => GrayImage][] = [
    ['an inverted film', () => invert(sick)],
    ['a film standing on its head', () => turn(sick)],
    ['a ramp', () => anImage(256, 256, (x) => x)],
    ['a disc', () => anImage(512, 512, (x, y) => (Math.hypot(x - 0.5, y - 0.5) < 0.3 ? 0.9 : 0.05))],
    ['noise', () => anImage(512, 512, (x, y) => Math.abs(Math.sin(x * 12_345 + y * 54_321) * 43_758) % 1)],
  ];
  it.each(strange)('is told apart, without regions: %s', async (_, image) => {
    expect(await model.read(image())).toMatchObject({ outOfDistribution: true, regions: [] });
  });
});
