/**
 * Writes DICOM files from plain descriptions: Part 10 with file meta information, in any of the three encodings.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part10/chapter_7.html
 */
import { deflateRawSync } from 'node:zlib';
import { attributes, type Keyword } from './attribute.ts';
import { DicomError } from './dicom-error.ts';
import { implementationUid, implementationVersion } from './net/implementation.ts';
import { transferSyntax } from './transfer-syntax.ts';

/** Compressed frames, each in fragments; `offsets` fills the basic offset table, which may stay empty. */
interface Encapsulated {
  readonly fragments: readonly Uint8Array[];
  readonly offsets?: readonly number[];
}

type Value = string | number | Uint8Array | Encapsulated | readonly (string | number)[] | readonly Attributes[];

/** Attributes by keyword, or by the eight hexadecimal digits of the tag and then with their VR; undefined is left out. */
export type Attributes = { readonly [K in Keyword]?: Value | undefined } & {
  readonly [tag: `${bigint}${string}`]: readonly [string, Value];
};

export interface WriteOptions {
  /** Explicit VR Little Endian unless given. */
  readonly transferSyntax?: string;
  /** VRs instead of the dictionary's: `PixelPaddingValue: 'SS'`. Those that are US or SS are US unless given. */
  readonly vrs?: Readonly<Partial<Record<Keyword, string>>>;
  readonly meta?: Attributes;
}

interface Format {
  readonly explicit: boolean;
  readonly littleEndian: boolean;
  readonly vrs: NonNullable<WriteOptions['vrs']>;
}

const longVr = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);

/**
 * A whole file. SOP Class and SOP Instance UID of the data set go into the file meta information; texts are written in
 * UTF-8, so a data set with more than ASCII should say `SpecificCharacterSet: 'ISO_IR 192'`.
 */
export function writeFile(dataSet: Attributes, options: WriteOptions = {}): Buffer {
  const syntax = transferSyntax(options.transferSyntax ?? '1.2.840.10008.1.2.1');
  const meta = writeDataSet({
    FileMetaInformationVersion: Uint8Array.of(0, 1),
    MediaStorageSOPClassUID: dataSet.SOPClassUID,
    MediaStorageSOPInstanceUID: dataSet.SOPInstanceUID,
    TransferSyntaxUID: syntax.uid,
    ImplementationClassUID: implementationUid,
    ImplementationVersionName: implementationVersion,
    ...options.meta,
  } as Attributes);
  const length = writeDataSet({ FileMetaInformationGroupLength: meta.length });
  const body = writeDataSet(dataSet, options);
  const encoded = syntax.deflated ? even(deflateRawSync(body), 0) : body;
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, meta, encoded]);
}

/** A data set alone, as C-STORE carries it: elements by ascending tag, values padded to even lengths. */
export function writeDataSet(dataSet: Attributes, options: WriteOptions = {}): Buffer {
  const { explicit, littleEndian } = transferSyntax(options.transferSyntax ?? '1.2.840.10008.1.2.1');
  return encodeItem(dataSet, { explicit, littleEndian, vrs: options.vrs ?? {} });
}

function encodeItem(dataSet: Attributes, format: Format): Buffer {
  const elements = Object.entries(dataSet)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => describe(key, value as Value | readonly [string, Value], format))
    .sort((a, b) => a.tag - b.tag);
  return Buffer.concat(elements.flatMap(({ tag, vr, value }) => encodeElement(tag, vr, value, format)));
}

interface Description {
  readonly tag: number;
  readonly vr: string;
  readonly value: Value;
}

function describe(key: string, given: Value | readonly [string, Value], { vrs }: Format): Description {
  if (/^[0-9a-f]{8}$/i.test(key)) {
    const [vr, value] = given as readonly [string, Value];
    return { tag: Number.parseInt(key, 16), vr, value };
  }
  const [tag, vr] = attributes[key as Keyword];
  const usual = vr === 'xs' ? 'US' : vr;
  return { tag, vr: vrs[key as Keyword] ?? usual, value: given as Value };
}

function encodeElement(tag: number, vr: string, value: Value, format: Format): Buffer[] {
  if (isEncapsulated(value)) return [head(tag, 'OB', 0xffffffff, format), ...encapsulate(value)];
  const bytes = encodeValue(vr, value, format);
  return [head(tag, vr, bytes.length, format), bytes];
}

function isEncapsulated(value: Value): value is Encapsulated {
  return typeof value === 'object' && 'fragments' in value;
}

function uint(size: 2 | 4, value: number, littleEndian: boolean): Buffer {
  const bytes = Buffer.alloc(size);
  if (littleEndian) bytes.writeUIntLE(value, 0, size);
  else bytes.writeUIntBE(value, 0, size);
  return bytes;
}

function head(tag: number, vr: string, length: number, { explicit, littleEndian }: Format): Buffer {
  const group = uint(2, tag >>> 16, littleEndian);
  const element = uint(2, tag & 0xffff, littleEndian);
  if (!explicit || vr === '') return Buffer.concat([group, element, uint(4, length, littleEndian)]);
  const name = Buffer.from(vr, 'latin1');
  if (longVr.has(vr)) return Buffer.concat([group, element, name, Buffer.alloc(2), uint(4, length, littleEndian)]);
  if (length > 0xffff) throw new DicomError('too-large', `A value of ${length} bytes does not fit VR ${vr}.`);
  return Buffer.concat([group, element, name, uint(2, length, littleEndian)]);
}

const tags = { item: 0xfffee000, end: 0xfffee0dd };
const plain: Format = { explicit: false, littleEndian: true, vrs: {} };

function encapsulate({ fragments, offsets = [] }: Encapsulated): Buffer[] {
  const table = Buffer.concat(offsets.map((offset) => uint(4, offset, true)));
  const items = [table, ...fragments.map((fragment) => even(Buffer.from(fragment), 0))];
  return [...items.flatMap((bytes) => [head(tags.item, '', bytes.length, plain), bytes]), head(tags.end, '', 0, plain)];
}

function even(bytes: Buffer, padding: number): Buffer {
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.of(padding)]);
}

function encodeValue(vr: string, value: Value, format: Format): Buffer {
  if (value instanceof Uint8Array) return even(Buffer.from(value.buffer, value.byteOffset, value.byteLength), 0);
  const values = (Array.isArray(value) ? value : [value]) as readonly (string | number | Attributes)[];
  if (vr === 'SQ') return Buffer.concat(values.flatMap((one) => encodeSequenceItem(one as Attributes, format)));
  const number = binary[vr];
  if (number) return Buffer.concat(values.map((one) => number(Number(one), format.littleEndian)));
  // UIDs and binary are padded with a zero byte, all other text with a space (PS3.5 6.2).
  return even(Buffer.from(values.join('\\'), 'utf8'), vr === 'UI' ? 0 : 0x20);
}

function encodeSequenceItem(dataSet: Attributes, format: Format): Buffer[] {
  const bytes = encodeItem(dataSet, format);
  return [head(tags.item, '', bytes.length, { ...format, explicit: false }), bytes];
}

const binary: Readonly<Record<string, (value: number, littleEndian: boolean) => Buffer>> = {
  US: (value, le) => uint(2, value, le),
  SS: (value, le) => uint(2, value & 0xffff, le),
  OW: (value, le) => uint(2, value & 0xffff, le),
  UL: (value, le) => uint(4, value, le),
  SL: (value, le) => uint(4, value >>> 0, le),
  FL: (value, le) => float(4, value, le),
  FD: (value, le) => float(8, value, le),
};

function float(size: 4 | 8, value: number, littleEndian: boolean): Buffer {
  const view = new DataView(new ArrayBuffer(size));
  if (size === 4) view.setFloat32(0, value, littleEndian);
  else view.setFloat64(0, value, littleEndian);
  return Buffer.from(view.buffer);
}
