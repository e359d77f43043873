/** What a model folder must say about itself, and how it is told what is wrong. */

import { describe, expect, it } from 'vitest';
import { parseModelDescription } from '../../../src/inference/model-description.ts';
import { aDescription } from './a-model.ts';

const withoutField = (field: string) => {
  const { [field]: _, ...rest } = aDescription() as unknown as Record<string, unknown>;
  return rest;
};

describe('parseModelDescription', () => {
  it('takes a complete description', () => {
    expect(parseModelDescription(aDescription())).toMatchObject({ name: 'a-model', defaultThreshold: 'screening' });
  });

  it('takes a model of another maker that gives a probability and no map', () => {
    const foreign = { ...aDescription(), outputs: { probability: 'p' } };
    expect(parseModelDescription(foreign).outputs).toEqual({ score: { kind: 'probability', name: 'p' } });
  });

  it('lists every problem at once', () => {
    const foreign = {
      ...withoutField('licence'),
      version: 'newest',
      sha256: 'abc',
      file: '../elsewhere/model.onnx',
      input: { ...aDescription().input, channels: 2, mean: [0, 0, 0], fit: 'squeeze' },
      outputs: {},
      defaultThreshold: 'missing',
    };
    let message = '';
    try {
      parseModelDescription(foreign);
    } catch (error) {
      message = (error as Error).message;
    }
    const places = message
      .split('\n- ')
      .slice(1)
      .map((line) => line.split(':')[0]);
    expect(places).toEqual([
      'defaultThreshold',
      'outputs',
      'version',
      'file',
      'sha256',
      'licence',
      'input.channels',
      'input.mean',
      'input.fit',
    ]);
  });

  it('refuses a grey zone that does not hold its threshold', () => {
    const [threshold] = aDescription().thresholds;
    const description = { ...aDescription(), thresholds: [{ ...threshold, indeterminate: { low: 0.6, high: 0.7 } }] };
    expect(() => parseModelDescription(description)).toThrow(
      'thresholds[0].indeterminate.low: must be a number from 0 to 0.5',
    );
  });

  it('refuses an out-of-distribution reference without an embedding to measure', () => {
    const outOfDistribution = {
      method: 'ppca',
      file: 'n.bin',
      sha256: 'a'.repeat(64),
      dimensions: 4,
      components: 1,
      limit: 2,
    };
    expect(() => parseModelDescription({ ...aDescription(), outOfDistribution })).toThrow('outputs.embedding');
  });

  it.each([null, [], 'text', 3])('refuses %j, which is no object', (json) => {
    expect(() => parseModelDescription(json)).toThrow('the file: must be an object');
  });
});
