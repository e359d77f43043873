/**
 * Signs of pulmonary tuberculosis as post-primary disease shows them, drawn by code: patchy opacities in the upper
 * zones, a cavity with a wall, scattered nodules, strands towards the hilum.
 */

import type { Random } from './phantom-random.ts';
import { line, near, type Place, type Side, type Stroke, soft } from './phantom-stroke.ts';

// Measured on the mean of the aligned normal films.
const APEX: Record<Side, Place> = { right: { x: 0.335, y: 0.23 }, left: { x: 0.66, y: 0.23 } };
const HILUM: Record<Side, Place> = { right: { x: 0.4, y: 0.44 }, left: { x: 0.6, y: 0.42 } };

/** All strokes of one patient's disease: one side worst, the other often touched too. */
export function tuberculosis(random: Random): Stroke[] {
  const worst: Side = random.between(0, 1) < 0.5 ? 'right' : 'left';
  const other: Side = worst === 'right' ? 'left' : 'right';
  return [
    ...infiltrate(random, worst, 1),
    ...cavity(random, worst),
    ...strands(random, worst),
    ...infiltrate(random, other, random.between(0.4, 0.8)),
    ...nodules(random, worst, random.whole(10, 16)),
    ...nodules(random, other, random.whole(4, 8)),
  ];
}

/** Many small soft shadows that run together: patchy, not smooth. */
function infiltrate(random: Random, side: Side, extent: number): Stroke[] {
  const focus = near(random, APEX[side], 0.012, 0.02);
  return Array.from({ length: Math.round(48 * extent) }, () => ({
    centre: near(random, focus, 0.034, 0.05 * (0.6 + 0.4 * extent)),
    radius: random.between(0.012, 0.042),
    reach: 1.8,
    whiteness: soft(random.between(0.07, 0.2)),
  }));
}

/** A ring: the wall is denser than the lung, the inside is air. */
function cavity(random: Random, side: Side): Stroke[] {
  const wall = random.between(0.2, 0.3);
  const thickness = random.between(0.16, 0.26);
  const ring = (distance: number) => wall * Math.exp(-(((distance - 0.8) / thickness) ** 2));
  const inside = (distance: number) => (distance < 0.7 ? -0.06 * (1 - (distance / 0.7) ** 4) : 0);
  return [
    {
      centre: near(random, APEX[side], 0.015, 0.02),
      radius: random.between(0.032, 0.048),
      reach: 1.6,
      whiteness: (distance) => ring(distance) + inside(distance),
    },
  ];
}

/** Small dense discs with a soft edge, thinning out towards the bases. */
function nodules(random: Random, side: Side, count: number): Stroke[] {
  return Array.from({ length: count }, () => ({
    centre: near(random, { x: APEX[side].x, y: APEX[side].y + 0.08 }, 0.04, 0.075),
    radius: random.between(0.007, 0.014),
    reach: 1.6,
    whiteness: soft(random.between(0.1, 0.2)),
  }));
}

/** Fibrous lines from the focus towards the hilum. */
function strands(random: Random, side: Side): Stroke[] {
  return Array.from({ length: 4 }, () => {
    const from = near(random, APEX[side], 0.025, 0.02);
    const to = near(random, HILUM[side], 0.01, 0.02);
    const sag = random.between(-0.015, 0.015);
    const curve = (t: number): Place => ({
      x: from.x + (to.x - from.x) * t + sag * Math.sin(t * Math.PI),
      y: from.y + (to.y - from.y) * t,
    });
    return line(curve, random.between(0.003, 0.005), random.between(0.04, 0.08));
  }).flat();
}
