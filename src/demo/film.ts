/** A digital radiograph of nobody as a modality would make it: the phantom's pixels in a CR instance. */
import { newUid } from '../dicom/uid.ts';
import { writeFile } from '../dicom/write.ts';
import { chestPhantom } from '../imaging/phantom.ts';
import type { PhantomStatistics } from '../imaging/phantom-statistics.ts';

/** Computed Radiography Image Storage, PS3.4 B.5. */
const computedRadiography = '1.2.840.10008.5.1.4.1.1.1';

export interface FilmPatient {
  /** (0010,0020) and its issuer, (0010,0021). */
  readonly id: string;
  readonly issuer: string;
  /** PN: family^given. */
  readonly name: string;
  /** YYYY-MM-DD. */
  readonly birthDate: string;
  readonly sex: 'M' | 'F';
}

export interface Film {
  readonly statistics: PhantomStatistics;
  readonly patient: FilmPatient;
  readonly accession: string;
  readonly taken: Date;
  readonly seed: number;
  readonly lesions: 'none' | 'tuberculosis';
  /** Pixels a side. */
  readonly size: number;
}

/** DA and TM of an instant, in UTC, which (0008,0201) says. */
function dateAndTime(instant: Date): readonly [string, string] {
  const digits = instant.toISOString().replace(/\D/g, '');
  return [digits.slice(0, 8), digits.slice(8, 14)];
}

/** A Part 10 file, 12 bits in 16, MONOCHROME2, postero-anterior; new UIDs each time. */
export function makeFilm({ statistics, patient, accession, taken, seed, lesions, size }: Film): Buffer {
  const { data } = chestPhantom(statistics, { seed, lesions, width: size, height: size });
  const stored = Uint16Array.from(data, (value) => value >> 4);
  const [date, time] = dateAndTime(taken);
  return writeFile({
    SpecificCharacterSet: 'ISO_IR 192',
    ImageType: ['ORIGINAL', 'PRIMARY'],
    SOPClassUID: computedRadiography,
    SOPInstanceUID: newUid(),
    StudyInstanceUID: newUid(),
    SeriesInstanceUID: newUid(),
    StudyID: '1',
    SeriesNumber: 1,
    InstanceNumber: 1,
    AccessionNumber: accession,
    StudyDate: date,
    StudyTime: time,
    ContentDate: date,
    ContentTime: time,
    TimezoneOffsetFromUTC: '+0000',
    Modality: 'CR',
    Manufacturer: 'LIVEDOC',
    ManufacturerModelName: 'Chest phantom',
    StudyDescription: 'Radiographie du thorax de face',
    PatientName: patient.name,
    PatientID: patient.id,
    IssuerOfPatientID: patient.issuer,
    PatientBirthDate: patient.birthDate.replaceAll('-', ''),
    PatientSex: patient.sex,
    BodyPartExamined: 'CHEST',
    ViewPosition: 'PA',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: size,
    Columns: size,
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    WindowCenter: 2048,
    WindowWidth: 4096,
    PixelData: new Uint8Array(stored.buffer),
  });
}
