/**
 * Writing of data sets and files, byte by byte.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part05/chapter_7.html
 */
import { describe, expect, it } from 'vitest';
import { storageClasses, transferSyntaxes } from '../../../src/dicom/net/storage-classes.ts';
import { transferSyntax } from '../../../src/dicom/transfer-syntax.ts';
import { isUid } from '../../../src/dicom/uid.ts';
import { writeDataSet, writeFile } from '../../../src/dicom/write.ts';

const base = '1.2.840.10008.1.2';
const hex = (...parts: Parameters<typeof writeDataSet>) => writeDataSet(...parts).toString('hex');

describe('a data set', () => {
  it('has its elements in the order of their tags, each of even length', () => {
    const bytes = hex({ PatientID: 'A', Modality: 'CR', SOPInstanceUID: '1.2', StudyID: undefined });
    expect(bytes).toBe('08001800554904' + '00312e3200' + '080060004353020043521000' + '20004c4f02004120');
  });

  it('is implicit, or big endian, when the transfer syntax is', () => {
    expect(hex({ Rows: 258 }, { transferSyntax: base })).toBe('28001000020000000201');
    expect(hex({ Rows: 258 }, { transferSyntax: `${base}.2` })).toBe('00280010555300020102');
  });

  it('has sequences of defined length and tags beyond the dictionary', () => {
    const bytes = hex({ '00091001': ['FD', 1.5], VOILUTSequence: [{ LUTExplanation: 'é' }, {}] });
    expect(bytes).toBe(
      '0900011046440800000000000000f83f' +
        '2800103053510000' +
        '1a000000' +
        'feff00e00a000000280003304c4f0200c3a9' +
        'feff00e000000000',
    );
  });

  it('has compressed pixels in fragments after the basic offset table', () => {
    const bytes = hex({ PixelData: { fragments: [Uint8Array.of(1, 2, 3)], offsets: [0] } });
    expect(bytes).toBe(
      'e07f10004f420000ffffffff' + 'feff00e00400000000000000' + 'feff00e00400000001020300' + 'feffdde000000000',
    );
  });

  it('refuses a value that does not fit its VR', () => {
    expect(() => writeDataSet({ StudyDescription: 'x'.repeat(70_000) })).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    );
  });
});

describe('a file', () => {
  it('repeats its SOP class and instance in the meta information', () => {
    const bytes = writeFile({ SOPClassUID: '1.2.3', SOPInstanceUID: '1.2.4' });
    expect(bytes.subarray(128, 132).toString()).toBe('DICM');
    const meta = bytes.subarray(144, 144 + bytes.readUInt32LE(140)).toString('latin1');
    expect(meta).toContain('1.2.3\0');
    expect(meta).toContain('1.2.4\0');
    expect(meta).toContain('1.2.840.10008.1.2.1\0');
  });
});

describe('what the network accepts', () => {
  it('are pixels that we decode', () => {
    expect(transferSyntaxes.filter((uid) => !transferSyntax(uid).compression)).toEqual([]);
    expect(storageClasses.every(isUid)).toBe(true);
  });
});
