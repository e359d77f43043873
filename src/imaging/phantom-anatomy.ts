/**
 * What averaging many films wipes out because it lies elsewhere in each: ribs, collar bones and the vessels of the lung.
 * Drawn by code, so that the phantom is as sharp as a film.
 */

import type { Random } from './phantom-random.ts';
import { line, type Place, type Side, type Stroke } from './phantom-stroke.ts';

export function anatomy(random: Random): Stroke[] {
  return (['right', 'left'] as const).flatMap((side) => [
    ...ribs(random, side),
    ...collarBone(random, side),
    ...vessels(random, side),
  ]);
}

const outwards = (side: Side, distance: number) => (side === 'right' ? 0.5 - distance : 0.5 + distance);

/** The posterior ribs run outwards and ever more downwards; the fainter anterior ones cross them inwards. */
function ribs(random: Random, side: Side): Stroke[] {
  const spacing = random.between(0.058, 0.066);
  const first = random.between(0.1, 0.12);
  const fall = random.between(0.07, 0.1);
  return Array.from({ length: 10 }, (_, i) => {
    const start = first + i * spacing;
    const reach = Math.min(0.3, 0.17 + 0.022 * i);
    const posterior = (t: number): Place => ({
      x: outwards(side, 0.06 + reach * Math.sin((t * Math.PI) / 2)),
      y: start - 0.02 * Math.sin(t * Math.PI) + fall * t ** 3,
    });
    const anterior = (t: number): Place => ({
      x: outwards(side, 0.06 + reach * (1 - 0.55 * t)),
      y: start + fall + 0.11 * t,
    });
    const edge = (curve: (t: number) => Place, shift: number) => (t: number) => {
      const { x, y } = curve(t);
      return { x, y: y + shift };
    };
    return [
      ...line(posterior, 0.013, 0.07),
      ...line(edge(posterior, -0.01), 0.003, 0.045), // the cortex: a rib's rim is denser than its marrow
      ...line(edge(posterior, 0.01), 0.003, 0.07),
      ...(i < 6 ? line(anterior, 0.012, 0.045) : []),
    ];
  }).flat();
}

function collarBone(random: Random, side: Side): Stroke[] {
  const tilt = random.between(0.03, 0.06);
  const bone = (t: number): Place => ({
    x: outwards(side, 0.04 + 0.26 * t),
    y: 0.15 - tilt * t - 0.012 * Math.sin(t * 2 * Math.PI),
  });
  return line(bone, 0.014, 0.12);
}

/** A tree that leaves the hilum and thins out with each fork. */
function vessels(random: Random, side: Side): Stroke[] {
  const root = { x: outwards(side, 0.095), y: side === 'right' ? 0.43 : 0.41 };
  return Array.from({ length: 7 }, (_, i) => {
    const angle = -1.25 + (2.75 * i) / 6 + random.between(-0.12, 0.12);
    // A hilum is a handful of vessels one above the other, not a star.
    const from = { x: root.x + 0.006 * random.normal(), y: root.y + 0.05 * Math.sin(angle) + 0.006 * random.normal() };
    return branch(random, side, from, angle, random.between(0.055, 0.085), 0.0075, 3);
  }).flat();
}

function branch(
  random: Random,
  side: Side,
  from: Place,
  angle: number,
  length: number,
  radius: number,
  forks: number,
): Stroke[] {
  const away = side === 'right' ? -1 : 1;
  const bend = random.between(-0.2, 0.2);
  const curve = (t: number): Place => ({
    x: from.x + away * Math.cos(angle + bend * t) * length * t,
    y: from.y + Math.sin(angle + bend * t) * length * t,
  });
  const own = line(curve, radius, 9 * radius);
  if (forks === 0) return own;
  const spread = random.between(0.25, 0.5);
  const children = [angle - spread, angle + spread].flatMap((next) =>
    branch(random, side, curve(1), next, length * random.between(0.65, 0.85), radius * 0.72, forks - 1),
  );
  return [...own, ...children];
}
