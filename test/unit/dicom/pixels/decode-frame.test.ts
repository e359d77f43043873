/**
 * Decoding of Pixel Data.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part05/chapter_8.html
 */
import { describe, expect, it } from 'vitest';
import type { DicomErrorCode } from '../../../../src/dicom/dicom-error.ts';
import { decodeFrame } from '../../../../src/dicom/pixels/decode-frame.ts';
import { aFile, aPicture, type Picture } from '../an-image.ts';
import { jpeg2000, jpegBaseline, jpegExtended, jpegLossless, jpegLs, rle } from '../encoders.ts';

const base = '1.2.840.10008.1.2';
const eight = aPicture(64, 40, 8);
const twelve = aPicture(64, 40, 12);
const sixteen = aPicture(64, 40, 16);

function encapsulated(picture: Picture, uid: string, fragments: Uint8Array[], more = {}) {
  return aFile(picture, { PixelData: { fragments }, ...more }, { transferSyntax: `${base}.${uid}` });
}

async function samplesOf(file: Parameters<typeof decodeFrame>[0], index = 0): Promise<number[]> {
  return [...(await decodeFrame(file, index)).data];
}

function failure(code: DicomErrorCode) {
  return expect.objectContaining({ name: 'DicomError', code });
}

function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((max, value, i) => Math.max(max, Math.abs(value - (b[i] as number))), 0);
}

describe('uncompressed pixel data', () => {
  it.each([
    ['implicit VR little endian', base],
    ['explicit VR little endian', `${base}.1`],
    ['explicit VR big endian', `${base}.2`],
    ['deflated', `${base}.1.99`],
  ])('is read in %s', async (_, transferSyntax) => {
    for (const picture of [eight, twelve, sixteen]) {
      const isSwapped = transferSyntax === `${base}.2`;
      const bytes = Buffer.from(
        aFile(picture).dataSet.bytes.subarray(-picture.samples.length * (picture.bits > 8 ? 2 : 1)),
      );
      // Words are swapped, also those that hold two samples of 8 bits.
      const file = aFile(picture, { PixelData: isSwapped ? bytes.swap16() : bytes }, { transferSyntax });
      expect(await samplesOf(file)).toEqual([...picture.samples]);
    }
  });

  it('ignores the bits above Bits Stored, where overlays live', async () => {
    const dirty = Uint16Array.from(twelve.samples, (sample, i) => sample | ((i % 16) << 12));
    const file = aFile(twelve, { PixelData: new Uint8Array(dirty.buffer) });
    expect(await samplesOf(file)).toEqual([...twelve.samples]);
  });

  it('shifts samples down to bit 0 when High Bit is above Bits Stored', async () => {
    const shifted = Uint16Array.from(twelve.samples, (sample) => sample << 4);
    const file = aFile(twelve, { PixelData: new Uint8Array(shifted.buffer), HighBit: 15 });
    expect(await samplesOf(file)).toEqual([...twelve.samples]);
  });

  it('reads one frame of several', async () => {
    const two = Uint8Array.from([...eight.samples, ...eight.samples.map((sample) => 255 - sample)]);
    const file = aFile(eight, { PixelData: two, NumberOfFrames: 2 });
    expect(await samplesOf(file, 1)).toEqual([...two.subarray(eight.samples.length)]);
    await expect(decodeFrame(file, 2)).rejects.toEqual(failure('no-pixel-data'));
  });

  it('reduces colour to luminance, pixel by pixel and plane by plane', async () => {
    const rgb = (samples: number[], planar: number) =>
      aFile(
        { width: 2, height: 1, bits: 8, samples: new Uint16Array() },
        {
          SamplesPerPixel: 3,
          PhotometricInterpretation: 'RGB',
          PlanarConfiguration: planar,
          PixelData: Uint8Array.from(samples),
        },
      );
    expect(await samplesOf(rgb([255, 0, 0, 0, 0, 255], 0))).toEqual([76, 29]);
    expect(await samplesOf(rgb([255, 0, 0, 0, 0, 255], 1))).toEqual([76, 29]);
  });

  it.each([
    ['fewer bytes than pixels', { PixelData: new Uint8Array(100) }, 'truncated'],
    ['no columns', { Columns: 0 }, 'invalid-dimensions'],
    ['no rows at all', { Rows: undefined }, 'invalid-dimensions'],
    ['more pixels than we decode', { Rows: 65535, Columns: 65535 }, 'too-large'],
    ['one bit a pixel', { BitsAllocated: 1, BitsStored: 1, HighBit: 0 }, 'unsupported-pixel-format'],
    ['a palette', { PhotometricInterpretation: 'PALETTE COLOR' }, 'unsupported-pixel-format'],
    ['more bits stored than allocated', { BitsStored: 9, HighBit: 8 }, 'invalid-attribute'],
    ['no pixel data', { PixelData: undefined }, 'no-pixel-data'],
    ['empty pixel data', { PixelData: new Uint8Array() }, 'no-pixel-data'],
  ] as const)('is refused with %s', async (_, more, code) => {
    await expect(decodeFrame(aFile(eight, more))).rejects.toEqual(failure(code));
  });
});

describe('lossless compression', () => {
  it.each([eight, twelve, sixteen])('gives back all $bits-bit samples in every syntax', async (picture) => {
    const files = [
      encapsulated(picture, '5', [rle(picture)]),
      encapsulated(picture, '4.57', [jpegLossless(picture, { predictor: 6 })]),
      encapsulated(picture, '4.70', [jpegLossless(picture)]),
      encapsulated(picture, '4.80', [await jpegLs(picture)]),
      encapsulated(picture, '4.90', [await jpeg2000(picture)]),
    ];
    for (const file of files) {
      expect(await samplesOf(file), file.transferSyntax.name).toEqual([...picture.samples]);
    }
  });

  it.each([1, 2, 3, 4, 5, 6, 7])(
    'decodes lossless JPEG with predictor %i, differences beyond 16 bits included',
    async (predictor) => {
      for (const picture of [eight, twelve, sixteen]) {
        const file = encapsulated(picture, '4.57', [jpegLossless(picture, { predictor })]);
        expect(await samplesOf(file)).toEqual([...picture.samples]);
      }
    },
  );

  it('decodes lossless JPEG with restart markers and with a point transform', async () => {
    const restarted = encapsulated(twelve, '4.57', [jpegLossless(twelve, { predictor: 4, restartRows: 3 })]);
    expect(await samplesOf(restarted)).toEqual([...twelve.samples]);
    const coarse = encapsulated(twelve, '4.57', [jpegLossless(twelve, { pointTransform: 2 })]);
    expect(await samplesOf(coarse)).toEqual(Array.from(twelve.samples, (sample) => sample & ~3));
  });

  it('decodes a codestream of 16 bits that holds fewer', async () => {
    const wide = { ...twelve, bits: 16 };
    const file = encapsulated(wide, '4.90', [await jpeg2000(wide)], { BitsStored: 12, HighBit: 11 });
    expect(await samplesOf(file)).toEqual([...twelve.samples]);
  });

  it('finds the sign of samples that a signed and that an unsigned codestream carries', async () => {
    const extended = { ...twelve, samples: twelve.samples.map((sample) => sample - 2048) };
    const masked = extended.samples.map((sample) => sample & 0xfff);
    const signed = encapsulated(twelve, '4.90', [await jpeg2000(extended, true)], { PixelRepresentation: 1 });
    const unsigned = encapsulated(twelve, '4.80', [await jpegLs({ ...twelve, samples: masked })], {
      PixelRepresentation: 1,
    });
    for (const file of [signed, unsigned]) {
      const frame = await decodeFrame(file);
      expect(frame).toMatchObject({ signed: true, bits: 12 });
      expect([...frame.data]).toEqual([...masked]);
    }
  });
});

describe('lossy compression', () => {
  it('keeps near-lossless JPEG-LS within its bound', async () => {
    const file = encapsulated(twelve, '4.81', [await jpegLs(twelve, 3)]);
    expect(farthest(await samplesOf(file), twelve.samples)).toBeLessThanOrEqual(3);
  });

  it('decodes baseline JPEG, also when it is labelled as lossless JPEG', async () => {
    const smooth = { ...eight, samples: eight.samples.map((_, i) => 2 * (i % 64) + Math.floor(i / 64)) };
    for (const uid of ['4.50', '4.51', '4.70']) {
      const file = encapsulated(smooth, uid, [await jpegBaseline(smooth)]);
      expect(farthest(await samplesOf(file), smooth.samples)).toBeLessThanOrEqual(4);
    }
  });

  it.each([0, 5])('decodes extended JPEG with 12 bits, restart interval %i', async (restart) => {
    const file = encapsulated(twelve, '4.51', [jpegExtended(twelve, restart)]);
    expect(farthest(await samplesOf(file), twelve.samples)).toBeLessThanOrEqual(3);
  });
});

describe('encapsulation', () => {
  const whole = rle(eight);

  it('joins the fragments of a frame', async () => {
    const file = encapsulated(eight, '5', [whole.subarray(0, 70), whole.subarray(70)]);
    expect(await samplesOf(file)).toEqual([...eight.samples]);
  });

  it('finds a frame by the basic offset table, by count and by start of image', async () => {
    const parts = [
      jpegLossless(eight),
      jpegLossless({ ...eight, samples: eight.samples.map((sample) => 255 - sample) }),
    ];
    const [first, second] = parts as [Uint8Array, Uint8Array];
    const even = Buffer.concat([second, Buffer.alloc(second.length % 2)]);
    const cut = [first, even.subarray(0, 100), even.subarray(100)];
    const secondAt = 8 + first.length + (first.length % 2);
    const inverse = Array.from(eight.samples, (sample) => 255 - sample);
    for (const PixelData of [{ fragments: parts }, { fragments: cut, offsets: [0, secondAt] }, { fragments: cut }]) {
      const file = aFile(eight, { PixelData, NumberOfFrames: 2 }, { transferSyntax: `${base}.4.70` });
      expect(await samplesOf(file, 1)).toEqual(inverse);
    }
  });

  it('takes uncompressed fragments', async () => {
    const bytes = new Uint8Array(twelve.samples.buffer.slice(0));
    expect(await samplesOf(encapsulated(twelve, '1.98', [bytes]))).toEqual([...twelve.samples]);
  });

  it('refuses a fragment that is longer than the file, and one frame too few', async () => {
    const file = encapsulated(eight, '5', [whole]);
    const cut = { ...file, dataSet: { ...file.dataSet, bytes: file.dataSet.bytes.subarray(0, -20) } };
    await expect(decodeFrame(cut)).rejects.toEqual(failure('truncated'));
    await expect(decodeFrame(encapsulated(eight, '5', []))).rejects.toEqual(failure('no-pixel-data'));
    const two = encapsulated(eight, '5', [whole], { NumberOfFrames: 2 });
    await expect(decodeFrame(two)).rejects.toEqual(failure('malformed'));
  });
});

describe('a compressed image that does not fit', () => {
  it('is refused when it has another size than the header says, before it is decoded', async () => {
    const file = encapsulated(eight, '4.70', [jpegLossless(eight)], { Columns: 65 });
    await expect(decodeFrame(file)).rejects.toEqual(failure('invalid-dimensions'));
  });

  it('is refused when it claims billions of pixels', async () => {
    const bytes = Uint8Array.from(await jpeg2000(eight));
    Buffer.from(bytes.buffer).writeUInt32BE(0x7fffffff, 8);
    await expect(decodeFrame(encapsulated(eight, '4.90', [bytes]))).rejects.toEqual(
      expect.objectContaining({ name: 'DicomError' }),
    );
  });

  it.each([
    ['RLE', '5', async () => rle(twelve), 'corrupt-pixel-data'],
    ['lossless JPEG', '4.70', async () => jpegLossless(twelve), 'corrupt-pixel-data'],
    ['extended JPEG', '4.51', async () => jpegExtended(twelve), 'corrupt-pixel-data'],
    ['JPEG-LS', '4.80', () => jpegLs(twelve), 'truncated'],
    ['JPEG 2000', '4.90', () => jpeg2000(twelve), 'truncated'],
  ] as const)('is refused when %s ends early, and the next one is read', async (_, uid, encode, code) => {
    const bytes = await encode();
    const cut = encapsulated(twelve, uid, [bytes.subarray(0, Math.floor(bytes.length * 0.7))]);
    await expect(decodeFrame(cut)).rejects.toEqual(failure(code));
    expect(await samplesOf(encapsulated(twelve, uid, [bytes]))).toHaveLength(twelve.samples.length);
  });

  it.each(['4.50', '4.70', '4.80', '4.90'])('is refused when it is no image at all (%s)', async (uid) => {
    const file = encapsulated(eight, uid, [Buffer.from('not an image, but long enough for a header')]);
    await expect(decodeFrame(file)).rejects.toEqual(failure('corrupt-pixel-data'));
  });

  it('is refused in a transfer syntax that we do not decode, by name', async () => {
    const file = encapsulated(eight, '4.100', [Buffer.alloc(10)]);
    await expect(decodeFrame(file)).rejects.toEqual(failure('unsupported-transfer-syntax'));
  });
});
