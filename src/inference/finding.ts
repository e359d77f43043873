/** What the neural network says about one image, in numbers and in pixels of that image. */

export type Outcome = 'positive' | 'negative' | 'indeterminate';

/** How sure the call is, in the words of the LIVEDOC data model; the cut-offs are the model's own. */
export type ConfidenceLevel = 'FAIBLE' | 'MOYEN' | 'ELEVE';

/** The patient's right lung is on the left of a PA film. */
export type LungZone = `${'right' | 'left'}-${'upper' | 'middle' | 'lower'}`;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A part of a lung that speaks for the disease. */
export interface Region {
  readonly zone: LungZone;
  /** In pixels of the image that was read. */
  readonly box: Box;
  /** Of all evidence for the disease in the image, the part that lies in this zone: 0..1. */
  readonly share: number;
}

interface Heatmap {
  readonly width: number;
  readonly height: number;
  /** The class activation map as the network gave it, row by row: above 0 speaks for the disease, below 0 against it. */
  readonly data: Float32Array;
  /** Colours with transparency, to be laid over the image: its geometry, the longer side at most 1024 pixels. */
  readonly png: Uint8Array;
}

export interface ModelIdentity {
  readonly name: string;
  readonly version: string;
  readonly manufacturer: string;
  /** Of the weights. */
  readonly sha256: string;
  readonly runtime: string;
}

export interface Finding {
  readonly outcome: Outcome;
  readonly logit: number;
  /** Calibrated: of a hundred images with probability 0.7, about seventy are sick in a population like the model's own. */
  readonly probability: number;
  readonly threshold: { readonly id: string; readonly value: number; readonly population: string };
  /** The probability that the outcome is right: 0..1. */
  readonly confidence: number;
  readonly confidenceLevel: ConfidenceLevel;
  readonly regions: readonly Region[];
  readonly heatmap?: Heatmap;
  readonly embedding?: Float32Array;
  /** How far the image lies from those the model learned from; comparable only within one model version. */
  readonly distance?: number;
  /** The image is unlike a chest X-ray as the model knows them: the outcome must not be used. */
  readonly outOfDistribution: boolean;
  readonly model: ModelIdentity;
  readonly milliseconds: { readonly preprocess: number; readonly run: number; readonly postprocess: number };
}

/** Why an image cannot even be shown to the model; stable, so that it can be a reason code. */
export type Unreadable = 'wrong-length' | 'too-small' | 'too-large' | 'too-elongated' | 'no-contrast';

export class UnreadableImage extends Error {
  readonly reason: Unreadable;

  constructor(reason: Unreadable, message: string) {
    super(message);
    this.name = 'UnreadableImage';
    this.reason = reason;
  }
}
