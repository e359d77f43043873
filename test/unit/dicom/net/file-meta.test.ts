/** File meta information. https://dicom.nema.org/medical/dicom/current/output/chtml/part10/chapter_7.html */
import { describe, expect, it } from 'vitest';
import { decodeFileMeta, encodeFileMeta } from '../../../../src/dicom/net/file-meta.ts';
import { readFile } from '../../../../src/dicom/part10.ts';
import { string } from '../../../../src/dicom/values.ts';
import { writeDataSet } from '../../../../src/dicom/write.ts';
import { radiograph, radiographFile } from '../../../support/radiograph.ts';

const meta = { sopClass: '1.2.840.10008.5.1.4.1.1.1', sopInstance: '1.2.3', transferSyntax: '1.2.840.10008.1.2.1' };

describe('file meta information', () => {
  it('comes back, with the place where the data set begins', () => {
    const bytes = encodeFileMeta(meta);
    expect(decodeFileMeta(Buffer.concat([bytes, Buffer.from('0800')]))).toEqual({ meta, end: bytes.length });
  });

  it('and a data set are a file that the reader reads', () => {
    const { meta: read, dataSet } = readFile(Buffer.concat([encodeFileMeta(meta), writeDataSet(radiograph())]));
    expect(string(read, 'MediaStorageSOPInstanceUID')).toBe('1.2.3');
    expect(string(dataSet, 'PatientID')).toBe('P-1');
  });

  it('asks for more bytes until it is whole', () => {
    const file = radiographFile();
    const end = decodeFileMeta(file)?.end ?? 0;
    expect(end).toBeGreaterThan(200);
    for (let length = 0; length < end; length++) expect(decodeFileMeta(file.subarray(0, length))).toBeUndefined();
    expect(decodeFileMeta(file.subarray(0, end))?.end).toBe(end);
  });

  it('is found without a group length', () => {
    const bytes = encodeFileMeta(meta);
    const without = Buffer.concat([bytes.subarray(0, 132), bytes.subarray(144), Buffer.from('080016005549', 'hex')]);
    expect(decodeFileMeta(without)).toEqual({ meta, end: bytes.length - 12 });
  });

  it.each([
    ['not-dicom', Buffer.alloc(200, 0x20)],
    ['malformed', Buffer.concat([Buffer.alloc(128), Buffer.from('DICM0008')])],
    [
      'malformed',
      Buffer.concat([
        Buffer.alloc(128),
        Buffer.from('DICM'),
        Buffer.from('02000100 4f420000 ffffffff'.replaceAll(' ', ''), 'hex'),
      ]),
    ],
  ])('is refused as %s', (code, bytes) => {
    expect(() => decodeFileMeta(bytes)).toThrow(expect.objectContaining({ code }));
  });
});
