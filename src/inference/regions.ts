/** Which zones of the lungs carry the evidence for the disease, and where in them it lies. */

import { type ActivationMap, evidenceAt } from './activation-map.ts';
import type { Box, LungZone, Region } from './finding.ts';
import { type Placement, type Size, toImage } from './placement.ts';

// Where the lungs begin and end on the mean of the normal training films, as parts of the image height.
const LUNGS_TOP = 0.08;
const LUNGS_BOTTOM = 0.8;
// Zones with less of the evidence than this are noise around the others.
const LEAST_SHARE = 0.1;
// A box holds what reaches half of the image's strongest evidence: full width at half maximum.
const BOX_LEVEL = 0.5;
// Points per side at which the map is read: fine enough for boxes of a sixteenth of a cell.
const GRID = 112;

interface Tally {
  sum: number;
  strong: { left: number; top: number; right: number; bottom: number } | undefined;
}

/** Strongest first; none where nothing speaks for the disease. */
export function findRegions(map: ActivationMap, input: Size, placement: Placement): Region[] {
  const evidence = sample(map, input);
  const peak = evidence.reduce((most, value) => Math.max(most, value), 0);
  const total = evidence.reduce((sum, value) => sum + value, 0);
  if (peak <= 0) return [];
  const tallies = tallyByZone(evidence, peak * BOX_LEVEL, input, placement);
  const regions: Region[] = [];
  for (const [zone, { sum, strong }] of tallies) {
    if (strong && sum / total >= LEAST_SHARE)
      regions.push({ zone, box: boxOf(strong, input, placement), share: sum / total });
  }
  return regions.sort((a, b) => b.share - a.share);
}

function sample(map: ActivationMap, input: Size): Float32Array {
  return Float32Array.from({ length: GRID * GRID }, (_, i) =>
    evidenceAt(
      map,
      input,
      (((i % GRID) + 0.5) / GRID) * input.width,
      ((Math.floor(i / GRID) + 0.5) / GRID) * input.height,
    ),
  );
}

function tallyByZone(
  evidence: Float32Array,
  strength: number,
  input: Size,
  placement: Placement,
): Map<LungZone, Tally> {
  const tallies = new Map<LungZone, Tally>();
  evidence.forEach((value, i) => {
    if (value <= 0) return;
    const column = i % GRID;
    const row = Math.floor(i / GRID);
    const zone = zoneAt(column, row, input, placement);
    const tally = tallies.get(zone) ?? { sum: 0, strong: undefined };
    tally.sum += value;
    if (value >= strength) tally.strong = grow(tally.strong, column, row);
    tallies.set(zone, tally);
  });
  return tallies;
}

/** Six zones cut by the midline and by thirds of the lungs' height; the patient's right is on the left of the film. */
function zoneAt(column: number, row: number, input: Size, { target }: Placement): LungZone {
  const across = (((column + 0.5) / GRID) * input.width - target.x) / target.width;
  const down =
    ((((row + 0.5) / GRID) * input.height - target.y) / target.height - LUNGS_TOP) / (LUNGS_BOTTOM - LUNGS_TOP);
  const side = across < 0.5 ? 'right' : 'left';
  if (down < 1 / 3) return `${side}-upper`;
  return down < 2 / 3 ? `${side}-middle` : `${side}-lower`;
}

function grow(box: Tally['strong'], column: number, row: number): NonNullable<Tally['strong']> {
  if (!box) return { left: column, top: row, right: column + 1, bottom: row + 1 };
  return {
    left: Math.min(box.left, column),
    top: Math.min(box.top, row),
    right: Math.max(box.right, column + 1),
    bottom: Math.max(box.bottom, row + 1),
  };
}

function boxOf({ left, top, right, bottom }: NonNullable<Tally['strong']>, input: Size, placement: Placement): Box {
  const x = (left / GRID) * input.width;
  const y = (top / GRID) * input.height;
  const width = ((right - left) / GRID) * input.width;
  const height = ((bottom - top) / GRID) * input.height;
  return toImage(placement, { x, y, width, height });
}
