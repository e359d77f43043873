/**
 * What the first bytes of a compressed image say about it, so that nothing is decoded that does not fit.
 * ITU-T T.81 B.2 (JPEG), T.87 C.2 (JPEG-LS), T.800 A.5 (JPEG 2000).
 */
import { DicomError } from '../dicom-error.ts';

export interface Codestream {
  /** `jpeg-extended`: sequential with 12 bits; `jpeg` has 8, sequential or progressive. */
  readonly kind: 'jpeg' | 'jpeg-extended' | 'jpeg-lossless' | 'jpeg-ls' | 'jpeg-2000';
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Bits of a sample. */
  readonly precision: number;
  readonly signed: boolean;
  /** The codestream itself: a JPEG 2000 one may come wrapped in a JP2 file. */
  readonly bytes: Uint8Array;
}

const corrupt = (message: string) => new DicomError('corrupt-pixel-data', message);

/** Throws DicomError `corrupt-pixel-data`, `truncated` or `unsupported-pixel-format`. */
export function readCodestream(bytes: Uint8Array): Codestream {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const start = view.getUint16(0);
    if (start === 0xffd8) return readJpeg(bytes, view);
    if (start === 0xff4f) return readJpeg2000(bytes, view);
    if (view.getUint32(4) === 0x6a502020) return readJp2(bytes, view);
  } catch (error) {
    if (error instanceof RangeError) throw new DicomError('truncated', 'The compressed image ends inside its header.');
    throw error;
  }
  throw corrupt('The compressed image is neither JPEG, JPEG-LS nor JPEG 2000.');
}

const frames: Readonly<Record<number, Codestream['kind'] | undefined>> = {
  // Baseline, extended sequential and progressive, all with Huffman coding.
  65472: 'jpeg',
  65473: 'jpeg',
  65474: 'jpeg',
  65475: 'jpeg-lossless',
  65527: 'jpeg-ls',
};

function readJpeg(bytes: Uint8Array, view: DataView): Codestream {
  let position = 2;
  for (;;) {
    const marker = view.getUint16(position);
    if (marker === 0xfff7) checkEnd(bytes);
    if (frames[marker]) return readFrameHeader(bytes, view, position, marker);
    refuseOtherFrames(marker);
    // Bytes FF may stand before any marker.
    position += marker === 0xffff ? 1 : 2 + Math.max(2, view.getUint16(position + 2));
  }
}

/** CharLS looks for the missing bits of a JPEG-LS image without an end for some seconds, instead of failing. */
function checkEnd(bytes: Uint8Array): void {
  // No such pair of bytes can be in the coded data (T.87 C.2.1): it is the marker or nothing.
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).lastIndexOf(Buffer.of(0xff, 0xd9));
  if (end < 0) throw new DicomError('truncated', 'The JPEG-LS image ends too early.');
}

function readFrameHeader(bytes: Uint8Array, view: DataView, position: number, marker: number): Codestream {
  const [height, width] = [view.getUint16(position + 5), view.getUint16(position + 7)];
  const [precision, components] = [view.getUint8(position + 4), view.getUint8(position + 9)];
  const usual = frames[marker] ?? 'jpeg';
  const kind = marker === 0xffc1 && precision === 12 ? 'jpeg-extended' : usual;
  return { kind, width, height, components, precision, signed: false, bytes };
}

function refuseOtherFrames(marker: number): void {
  const isFrame = marker >= 0xffc5 && marker <= 0xffcf && marker !== 0xffc8 && marker !== 0xffcc;
  if (isFrame) {
    const message = `JPEG with SOF${marker & 0xf} (hierarchical or arithmetic) is not decoded.`;
    throw new DicomError('unsupported-pixel-format', message);
  }
  const isSegment = marker > 0xff01 && (marker < 0xffd0 || marker > 0xffda);
  if (!isSegment) throw corrupt('The JPEG image has no frame header.');
}

function readJpeg2000(bytes: Uint8Array, view: DataView): Codestream {
  if (view.getUint16(2) !== 0xff51) throw corrupt('The JPEG 2000 codestream has no SIZ segment.');
  const width = view.getUint32(8) - view.getUint32(16);
  const height = view.getUint32(12) - view.getUint32(20);
  const tiles = Math.ceil(view.getUint32(8) / view.getUint32(24)) * Math.ceil(view.getUint32(12) / view.getUint32(28));
  if (!(tiles <= 65_535)) throw corrupt('The JPEG 2000 codestream has more tiles than it may.');
  const components = view.getUint16(40);
  const depth = view.getUint8(42);
  for (let i = 0; i < Math.min(components, 4); i++) {
    const isSubsampled = view.getUint16(43 + 3 * i) !== 0x0101;
    if (isSubsampled) throw new DicomError('unsupported-pixel-format', 'Subsampled JPEG 2000 is not decoded.');
  }
  checkTileParts(bytes, view);
  const precision = (depth & 0x7f) + 1;
  return { kind: 'jpeg-2000', width, height, components, precision, signed: depth >= 0x80, bytes };
}

/** OpenJPEG fills what is missing at the end with blur and says nothing: the lengths of the tile-parts tell. */
function checkTileParts(bytes: Uint8Array, view: DataView): void {
  let position = 2;
  while (position + 4 <= bytes.length) {
    const marker = view.getUint16(position);
    const isTilePart = marker === 0xff90;
    if (marker === 0xffd9 || (!isTilePart && marker < 0xff50)) return;
    const length = isTilePart ? view.getUint32(position + 6) : 2 + view.getUint16(position + 2);
    if (length === 0) return;
    if (isTilePart && length < 14) throw corrupt('A JPEG 2000 tile-part is shorter than its header.');
    if (position + length > bytes.length) throw new DicomError('truncated', 'The JPEG 2000 codestream ends too early.');
    position += length;
  }
}

/** The contiguous codestream box of a JP2 file, which DICOM forbids and some devices write (T.800 Annex I). */
function readJp2(bytes: Uint8Array, view: DataView): Codestream {
  let position = 0;
  for (;;) {
    const [length, type] = [view.getUint32(position), view.getUint32(position + 4)];
    if (type === 0x6a703263) {
      const inner = bytes.subarray(position + 8, length === 0 ? undefined : position + length);
      return readJpeg2000(inner, new DataView(inner.buffer, inner.byteOffset, inner.byteLength));
    }
    if (length < 8) throw corrupt('The JP2 file has no codestream.');
    position += length;
  }
}
