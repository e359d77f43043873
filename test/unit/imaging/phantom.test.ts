/** The chest films of nobody. */

import { beforeAll, describe, expect, it } from 'vitest';
import { chestPhantom } from '../../../src/imaging/phantom.ts';
import { type PhantomStatistics, readPhantomStatistics } from '../../../src/imaging/phantom-statistics.ts';
import { loadModel } from '../../../src/inference/load-model.ts';
import { modelFolder, phantomFolder } from '../inference/a-model.ts';

let statistics: PhantomStatistics;
beforeAll(async () => {
  statistics = await readPhantomStatistics(phantomFolder);
});

const size = { width: 256, height: 300 };

describe('chestPhantom', () => {
  it('gives the same film for the same seed', () => {
    const film = () => chestPhantom(statistics, { seed: 7, lesions: 'tuberculosis', ...size });
    expect(film().data).toEqual(film().data);
  });

  it('gives another patient for another seed', () => {
    const [one, two] = [7, 8].map((seed) => chestPhantom(statistics, { seed, lesions: 'none', ...size }));
    expect(one?.data).not.toEqual(two?.data);
  });

  it('has the size asked for and uses the range of 16 bits', () => {
    const { data, bits, width, height } = chestPhantom(statistics, { seed: 7, lesions: 'none', ...size });
    expect({ bits, width, height, samples: data.length }).toEqual({ bits: 16, ...size, samples: 256 * 300 });
    const sorted = data.slice().sort();
    expect(sorted.at(0)).toBeLessThan(8000);
    expect(sorted.at(-1)).toBeGreaterThan(55_000);
  });

  it('draws lesions in the lungs and leaves the rest of the patient alone', () => {
    const healthy = chestPhantom(statistics, { seed: 7, lesions: 'none', ...size });
    const sick = chestPhantom(statistics, { seed: 7, lesions: 'tuberculosis', ...size });
    const changedRows = new Set<number>();
    sick.data.forEach((value, i) => {
      if (value !== healthy.data[i]) changedRows.add(Math.floor(i / size.width) / size.height);
    });
    expect(Math.min(...changedRows)).toBeGreaterThan(0.03);
    expect(Math.max(...changedRows)).toBeLessThan(0.75);
    expect(changedRows.size).toBeGreaterThan(30);
  });
});

describe('the model that comes with the project', () => {
  it('reads phantoms with lesions as positive and those without as negative', async () => {
    const model = await loadModel(modelFolder, { threads: 1 });
    const read = async (seed: number, lesions: 'none' | 'tuberculosis') =>
      model.read(chestPhantom(statistics, { seed, lesions, width: 1024, height: 1024 }));
    for (const seed of [1, 2, 3]) {
      expect(await read(seed, 'tuberculosis')).toMatchObject({ outcome: 'positive', outOfDistribution: false });
      expect(await read(seed, 'none')).toMatchObject({ outcome: 'negative', outOfDistribution: false });
    }
    await model.close();
  });
});
