/**
 * RLE lossless: PackBits segments, one for each byte of a sample.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part05/chapter_G.html
 */
import { DicomError } from '../dicom-error.ts';

const corrupt = (message: string) => new DicomError('corrupt-pixel-data', message);

/**
 * One frame of `pixels` pixels as little endian samples, components interleaved.
 * Throws DicomError `corrupt-pixel-data` when there are other segments than `components * bytesPerSample`, or too few bytes.
 */
export function decodeRle(bytes: Uint8Array, pixels: number, components: number, bytesPerSample: number): Uint8Array {
  if (bytes.length < 64) throw corrupt('The RLE image has no header.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const segments = components * bytesPerSample;
  const given = view.getUint32(0, true);
  if (given !== segments) throw corrupt(`The RLE image has ${given} segments instead of ${segments}.`);
  const offsets = Array.from({ length: segments }, (_, i) => view.getUint32(4 + 4 * i, true));
  const isOrdered = offsets.every((offset, i) => offset >= (offsets[i - 1] ?? 64) && offset <= bytes.length);
  if (!isOrdered) throw corrupt('The RLE header points outside the image.');
  const output = new Uint8Array(pixels * segments);
  offsets.forEach((offset, i) => {
    // The most significant byte of a sample comes first; ours is little endian.
    const place = Math.floor(i / bytesPerSample) * bytesPerSample + (bytesPerSample - 1 - (i % bytesPerSample));
    unpack(bytes.subarray(offset, offsets[i + 1]), output, place, segments);
  });
  return output;
}

/** Writes the unpacked bytes at `start`, `start + step` ... until the output is full. */
function unpack(input: Uint8Array, output: Uint8Array, start: number, step: number): void {
  let [from, to] = [0, start];
  while (to < output.length) {
    const control = input[from++];
    if (control === undefined) throw corrupt('An RLE segment ends too early.');
    // 128 means nothing; above it a byte is repeated, below it bytes are copied.
    if (control === 128) continue;
    const stride = control < 128 ? 1 : 0;
    const room = Math.ceil((output.length - to) / step);
    const count = Math.min(control < 128 ? control + 1 : 257 - control, room);
    const used = stride ? count : 1;
    if (from + used > input.length) throw corrupt('An RLE segment ends too early.');
    for (let i = 0; i < count; i++, to += step) output[to] = input[from + i * stride] as number;
    from += used;
  }
}
