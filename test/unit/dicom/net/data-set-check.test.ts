/** A data set is walked to its end while it streams by. https://dicom.nema.org/medical/dicom/current/output/chtml/part05/chapter_7.html */
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checkDataSet } from '../../../../src/dicom/net/data-set-check.ts';
import { type Attributes, writeDataSet } from '../../../../src/dicom/write.ts';
import { radiograph } from '../../../support/radiograph.ts';

const explicit = '1.2.840.10008.1.2.1';
const implicit = '1.2.840.10008.1.2';
const bigEndian = '1.2.840.10008.1.2.2';
const deflated = '1.2.840.10008.1.2.1.99';
const jpeg = '1.2.840.10008.1.2.4.50';
const limit = 1_000_000;

const nested: Attributes = {
  AnatomicRegionSequence: [{ CodeValue: '51185008', CodingSchemeDesignator: 'SCT' }, {}],
  PatientID: 'P 1',
};

async function check(bytes: Buffer, transferSyntax: string, pieces = bytes.length) {
  const checking = checkDataSet(transferSyntax, limit);
  for (let at = 0; at < bytes.length; at += pieces) await checking.write(bytes.subarray(at, at + pieces));
  return checking.end();
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('a whole data set', () => {
  const image = radiograph(nested);
  const expected = {
    sopClass: image.SOPClassUID,
    sopInstance: image.SOPInstanceUID,
    study: image.StudyInstanceUID,
    series: image.SeriesInstanceUID,
    modality: 'CR',
    rows: 8,
    columns: 8,
    pixelBytes: 64,
  };

  it.each([explicit, implicit, bigEndian])('in %s is recognized, however it is cut', async (transferSyntax) => {
    const bytes = writeDataSet(image, { transferSyntax });
    for (const pieces of [bytes.length, 1, 7]) expect(await check(bytes, transferSyntax, pieces)).toEqual(expected);
  });

  it('is recognized when it is deflated', async () => {
    const bytes = deflateRawSync(writeDataSet(image));
    for (const pieces of [bytes.length, 1]) expect(await check(bytes, deflated, pieces)).toEqual(expected);
    expect(await check(Buffer.concat([bytes, Buffer.alloc(1)]), deflated)).toEqual(expected);
  });

  it('is recognized when its encoding is not the declared one', async () => {
    expect(await check(writeDataSet(image, { transferSyntax: implicit }), explicit)).toEqual(expected);
    expect(await check(writeDataSet(image), implicit)).toEqual(expected);
  });

  it('may have fragments of pixel data', async () => {
    const fragments = [Buffer.alloc(10), Buffer.alloc(20)];
    const bytes = writeDataSet({ ...image, PixelData: { fragments } }, { transferSyntax: jpeg });
    for (const pieces of [bytes.length, 1]) expect(await check(bytes, jpeg, pieces)).toMatchObject({ pixelBytes: 30 });
  });

  it('may have sequences and items of undefined length, and unknown ones in implicit VR', async () => {
    const delimited = hex(
      '08001822 53510000 ffffffff feff00e0 ffffffff 0800000153480200 3132 feff0de0 00000000 feffdde0 00000000',
    );
    const unknown = hex(
      '09001010 554e0000 ffffffff feff00e0 ffffffff 09001110 02000000 3132 feff0de0 00000000 feffdde0 00000000',
    );
    const bytes = Buffer.concat([delimited, unknown, writeDataSet(image)]);
    for (const pieces of [bytes.length, 1]) expect(await check(bytes, explicit, pieces)).toEqual(expected);
  });
});

describe('a data set that is cut', () => {
  const options = { transferSyntax: jpeg };
  const fragments = [Buffer.alloc(6), Buffer.alloc(6)];
  const sources = {
    native: [writeDataSet(radiograph(nested)), explicit],
    implicit: [writeDataSet(radiograph(nested), { transferSyntax: implicit }), implicit],
    encapsulated: [writeDataSet({ ...radiograph(nested), PixelData: { fragments } }, options), jpeg],
  } as const;

  it.each(Object.keys(sources) as (keyof typeof sources)[])(
    'anywhere but between elements is truncated (%s)',
    async (name) => {
      const [bytes, transferSyntax] = sources[name];
      const pixels = bytes.indexOf(hex('e07f1000'));
      // Before Pixel Data a cut may fall between two elements; from there on, none may pass.
      for (let end = pixels + 1; end < bytes.length; end++)
        await expect(check(bytes.subarray(0, end), transferSyntax), `at ${end}`).rejects.toMatchObject({
          code: 'truncated',
        });
      const cuts = Array.from({ length: pixels }, (_, end) => check(bytes.subarray(0, end), transferSyntax));
      const whole = (await Promise.allSettled(cuts)).filter(({ status }) => status === 'fulfilled');
      expect(whole.length).toBeLessThanOrEqual(Object.keys(radiograph(nested)).length);
    },
  );

  it('is truncated when it is empty, also deflated', async () => {
    await expect(check(Buffer.alloc(0), explicit)).rejects.toMatchObject({ code: 'truncated' });
    const bytes = deflateRawSync(writeDataSet(radiograph()));
    await expect(check(bytes.subarray(0, 100), deflated)).rejects.toMatchObject({ code: 'malformed' });
  });
});

describe('what is no data set', () => {
  it.each([
    ['an item outside a sequence', hex('08000001 53480200 3132 feff00e0 00000000')],
    ['an element where an item belongs', hex('08001822 53510000 ffffffff 08000001 53480200 3132')],
    ['a string of undefined length', hex('08000000 4f570000 ffffffff 0000')],
  ])('%s is malformed', async (_, bytes) => {
    await expect(check(bytes, explicit)).rejects.toMatchObject({ code: 'malformed' });
  });

  it.each([
    ['text', Buffer.from('%PDF-1.7 and so on, and so on')],
    ['a command set', hex('00000000 554c0400 38000000')],
    ['file meta information', hex('02000000 554c0400 38000000')],
  ])('%s is not DICOM', async (_, bytes) => {
    await expect(check(bytes, explicit)).rejects.toMatchObject({ code: 'not-dicom' });
  });

  it('nesting without end is malformed', async () => {
    const level = hex('08001822 53510000 ffffffff feff00e0 ffffffff');
    const bytes = Buffer.concat(Array.from({ length: 100 }, () => level));
    await expect(check(bytes, explicit)).rejects.toThrow('nested too deep');
  });

  it('a deflated one that inflates beyond the limit is too large', async () => {
    const bomb = deflateRawSync(writeDataSet(radiograph({ PixelData: Buffer.alloc(limit + 1) })));
    expect(bomb.length).toBeLessThan(5000);
    await expect(check(bomb, deflated)).rejects.toMatchObject({ code: 'too-large' });
  });

  it('a damaged deflated one is malformed', async () => {
    await expect(check(Buffer.alloc(100, 0xff), deflated)).rejects.toMatchObject({ code: 'malformed' });
  });
});
