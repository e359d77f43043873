/** From a score to a call. */

import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/inference/judge.ts';
import { aParsedDescription } from './a-model.ts';

const model = aParsedDescription();
const threshold = model.thresholds[0] as (typeof model.thresholds)[number];
const logit = (probability: number) => Math.log(probability / (1 - probability));

describe('judge', () => {
  it.each([
    [0.95, 'positive', 0.95, 'ELEVE'],
    [0.8, 'positive', 0.8, 'MOYEN'],
    [0.65, 'positive', 0.65, 'FAIBLE'],
    [0.55, 'indeterminate', 0.55, 'FAIBLE'],
    [0.42, 'indeterminate', 0.58, 'FAIBLE'],
    [0.25, 'negative', 0.75, 'MOYEN'],
    [0.05, 'negative', 0.95, 'ELEVE'],
  ])('calls a probability of %d %s, sure by %d, %s', (probability, outcome, confidence, confidenceLevel) => {
    const judgement = judge(logit(probability), model, threshold);
    expect(judgement).toMatchObject({ outcome, confidenceLevel });
    expect(judgement.confidence).toBeCloseTo(confidence, 9);
  });

  it('calls both sides of a threshold without a grey zone', () => {
    const sharp = { ...threshold, indeterminate: { low: 0.5, high: 0.5 } };
    expect(judge(logit(0.5), model, sharp).outcome).toBe('positive');
    expect(judge(logit(0.4999), model, sharp).outcome).toBe('negative');
  });

  it('calibrates the logit', () => {
    const calibrated = { ...model, calibration: { method: 'platt' as const, a: 0.5, b: 1 } };
    expect(judge(2, calibrated, threshold).probability).toBeCloseTo(1 / (1 + Math.exp(-2)), 12);
  });

  it.each([0, 0.3, 1])('understands a model that gives a probability of %d', (probability) => {
    const foreign = { ...model, outputs: { score: { kind: 'probability' as const, name: 'p' } } };
    const judgement = judge(probability, foreign, threshold);
    expect(judgement.probability).toBeCloseTo(probability, 6);
    expect(Number.isFinite(judgement.logit)).toBe(true);
  });
});
