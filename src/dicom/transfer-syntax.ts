/**
 * Transfer syntaxes: how a data set and its pixels are encoded.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part05/chapter_10.html
 */

type Compression = 'none' | 'rle' | 'jpeg' | 'jpeg-lossless' | 'jpeg-ls' | 'jpeg-2000';

export interface TransferSyntax {
  readonly uid: string;
  readonly name: string;
  readonly explicit: boolean;
  readonly littleEndian: boolean;
  readonly deflated: boolean;
  /** Pixel Data is a sequence of fragments (PS3.5 Annex A.4). */
  readonly encapsulated: boolean;
  /** Absent: we can read the data set, but not its pixels. */
  readonly compression?: Compression;
}

const base = '1.2.840.10008.1.2';
const native = {
  explicit: true,
  littleEndian: true,
  deflated: false,
  encapsulated: false,
  compression: 'none',
} as const;
const encapsulated = { ...native, encapsulated: true } as const;

const rows: readonly TransferSyntax[] = [
  { ...native, uid: base, name: 'Implicit VR Little Endian', explicit: false },
  { ...native, uid: `${base}.1`, name: 'Explicit VR Little Endian' },
  { ...native, uid: `${base}.1.99`, name: 'Deflated Explicit VR Little Endian', deflated: true },
  { ...native, uid: `${base}.2`, name: 'Explicit VR Big Endian', littleEndian: false },
  { ...encapsulated, uid: `${base}.1.98`, name: 'Encapsulated Uncompressed Explicit VR Little Endian' },
  { ...encapsulated, uid: `${base}.5`, name: 'RLE Lossless', compression: 'rle' },
  { ...encapsulated, uid: `${base}.4.50`, name: 'JPEG Baseline (Process 1)', compression: 'jpeg' },
  { ...encapsulated, uid: `${base}.4.51`, name: 'JPEG Extended (Process 2 and 4)', compression: 'jpeg' },
  { ...encapsulated, uid: `${base}.4.57`, name: 'JPEG Lossless (Process 14)', compression: 'jpeg-lossless' },
  { ...encapsulated, uid: `${base}.4.70`, name: 'JPEG Lossless SV1', compression: 'jpeg-lossless' },
  { ...encapsulated, uid: `${base}.4.80`, name: 'JPEG-LS Lossless', compression: 'jpeg-ls' },
  { ...encapsulated, uid: `${base}.4.81`, name: 'JPEG-LS Near-lossless', compression: 'jpeg-ls' },
  { ...encapsulated, uid: `${base}.4.90`, name: 'JPEG 2000 Lossless', compression: 'jpeg-2000' },
  { ...encapsulated, uid: `${base}.4.91`, name: 'JPEG 2000', compression: 'jpeg-2000' },
];

const table = new Map(rows.map((row) => [row.uid, row]));

/** What is known of a transfer syntax; any other one is read as Explicit VR Little Endian (PS3.5 A.4) without pixels. */
export function transferSyntax(uid: string): TransferSyntax {
  const { compression: _, ...unknown } = encapsulated;
  return table.get(uid) ?? { ...unknown, uid, name: `transfer syntax ${uid}` };
}
