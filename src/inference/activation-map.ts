/** The network's class activation map: how much each place of the input speaks for the disease. */

import { clamp, type Size } from './placement.ts';

export interface ActivationMap {
  readonly width: number;
  readonly height: number;
  /** Row by row; the mean is the logit, so a value above 0 speaks for the disease. */
  readonly data: Float32Array;
}

/** The evidence for the disease at a point of the input, between the cell centres in a straight line; never below 0. */
export function evidenceAt(map: ActivationMap, input: Size, x: number, y: number): number {
  const column = clamp((x / input.width) * map.width - 0.5, 0, map.width - 1);
  const row = clamp((y / input.height) * map.height - 0.5, 0, map.height - 1);
  const left = Math.floor(column);
  const top = Math.floor(row);
  const right = Math.min(left + 1, map.width - 1);
  const bottom = Math.min(top + 1, map.height - 1);
  const cell = (i: number, j: number) => map.data[j * map.width + i] ?? 0;
  const above = cell(left, top) + (cell(right, top) - cell(left, top)) * (column - left);
  const below = cell(left, bottom) + (cell(right, bottom) - cell(left, bottom)) * (column - left);
  return Math.max(0, above + (below - above) * (row - top));
}
