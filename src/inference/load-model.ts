/** Opens a model folder: `model.json`, the weights it names, and the reference for out-of-distribution images. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { Model } from './model.ts';
import { type ModelDescription, parseModelDescription } from './model-description.ts';
import { parseReference, type Reference } from './novelty.ts';

export interface ModelOptions {
  /** Processor threads of one reading. */
  readonly threads: number;
}

export async function loadModel(folder: string, { threads }: ModelOptions): Promise<Model> {
  const description = parseModelDescription(await readJson(join(folder, 'model.json')));
  const weights = await readChecked(folder, description.file, description.sha256);
  const reference = await readReference(folder, description);
  const session = await InferenceSession.create(weights, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  });
  refuseOtherNames(description, session);
  return new Model(description, session, reference);
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path} is not JSON.`, { cause });
  }
}

/** Weights other than those the model card was measured with are another model: they are refused. */
async function readChecked(folder: string, file: string, sha256: string): Promise<Uint8Array> {
  const bytes = await readFile(join(folder, file));
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual === sha256) return bytes;
  throw new Error(`${file} is not the file that model.json describes: its SHA-256 is ${actual}, not ${sha256}.`);
}

async function readReference(folder: string, { outOfDistribution }: ModelDescription): Promise<Reference | undefined> {
  if (!outOfDistribution) return undefined;
  return parseReference(await readChecked(folder, outOfDistribution.file, outOfDistribution.sha256), outOfDistribution);
}

function refuseOtherNames({ input, outputs, file }: ModelDescription, session: InferenceSession): void {
  const wanted = [outputs.score.name, outputs.cam, outputs.embedding].filter((name) => name !== undefined);
  const problems = [
    ...(session.inputNames.includes(input.name)
      ? []
      : [`no input "${input.name}", only ${session.inputNames.join(', ')}`]),
    ...wanted
      .filter((name) => !session.outputNames.includes(name))
      .map((name) => `no output "${name}", only ${session.outputNames.join(', ')}`),
  ];
  if (problems.length > 0) throw new Error(`${file} does not fit its model.json:\n- ${problems.join('\n- ')}`);
}
