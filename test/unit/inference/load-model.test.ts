/** Opening a model folder, and refusing one that is not what it says. */

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/inference/load-model.ts';
import { anImage, modelFolder } from './a-model.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-'));
  for (const file of ['model.json', 'model.onnx', 'novelty.bin']) await cp(join(modelFolder, file), join(folder, file));
});
afterEach(() => rm(folder, { recursive: true }));

async function changeDescription(change: (description: Record<string, unknown>) => Record<string, unknown>) {
  const path = join(folder, 'model.json');
  await writeFile(path, JSON.stringify(change(JSON.parse(await readFile(path, 'utf8')))));
}

async function spoil(file: string) {
  const bytes = await readFile(join(folder, file));
  bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000);
  await writeFile(join(folder, file), bytes);
}

describe('loadModel', () => {
  it('opens a folder from anywhere', async () => {
    const model = await loadModel(folder, { threads: 1 });
    expect(model.identity).toMatchObject({ name: 'tb-cxr', runtime: expect.stringMatching(/^onnxruntime-node \d/) });
    await model.close();
  });

  it.each(['model.onnx', 'novelty.bin'])('refuses %s with one bit changed', async (file) => {
    await spoil(file);
    await expect(loadModel(folder, { threads: 1 })).rejects.toThrow(
      `${file} is not the file that model.json describes`,
    );
  });

  it('refuses weights whose inputs and outputs have other names, and says which there are', async () => {
    await changeDescription((description) => ({
      ...description,
      outputs: { logit: 'score' },
      outOfDistribution: undefined,
    }));
    await expect(loadModel(folder, { threads: 1 })).rejects.toThrow('no output "score", only logit, cam, embedding');
  });

  it('refuses a description that is not JSON', async () => {
    await writeFile(join(folder, 'model.json'), '{');
    await expect(loadModel(folder, { threads: 1 })).rejects.toThrow('model.json is not JSON');
  });

  it('reads with a model that has neither map nor embedding', async () => {
    await changeDescription((description) => ({
      ...description,
      outputs: { logit: 'logit' },
      outOfDistribution: undefined,
    }));
    const model = await loadModel(folder, { threads: 1 });
    const finding = await model.read(anImage(300, 300, (x, y) => x * y));
    expect(finding).toMatchObject({ regions: [], outOfDistribution: false });
    expect(Object.keys(finding)).not.toContain('heatmap');
    await model.close();
  });
});
