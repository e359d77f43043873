/** An image's way into the network's input and back. */

import { describe, expect, it } from 'vitest';
import { place, toImage, toInput } from '../../../src/inference/placement.ts';

const input = { width: 224, height: 224 };
const wide = { width: 2000, height: 1000 };
const tall = { width: 1841, height: 1955 };

describe('place', () => {
  it('fills the input when it stretches', () => {
    expect(place(wide, input, 'stretch')).toEqual({
      source: { x: 0, y: 0, ...wide },
      target: { x: 0, y: 0, ...input },
    });
  });

  it('keeps the whole image and its shape in a letterbox', () => {
    expect(place(wide, input, 'letterbox')).toEqual({
      source: { x: 0, y: 0, ...wide },
      target: { x: 0, y: 56, width: 224, height: 112 },
    });
  });

  it('keeps the shape and the middle when it crops', () => {
    expect(place(wide, input, 'crop')).toEqual({
      source: { x: 500, y: 0, width: 1000, height: 1000 },
      target: { x: 0, y: 0, ...input },
    });
  });
});

describe.each(['stretch', 'letterbox', 'crop'] as const)('a box through %s and back', (fit) => {
  it.each([wide, tall])('covers itself, at most two input pixels larger on each side', (image) => {
    const placement = place(image, input, fit);
    const box = { x: placement.source.x + 300, y: placement.source.y + 250, width: 200, height: 150 };
    const start = toInput(placement, box.x, box.y);
    const end = toInput(placement, box.x + box.width, box.y + box.height);
    const back = toImage(placement, { ...start, width: end.x - start.x, height: end.y - start.y });
    expect(back.x).toBeLessThanOrEqual(box.x);
    expect(back.y).toBeLessThanOrEqual(box.y);
    expect(back.x + back.width).toBeGreaterThanOrEqual(box.x + box.width);
    expect(back.y + back.height).toBeGreaterThanOrEqual(box.y + box.height);
    expect(back.width).toBeLessThanOrEqual(box.width + 2);
    expect(back.height).toBeLessThanOrEqual(box.height + 2);
  });

  it('never leaves what the network saw', () => {
    const placement = place(tall, input, fit);
    const box = toImage(placement, { x: -50, y: -50, width: 900, height: 900 });
    expect(box).toEqual(placement.source);
  });
});
