/** From the network's score to a call: calibrated probability, outcome, and how sure it is. */

import type { ConfidenceLevel, Finding, Outcome } from './finding.ts';
import type { ModelDescription, Threshold } from './model-description.ts';

export type Judgement = Pick<Finding, 'outcome' | 'logit' | 'probability' | 'confidence' | 'confidenceLevel'>;

export function judge(score: number, model: ModelDescription, threshold: Threshold): Judgement {
  const logit = model.outputs.score.kind === 'logit' ? score : toLogit(score);
  const probability = sigmoid(model.calibration.a * logit + model.calibration.b);
  const outcome = decide(probability, threshold);
  const confidence = confidenceIn(outcome, probability);
  return { outcome, logit, probability, confidence, confidenceLevel: level(outcome, confidence, model.confidence) };
}

function decide(probability: number, { value, indeterminate }: Threshold): Outcome {
  const isGrey = indeterminate.high > indeterminate.low;
  if (isGrey && probability >= indeterminate.low && probability <= indeterminate.high) return 'indeterminate';
  return probability >= value ? 'positive' : 'negative';
}

/** The chance that the call is right; for the grey zone, the better of the two chances. */
function confidenceIn(outcome: Outcome, probability: number): number {
  if (outcome === 'positive') return probability;
  if (outcome === 'negative') return 1 - probability;
  return Math.max(probability, 1 - probability);
}

function level(
  outcome: Outcome,
  confidence: number,
  { moyen, eleve }: ModelDescription['confidence'],
): ConfidenceLevel {
  if (outcome === 'indeterminate' || confidence < moyen) return 'FAIBLE';
  return confidence < eleve ? 'MOYEN' : 'ELEVE';
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

function toLogit(probability: number): number {
  const inside = Math.min(Math.max(probability, 1e-7), 1 - 1e-7); // 0 and 1 have no logit
  return Math.log(inside / (1 - inside));
}
