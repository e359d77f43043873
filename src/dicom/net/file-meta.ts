/**
 * File meta information, group 0002: what stands before the data set in a DICOM file.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part10/chapter_7.html
 */
import { DicomError } from '../dicom-error.ts';
import { implementationUid, implementationVersion } from './implementation.ts';

export interface FileMeta {
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly transferSyntax: string;
}

const preambleLength = 128;
const magic = 'DICM';

/** Real ones are under 1 KiB; private information may make them longer. */
const longestMeta = 65_536;

const tags = { sopClass: 0x0002, sopInstance: 0x0003, transferSyntax: 0x0010 } as const;
const longVrs = new Set(['OB', 'OW', 'SQ', 'UN', 'UT']);

/** Appended to the odd: UIDs take NUL, text a space (PS3.5 6.2). */
function element(number: number, vr: 'UI' | 'SH', text: string): Buffer {
  const padded = text.length % 2 ? text + (vr === 'UI' ? '\0' : ' ') : text;
  const bytes = Buffer.alloc(8 + padded.length);
  bytes.writeUInt16LE(0x0002, 0);
  bytes.writeUInt16LE(number, 2);
  bytes.write(vr, 4, 'latin1');
  bytes.writeUInt16LE(padded.length, 6);
  bytes.write(padded, 8, 'latin1');
  return bytes;
}

/**
 * Preamble and group 0002. The same three UIDs give the same bytes, whoever sent the instance and by which door: so equal
 * data sets in equal encoding are equal files, with one SHA-256. What it says must therefore never change.
 */
export function encodeFileMeta({ sopClass, sopInstance, transferSyntax }: FileMeta): Buffer {
  const body = Buffer.concat([
    Buffer.from('020001004f420000020000000001', 'hex'),
    element(tags.sopClass, 'UI', sopClass),
    element(tags.sopInstance, 'UI', sopInstance),
    element(tags.transferSyntax, 'UI', transferSyntax),
    element(0x0012, 'UI', implementationUid),
    element(0x0013, 'SH', implementationVersion),
  ]);
  const groupLength = Buffer.from('02000000554c040000000000', 'hex');
  groupLength.writeUInt32LE(body.length, 8);
  return Buffer.concat([Buffer.alloc(preambleLength), Buffer.from(magic), groupLength, body]);
}

interface Element {
  readonly number: number;
  readonly value: Buffer;
  readonly end: number;
}

/** The element of group 0002 at `at`; `end` is undefined when more bytes are needed to know. */
function elementAt(bytes: Buffer, at: number): Element | undefined {
  if (at + 8 > bytes.length) return undefined;
  const long = longVrs.has(bytes.toString('latin1', at + 4, at + 6));
  const start = at + (long ? 12 : 8);
  if (start > bytes.length) return undefined;
  const end = start + (long ? bytes.readUInt32LE(at + 8) : bytes.readUInt16LE(at + 6));
  if (end > longestMeta) throw new DicomError('malformed', 'The file meta information is too long.');
  return end > bytes.length
    ? undefined
    : { number: bytes.readUInt16LE(at + 2), value: bytes.subarray(start, end), end };
}

function uid(found: ReadonlyMap<number, Buffer>, number: number): string {
  const value = found
    .get(number)
    ?.toString('latin1')
    .replace(/[\0 ]+$/, '');
  if (!value)
    throw new DicomError(
      'malformed',
      `The file meta information has no (0002,${number.toString(16).padStart(4, '0')}).`,
    );
  return value;
}

/**
 * Reads group 0002 from the first bytes of a file; `end` is where the data set begins. `undefined`: more bytes are needed.
 * Throws DicomError `not-dicom` or `malformed`.
 */
export function decodeFileMeta(bytes: Buffer): { readonly meta: FileMeta; readonly end: number } | undefined {
  const start = preambleLength + magic.length;
  if (bytes.length < start) return undefined;
  if (bytes.toString('latin1', preambleLength, start) !== magic)
    throw new DicomError('not-dicom', 'There is no DICM at byte 128: this is not a DICOM file.');
  const found = new Map<number, Buffer>();
  let at = start;
  for (;;) {
    if (at + 2 > bytes.length) return undefined;
    if (bytes.readUInt16LE(at) !== 0x0002) break;
    const next = elementAt(bytes, at);
    if (!next) return undefined;
    found.set(next.number, next.value);
    at = next.end;
    // With a group length the end is known; the data set's own first bytes need no look (they may be deflated).
    const groupLength = found.get(0x0000);
    if (groupLength?.length === 4 && at >= start + 12 + groupLength.readUInt32LE(0)) break;
  }
  const meta = {
    sopClass: uid(found, tags.sopClass),
    sopInstance: uid(found, tags.sopInstance),
    transferSyntax: uid(found, tags.transferSyntax),
  };
  return { meta, end: at };
}
