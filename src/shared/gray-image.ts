/** A single grey frame as it is to be seen: what the pixel decoder gives and the neural network takes. */

export interface GrayImage {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample. White is 2^bits - 1, black is 0: MONOCHROME1, modality and VOI transformations are already applied. */
  readonly bits: 8 | 16;
  /** width * height samples, row by row from the top left. */
  readonly data: Uint8Array | Uint16Array;
}
