/**
 * One frame of Pixel Data as raw samples, whatever its transfer syntax.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part05/chapter_8.html
 */
import { attributes } from '../attribute.ts';
import type { Element } from '../data-set.ts';
import { DicomError } from '../dicom-error.ts';
import type { DicomFile } from '../part10.ts';
import { type Codestream, readCodestream } from './codestream.ts';
import { frameBytes } from './fragments.ts';
import { type ImageAttributes, imageAttributes } from './image-attributes.ts';
import { decodeExtendedJpeg } from './jpeg-extended.ts';
import { decodeLosslessJpeg } from './jpeg-lossless.ts';
import { luminance } from './luminance.ts';
import { nativeSamples } from './native.ts';
import { decodeRle } from './rle.ts';
import { type Decoded, decodeWithWasm } from './wasm-codec.ts';

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Bits that count: every sample is below 2^bits. */
  readonly bits: number;
  /** The highest of `bits` is a sign. */
  readonly signed: boolean;
  /** width * height stored values, row by row; colour is reduced to luminance. */
  readonly data: Uint8Array | Uint16Array;
  readonly photometric: string;
  /** The file has colour. */
  readonly isColor: boolean;
}

/**
 * Decodes frame `index` (from 0). Sizes are compared and limited before memory is taken.
 * Throws DicomError: `no-pixel-data`, `unsupported-transfer-syntax`, `unsupported-pixel-format`, `invalid-dimensions`,
 * `too-large`, `truncated`, `malformed`, `corrupt-pixel-data`.
 */
export async function decodeFrame(file: DicomFile, index = 0): Promise<Frame> {
  const { dataSet } = file;
  const element = dataSet.elements.get(attributes.PixelData[0]);
  if (!element || (element.length === 0 && !element.undefinedLength))
    throw new DicomError('no-pixel-data', 'The file has no pixel data.');
  const image = imageAttributes(dataSet);
  if (index >= image.frames)
    throw new DicomError('no-pixel-data', `There is no frame ${index + 1} of ${image.frames}.`);
  // Pixel Data of a defined length is uncompressed, whatever the transfer syntax says (PS3.5 A.4).
  if (!element.undefinedLength) return frameOf(image, nativeSamples(file, element, image, index), image.bitsStored);
  const compressed = frameBytes(dataSet.bytes, element.offset, index, image.frames);
  return decompress(file, image, compressed, element);
}

function unsupportedSyntax({ transferSyntax }: DicomFile): DicomError {
  const what = `${transferSyntax.name} (${transferSyntax.uid})`;
  return new DicomError('unsupported-transfer-syntax', `Pixels in ${what} are not decoded.`);
}

async function decompress(
  file: DicomFile,
  image: ImageAttributes,
  bytes: Uint8Array,
  element: Element,
): Promise<Frame> {
  const { compression } = file.transferSyntax;
  if (!compression) throw unsupportedSyntax(file);
  if (compression === 'none') {
    const raw = { ...file, dataSet: { ...file.dataSet, bytes } };
    const whole = { ...element, offset: 0, length: bytes.length };
    return frameOf(image, nativeSamples(raw, whole, { ...image, frames: 1 }, 0), image.bitsStored);
  }
  const { rows, columns, samples, bitsAllocated } = image;
  if (compression === 'rle') {
    const unpacked = decodeRle(bytes, rows * columns, samples, bitsAllocated / 8);
    const data = bitsAllocated === 16 ? words(unpacked) : unpacked;
    return frameOf({ ...image, planar: false }, data, image.bitsStored);
  }
  // The bytes say themselves which codec they need: baseline JPEG is found under the UID of lossless JPEG, for example.
  const stream = readCodestream(bytes);
  checkCodestream(stream, image);
  return fromDecoded(image, stream, await decodeCodestream(stream));
}

async function decodeCodestream(stream: Codestream): Promise<Decoded> {
  if (stream.kind === 'jpeg-lossless') return decodeLosslessJpeg(stream);
  return stream.kind === 'jpeg-extended' ? decodeExtendedJpeg(stream) : decodeWithWasm(stream.kind, stream);
}

function checkCodestream(stream: Codestream, { rows, columns, samples }: ImageAttributes): void {
  const { width, height, components, precision } = stream;
  if (width !== columns || height !== rows) {
    const message = `The compressed image has ${width} x ${height} pixels, the header says ${columns} x ${rows}.`;
    throw new DicomError('invalid-dimensions', message);
  }
  if (components !== samples) {
    const message = `The compressed image has ${components} components, the header says ${samples}.`;
    throw new DicomError('corrupt-pixel-data', message);
  }
  const isDecodable = stream.kind === 'jpeg' ? precision === 8 : precision >= 2 && precision <= 16;
  if (!isDecodable) {
    throw new DicomError('unsupported-pixel-format', `${stream.kind} with ${precision} bits is not decoded.`);
  }
}

function fromDecoded(image: ImageAttributes, stream: Codestream, decoded: Decoded): Frame {
  const { rows, columns, samples } = image;
  const size = stream.precision > 8 ? 2 : 1;
  const isSame = decoded.width === columns && decoded.height === rows && decoded.components === samples;
  if (!isSame || decoded.bytes.length !== rows * columns * samples * size) {
    throw new DicomError('corrupt-pixel-data', `The ${stream.kind} image is damaged.`);
  }
  const data = size === 2 ? words(decoded.bytes) : decoded.bytes;
  // Signed values live in the bits of the codestream if it is signed, else in the bits of the header, sometimes fewer.
  const isExtended = image.signed && !stream.signed;
  const bits = isExtended ? Math.min(stream.precision, image.bitsStored) : stream.precision;
  return frameOf({ ...image, planar: false, photometric: afterDecoding(image, stream) }, mask(data, bits), bits);
}

/** JPEG and JPEG 2000 decoders undo the colour transformation that the header names. */
function afterDecoding({ photometric }: ImageAttributes, { kind }: Codestream): string {
  const isUndone = kind === 'jpeg' || kind === 'jpeg-2000';
  return isUndone && photometric.startsWith('YBR') ? 'RGB' : photometric;
}

function mask(data: Uint8Array | Uint16Array, bits: number): Uint8Array | Uint16Array {
  const all = 2 ** bits - 1;
  const isFull = bits === data.BYTES_PER_ELEMENT * 8;
  if (!isFull) for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) & all;
  return data;
}

/** Little endian pairs as 16-bit numbers, in place when they are aligned. */
function words(bytes: Uint8Array): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : Uint8Array.from(bytes);
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 1);
}

function frameOf(image: ImageAttributes, data: Uint8Array | Uint16Array, bits: number): Frame {
  const { columns: width, rows: height, signed, photometric, samples } = image;
  const isColor = samples === 3;
  return { width, height, bits, signed, photometric, isColor, data: isColor ? luminance(data, image) : data };
}
