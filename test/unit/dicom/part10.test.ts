/**
 * Files and data sets as they come: whole, cut, mislabelled, hostile.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part10/chapter_7.html
 */
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type DataSet, itemsOf } from '../../../src/dicom/data-set.ts';
import type { DicomErrorCode } from '../../../src/dicom/dicom-error.ts';
import { readFile, readHeader } from '../../../src/dicom/part10.ts';
import { number, numbers, string, strings } from '../../../src/dicom/values.ts';
import { writeDataSet, writeFile } from '../../../src/dicom/write.ts';
import { aPicture, radiograph } from './an-image.ts';

const base = '1.2.840.10008.1.2';
const syntaxes = [base, `${base}.1`, `${base}.2`, `${base}.1.99`];
const attributes = radiograph(aPicture(64, 40, 12), {
  VOILUTSequence: [{ LUTDescriptor: [2, 0, 16], LUTData: [7, 65535], LUTExplanation: 'doux' }],
  WindowCenter: [40, 50.5],
});

function failure(code: DicomErrorCode) {
  return expect.objectContaining({ name: 'DicomError', code });
}

function error(run: () => unknown): unknown {
  try {
    return run();
  } catch (thrown) {
    return thrown;
  }
}

function essentials(dataSet: DataSet) {
  const [item] = itemsOf(dataSet, 'VOILUTSequence');
  return [
    string(dataSet, 'PatientName'),
    number(dataSet, 'Rows'),
    numbers(dataSet, 'WindowCenter'),
    item && numbers(item, 'LUTData'),
    item && string(item, 'LUTExplanation'),
  ];
}
const expected = ['Dupont^Jeanne', 40, [40, 50.5], [7, 65535], 'doux'];

/** An explicit little endian element by hand. */
function element(tag: number, vr: string, value: Uint8Array, length = value.length): Buffer {
  const isLong = /^(O.|SQ|U[CNRTV]|SV)$/.test(vr);
  const head = Buffer.alloc(isLong ? 12 : 8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  head.write(vr, 4, 'latin1');
  if (isLong) head.writeUInt32LE(length, 8);
  else head.writeUInt16LE(length, 6);
  return Buffer.concat([head, value]);
}

const read = (bytes: Uint8Array) => readHeader(bytes, { transferSyntax: `${base}.1` });

describe('a file', () => {
  it.each(syntaxes)('is read as it was written in %s', (transferSyntax) => {
    const file = readFile(writeFile(attributes, { transferSyntax }));
    expect(essentials(file.dataSet)).toEqual(expected);
    expect(file.transferSyntax.uid).toBe(transferSyntax);
    expect(string(file.meta, 'MediaStorageSOPInstanceUID')).toBe('2.25.3');
    expect(file.warnings).toEqual([]);
  });

  it.each(syntaxes)('gives its header from its first bytes in %s', (transferSyntax) => {
    const bytes = writeFile(attributes, { transferSyntax });
    const cut = bytes.subarray(0, bytes.length - (transferSyntax.endsWith('99') ? 100 : 4000));
    expect(essentials(readHeader(cut).dataSet)).toEqual(expected);
    expect(error(() => readFile(cut))).toEqual(failure('truncated'));
  });

  it('states the length of its meta information', () => {
    const bytes = writeFile(attributes);
    const { meta, dataSet } = readFile(bytes);
    expect(144 + (number(meta, 'FileMetaInformationGroupLength') ?? 0)).toBe(meta.end);
    expect(Math.min(...[...dataSet.elements.values()].map(({ offset }) => offset))).toBe(meta.end + 8);
  });

  it('may lack the preamble, and the meta information too', () => {
    const bytes = writeFile(attributes);
    for (const cut of [bytes.subarray(128), bytes.subarray(132)]) {
      expect(essentials(readFile(cut).dataSet)).toEqual(expected);
      expect(readFile(cut).warnings).toHaveLength(1);
    }
    for (const transferSyntax of syntaxes.slice(0, 3)) {
      const bare = writeDataSet(attributes, { transferSyntax });
      expect(readFile(bare).transferSyntax.uid).toBe(transferSyntax);
      expect(essentials(readHeader(bare, { transferSyntax }).dataSet)).toEqual(expected);
    }
  });

  it('may be implicit VR although it says explicit, and the other way round', () => {
    for (const [said, written] of [syntaxes.slice(0, 2), syntaxes.slice(0, 2).reverse()] as [string, string][]) {
      const bare = writeDataSet(attributes, { transferSyntax: written });
      const { dataSet, warnings } = readHeader(bare, { transferSyntax: said });
      expect(essentials(dataSet)).toEqual(expected);
      expect(warnings).toHaveLength(1);
    }
  });

  it('may be padded with zeros at its end', () => {
    const { PixelData: _, ...header } = attributes;
    expect(readFile(Buffer.concat([writeFile(header), Buffer.alloc(512)])).dataSet.complete).toBe(true);
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'not-dicom'],
    ['zeros', Buffer.alloc(1000), 'not-dicom'],
    ['a PNG image', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), 'not-dicom'],
    ['a text', Buffer.from('Compte rendu : poumons clairs. '.repeat(20)), 'not-dicom'],
    ['a prefix alone', Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]), 'truncated'],
    [
      'a prefix and something else',
      Buffer.concat([Buffer.alloc(128), Buffer.from('DICM, or so it says')]),
      'malformed',
    ],
    ['the first half of the meta information', writeFile(attributes).subarray(0, 170), 'truncated'],
  ] as const)('is refused when it is %s', (_, bytes, code) => {
    expect(error(() => readHeader(bytes))).toEqual(failure(code));
  });
});

describe('the walk over elements', () => {
  it('passes the VRs with 64 bits and those it does not know', () => {
    const bytes = Buffer.concat([
      element(0x00080060, 'CS', Buffer.from('CR')),
      element(0x00090010, 'SV', Buffer.alloc(16)),
      element(0x00090011, 'OV', Buffer.alloc(8)),
      element(0x00100020, 'LO', Buffer.from('P1')),
    ]);
    expect(string(read(bytes).dataSet, 'PatientID')).toBe('P1');
  });

  it('reads sequences of undefined length, also those of unknown VR, which are implicit inside', () => {
    const inner = writeDataSet({ LUTExplanation: 'doux' }, { transferSyntax: base });
    const item = (bytes: Buffer) =>
      Buffer.concat([Buffer.from('feff00e0ffffffff', 'hex'), bytes, Buffer.from('feff0de000000000', 'hex')]);
    const end = Buffer.from('feffdde000000000', 'hex');
    const unknown = element(0x00283010, 'UN', Buffer.concat([item(inner), item(inner), end]), 0xffffffff);
    const known = element(
      0x00283000,
      'SQ',
      Buffer.concat([item(writeDataSet({ LUTExplanation: 'dur' })), end]),
      0xffffffff,
    );
    const id = element(0x00100020, 'LO', Buffer.from('P1'));
    const { dataSet } = read(Buffer.concat([id, known, unknown, element(0x50000010, 'US', Buffer.of(1, 0))]));
    expect(itemsOf(dataSet, 'VOILUTSequence').map((one) => string(one, 'LUTExplanation'))).toEqual(['doux', 'doux']);
    expect(itemsOf(dataSet, 'ModalityLUTSequence').map((one) => string(one, 'LUTExplanation'))).toEqual(['dur']);
    expect(dataSet).toMatchObject({ complete: true });
  });

  it('stops where a length points beyond the bytes', () => {
    const bytes = Buffer.concat([
      element(0x00080060, 'CS', Buffer.from('CR')),
      element(0x00100020, 'UT', Buffer.of(), 0xfffffff0),
    ]);
    const { dataSet } = read(bytes);
    expect([...dataSet.elements.keys()]).toEqual([0x00080060]);
    expect(dataSet.complete).toBe(false);
  });

  it('refuses what contradicts itself', () => {
    const noItem = element(0x00081115, 'SQ', element(0x00080060, 'CS', Buffer.from('CR')), 0xffffffff);
    expect(error(() => read(noItem))).toEqual(failure('malformed'));
    const deep = Buffer.concat(
      Array.from({ length: 5000 }, () =>
        Buffer.from('08001511535100 00ffffffff feff00e0ffffffff'.replaceAll(' ', ''), 'hex'),
      ),
    );
    expect(error(() => read(deep))).toEqual(failure('malformed'));
    const many = Buffer.concat(Array.from({ length: 60_000 }, (_, i) => element(0x00090000 + i, 'US', Buffer.of())));
    expect(error(() => read(many))).toEqual(failure('too-large'));
    const long = element(0x00283010, 'SQ', Buffer.from('feff00e0ff000000', 'hex'));
    expect(error(() => itemsOf(read(long).dataSet, 'VOILUTSequence'))).toEqual(failure('malformed'));
  });

  it('keeps nothing of a sequence with a million empty items', () => {
    const items = Buffer.alloc(8_000_000, Buffer.from('feff00e000000000', 'hex'));
    const before = process.memoryUsage().heapUsed;
    const { dataSet } = read(
      Buffer.concat([element(0x00283010, 'SQ', items), element(0x00283011, 'US', Buffer.of(1, 0))]),
    );
    expect(dataSet.elements.size).toBe(2);
    expect(itemsOf(dataSet, 'VOILUTSequence', 3)).toHaveLength(3);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(4_000_000);
  });

  it('does not inflate without end', () => {
    const meta = writeFile({ SOPClassUID: '1.2', SOPInstanceUID: '1.3' }, { transferSyntax: `${base}.1.99` });
    const bomb = Buffer.concat([
      meta.subarray(0, readFile(meta).meta.end),
      deflateRawSync(Buffer.alloc(200 * 2 ** 20)),
    ]);
    expect(bomb.length).toBeLessThan(300_000);
    expect(error(() => readHeader(bomb))).toEqual(failure('too-large'));
  });
});

describe('values', () => {
  it('lose their padding, and leading spaces only where these mean nothing', () => {
    const { dataSet } = read(
      Buffer.concat([
        element(0x00080060, 'CS', Buffer.from(' CR ')),
        element(0x00080080, 'LO', Buffer.from(' Centre  ')),
        element(0x00082111, 'ST', Buffer.from('  two \\ one value ')),
        element(0x00100020, 'LO', Buffer.from('A\\ B\0')),
        element(0x00200013, 'IS', Buffer.from(' 12')),
        element(0x00281050, 'DS', Buffer.from('1e2\\\\x ')),
      ]),
    );
    expect(string(dataSet, 'Modality')).toBe('CR');
    expect(string(dataSet, 'InstitutionName')).toBe('Centre');
    expect(strings(dataSet, 'DerivationDescription')).toEqual(['  two \\ one value']);
    expect(strings(dataSet, 'PatientID')).toEqual(['A', 'B']);
    expect(number(dataSet, 'InstanceNumber')).toBe(12);
    expect(numbers(dataSet, 'WindowCenter')).toEqual([100, Number.NaN, Number.NaN]);
    expect(string(dataSet, 'StudyID')).toBeUndefined();
  });
});
