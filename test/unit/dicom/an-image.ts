/** Builders of images and of DICOM files that hold them. */

import { type DicomFile, readFile } from '../../../src/dicom/part10.ts';
import { type Attributes, type WriteOptions, writeFile } from '../../../src/dicom/write.ts';

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  /** Unsigned samples below 2^bits. */
  readonly samples: Uint16Array;
}

/** Smooth shapes with some noise on them, the same on every machine: compressible, but not trivially. */
export function aPicture(width: number, height: number, bits: number): Picture {
  const top = 2 ** bits - 1;
  let seed = 12345;
  const samples = Uint16Array.from({ length: width * height }, (_, i) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    const [x, y] = [i % width, Math.floor(i / width)];
    const shape = 0.5 + 0.45 * Math.sin(x / 9) * Math.cos(y / 7);
    const noise = ((seed >>> 16) / 0x10000 - 0.5) * 0.02;
    return Math.round(Math.min(1, Math.max(0, shape + noise)) * top);
  });
  // The extremes are where clamping and signs go wrong.
  samples[1] = top;
  samples[2] = 0;
  return { width, height, bits, samples };
}

/** The samples as little endian Pixel Data, one byte each up to 8 bits, else two. */
export function pixelBytes({ bits, samples }: Picture): Uint8Array {
  return bits <= 8 ? Uint8Array.from(samples) : new Uint8Array(Uint16Array.from(samples).buffer);
}

/** Attributes of a computed radiograph of nobody that shows the picture; `more` overrides. */
export function radiograph(picture: Picture, more: Attributes = {}): Attributes {
  const allocated = picture.bits <= 8 ? 8 : 16;
  return {
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
    SOPInstanceUID: '2.25.3',
    StudyInstanceUID: '2.25.1',
    SeriesInstanceUID: '2.25.2',
    Modality: 'CR',
    StudyDate: '20260105',
    BodyPartExamined: 'CHEST',
    ViewPosition: 'PA',
    PatientID: 'P-1',
    PatientName: 'Dupont^Jeanne',
    PatientBirthDate: '19800229',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: picture.height,
    Columns: picture.width,
    BitsAllocated: allocated,
    BitsStored: picture.bits,
    HighBit: picture.bits - 1,
    PixelRepresentation: 0,
    PixelData: pixelBytes(picture),
    ...more,
  };
}

/** The radiograph, written and read again. */
export function aFile(picture: Picture, more: Attributes = {}, options: WriteOptions = {}): DicomFile {
  return readFile(writeFile(radiograph(picture, more), options));
}
