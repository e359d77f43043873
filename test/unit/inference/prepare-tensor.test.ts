/** From pixels to the numbers that the network takes. */

import { describe, expect, it } from 'vitest';
import { prepareTensor } from '../../../src/inference/prepare-tensor.ts';
import { anImage, aParsedDescription } from './a-model.ts';

const { input } = aParsedDescription();
const ramp = (width: number, height: number) => anImage(width, height, (x, y) => (x + y) / 2);

describe('prepareTensor', () => {
  it('gives the samples unchanged, black 0 and white 1, when the size is right already', async () => {
    const image = ramp(224, 224);
    const { tensor } = await prepareTensor(image, input);
    expect(tensor).toEqual(Float32Array.from(image.data, (value) => value / 255));
  });

  it('gives the same for 8 and for 16 bits', async () => {
    const image = ramp(224, 224);
    const deep = { ...image, bits: 16 as const, data: Uint16Array.from(image.data, (value) => value * 257) };
    const [shallow, fine] = [await prepareTensor(image, input), await prepareTensor(deep, input)];
    expect(fine.tensor).toEqual(shallow.tensor);
  });

  it('does not throw away the low bits of 16', async () => {
    const data = Uint16Array.from({ length: 512 * 512 }, (_, i) => (i % 512) * 40);
    const { tensor } = await prepareTensor({ width: 512, height: 512, bits: 16, data }, input);
    expect(new Set(tensor.subarray(224 * 100, 224 * 101)).size).toBeGreaterThan(200);
  });

  it('resamples a ramp to a ramp', async () => {
    const { tensor } = await prepareTensor(ramp(1024, 1024), input);
    const off = tensor.map((value, i) => Math.abs(value - ((i % 224) + Math.floor(i / 224) + 1) / 448));
    expect(Math.max(...off)).toBeLessThan(0.01);
  });

  it('surrounds a letterboxed image with black', async () => {
    const { tensor, placement } = await prepareTensor(
      anImage(448, 224, (x) => 0.5 + x / 2),
      { ...input, fit: 'letterbox' },
    );
    expect(placement.target).toEqual({ x: 0, y: 56, width: 224, height: 112 });
    expect([tensor[55 * 224], tensor[168 * 224]]).toEqual([0, 0]);
    expect(tensor[56 * 224]).toBeGreaterThan(0.4);
  });

  it.each([
    ['NCHW', 224 * 224, 1],
    ['NHWC', 1, 3],
  ] as const)(
    'lays three channels out as %s, each with its own mean and spread',
    async (layout, channelStep, pixelStep) => {
      const image = ramp(224, 224);
      const colour = { ...input, channels: 3 as const, layout, mean: [0, 0.5, 0.25], std: [1, 0.5, 2] };
      const { tensor } = await prepareTensor(image, colour);
      const pixel = 5000;
      const value = (image.data[pixel] ?? 0) / 255;
      const found = [0, 1, 2].map((channel) => tensor[channel * channelStep + pixel * pixelStep]);
      [value, (value - 0.5) / 0.5, (value - 0.25) / 2].forEach((expected, channel) => {
        expect(found[channel]).toBeCloseTo(expected, 5);
      });
    },
  );

  it.each([
    ['wrong-length', { width: 300, height: 300, bits: 8 as const, data: new Uint8Array(5) }],
    ['wrong-length', { width: 0, height: 0, bits: 8 as const, data: new Uint8Array(0) }],
    ['too-small', { width: 1, height: 1, bits: 8 as const, data: new Uint8Array(1) }],
    ['too-small', ramp(127, 200)],
    ['too-elongated', ramp(128, 300)],
    ['too-large', { width: 10_001, height: 10_000, bits: 8 as const, data: new Uint8Array(100_010_000) }],
    ['no-contrast', anImage(256, 256, () => 0)],
    ['no-contrast', anImage(256, 256, () => 0.7)],
  ])('refuses what cannot be read: %s', async (reason, image) => {
    await expect(prepareTensor(image, input)).rejects.toMatchObject({ name: 'UnreadableImage', reason });
  });
});
