/**
 * The head of one element: tag, value representation, length.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part05/sect_7.1.html
 */
import { nameOf } from '../attribute.ts';
import { DicomError } from '../dicom-error.ts';

export interface Encoding {
  readonly explicit: boolean;
  readonly littleEndian: boolean;
}

export interface ElementHeader {
  readonly tag: number;
  /** Absent in implicit VR and for item delimiters. */
  readonly vr?: string;
  readonly length: number;
}

export const undefinedLength = 0xffffffff;

/** Long enough for every header. */
export const longestHeader = 12;

/** These have a length of 16 bits in explicit VR; all others, future ones too, have one of 32. */
const shortVrs = new Set('AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US'.split(' '));

/** Items and delimiters have no VR in any transfer syntax. */
const delimiterGroup = 0xfffe;

function uint16(bytes: Buffer, at: number, { littleEndian }: Encoding): number {
  return littleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
}

function uint32(bytes: Buffer, at: number, { littleEndian }: Encoding): number {
  return littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
}

function isCapital(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x41 && byte <= 0x5a;
}

/** Whether the first eight bytes of a data set look like explicit VR: some writers declare the other one. */
export function looksExplicit(bytes: Buffer): boolean {
  return isCapital(bytes[4]) && isCapital(bytes[5]);
}

/** How long the header is that begins with these eight bytes. */
export function headerLength(bytes: Buffer, encoding: Encoding): number {
  if (!encoding.explicit || uint16(bytes, 0, encoding) === delimiterGroup) return 8;
  return shortVrs.has(bytes.toString('latin1', 4, 6)) ? 8 : longestHeader;
}

/** Parses a whole header; throws DicomError `malformed`. */
export function parseHeader(bytes: Buffer, encoding: Encoding): ElementHeader {
  const group = uint16(bytes, 0, encoding);
  const tag = group * 0x10000 + uint16(bytes, 2, encoding);
  if (!encoding.explicit || group === delimiterGroup) return { tag, length: uint32(bytes, 4, encoding) };
  const vr = bytes.toString('latin1', 4, 6);
  if (!looksExplicit(bytes)) throw new DicomError('malformed', `${nameOf(tag)} has no value representation.`);
  return { tag, vr, length: shortVrs.has(vr) ? uint16(bytes, 6, encoding) : uint32(bytes, 8, encoding) };
}
