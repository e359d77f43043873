/** Where the evidence lies. */

import { describe, expect, it } from 'vitest';
import { place } from '../../../src/inference/placement.ts';
import { findRegions } from '../../../src/inference/regions.ts';

const input = { width: 224, height: 224 };
const image = { width: 2000, height: 1800 };
const placement = place(image, input, 'stretch');

/** A map of 7 by 7 cells, against the disease everywhere but in some cells. */
function aMap(cells: Record<string, number>) {
  const data = new Float32Array(49).fill(-2);
  for (const [cell, value] of Object.entries(cells)) {
    const [column = 0, row = 0] = cell.split(',').map(Number);
    data[row * 7 + column] = value;
  }
  return { width: 7, height: 7, data };
}

describe('findRegions', () => {
  it.each([
    ['1,1', 'right-upper'],
    ['5,1', 'left-upper'],
    ['1,3', 'right-middle'],
    ['5,5', 'left-lower'],
  ])('finds evidence in cell %s in the %s zone: the patient faces us', (cell, zone) => {
    expect(findRegions(aMap({ [cell]: 8 }), input, placement)[0]?.zone).toBe(zone);
  });

  it('gives boxes in pixels of the image, around the evidence', () => {
    const [region] = findRegions(aMap({ '1,1': 8 }), input, placement);
    const cell = { left: 2000 / 7, right: 4000 / 7, top: 1800 / 7, bottom: 3600 / 7 };
    const { x, y, width, height } = region?.box ?? { x: 0, y: 0, width: 0, height: 0 };
    expect(Math.abs(x + width / 2 - (cell.left + cell.right) / 2)).toBeLessThan(20);
    expect(Math.abs(y + height / 2 - (cell.top + cell.bottom) / 2)).toBeLessThan(20);
    expect(width).toBeLessThan(2 * (cell.right - cell.left));
  });

  it('shares the evidence out, the strongest zone first', () => {
    const regions = findRegions(aMap({ '1,1': 8, '5,5': 6 }), input, placement);
    expect(regions.map(({ zone }) => zone)).toEqual(['right-upper', 'left-lower']);
    expect(regions.reduce((sum, { share }) => sum + share, 0)).toBeLessThanOrEqual(1.000001);
  });

  it('finds nothing where nothing speaks for the disease', () => {
    expect(findRegions(aMap({}), input, placement)).toEqual([]);
  });
});
