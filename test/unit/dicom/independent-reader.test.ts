/** What our writer writes and our reader reads, dicom-parser reads the same: an independent judge of both. */
import dicomParser from 'dicom-parser';
import { describe, expect, it } from 'vitest';
import { readFile } from '../../../src/dicom/part10.ts';
import { newUid } from '../../../src/dicom/uid.ts';
import { numbers, strings } from '../../../src/dicom/values.ts';
import { writeFile } from '../../../src/dicom/write.ts';

const image = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
  SOPInstanceUID: newUid(),
  StudyInstanceUID: newUid(),
  SeriesInstanceUID: newUid(),
  Modality: 'CR',
  ImageType: ['ORIGINAL', 'PRIMARY'],
  PatientID: 'ODD',
  PatientName: 'Curie^Marie',
  AnatomicRegionSequence: [{ CodeValue: '51185008', CodingSchemeDesignator: 'SCT' }],
  Rows: 2,
  Columns: 3,
  BitsAllocated: 16,
  PixelData: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
} as const;

const syntaxes = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2'];

describe.each(syntaxes)('a file in %s', (transferSyntax) => {
  const file = writeFile(image, { transferSyntax });
  const theirs = dicomParser.parseDicom(file);
  const ours = readFile(file).dataSet;

  it('has the same texts for both readers', () => {
    const texts = {
      x00080016: 'SOPClassUID',
      x00080060: 'Modality',
      x00100020: 'PatientID',
      x00100010: 'PatientName',
    } as const;
    for (const [tag, keyword] of Object.entries(texts)) expect(strings(ours, keyword)).toEqual([theirs.string(tag)]);
    expect(strings(ours, 'ImageType')).toEqual([theirs.string('x00080008', 0), theirs.string('x00080008', 1)]);
  });

  it('has the same numbers, items and pixels', () => {
    expect(numbers(ours, 'Rows')).toEqual([theirs.uint16('x00280010')]);
    expect(numbers(ours, 'Columns')).toEqual([theirs.uint16('x00280011')]);
    expect(theirs.elements['x00082218']?.items?.[0]?.dataSet?.string('x00080100')).toBe('51185008');
    const pixels = theirs.elements['x7fe00010'];
    const element = ours.elements.get(0x7fe00010);
    expect([element?.offset, element?.length]).toEqual([pixels?.dataOffset, pixels?.length]);
  });
});
