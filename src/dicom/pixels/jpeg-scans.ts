/**
 * The marker segments of a JPEG image, and its scans one after the other.
 * ITU-T T.81 Annex B.
 */
import { DicomError } from '../dicom-error.ts';
import { type BitReader, createBitReader, type HuffmanTable, readHuffmanTables } from './huffman.ts';

interface Component {
  readonly id: number;
  readonly horizontal: number;
  readonly vertical: number;
  readonly quantization: number;
}

export interface ScanComponent {
  /** In the order of the frame header. */
  readonly index: number;
  readonly dc: HuffmanTable;
  readonly ac: HuffmanTable | undefined;
}

export interface Scan {
  readonly components: readonly ScanComponent[];
  /** Ss: the predictor of a lossless image. */
  readonly selection: number;
  /** Al: the point transform of a lossless image. */
  readonly pointTransform: number;
  /** Data units between two restart markers, 0 for none. */
  readonly restartInterval: number;
  readonly reader: BitReader;
}

export interface JpegTables {
  readonly components: readonly Component[];
  /** Quantization tables by number, in zigzag order. */
  readonly quantization: ReadonlyMap<number, Uint16Array>;
}

const corrupt = (message: string) => new DicomError('corrupt-pixel-data', message);

interface State {
  readonly huffman: Map<number, HuffmanTable>;
  readonly quantization: Map<number, Uint16Array>;
  components: readonly Component[];
  restartInterval: number;
}

/** Hands every scan to `decode`, until the image ends. Throws DicomError `corrupt-pixel-data`. */
export function readScans(bytes: Uint8Array, decode: (scan: Scan, tables: JpegTables) => void): void {
  const state: State = { huffman: new Map(), quantization: new Map(), components: [], restartInterval: 0 };
  let position = 2;
  let scans = 0;
  for (;;) {
    const segment = nextSegment(bytes, position);
    if (!segment) break;
    position = segment.end;
    if (segment.marker !== 0xda) {
      take(segment, state);
      continue;
    }
    const reader = createBitReader(bytes, segment.end);
    const header = readScanHeader(segment.bytes, state);
    decode({ ...header, restartInterval: state.restartInterval, reader }, state);
    reader.finish();
    position = reader.end();
    scans += 1;
  }
  if (scans === 0) throw corrupt('The JPEG image has no scan.');
}

interface Segment {
  /** The second byte. */
  readonly marker: number;
  readonly bytes: Uint8Array;
  readonly end: number;
}

/** The segment at or after `start`; undefined at the end of the image. */
function nextSegment(bytes: Uint8Array, start: number): Segment | undefined {
  let position = start;
  // Fill bytes, and the markers that stand alone.
  while (bytes[position] === 0xff && (bytes[position + 1] === 0xff || isRestart(bytes[position + 1]))) {
    position += bytes[position + 1] === 0xff ? 1 : 2;
  }
  const marker = bytes[position + 1] ?? 0xd9;
  if (marker === 0xd9) return undefined;
  if (bytes[position] !== 0xff) throw corrupt('Between two JPEG segments is something else.');
  const length = word(bytes, position + 2);
  const end = position + 2 + length;
  if (length < 2 || end > bytes.length) throw corrupt('A JPEG segment ends too early.');
  return { marker, bytes: bytes.subarray(position + 4, end), end };
}

function isRestart(byte = 0): boolean {
  return byte >= 0xd0 && byte <= 0xd7;
}

function take({ marker, bytes }: Segment, state: State): void {
  if (marker === 0xc4) for (const [key, table] of readHuffmanTables(bytes)) state.huffman.set(key, table);
  if (marker === 0xdb) readQuantization(bytes, state.quantization);
  if (marker === 0xdd) state.restartInterval = word(bytes, 0);
  if (marker >= 0xc0 && marker <= 0xc3) state.components = readComponents(bytes);
}

function word(segment: Uint8Array, at: number): number {
  return ((segment[at] ?? 0) << 8) | (segment[at + 1] ?? 0);
}

function readComponents(segment: Uint8Array): Component[] {
  return Array.from({ length: Math.min(4, segment[5] ?? 0) }, (_, i) => {
    const [id = 0, sampling = 0x11, quantization = 0] = segment.subarray(6 + 3 * i, 9 + 3 * i);
    return { id, horizontal: sampling >> 4, vertical: sampling & 0xf, quantization };
  });
}

function readQuantization(segment: Uint8Array, tables: Map<number, Uint16Array>): void {
  let position = 0;
  while (position < segment.length) {
    const [precision, number] = [(segment[position] as number) >> 4, (segment[position] as number) & 0xf];
    const size = precision === 0 ? 1 : 2;
    const values = segment.subarray(position + 1, position + 1 + 64 * size);
    if (values.length < 64 * size) throw corrupt('A quantization table ends too early.');
    tables.set(
      number,
      Uint16Array.from({ length: 64 }, (_, i) => (size === 1 ? (values[i] as number) : word(values, 2 * i))),
    );
    position += 1 + 64 * size;
  }
}

function readScanHeader(segment: Uint8Array, { components, huffman }: State): Omit<Scan, 'restartInterval' | 'reader'> {
  const count = segment[0] ?? 0;
  const chosen = Array.from({ length: count }, (_, i): ScanComponent => {
    const [id, tables = 0] = segment.subarray(1 + 2 * i, 3 + 2 * i);
    const index = components.findIndex((component) => component.id === id);
    const dc = huffman.get(tables >> 4);
    if (index < 0 || !dc) throw corrupt('A JPEG scan names a component or a table that is not there.');
    return { index, dc, ac: huffman.get(16 + (tables & 0xf)) };
  });
  const [selection = 0, , approximation = 0] = segment.subarray(1 + 2 * count, 4 + 2 * count);
  if (count === 0) throw corrupt('A JPEG scan has no component.');
  return { components: chosen, selection, pointTransform: approximation & 0xf };
}
