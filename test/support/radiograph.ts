/** Small radiographs for tests of everything that moves DICOM about: valid, and not of anybody. */
import { newUid } from '../../src/dicom/uid.ts';
import { type Attributes, type WriteOptions, writeDataSet, writeFile } from '../../src/dicom/write.ts';

export const computedRadiography = '1.2.840.10008.5.1.4.1.1.1';
export const explicitLittle = '1.2.840.10008.1.2.1';
export const implicitLittle = '1.2.840.10008.1.2';

/** The attributes of an 8 by 8 image of 8 bits; any of them may be changed. */
export function radiograph(changes: Attributes = {}): Attributes {
  return {
    SOPClassUID: computedRadiography,
    SOPInstanceUID: newUid(),
    StudyDate: '20261122',
    Modality: 'CR',
    PatientName: 'DIALLO^AISSATOU',
    PatientID: 'P-1',
    StudyInstanceUID: newUid(),
    SeriesInstanceUID: newUid(),
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: 8,
    Columns: 8,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    PixelData: Buffer.alloc(64, 0x80),
    ...changes,
  };
}

/** A whole file. */
export function radiographFile(changes: Attributes = {}, options: WriteOptions = {}): Buffer {
  return writeFile(radiograph(changes), options);
}

/** What the SCU sends for it: SOP class, instance, transfer syntax and data set. */
export function radiographInstance(changes: Attributes = {}, transferSyntax: string = explicitLittle) {
  const attributes = radiograph(changes);
  return {
    sopClass: String(attributes.SOPClassUID),
    sopInstance: String(attributes.SOPInstanceUID),
    transferSyntax,
    bytes: [writeDataSet(attributes, { transferSyntax })],
  };
}
