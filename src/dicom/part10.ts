/**
 * DICOM files: preamble, file meta information, data set in any transfer syntax.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part10/chapter_7.html
 */
import { inflateRawSync, constants as zlib } from 'node:zlib';
import { attributes } from './attribute.ts';
import { type DataSet, type Encoding, readDataSet } from './data-set.ts';
import { DicomError } from './dicom-error.ts';
import { type TransferSyntax, transferSyntax } from './transfer-syntax.ts';
import { string } from './values.ts';

export interface DicomFile {
  /** File Meta Information; empty when the bytes are a bare data set. */
  readonly meta: DataSet;
  readonly dataSet: DataSet;
  readonly transferSyntax: TransferSyntax;
  /** What was wrong but could be repaired. */
  readonly warnings: readonly string[];
}

export interface ReadOptions {
  /** Of a bare data set without file meta information, as C-STORE carries it. */
  readonly transferSyntax?: string;
}

const little = { explicit: true, littleEndian: true };
// A 64 Mpixel image of 16 bits and its header; a deflated stream can claim a thousand times its size.
const maxInflatedBytes = 160 * 1024 * 1024;
const prefix = Buffer.from('DICM');

/**
 * Reads the header from the first bytes of a file: 64 KiB hold everything before Pixel Data of an X-ray. Elements that
 * the bytes do not reach are absent and `dataSet.complete` is false.
 * Throws DicomError `not-dicom`, `truncated` (not even the meta information is whole), `malformed` or `too-large`.
 */
export function readHeader(bytes: Uint8Array, options: ReadOptions = {}): DicomFile {
  const start = metaStart(bytes);
  const { meta, end } = readMeta(bytes, start, options);
  const warnings: string[] = [];
  if (start < 128 && meta.elements.size > 0) warnings.push('The file has no preamble.');
  const declared = options.transferSyntax ?? string(meta, 'TransferSyntaxUID');
  const uid = declared ?? guess(bytes, end);
  if (uid === undefined)
    throw new DicomError('not-dicom', 'This is no DICOM file: it has neither a prefix nor a data set.');
  if (!declared) warnings.push(`The transfer syntax is missing; it looks like ${transferSyntax(uid).name}.`);
  const syntax = transferSyntax(uid);
  const body = syntax.deflated ? inflate(bytes.subarray(end)) : bytes;
  const from = syntax.deflated ? 0 : end;
  const encoding = correct(body, from, syntax, warnings);
  const dataSet = readDataSet({ ...encoding, bytes: body, start: from, end: body.length });
  return { meta, dataSet, transferSyntax: syntax, warnings };
}

/** Reads a whole file. Throws as `readHeader`, and `truncated` when the bytes end before or inside Pixel Data. */
export function readFile(bytes: Uint8Array, options: ReadOptions = {}): DicomFile {
  const file = readHeader(bytes, options);
  const { dataSet } = file;
  const pixels = dataSet.elements.get(attributes.PixelData[0]);
  const isCut = pixels && !pixels.undefinedLength && pixels.offset + pixels.length > dataSet.bytes.length;
  if (!dataSet.complete || isCut) throw new DicomError('truncated', 'The file ends inside an element.');
  return file;
}

function isPrefix(bytes: Uint8Array, at: number): boolean {
  return prefix.equals(bytes.subarray(at, at + 4));
}

function metaStart(bytes: Uint8Array): number {
  if (isPrefix(bytes, 128)) return 132;
  return isPrefix(bytes, 0) ? 4 : 0;
}

function readMeta(bytes: Uint8Array, start: number, options: ReadOptions): { meta: DataSet; end: number } {
  const isMeta = bytes[start] === 2 && bytes[start + 1] === 0;
  if (start > 0 && !isMeta) {
    const code = bytes.length < start + 8 ? 'truncated' : 'malformed';
    throw new DicomError(code, 'The file has no File Meta Information after its prefix.');
  }
  if (options.transferSyntax !== undefined || !isMeta) {
    return { meta: readDataSet({ ...little, bytes, start, end: start }), end: start };
  }
  const encoding = looksExplicit(bytes, start) ? little : { explicit: false, littleEndian: true };
  const meta = readDataSet({ ...encoding, bytes, start, end: bytes.length, onlyGroup: 2 });
  if (!meta.complete) throw new DicomError('truncated', 'The file ends inside its File Meta Information.');
  return { meta, end: meta.end };
}

function looksExplicit(bytes: Uint8Array, at: number): boolean {
  const isCapital = (byte = 0) => byte >= 0x41 && byte <= 0x5a;
  return isCapital(bytes[at + 4]) && isCapital(bytes[at + 5]);
}

/** The transfer syntax of a bare data set that begins, as all do, with group 0008 (or 0004 of a directory). */
function guess(bytes: Uint8Array, at: number): string | undefined {
  const [first = 0, second = 0] = bytes.subarray(at, at + 2);
  const isGroup = (byte: number) => byte === 8 || byte === 4;
  if (bytes.length < at + 8) return undefined;
  if (isGroup(first) && second === 0) {
    if (looksExplicit(bytes, at)) return '1.2.840.10008.1.2.1';
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 4, true);
    return length <= bytes.length - at - 8 ? '1.2.840.10008.1.2' : undefined;
  }
  return first === 0 && isGroup(second) && looksExplicit(bytes, at) ? '1.2.840.10008.1.2.2' : undefined;
}

/** Some writers name one encoding and use the other: the first element shows which one it is. */
function correct(bytes: Uint8Array, at: number, syntax: TransferSyntax, warnings: string[]): Encoding {
  const { explicit, littleEndian } = syntax;
  if (bytes.length < at + 8 || looksExplicit(bytes, at) === explicit) return { explicit, littleEndian };
  warnings.push(`The data set is ${explicit ? 'implicit' : 'explicit'} VR, contrary to its transfer syntax.`);
  return { explicit: !explicit, littleEndian };
}

/** As much as can be inflated: the first bytes of a file end anywhere. */
function inflate(bytes: Uint8Array): Uint8Array {
  try {
    return inflateRawSync(bytes, { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: maxInflatedBytes });
  } catch (error) {
    const isTooLarge = error instanceof RangeError;
    if (isTooLarge) throw new DicomError('too-large', `The data set inflates to more than ${maxInflatedBytes} bytes.`);
    throw new DicomError('malformed', 'The deflated data set is damaged.', error);
  }
}
