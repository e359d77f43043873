/** Files with random damage: each is read, or refused with a DicomError; nothing else ever happens. */

import { describe, expect, it } from 'vitest';
import { DicomError } from '../../../src/dicom/dicom-error.ts';
import { readFile, readHeader } from '../../../src/dicom/part10.ts';
import { decodeFrame } from '../../../src/dicom/pixels/decode-frame.ts';
import { renderGray } from '../../../src/dicom/pixels/render-gray.ts';
import { writeFile } from '../../../src/dicom/write.ts';
import { readImageHeader } from '../../../src/imaging/header.ts';
import { aPicture, radiograph } from './an-image.ts';
import { jpeg2000, jpegBaseline, jpegExtended, jpegLossless, rle } from './encoders.ts';

const base = '1.2.840.10008.1.2';
const eight = aPicture(64, 40, 8);
const twelve = aPicture(64, 40, 12);

/** Numbers from 0 to 1, the same in every run. */
function randomness(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Some bytes changed, then perhaps cut, a part doubled or a length made absurd. */
function damage(bytes: Buffer, random: () => number): Buffer {
  const copy = Buffer.from(bytes);
  const at = () => Math.floor(128 + random() * (copy.length - 128));
  for (let n = Math.floor(random() * 12); n >= 0; n--) copy[at()] = Math.floor(random() * 256);
  const kind = random();
  if (kind < 0.15) return copy.subarray(0, at());
  if (kind < 0.25) return Buffer.concat([copy.subarray(0, at()), copy.subarray(at())]);
  if (kind < 0.4) copy.fill(0xff, at(), at());
  return copy;
}

/** undefined when all went well. */
async function misbehaviour(bytes: Buffer): Promise<unknown> {
  try {
    readImageHeader(readHeader(bytes.subarray(0, 65_536)));
    const file = readFile(bytes);
    const frame = await decodeFrame(file);
    const { image } = renderGray(file.dataSet, frame);
    return image.data.length === frame.width * frame.height ? undefined : 'wrong size';
  } catch (error) {
    return error instanceof DicomError ? undefined : error;
  }
}

describe('a damaged file', () => {
  // CharLS may look for missing bits for seconds, so JPEG-LS is damaged in its own test and not here.
  it.each<readonly [string, string, () => Promise<Uint8Array | undefined>]>([
    ['implicit VR', base, async () => undefined],
    ['explicit VR', `${base}.1`, async () => undefined],
    ['big endian', `${base}.2`, async () => undefined],
    ['deflated', `${base}.1.99`, async () => undefined],
    ['RLE', `${base}.5`, async () => rle(twelve)],
    ['JPEG', `${base}.4.50`, () => jpegBaseline(eight)],
    ['extended JPEG', `${base}.4.51`, async () => jpegExtended(twelve)],
    ['lossless JPEG', `${base}.4.70`, async () => jpegLossless(twelve, { restartRows: 4 })],
    ['JPEG 2000', `${base}.4.90`, () => jpeg2000(twelve)],
  ] as const)('is read or refused: %s', async (name, transferSyntax, encode) => {
    const encoded = await encode();
    const picture = transferSyntax.endsWith('.50') ? eight : twelve;
    const more = encoded ? { PixelData: { fragments: [encoded] } } : {};
    const lut = { VOILUTSequence: [{ LUTDescriptor: [4, 0, 16], LUTData: [1, 2, 3, 65535] }] };
    const whole = writeFile(radiograph(picture, { ...lut, PixelPaddingValue: 7, ...more }), { transferSyntax });
    expect(await misbehaviour(whole)).toBeUndefined();
    const random = randomness(name.length * 7 + 1);
    for (let i = 0; i < 60; i++) {
      const started = performance.now();
      expect(await misbehaviour(damage(whole, random)), `${name}, file ${i}`).toBeUndefined();
      expect(performance.now() - started).toBeLessThan(5000);
    }
  });
});
