/**
 * Lossless JPEG, transfer syntaxes 1.2.840.10008.1.2.4.57 and .70: all predictors, point transform, restart intervals.
 * ITU-T T.81 Annex H.
 */
import { DicomError } from '../dicom-error.ts';
import type { Codestream } from './codestream.ts';
import { readScans, type Scan, type ScanComponent } from './jpeg-scans.ts';
import type { Decoded } from './wasm-codec.ts';

const corrupt = (message: string) => new DicomError('corrupt-pixel-data', message);

/** From the samples to the left (a), above (b) and above left (c); sums are taken modulo 2^16 (T.81 H.1.2.1). */
const predictors: readonly ((a: number, b: number, c: number) => number)[] = [
  () => 0,
  (a) => a,
  (_, b) => b,
  (_, __, c) => c,
  (a, b, c) => a + b - c,
  (a, b, c) => a + ((b - c) >> 1),
  (a, b, c) => b + ((a - c) >> 1),
  (a, b) => (a + b) >> 1,
];

/** Throws DicomError `corrupt-pixel-data`, also when the image ends early. */
export function decodeLosslessJpeg({ bytes, width, height, components, precision }: Codestream): Decoded {
  const length = width * height * components;
  const samples = precision > 8 ? new Uint16Array(length) : new Uint8Array(length);
  const seen = new Set<number>();
  let shift = 0;
  readScans(bytes, (scan, tables) => {
    const isWhole = tables.components.every(({ horizontal, vertical }) => horizontal === vertical && vertical === 1);
    if (!isWhole) throw new DicomError('unsupported-pixel-format', 'Subsampled lossless JPEG is not decoded.');
    for (const { index } of scan.components) seen.add(index);
    shift = scan.pointTransform;
    decodeScan(scan, { samples, width, height, components, precision });
  });
  if (shift > 0) for (let i = 0; i < length; i++) samples[i] = (samples[i] as number) << shift;
  if (seen.size !== components) throw corrupt('The lossless JPEG image lacks a component.');
  return { bytes: new Uint8Array(samples.buffer), width, height, components, precision };
}

interface Output extends Omit<Codestream, 'kind' | 'bytes' | 'signed'> {
  readonly samples: Uint8Array | Uint16Array;
}

function decodeScan(scan: Scan, output: Output): void {
  const { width, height, precision } = output;
  const { restartInterval, pointTransform, reader } = scan;
  if (scan.selection < 1 || scan.selection > 7) throw corrupt(`There is no lossless predictor ${scan.selection}.`);
  if (restartInterval % width !== 0) throw corrupt('A restart interval of lossless JPEG must be whole rows.');
  const rowsPerInterval = restartInterval / width || height;
  for (let y = 0; y < height; y++) {
    const isFirst = y % rowsPerInterval === 0;
    if (isFirst && y > 0) reader.restart();
    // The first row of an interval knows nothing above it: it begins in the middle and looks to the left.
    const start = isFirst ? 2 ** (precision - pointTransform - 1) : undefined;
    decodeRow(scan, output, y, start);
    reader.finish();
  }
}

function decodeRow(scan: Scan, { samples, width, components }: Output, y: number, start: number | undefined): void {
  const predict = predictors[start === undefined ? scan.selection : 1] as (typeof predictors)[number];
  const stride = width * components;
  for (let x = 0; x < width; x++) {
    for (const component of scan.components) {
      const at = y * stride + x * components + component.index;
      const above = samples[at - stride] ?? 0;
      const first = start ?? above;
      const predicted =
        x === 0 ? first : predict(samples[at - components] as number, above, samples[at - stride - components] ?? 0);
      samples[at] = predicted + difference(scan, component);
    }
  }
}

function difference({ reader }: Scan, { dc }: ScanComponent): number {
  const length = reader.decode(dc);
  // 16 stands for the one difference that needs no more bits.
  if (length === 16) return 32_768;
  if (length > 16) throw corrupt('A lossless JPEG difference is longer than it may be.');
  return reader.extend(length);
}
