/** Where an image lies in the network's input, and the way back to its own pixels. */

import type { Box } from './finding.ts';
import type { Fit } from './model-description.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Placement {
  /** The part of the image that the network sees, in image pixels. */
  readonly source: Box;
  /** The part of the input that it fills, in input pixels. */
  readonly target: Box;
}

/** All boxes are whole pixels, so that the resampler and the way back agree exactly. */
export function place(image: Size, input: Size, fit: Fit): Placement {
  const whole = (size: Size): Box => ({ x: 0, y: 0, width: size.width, height: size.height });
  if (fit === 'letterbox') return { source: whole(image), target: centred(input, image) };
  if (fit === 'crop') return { source: centred(image, input), target: whole(input) };
  return { source: whole(image), target: whole(input) };
}

/** The largest box with the shape of `inner` in the middle of `outer`. */
function centred(outer: Size, inner: Size): Box {
  const scale = Math.min(outer.width / inner.width, outer.height / inner.height);
  const width = Math.max(1, Math.round(inner.width * scale));
  const height = Math.max(1, Math.round(inner.height * scale));
  return { x: Math.floor((outer.width - width) / 2), y: Math.floor((outer.height - height) / 2), width, height };
}

export function toInput({ source, target }: Placement, x: number, y: number): { x: number; y: number } {
  return {
    x: target.x + ((x - source.x) * target.width) / source.width,
    y: target.y + ((y - source.y) * target.height) / source.height,
  };
}

/** A box of the input in image pixels, rounded outwards and cut at the edge of what the network saw. */
export function toImage({ source, target }: Placement, box: Box): Box {
  const left = source.x + ((box.x - target.x) * source.width) / target.width;
  const top = source.y + ((box.y - target.y) * source.height) / target.height;
  const right = left + (box.width * source.width) / target.width;
  const bottom = top + (box.height * source.height) / target.height;
  const x = clamp(Math.floor(left), source.x, source.x + source.width - 1);
  const y = clamp(Math.floor(top), source.y, source.y + source.height - 1);
  return {
    x,
    y,
    width: clamp(Math.ceil(right), x + 1, source.x + source.width) - x,
    height: clamp(Math.ceil(bottom), y + 1, source.y + source.height) - y,
  };
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
