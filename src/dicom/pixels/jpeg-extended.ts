/**
 * Extended sequential JPEG with 12 bits (process 4), transfer syntax 1.2.840.10008.1.2.4.51: what older archives hold, and
 * no codec on npm reads.
 * ITU-T T.81 Annexes A.3.3 and F.2.
 */
import { DicomError } from '../dicom-error.ts';
import type { Codestream } from './codestream.ts';
import type { HuffmanTable } from './huffman.ts';
import { type JpegTables, readScans, type Scan } from './jpeg-scans.ts';
import type { Decoded } from './wasm-codec.ts';

const corrupt = (message: string) => new DicomError('corrupt-pixel-data', message);

/** Position in the 8 x 8 block of the coefficients in the order in which they are written (T.81 figure A.6). */
const zigzag = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
];

/** For position x and frequency u: C(u) / 2 * cos((2x + 1) u pi / 16). */
const basis = Float64Array.from({ length: 64 }, (_, i) => {
  const [x, u] = [i >> 3, i & 7];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

/** One grey component. Throws DicomError `corrupt-pixel-data` or `unsupported-pixel-format`. */
export function decodeExtendedJpeg({ bytes, width, height, components, precision }: Codestream): Decoded {
  if (components !== 1) throw new DicomError('unsupported-pixel-format', 'Colour JPEG with 12 bits is not decoded.');
  const samples = new Uint16Array(width * height);
  let scans = 0;
  readScans(bytes, (scan, tables) => {
    if (scan.selection !== 0 || scans > 0) throw corrupt('A sequential JPEG image must have one scan.');
    decodeScan(scan, tables, { samples, width, height, top: 2 ** precision - 1 });
    scans += 1;
  });
  return { bytes: new Uint8Array(samples.buffer), width, height, components, precision };
}

interface Output {
  readonly samples: Uint16Array;
  readonly width: number;
  readonly height: number;
  /** The highest sample. */
  readonly top: number;
}

function decodeScan(scan: Scan, { components, quantization }: JpegTables, output: Output): void {
  const [component] = scan.components;
  const divisors = quantization.get(components[component?.index ?? 0]?.quantization ?? 0);
  if (!component?.ac || !divisors) throw corrupt('The JPEG image lacks a table.');
  const coefficients = new Float64Array(64);
  const columns = Math.ceil(output.width / 8);
  const blocks = columns * Math.ceil(output.height / 8);
  let level = 0;
  for (let block = 0; block < blocks; block++) {
    if (scan.restartInterval > 0 && block > 0 && block % scan.restartInterval === 0) {
      scan.reader.restart();
      level = 0;
    }
    level += difference(scan, component.dc);
    coefficients.fill(0);
    coefficients[0] = level * (divisors[0] as number);
    readFrequencies(scan, component.ac, divisors, coefficients);
    paintBlock(coefficients, output, (block % columns) * 8, Math.floor(block / columns) * 8);
  }
}

function difference({ reader }: Scan, dc: HuffmanTable): number {
  const length = reader.decode(dc);
  if (length > 15) throw corrupt('A JPEG coefficient is longer than it may be.');
  return reader.extend(length);
}

function readFrequencies({ reader }: Scan, ac: HuffmanTable, divisors: Uint16Array, coefficients: Float64Array): void {
  for (let k = 1; k < 64; k++) {
    const symbol = reader.decode(ac);
    const [run, length] = [symbol >> 4, symbol & 15];
    if (length === 0 && run < 15) return;
    k += run;
    if (k > 63) throw corrupt('A JPEG block has more coefficients than fit.');
    if (length > 0) coefficients[zigzag[k] as number] = reader.extend(length) * (divisors[k] as number);
  }
}

const rows = new Float64Array(64);

/** Inverse cosine transform, first along the rows, then down the columns; the part of the block inside the image is kept. */
function paintBlock(
  coefficients: Float64Array,
  { samples, width, height, top }: Output,
  left: number,
  above: number,
): void {
  for (let i = 0; i < 64; i++) rows[i] = sumOf(coefficients, (i >> 3) * 8, 1, i & 7);
  const middle = (top + 1) / 2;
  const [right, bottom] = [Math.min(8, width - left), Math.min(8, height - above)];
  for (let y = 0; y < bottom; y++) {
    for (let x = 0; x < right; x++) {
      const value = Math.round(sumOf(rows, x, 8, y) + middle);
      samples[(above + y) * width + left + x] = value < 0 ? 0 : value > top ? top : value;
    }
  }
}

function sumOf(values: Float64Array, start: number, step: number, position: number): number {
  let sum = 0;
  for (let u = 0; u < 8; u++) sum += (values[start + u * step] as number) * (basis[position * 8 + u] as number);
  return sum;
}
