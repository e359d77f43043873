/** A neural network in memory, ready to read images until it is closed. */

import { performance } from 'node:perf_hooks';
import { env, type InferenceSession, Tensor } from 'onnxruntime-node';
import type { GrayImage } from '../shared/gray-image.ts';
import type { ActivationMap } from './activation-map.ts';
import type { Finding, ModelIdentity } from './finding.ts';
import { judge } from './judge.ts';
import type { ModelDescription, Threshold } from './model-description.ts';
import { distanceFrom, type Reference } from './novelty.ts';
import type { Placement, Size } from './placement.ts';
import { prepareTensor } from './prepare-tensor.ts';
import { findRegions } from './regions.ts';
import { renderHeatmap } from './render-heatmap.ts';

export class Model {
  readonly description: ModelDescription;
  readonly identity: ModelIdentity;
  readonly #session: InferenceSession;
  readonly #reference: Reference | undefined;

  constructor(description: ModelDescription, session: InferenceSession, reference?: Reference) {
    this.description = description;
    this.#session = session;
    this.#reference = reference;
    const { name, version, manufacturer, sha256 } = description;
    const runtime = `onnxruntime-node ${env.versions.node ?? env.versions.common} cpu`;
    this.identity = Object.freeze({ name, version, manufacturer, sha256, runtime });
  }

  /** Throws UnreadableImage when there is nothing to read; check `outOfDistribution` before using the outcome. */
  async read(image: GrayImage, thresholdId = this.description.defaultThreshold): Promise<Finding> {
    const threshold = this.#threshold(thresholdId);
    const started = performance.now();
    const { tensor, placement } = await prepareTensor(image, this.description.input);
    const prepared = performance.now();
    const outputs = await this.#run(tensor);
    const ran = performance.now();
    const judgement = judge(outputs.score, this.description, threshold);
    const novelty = this.#novelty(outputs.embedding);
    const shown = outputs.map ? await show(outputs.map, image, this.description.input, placement) : {};
    const speaksForDisease = judgement.outcome !== 'negative' && !novelty.outOfDistribution;
    return {
      ...judgement,
      threshold: { id: threshold.id, value: threshold.value, population: threshold.population },
      regions: outputs.map && speaksForDisease ? findRegions(outputs.map, this.description.input, placement) : [],
      ...shown,
      ...(outputs.embedding && { embedding: outputs.embedding }),
      ...novelty,
      model: this.identity,
      milliseconds: { preprocess: prepared - started, run: ran - prepared, postprocess: performance.now() - ran },
    };
  }

  /** After this the model reads no more. */
  async close(): Promise<void> {
    await this.#session.release();
  }

  #threshold(id: string): Threshold {
    const found = this.description.thresholds.find((threshold) => threshold.id === id);
    if (found) return found;
    // A threshold belongs to one model version: using another one's would silently change sensitivity.
    throw new Error(`Model ${this.description.name} ${this.description.version} has no threshold "${id}".`);
  }

  async #run(samples: Float32Array): Promise<{ score: number; map?: ActivationMap; embedding?: Float32Array }> {
    const { input, outputs } = this.description;
    const { channels, height, width } = input;
    const shape = input.layout === 'NCHW' ? [1, channels, height, width] : [1, height, width, channels];
    const results = await this.#session.run({ [input.name]: new Tensor('float32', samples, shape) });
    const output = (name: string | undefined) => (name === undefined ? undefined : results[name]);
    const cam = output(outputs.cam);
    const embedding = output(outputs.embedding);
    return {
      score: scalar(output(outputs.score.name), outputs.score.name),
      ...(cam && { map: activationMap(cam) }),
      ...(embedding && { embedding: floats(embedding) }),
    };
  }

  #novelty(embedding: Float32Array | undefined): { distance?: number; outOfDistribution: boolean } {
    const limit = this.description.outOfDistribution?.limit;
    if (!this.#reference || !embedding || limit === undefined) return { outOfDistribution: false };
    const distance = distanceFrom(this.#reference, embedding);
    return { distance, outOfDistribution: !(distance <= limit) };
  }
}

async function show(
  map: ActivationMap,
  image: GrayImage,
  input: Size,
  placement: Placement,
): Promise<Pick<Finding, 'heatmap'>> {
  return { heatmap: { ...map, png: await renderHeatmap(map, image, input, placement) } };
}

function floats(tensor: Tensor): Float32Array {
  return Float32Array.from(tensor.data as Float32Array);
}

function scalar(tensor: Tensor | undefined, name: string): number {
  const value = tensor && Number(tensor.data[0]);
  if (value === undefined || !Number.isFinite(value)) throw new Error(`The model gave no number as ${name}.`);
  return value;
}

function activationMap(tensor: Tensor): ActivationMap {
  const [height, width] = tensor.dims.slice(-2);
  if (!height || !width)
    throw new Error(`The activation map has the shape ${tensor.dims.join(' x ')}, not rows and columns.`);
  return { width, height, data: floats(tensor) };
}
