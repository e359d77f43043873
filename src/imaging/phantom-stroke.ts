/** Soft shadows and lines, the brush that a phantom's ribs, vessels and lesions are drawn with. */

import type { Random } from './phantom-random.ts';

/** A place on the film: 0, 0 is the top left, 1, 1 the bottom right. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Adds whiteness to the places around a centre, given the distance to it in radii. */
export interface Stroke {
  readonly centre: Place;
  readonly radius: number;
  /** Beyond this many radii it adds nothing. */
  readonly reach: number;
  readonly whiteness: (distance: number) => number;
}

export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** Row by row, black = 0, white = 1. */
  readonly data: Float32Array;
}

/** The patient's right is on the left of the film. */
export type Side = 'right' | 'left';

export const soft = (strength: number) => (distance: number) => strength * Math.exp(-2 * distance * distance);

export function near(random: Random, { x, y }: Place, across: number, down: number): Place {
  return { x: x + random.normal() * across, y: y + random.normal() * down };
}

/** A soft line along a curve given from 0 to 1, as a chain of shadows close enough to run together. */
export function line(curve: (t: number) => Place, radius: number, whiteness: number): Stroke[] {
  const from = curve(0);
  const to = curve(1);
  const count = Math.max(2, Math.ceil((1.3 * Math.hypot(to.x - from.x, to.y - from.y)) / (0.5 * radius)));
  // Neighbours half a radius apart add up to 2.5 times one of them: the integral of exp(-2 d^2) in steps of 0.5.
  const strength = whiteness / 2.5;
  return Array.from({ length: count }, (_, i) => {
    return { centre: curve(i / (count - 1)), radius, reach: 1.8, whiteness: soft(strength) };
  });
}

/** Lays a stroke on the film; bone and heart, which are white already, hide most of it. */
export function draw({ width, height, data }: Canvas, { centre, radius, reach, whiteness }: Stroke): void {
  const left = Math.max(0, Math.floor((centre.x - radius * reach) * width));
  const right = Math.min(width - 1, Math.ceil((centre.x + radius * reach) * width));
  const top = Math.max(0, Math.floor((centre.y - radius * reach) * height));
  const bottom = Math.min(height - 1, Math.ceil((centre.y + radius * reach) * height));
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const distance = Math.hypot((column + 0.5) / width - centre.x, (row + 0.5) / height - centre.y) / radius;
      if (distance > reach) continue;
      const i = row * width + column;
      const before = data[i] ?? 0;
      data[i] = before + whiteness(distance) * Math.max(0, 1 - before);
    }
  }
}
