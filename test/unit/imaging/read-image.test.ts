/** From the bytes of a file to a reading, with the model of the repository. dicom-ai 3.3: outcome states. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Attributes, writeFile } from '../../../src/dicom/write.ts';
import type { ImageFacts } from '../../../src/imaging/image-facts.ts';
import { chestPhantom } from '../../../src/imaging/phantom.ts';
import { readPhantomStatistics } from '../../../src/imaging/phantom-statistics.ts';
import { readImage } from '../../../src/imaging/read-image.ts';
import { loadModel } from '../../../src/inference/load-model.ts';
import type { Model } from '../../../src/inference/model.ts';

const size = 512;
let model: Model;
let pixels: Uint8Array;

beforeAll(async () => {
  model = await loadModel('models/tb-cxr', { threads: 1 });
  const statistics = await readPhantomStatistics('models/chest-phantom');
  const { data } = chestPhantom(statistics, { seed: 7, lesions: 'none', width: size, height: size });
  pixels = new Uint8Array(Uint16Array.from(data).buffer);
});

afterAll(() => model.close());

function film(given: Attributes = {}): Buffer {
  return writeFile({
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
    SOPInstanceUID: '1.2.3.1.1',
    StudyInstanceUID: '1.2.3',
    SeriesInstanceUID: '1.2.3.1',
    StudyDate: '20261120',
    StudyTime: '093000',
    TimezoneOffsetFromUTC: '+0100',
    AccessionNumber: 'ACC-1',
    Modality: 'CR',
    PatientName: 'Dupré^Zoé^Anne^Dr',
    PatientID: '2026-000007',
    IssuerOfPatientID: 'LIVEDOC',
    PatientBirthDate: '19800229',
    PatientSex: 'F',
    BodyPartExamined: 'CHEST',
    ViewPosition: 'PA',
    SeriesNumber: 1,
    InstanceNumber: 3,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: size,
    Columns: size,
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 0,
    WindowCenter: 32768,
    WindowWidth: 65536,
    PixelData: pixels,
    ...given,
  });
}

const look = (bytes: Uint8Array) => readImage(bytes, { model });

describe('readImage', () => {
  it('reads a chest film, and says whose it is in FHIR’s forms', async () => {
    const { facts, reading, rendering } = await look(film());
    expect(reading.kind).toBe('read');
    expect(rendering).toMatch(/^\d+\.\d+\.\d+ window$/);
    expect(facts).toEqual({
      study: '1.2.3',
      series: '1.2.3.1',
      instance: '1.2.3.1.1',
      sopClass: '1.2.840.10008.5.1.4.1.1.1',
      modality: 'CR',
      accessionNumber: 'ACC-1',
      studyStarted: '2026-11-20T09:30:00+01:00',
      seriesNumber: 1,
      instanceNumber: 3,
      patient: {
        id: '2026-000007',
        issuer: 'LIVEDOC',
        name: { family: 'Dupré', given: ['Zoé', 'Anne'], text: 'Dr Zoé Anne Dupré' },
        birthDate: '1980-02-29',
        gender: 'female',
      },
    } satisfies ImageFacts);
  });

  it('tells whose image it is before it touches the pixels', async () => {
    const told: string[] = [];
    const onFacts = ({ patient }: ImageFacts) => {
      told.push(patient.id ?? '');
      return Promise.resolve();
    };
    await readImage(film({ PixelData: new Uint8Array(2) }), { model, onFacts });
    expect(told).toEqual(['2026-000007']);
  });

  const rejected: [string, Attributes, string][] = [
    ['a CT', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', Modality: 'CT' }, 'not-cr-dx'],
    ['a lateral film', { ViewPosition: 'LL' }, 'lateral-view'],
    ['a hand', { BodyPartExamined: 'HAND' }, 'not-chest'],
    ['a child', { PatientBirthDate: '20200101' }, 'too-young'],
    ['an image of no size', { Rows: 0, Columns: 0, PixelData: new Uint8Array(2) }, 'too-small'],
  ];
  it.each(rejected)('rejects %s', async (_, attributes, reason) => {
    expect((await look(film(attributes))).reading).toMatchObject({ kind: 'not-read', reason });
  });

  it('rejects a blank film and noise, which only the pixels show', async () => {
    const blank = await look(film({ PixelData: new Uint8Array(size * size * 2).fill(7) }));
    expect(blank.reading).toMatchObject({ kind: 'not-read', reason: 'no-contrast' });
    let state = 1;
    const noise = Uint8Array.from({ length: size * size * 2 }, () => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state >> 16;
    });
    expect((await look(film({ PixelData: noise }))).reading).toMatchObject({
      kind: 'not-read',
      reason: 'out-of-distribution',
    });
  });

  it('says of a file that ends too early that it cannot be decoded, and keeps whose it was', async () => {
    const { facts, reading } = await look(film().subarray(0, -1000));
    expect(reading).toMatchObject({ kind: 'not-read', reason: 'not-decodable' });
    expect(facts?.patient.id).toBe('2026-000007');
  });

  it('has nothing to say of what is no DICOM but that it cannot be decoded', async () => {
    const { facts, reading } = await look(Buffer.from('%PDF-1.7 not an image'));
    expect(reading).toMatchObject({ kind: 'not-read', reason: 'not-decodable' });
    expect(facts).toBeUndefined();
  });

  it('files an object without an image and does not read it', async () => {
    const report: Attributes = {
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.33',
      Modality: 'SR',
      Rows: undefined,
      Columns: undefined,
      PixelData: undefined,
    };
    expect((await look(film(report))).reading).toEqual({ kind: 'no-image' });
  });
});
