/**
 * Uncompressed Pixel Data: byte order, sample size and the bits that count.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part05/chapter_8.html
 */
import type { Element } from '../data-set.ts';
import { DicomError } from '../dicom-error.ts';
import type { DicomFile } from '../part10.ts';
import type { ImageAttributes } from './image-attributes.ts';

/**
 * The samples of frame `index`, masked to Bits Stored (overlays may live above) and shifted down when High Bit says so.
 * Throws DicomError `truncated` when the pixel data is shorter than the image.
 */
export function nativeSamples(
  { dataSet, transferSyntax }: DicomFile,
  element: Element,
  image: ImageAttributes,
  index: number,
): Uint8Array | Uint16Array {
  const { rows, columns, samples, bitsAllocated, photometric } = image;
  // Two chroma samples are shared by two pixels.
  const perPixel = photometric === 'YBR_FULL_422' ? 2 : samples;
  const length = rows * columns * perPixel * (bitsAllocated / 8);
  const start = element.offset + index * length;
  const available = Math.min(element.offset + element.length, dataSet.bytes.length);
  if (start + length > available) {
    const there = Math.max(0, available - start);
    throw new DicomError('truncated', `The pixel data has ${there} bytes instead of ${length}.`);
  }
  // A copy: the caller may write into it, and 16-bit views need an even position.
  const bytes = Buffer.from(new Uint8Array(even(length)));
  bytes.set(dataSet.bytes.subarray(start, Math.min(start + bytes.length, available)));
  const isSwapped = !transferSyntax.littleEndian && (bitsAllocated === 16 || element.vr === 'OW');
  if (isSwapped) bytes.swap16();
  const data =
    bitsAllocated === 16 ? new Uint16Array(bytes.buffer, bytes.byteOffset, length / 2) : bytes.subarray(0, length);
  return align(data, image);
}

function even(length: number): number {
  return length + (length % 2);
}

function align(data: Uint8Array | Uint16Array, image: ImageAttributes): Uint8Array | Uint16Array {
  const { bitsAllocated, bitsStored, highBit } = image;
  if (bitsStored === bitsAllocated) return data;
  const shift = highBit + 1 - bitsStored;
  const mask = 2 ** bitsStored - 1;
  for (let i = 0; i < data.length; i++) data[i] = ((data[i] as number) >> shift) & mask;
  return data;
}
