/** What the header of an image says, and what of it may be wrong. */

import { describe, expect, it } from 'vitest';
import { readHeader } from '../../../src/dicom/part10.ts';
import { type Attributes, writeFile } from '../../../src/dicom/write.ts';
import { readImageHeader } from '../../../src/imaging/header.ts';
import { aPicture, radiograph } from '../dicom/an-image.ts';

const picture = aPicture(16, 8, 12);

function header(more: Attributes = {}, assumedOffset?: string) {
  const file = readHeader(writeFile(radiograph(picture, more)));
  return readImageHeader(file, assumedOffset ? { assumedOffset } : {});
}

describe('the header of an image', () => {
  it('is plain values', () => {
    const read = header({
      IssuerOfPatientID: 'CHU',
      PatientName: 'Étienne^Zoé^^Mme=王',
      PatientSex: 'F',
      AccessionNumber: 'A-7',
      StudyTime: '0810',
      TimezoneOffsetFromUTC: '+0100',
      StudyDescription: 'Radiographie du thorax',
      SeriesNumber: 3,
      InstanceNumber: 1,
      AcquisitionDateTime: '20260105081130+0100',
      Laterality: 'U',
      Manufacturer: 'Fabricant',
      StationName: 'SALLE2',
      AnatomicRegionSequence: [{ CodeMeaning: 'Thorax' }],
      ImageType: ['ORIGINAL', 'PRIMARY'],
    });
    expect(read).toMatchObject({
      patient: {
        id: 'P-1',
        issuer: 'CHU',
        name: { alphabetic: { family: 'Étienne', given: 'Zoé', prefix: 'Mme' }, ideographic: { family: '王' } },
        birthDate: '1980-02-29',
        sex: 'F',
        ageYears: 45,
      },
      study: {
        uid: '2.25.1',
        accessionNumber: 'A-7',
        started: '2026-01-05T08:10:00+01:00',
        description: 'Radiographie du thorax',
      },
      series: {
        uid: '2.25.2',
        number: 3,
        modality: 'CR',
        bodyPart: 'CHEST',
        region: 'Thorax',
        viewPosition: 'PA',
        laterality: 'U',
      },
      instance: {
        uid: '2.25.3',
        sopClass: '1.2.840.10008.5.1.4.1.1.1',
        transferSyntax: '1.2.840.10008.1.2.1',
        number: 1,
        acquired: '2026-01-05T08:11:30+01:00',
        rows: 8,
        columns: 16,
        frames: 1,
        bitsStored: 12,
        photometric: 'MONOCHROME2',
        manufacturer: 'Fabricant',
        station: 'SALLE2',
        imageType: ['ORIGINAL', 'PRIMARY'],
      },
      warnings: [],
    });
  });

  it('has no member for what the file does not say', () => {
    const { patient } = header({ PatientID: undefined, PatientName: '', PatientBirthDate: undefined });
    expect(patient).toEqual({});
  });

  it('takes the issuer of the qualifiers when there is no other', () => {
    const qualifiers = [{ UniversalEntityID: '1.2.250.1', UniversalEntityIDType: 'ISO' }];
    expect(header({ IssuerOfPatientIDQualifiersSequence: qualifiers }).patient.issuer).toBe('1.2.250.1');
  });

  it('dates local times only when it is told where', () => {
    expect(header({ StudyTime: '0810' }).study.started).toBe('2026-01-05');
    expect(header({ StudyTime: '0810' }, '+01:00').study.started).toBe('2026-01-05T08:10:00+01:00');
  });
});

describe('an age', () => {
  it('comes from the birth date, else from the device', () => {
    expect(header({ PatientAge: '050Y' }).patient.ageYears).toBe(45);
    expect(header({ PatientBirthDate: undefined, PatientAge: '006M' }).patient.ageYears).toBeCloseTo(0.5);
    expect(header({ PatientBirthDate: '18000101', PatientAge: '050Y' }).patient.ageYears).toBe(50);
    expect(header({ StudyDate: undefined, ContentDate: '20000301' }).patient.ageYears).toBe(20);
  });
});

describe('what is not required', () => {
  it.each([
    ['PatientBirthDate', { PatientBirthDate: '31/12/1980' }],
    ['PatientBirthDate', { PatientBirthDate: '20270101' }],
    ['PatientSex', { PatientSex: 'H' }],
    ['StudyDate', { StudyDate: '2026' }],
    ['SeriesNumber', { SeriesNumber: -4 }],
    [
      'PatientName',
      {
        SpecificCharacterSet: 'ISO_IR 192',
        '00100010': ['PN', Buffer.from('J\xe9r\xf4me', 'latin1')] as const,
        PatientName: undefined,
      },
    ],
    ['StudyInstanceUID', { StudyInstanceUID: '1.2.01' }],
  ])('is a warning when it is wrong: %s', (attribute, more) => {
    expect(header(more as Attributes).warnings).toEqual([expect.objectContaining({ attribute })]);
  });

  it('keeps what can be read of a name', () => {
    const more = { PatientName: undefined, '00100010': ['PN', Buffer.from('Buc^J\xe9r\xf4me', 'latin1')] as const };
    expect(header(more as Attributes).patient.name?.alphabetic?.family).toBe('Buc');
  });
});

describe('what tells whose image it is', () => {
  it.each([
    ['no SOP Instance UID', { SOPInstanceUID: undefined }, 'invalid-attribute'],
    ['no Study Instance UID', { StudyInstanceUID: '' }, 'invalid-attribute'],
    ['a Series Instance UID that is a path', { SeriesInstanceUID: '../../etc/passwd' }, 'invalid-attribute'],
    ['a UID that is too long', { SOPInstanceUID: `1.${'2'.repeat(64)}` }, 'invalid-attribute'],
    ['two patient IDs', { PatientID: ['P-1', 'P-2'] }, 'invalid-attribute'],
    ['a patient ID with a line break', { PatientID: 'P-1\nP-2' }, 'invalid-attribute'],
    [
      'a patient ID in another character set',
      { PatientID: undefined, '00100020': ['LO', Buffer.from([0x50, 0xe9, 0x31])] },
      'wrong-character-set',
    ],
    [
      'an issuer in an unknown character set',
      { SpecificCharacterSet: 'EBCDIC', IssuerOfPatientID: 'Hôpital' },
      'unknown-character-set',
    ],
  ])('must be right: %s', (_, more, code) => {
    expect(() => header(more as unknown as Attributes)).toThrow(expect.objectContaining({ name: 'DicomError', code }));
  });
});
