/** What `model.json` says about a model: how to feed it, how to understand it, how good it is. */

import { createReader, type Reader } from './json-reader.ts';

export interface Threshold {
  readonly id: string;
  readonly population: string;
  readonly site: string;
  /** On the calibrated probability: at or above it is positive. */
  readonly value: number;
  /** The grey zone: calibrated probabilities from low to high, both included, are called neither way. */
  readonly indeterminate: { readonly low: number; readonly high: number };
  readonly sensitivity: number;
  readonly specificity: number;
}

export type Fit = 'stretch' | 'letterbox' | 'crop';
type Kernel = 'nearest' | 'cubic' | 'mitchell' | 'lanczos2' | 'lanczos3';

export interface ModelInput {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly layout: 'NCHW' | 'NHWC';
  /** One number per channel, on the scale black = 0, white = 1. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly fit: Fit;
  readonly kernel: Kernel;
}

interface ModelOutputs {
  readonly score: { readonly kind: 'logit' | 'probability'; readonly name: string };
  readonly cam?: string;
  readonly embedding?: string;
}

export interface OutOfDistribution {
  readonly method: 'ppca';
  readonly file: string;
  readonly sha256: string;
  readonly dimensions: number;
  readonly components: number;
  readonly limit: number;
}

export interface ModelDescription {
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly file: string;
  readonly sha256: string;
  readonly size: number;
  readonly licence: string;
  readonly manufacturer: string;
  readonly input: ModelInput;
  readonly outputs: ModelOutputs;
  /** probability = 1 / (1 + exp(-(a * logit + b))) */
  readonly calibration: { readonly method: 'platt' | 'none'; readonly a: number; readonly b: number };
  readonly thresholds: readonly Threshold[];
  readonly defaultThreshold: string;
  /** Confidence from which it is MOYEN, and ELEVE. */
  readonly confidence: { readonly moyen: number; readonly eleve: number };
  readonly outOfDistribution?: OutOfDistribution;
  /** In years. */
  readonly minimumAge: number;
  readonly metrics: Readonly<Record<string, unknown>>;
}

const FILE_NAME = /^[\w][\w.-]*$/; // no folder part: a model never reads outside its own folder
const SHA256 = /^[0-9a-f]{64}$/;
const SEMANTIC_VERSION = /^\d+\.\d+\.\d+(-[\w.]+)?(\+[\w.]+)?$/;

/** Reads the parsed content of `model.json`; when anything is wrong, throws one error that lists all of it. */
export function parseModelDescription(json: unknown): ModelDescription {
  const reader = createReader(json);
  const description = read(reader);
  if (reader.problems.length > 0) throw new Error(`model.json is not valid:\n- ${reader.problems.join('\n- ')}`);
  return description;
}

function read(from: Reader): ModelDescription {
  const thresholds = from.list('thresholds').map(readThreshold);
  const defaultThreshold = from.text('defaultThreshold');
  if (!thresholds.some(({ id }) => id === defaultThreshold)) {
    from.reject('defaultThreshold', `must be the id of one of the thresholds, not "${defaultThreshold}"`);
  }
  const outOfDistribution = from.optional('outOfDistribution');
  const outputs = readOutputs(from.object('outputs'));
  if (outOfDistribution && outputs.embedding === undefined) {
    from.reject('outOfDistribution', 'needs outputs.embedding, of which it measures the distance');
  }
  return {
    name: from.text('name', FILE_NAME),
    version: from.text('version', SEMANTIC_VERSION),
    title: from.text('title'),
    file: from.text('file', FILE_NAME),
    sha256: from.text('sha256', SHA256),
    size: from.number('size', 1),
    licence: from.text('licence'),
    manufacturer: from.text('manufacturer'),
    input: readInput(from.object('input')),
    outputs,
    calibration: readCalibration(from.object('calibration')),
    thresholds,
    defaultThreshold,
    confidence: readConfidence(from.object('confidence')),
    ...(outOfDistribution && { outOfDistribution: readOutOfDistribution(outOfDistribution) }),
    minimumAge: from.number('minimumAge', 0, 150),
    metrics: from.object('metrics').record(),
  };
}

function readInput(from: Reader): ModelInput {
  const channels = from.oneOf('channels', [1, 3] as const);
  return {
    name: from.text('name'),
    width: from.integer('width', 8, 4096),
    height: from.integer('height', 8, 4096),
    channels,
    layout: from.oneOf('layout', ['NCHW', 'NHWC'] as const),
    mean: from.numbers('mean', channels),
    std: from.numbers('std', channels, Number.MIN_VALUE),
    fit: from.oneOf('fit', ['stretch', 'letterbox', 'crop'] as const),
    kernel: from.oneOf('kernel', ['nearest', 'cubic', 'mitchell', 'lanczos2', 'lanczos3'] as const),
  };
}

function readOutputs(from: Reader): ModelOutputs {
  const kinds = (['logit', 'probability'] as const).filter((kind) => from.has(kind));
  const kind = kinds[0] ?? 'logit';
  if (kinds.length !== 1) from.reject('', 'must name one of logit and probability, and not both');
  return {
    score: { kind, name: kinds.length > 0 ? from.text(kind) : '' },
    ...(from.has('cam') && { cam: from.text('cam') }),
    ...(from.has('embedding') && { embedding: from.text('embedding') }),
  };
}

function readCalibration(from: Reader): ModelDescription['calibration'] {
  const method = from.oneOf('method', ['platt', 'none'] as const);
  if (method === 'none') return { method, a: 1, b: 0 };
  return { method, a: from.number('a', Number.MIN_VALUE), b: from.number('b') };
}

function readThreshold(from: Reader): Threshold {
  const value = from.number('value', 0, 1);
  const zone = from.object('indeterminate');
  return {
    id: from.text('id'),
    population: from.text('population'),
    site: from.text('site'),
    value,
    indeterminate: { low: zone.number('low', 0, value), high: zone.number('high', value, 1) },
    sensitivity: from.number('sensitivity', 0, 1),
    specificity: from.number('specificity', 0, 1),
  };
}

function readConfidence(from: Reader): ModelDescription['confidence'] {
  const moyen = from.number('moyen', 0, 1);
  return { moyen, eleve: from.number('eleve', moyen, 1) };
}

function readOutOfDistribution(from: Reader): OutOfDistribution {
  return {
    method: from.oneOf('method', ['ppca'] as const),
    file: from.text('file', FILE_NAME),
    sha256: from.text('sha256', SHA256),
    dimensions: from.integer('dimensions', 1, 65_536),
    components: from.integer('components', 0, 4096),
    limit: from.number('limit', 0),
  };
}
