/**
 * The grayscale transformation, case by case.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.11.html
 */
import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../../../src/dicom/pixels/decode-frame.ts';
import { renderGray } from '../../../../src/dicom/pixels/render-gray.ts';
import type { Attributes, WriteOptions } from '../../../../src/dicom/write.ts';
import { aFile, type Picture } from '../an-image.ts';

/** A row of pixels. */
function row(bits: number, samples: readonly number[]): Picture {
  return { width: samples.length, height: 1, bits, samples: Uint16Array.from(samples) };
}

async function render(picture: Picture, more: Attributes = {}, options: WriteOptions = {}) {
  const file = aFile(picture, more, options);
  return renderGray(file.dataSet, await decodeFrame(file));
}

/** The greys as shares of white, rounded to thousandths. */
async function shares(picture: Picture, more: Attributes = {}, options: WriteOptions = {}): Promise<number[]> {
  const { image } = await render(picture, more, options);
  return Array.from(image.data, (value) => Math.round((value / (2 ** image.bits - 1)) * 1000) / 1000);
}

const twelve = row(12, [0, 1000, 2000, 3000, 4095]);

describe('the depth of the image', () => {
  it('is 16 bits for samples of more than 8, else 8', async () => {
    expect((await render(twelve)).image).toMatchObject({ width: 5, height: 1, bits: 16 });
    expect((await render(row(8, [0, 9]))).image).toMatchObject({ bits: 8, data: expect.any(Uint8Array) });
  });
});

describe('windows', () => {
  it('follow LINEAR, with its half value and its width less one (PS3.3 C.11.2.1.2.1)', async () => {
    const window = { WindowCenter: 2001, WindowWidth: 2001 };
    expect(await shares(twelve, window)).toEqual([0, 0, 0.5, 1, 1]);
    const narrow = await render(row(12, [99, 100, 101]), { WindowCenter: 100.5, WindowWidth: 1 });
    expect([...narrow.image.data]).toEqual([0, 0, 65535]);
  });

  it('follow LINEAR_EXACT', async () => {
    const window = { WindowCenter: 2000, WindowWidth: 2000, VOILUTFunction: 'LINEAR_EXACT' };
    expect(await shares(row(12, [1000, 1500, 2000, 3000]), window)).toEqual([0, 0.25, 0.5, 1]);
  });

  it('follow SIGMOID', async () => {
    const window = { WindowCenter: 2000, WindowWidth: 2000, VOILUTFunction: 'SIGMOID' };
    const expected = [0, 1000, 2000, 3000, 4095].map((value) => 1 / (1 + Math.exp((-4 * (value - 2000)) / 2000)));
    expect(await shares(twelve, window)).toEqual(expected.map((share) => Math.round(share * 1000) / 1000));
  });

  it('are the first usable ones of several', async () => {
    const { rendering } = await render(twelve, { WindowCenter: [10, 2000, 9], WindowWidth: [0, 3000, 9] });
    expect(rendering).toMatchObject({ voi: 'window', window: { center: 2000, width: 3000 } });
  });

  it('that would show one grey only give way to percentiles, with a warning', async () => {
    const { rendering } = await render(twelve, { WindowCenter: 60000, WindowWidth: 10 });
    expect(rendering.voi).toBe('percentile');
    expect(rendering.warnings).toHaveLength(1);
  });
});

describe('without a window', () => {
  it('up to 8 bits are shown as they are', async () => {
    const { image, rendering } = await render(row(8, [0, 100, 200]));
    expect([...image.data]).toEqual([0, 100, 200]);
    expect(rendering).toMatchObject({ voi: 'identity', modality: 'none', inverted: false });
  });

  it('deeper samples are stretched between the half percents at both ends', async () => {
    const samples = Array.from({ length: 1000 }, (_, i) => (i < 2 ? 0 : i > 997 ? 4095 : 1000 + i));
    const { rendering, image } = await render(row(12, samples));
    expect(rendering).toMatchObject({ voi: 'percentile', window: { center: 1499, width: 990 } });
    expect(image.data[0]).toBe(0);
    expect(image.data[999]).toBe(65535);
  });
});

describe('lookup tables', () => {
  const curve = (first: number, data: number[], bits = 16) => [
    { LUTDescriptor: [data.length, first, bits], LUTData: data },
  ];

  it('go before the window, and hold their ends beyond both sides', async () => {
    const more = { VOILUTSequence: curve(1000, [0, 32768, 65535]), WindowCenter: 1, WindowWidth: 2 };
    expect(await shares(row(12, [0, 1000, 1001, 1002, 4095]), more)).toEqual([0, 0, 0.5, 1, 1]);
  });

  it('may have 8-bit entries, packed or one in each word', async () => {
    const packed = { VOILUTSequence: [{ LUTDescriptor: [4, 0, 8], LUTData: Uint8Array.of(0, 51, 102, 255) }] };
    const words = { VOILUTSequence: curve(0, [0, 51, 102, 255], 8) };
    for (const more of [packed, words]) {
      expect(await shares(row(8, [0, 1, 2, 3]), more)).toEqual([0, 0.2, 0.4, 1]);
    }
  });

  it('begin below zero where samples are signed', async () => {
    const sequence = [{ LUTDescriptor: Buffer.from([4, 0, 0xfe, 0xff, 16, 0]), LUTData: [0, 20000, 40000, 65535] }];
    const picture = row(12, [0xffe, 0xfff, 0, 1]);
    const more = { PixelRepresentation: 1, VOILUTSequence: sequence };
    expect(await shares(picture, more)).toEqual([0, 0.305, 0.61, 1]);
  });

  it('that lie about their length are ignored with a warning', async () => {
    const short = [{ LUTDescriptor: [4096, 0, 16], LUTData: [1, 2, 3] }];
    const { rendering } = await render(twelve, { VOILUTSequence: short, ModalityLUTSequence: short });
    expect(rendering).toMatchObject({ modality: 'none', voi: 'percentile' });
    expect(rendering.warnings).toHaveLength(2);
  });

  it('of the modality come first, then the window sees their values', async () => {
    const more = {
      ModalityLUTSequence: curve(0, [400, 300, 200, 100]),
      WindowCenter: 250,
      WindowWidth: 200,
      VOILUTFunction: 'LINEAR_EXACT',
    };
    expect(await shares(row(8, [0, 1, 2, 3]), more)).toEqual([1, 0.749, 0.251, 0]);
  });
});

describe('rescale', () => {
  it('is applied before the window, to signed samples of 12 bits in 16 too', async () => {
    const more = {
      PixelRepresentation: 1,
      RescaleSlope: 2,
      RescaleIntercept: -100,
      WindowCenter: 0,
      WindowWidth: 400,
      VOILUTFunction: 'LINEAR_EXACT',
    };
    // -50, 0 and 150 become -200, -100 and 200.
    expect(await shares(row(12, [0xfce, 0, 150]), more)).toEqual([0, 0.25, 1]);
  });

  it('with a slope of zero is ignored', async () => {
    expect((await render(twelve, { RescaleSlope: 0, RescaleIntercept: 5 })).rendering.modality).toBe('none');
  });
});

describe('polarity', () => {
  it.each([
    ['MONOCHROME1', {}],
    ['MONOCHROME2', { PresentationLUTShape: 'INVERSE' }],
    ['MONOCHROME1', { PresentationLUTShape: 'INVERSE' }],
  ])('is turned once for %s %o', async (PhotometricInterpretation, more) => {
    const { image, rendering } = await render(row(8, [0, 55, 255]), { PhotometricInterpretation, ...more });
    expect([...image.data]).toEqual([255, 200, 0]);
    expect(rendering.inverted).toBe(true);
  });

  it('follows MONOCHROME1 against a contradicting Presentation LUT Shape, with a warning', async () => {
    const more = { PhotometricInterpretation: 'MONOCHROME1', PresentationLUTShape: 'IDENTITY' };
    const { image, rendering } = await render(row(8, [0, 255]), more);
    expect([...image.data]).toEqual([255, 0]);
    expect(rendering.warnings).toHaveLength(1);
  });
});

describe('padding', () => {
  const samples = [...Array.from({ length: 500 }, () => 4000), ...Array.from({ length: 500 }, (_, i) => 1000 + i)];

  it('is black, also in a negative, and does not count for the contrast', async () => {
    const more = { PixelPaddingValue: 4000, PhotometricInterpretation: 'MONOCHROME1' };
    const { image, rendering } = await render(row(12, samples), more);
    expect(image.data[0]).toBe(0);
    expect(image.data[500]).toBe(65535);
    expect(image.data[999]).toBe(0);
    expect(rendering).toMatchObject({ padding: [4000, 4000], voi: 'percentile' });
    expect(rendering.window?.center).toBeLessThan(1500);
  });

  it('may be a range, in either order, and negative', async () => {
    const more = {
      PixelRepresentation: 1,
      PixelPaddingValue: -5,
      PixelPaddingRangeLimit: -10,
      WindowCenter: 0,
      WindowWidth: 100,
    };
    const vrs = { PixelPaddingValue: 'SS', PixelPaddingRangeLimit: 'SS' };
    const { image, rendering } = await render(row(12, [0xff8, 0xffc, 40]), more, { vrs });
    expect(rendering.padding).toEqual([-10, -5]);
    expect(image.data[0]).toBe(0);
    expect(image.data[1]).toBeGreaterThan(0);
  });
});

describe('byte order', () => {
  it('does not change what is seen', async () => {
    const more = {
      PixelPaddingValue: 3000,
      VOILUTSequence: [{ LUTDescriptor: [3, 1000, 16], LUTData: [0, 300, 65535] }],
      PixelData: Buffer.from(new Uint8Array(twelve.samples.buffer.slice(0))).swap16(),
    };
    const big = await render(twelve, more, { transferSyntax: '1.2.840.10008.1.2.2' });
    const little = await render(twelve, { ...more, PixelData: new Uint8Array(twelve.samples.buffer.slice(0)) });
    expect(big).toEqual(little);
  });
});
