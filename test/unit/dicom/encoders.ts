/** Encoders for the tests of the decoders. */

import { createRequire } from 'node:module';
import { type Picture, pixelBytes } from './an-image.ts';

interface Encoder {
  getDecodedBuffer(frame: object): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  encode(): void;
  delete(): void;
  setNearLossless(difference: number): void;
  setQuality(...quality: (number | boolean)[]): void;
}

type Codec = 'charls' | 'openjpeg' | 'libjpeg-turbo-8bit';
const classes = { charls: 'JpegLSEncoder', openjpeg: 'J2KEncoder', 'libjpeg-turbo-8bit': 'JPEGEncoder' } as const;

async function encode(
  codec: Codec,
  picture: Picture,
  signed: boolean,
  set: (encoder: Encoder) => void,
): Promise<Uint8Array> {
  const load = createRequire(import.meta.url)(`@cornerstonejs/codec-${codec}/wasmjs`);
  const module = await load({ print() {}, printErr() {} });
  const encoder: Encoder = new module[classes[codec]]();
  const { width, height, bits: bitsPerSample } = picture;
  const frame = { width, height, bitsPerSample, componentCount: 1, isSigned: signed, isUsingColorTransform: false };
  encoder.getDecodedBuffer(frame).set(pixelBytes(picture));
  set(encoder);
  encoder.encode();
  const encoded = Uint8Array.from(encoder.getEncodedBuffer());
  encoder.delete();
  return encoded;
}

/** `difference` 0 is lossless. */
export function jpegLs(picture: Picture, difference = 0): Promise<Uint8Array> {
  return encode('charls', picture, false, (encoder) => encoder.setNearLossless(difference));
}

/** Lossless; signed samples are given sign-extended to 16 bits. */
export function jpeg2000(picture: Picture, signed = false): Promise<Uint8Array> {
  return encode('openjpeg', picture, signed, (encoder) => encoder.setQuality(true, 0));
}

export function jpegBaseline(picture: Picture): Promise<Uint8Array> {
  return encode('libjpeg-turbo-8bit', picture, false, (encoder) => encoder.setQuality(95));
}

function word(value: number): number[] {
  return [(value >> 8) & 0xff, value & 0xff];
}

/** Collects bits and stuffs a zero after each FF, as T.81 B.1.1.5 asks. */
function bitWriter() {
  const bytes: number[] = [];
  let bits = 0;
  let count = 0;
  const push = (byte: number) => bytes.push(...(byte === 0xff ? [0xff, 0] : [byte]));
  const write = (value: number, length: number) => {
    for (let i = length - 1; i >= 0; i--) {
      bits = (bits << 1) | ((value >> i) & 1);
      if (++count === 8) {
        push(bits);
        [bits, count] = [0, 0];
      }
    }
  };
  const flush = () => {
    while (count > 0) write(1, 1);
  };
  const raw = (...more: number[]) => bytes.push(...more);
  return { bytes, write, flush, raw };
}

/** Bits of a difference, and the bits themselves (T.81 F.1.2.1). */
function category(difference: number): readonly [length: number, value: number] {
  const length = 32 - Math.clz32(Math.abs(difference));
  return [length, difference < 0 ? difference + 2 ** length - 1 : difference];
}

/** All symbols 0 to 16 with codes of five bits: simple, if not small. */
const lengths = [0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const huffman = [0xff, 0xc4, ...word(19 + 17), 0, ...lengths, ...Array.from({ length: 17 }, (_, i) => i)];

export interface LosslessOptions {
  readonly predictor?: number;
  readonly pointTransform?: number;
  /** Rows between restart markers. */
  readonly restartRows?: number;
}

/** Lossless JPEG; differences are taken modulo 2^16, so 16-bit extremes wrap as T.81 H.1.2.1 says. */
export function jpegLossless(
  picture: Picture,
  { predictor = 1, pointTransform = 0, restartRows }: LosslessOptions = {},
): Uint8Array {
  const { width, height, bits } = picture;
  const samples = picture.samples.map((sample) => sample >> pointTransform);
  const out = bitWriter();
  out.raw(0xff, 0xd8, ...huffman, 0xff, 0xc3, ...word(11), bits, ...word(height), ...word(width), 1, 1, 0x11, 0);
  if (restartRows) out.raw(0xff, 0xdd, ...word(4), ...word(restartRows * width));
  out.raw(0xff, 0xda, ...word(8), 1, 1, 0, predictor, 0, pointTransform);
  const start = 2 ** (bits - pointTransform - 1);
  for (let y = 0; y < height; y++) {
    const isFirst = y % (restartRows ?? height) === 0;
    if (isFirst && y > 0) {
      out.flush();
      out.raw(0xff, 0xd0 + ((y / (restartRows ?? 1) - 1) % 8));
    }
    for (let x = 0; x < width; x++) {
      const at = (dx: number, dy: number) => samples[(y - dy) * width + x - dx] as number;
      writeDifference(out, at(0, 0) - predict({ x, isFirst, predictor, start, at }));
    }
  }
  out.flush();
  out.raw(0xff, 0xd9);
  return Uint8Array.from(out.bytes);
}

function writeDifference(out: ReturnType<typeof bitWriter>, exact: number): void {
  const difference = (exact << 16) >> 16;
  const [length, value] = difference === -32768 ? [16, 0] : category(difference);
  out.write(length, 5);
  if (length < 16) out.write(value, length);
}

interface Place {
  readonly x: number;
  readonly isFirst: boolean;
  readonly predictor: number;
  readonly start: number;
  readonly at: (dx: number, dy: number) => number;
}

function predict({ x, isFirst, predictor, start, at }: Place): number {
  if (x === 0) return isFirst ? start : at(0, 1);
  if (isFirst) return at(1, 0);
  const [a, b, c] = [at(1, 0), at(0, 1), at(1, 1)];
  return [0, a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1][predictor] as number;
}

/** Extended sequential JPEG of 12 bits with all divisors 1: what is lost is rounding only. Sides are multiples of 8. */
export function jpegExtended({ width, height, bits, samples }: Picture, restartBlocks = 0): Uint8Array {
  const out = bitWriter();
  const divisors = Array.from({ length: 64 }, () => 1);
  // AC symbols 00 to FF at eight bits would leave no code free for the all-ones prefix; 255 of them fit.
  const symbols = Array.from({ length: 255 }, (_, i) => i);
  const acLengths = [0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0];
  out.raw(0xff, 0xd8, 0xff, 0xdb, ...word(67), 0, ...divisors, ...huffman);
  out.raw(0xff, 0xc4, ...word(19 + 255), 0x10, ...acLengths, ...symbols);
  out.raw(0xff, 0xc1, ...word(11), bits, ...word(height), ...word(width), 1, 1, 0x11, 0);
  if (restartBlocks) out.raw(0xff, 0xdd, ...word(4), ...word(restartBlocks));
  out.raw(0xff, 0xda, ...word(8), 1, 1, 0, 0, 63, 0);
  let level = 0;
  const columns = width / 8;
  for (let block = 0; block < (columns * height) / 8; block++) {
    if (restartBlocks && block > 0 && block % restartBlocks === 0) {
      out.flush();
      out.raw(0xff, 0xd0 + ((block / restartBlocks - 1) % 8));
      level = 0;
    }
    const [left, top] = [(block % columns) * 8, Math.floor(block / columns) * 8];
    const coefficients = cosines((x, y) => (samples[(top + y) * width + left + x] as number) - 2 ** (bits - 1));
    const [length, value] = category((coefficients[0] as number) - level);
    level = coefficients[0] as number;
    out.write(length, 5);
    out.write(value, length);
    writeFrequencies(out, coefficients);
  }
  out.flush();
  out.raw(0xff, 0xd9);
  return Uint8Array.from(out.bytes);
}

function writeFrequencies(out: ReturnType<typeof bitWriter>, coefficients: readonly number[]): void {
  let run = 0;
  for (let k = 1; k < 64; k++) {
    const coefficient = coefficients[k] as number;
    if (coefficient === 0) {
      run += 1;
      continue;
    }
    for (; run > 15; run -= 16) out.write(0xf0, 8);
    const [length, value] = category(coefficient);
    out.write(run * 16 + length, 8);
    out.write(value, length);
    run = 0;
  }
  if (run > 0) out.write(0, 8);
}

/** The forward cosine transform of a block (T.81 A.3.3), in zigzag order. */
function cosines(at: (x: number, y: number) => number): number[] {
  const order = Array.from({ length: 64 }, (_, i) => [i & 7, i >> 3] as const).sort(([ax, ay], [bx, by]) => {
    const [a, b] = [ax + ay, bx + by];
    return a - b || (a % 2 === 0 ? ax - bx : bx - ax);
  });
  const factor = (u: number) => (u === 0 ? Math.SQRT1_2 : 1) / 2;
  return order.map(([u, v]) => {
    let sum = 0;
    for (let y = 0; y < 8; y++) {
      for (let x = 0; x < 8; x++) {
        sum += at(x, y) * Math.cos(((2 * x + 1) * u * Math.PI) / 16) * Math.cos(((2 * y + 1) * v * Math.PI) / 16);
      }
    }
    return Math.round(sum * factor(u) * factor(v));
  });
}

/** RLE lossless (PS3.5 Annex G): literal and repeated runs, one segment a byte of the sample, most significant first. */
export function rle(picture: Picture): Uint8Array {
  const size = picture.bits > 8 ? 2 : 1;
  const segments = Array.from({ length: size }, (_, i) => {
    const packed = packBits(picture.samples.map((sample) => (sample >> (8 * (size - 1 - i))) & 0xff));
    return packed.length % 2 === 0 ? packed : [...packed, 0];
  });
  const header = Buffer.alloc(64);
  header.writeUInt32LE(size, 0);
  segments.reduce((offset, segment, i) => {
    header.writeUInt32LE(offset, 4 + 4 * i);
    return offset + segment.length;
  }, 64);
  return Buffer.concat([header, ...segments.map((segment) => Buffer.from(segment))]);
}

function packBits(bytes: Uint16Array): number[] {
  const out: number[] = [];
  for (let i = 0; i < bytes.length; ) {
    let run = 1;
    while (run < 128 && bytes[i + run] === bytes[i]) run += 1;
    if (run > 1) {
      out.push(257 - run, bytes[i] as number);
      i += run;
      continue;
    }
    let end = i + 1;
    while (end < bytes.length && end - i < 128 && bytes[end] !== bytes[end - 1]) end += 1;
    out.push(end - i - 1, ...bytes.subarray(i, end));
    i = end;
  }
  return out;
}
