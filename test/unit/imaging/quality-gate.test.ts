/** Which images the model is asked about. */

import { describe, expect, it } from 'vitest';
import { readHeader } from '../../../src/dicom/part10.ts';
import { type Attributes, writeFile } from '../../../src/dicom/write.ts';
import { readImageHeader } from '../../../src/imaging/header.ts';
import { type GateOptions, gateHeader, gatePixels, gateWarnings } from '../../../src/imaging/quality-gate.ts';
import type { GrayImage } from '../../../src/shared/gray-image.ts';
import { aPicture, radiograph } from '../dicom/an-image.ts';

const picture = aPicture(8, 8, 8);
const storage = '1.2.840.10008.5.1.4.1.1';

function gate(more: Attributes = {}, options: Partial<GateOptions> = {}) {
  const file = readHeader(writeFile(radiograph(picture, { Rows: 1000, Columns: 900, ...more })));
  return gateHeader(readImageHeader(file), { minimumAge: 15, ...options });
}

const codes = (more: Attributes, options?: Partial<GateOptions>) => gate(more, options).reasons.map(({ code }) => code);

describe('the gate', () => {
  it('lets a frontal chest radiograph of an adult pass without a word', () => {
    expect(gate()).toEqual({ passed: true, reasons: [], warnings: [] });
  });

  it('gives all reasons in the order of its checks', () => {
    const more = {
      Modality: 'MG',
      NumberOfFrames: 3,
      BodyPartExamined: 'HAND',
      ViewPosition: 'LL',
      PatientBirthDate: '20200101',
      Rows: 50,
    };
    expect(codes(more)).toEqual(['not-cr-dx', 'not-grayscale', 'not-chest', 'lateral-view', 'too-young', 'too-small']);
  });

  it.each([
    [{ SOPClassUID: `${storage}.2`, Modality: 'CT' }, 'not-cr-dx'],
    [{ SOPClassUID: `${storage}.1.1.1` }, 'not-cr-dx'],
    [{ PresentationIntentType: 'FOR PROCESSING' }, 'not-cr-dx'],
    [{ NumberOfFrames: 2 }, 'not-grayscale'],
    [{ SamplesPerPixel: 3, PhotometricInterpretation: 'RGB' }, 'not-grayscale'],
    [{ PhotometricInterpretation: 'PALETTE COLOR' }, 'not-grayscale'],
    [{ BodyPartExamined: 'KNEE' }, 'not-chest'],
    [{ BodyPartExamined: '', StudyDescription: 'ASP debout' }, 'not-chest'],
    [{ BodyPartExamined: undefined, AnatomicRegionSequence: [{ CodeMeaning: 'Abdomen' }] }, 'not-chest'],
    [{ ViewPosition: 'LATERAL' }, 'lateral-view'],
    [{ ViewPosition: 'RLO' }, 'lateral-view'],
    [{ ViewPosition: undefined, SeriesDescription: 'Thorax profil' }, 'lateral-view'],
    [{ ViewPosition: undefined, ViewCodeSequence: [{ CodeMeaning: 'left lateral' }] }, 'lateral-view'],
    [{ PatientBirthDate: '20110106' }, 'too-young'],
    [{ PatientBirthDate: undefined, PatientAge: '011M' }, 'too-young'],
    [{ Rows: 100 }, 'too-small'],
    [{ Rows: 2000 }, 'too-elongated'],
    [{ Rows: 50000, Columns: 40000 }, 'too-large'],
  ])('rejects %o as %s', (more, code) => {
    expect(codes(more as Attributes)).toEqual([code]);
  });

  it.each([
    [{ PatientBirthDate: undefined }, 'age-unknown'],
    [{ BodyPartExamined: undefined }, 'body-part-unknown'],
    [{ BodyPartExamined: 'SKULL', SeriesDescription: 'Thorax PA' }, 'body-part-contradicted'],
    [{ ViewPosition: undefined }, 'view-unknown'],
    [{ ViewPosition: 'AP' }, 'ap-projection'],
    [{ SeriesDescription: 'Thorax au lit' }, 'supine'],
    [{ ViewPosition: 'LLD' }, 'decubitus'],
  ])('lets %o pass with the warning %s', (more, warning) => {
    expect(gate(more as Attributes)).toEqual({ passed: true, reasons: [], warnings: [warning] });
  });

  it.each([
    { PatientBirthDate: '20110105' },
    { PatientBirthDate: undefined, PatientAge: '015Y' },
    { BodyPartExamined: 'THORAX' },
    { BodyPartExamined: undefined, StudyDescription: 'RX TÓRAX' },
    { BodyPartExamined: 'UNKNOWN', SeriesDescription: 'Poumons de face' },
    { StudyDescription: 'Thorax face et profil' },
    { SOPClassUID: `${storage}.1.1`, Modality: 'DX', PresentationIntentType: 'FOR PRESENTATION' },
  ])('lets %o pass', (more) => {
    expect(gate(more as Attributes)).toEqual({ passed: true, reasons: [], warnings: [] });
  });

  it('lets digitised films pass, other captures only when told to', () => {
    const capture = { SOPClassUID: `${storage}.7`, Modality: 'OT', ConversionType: 'WSD' };
    expect(codes(capture)).toEqual(['not-cr-dx']);
    expect(gate(capture, { secondaryCapture: 'any' })).toMatchObject({ passed: true, warnings: ['secondary-capture'] });
    const film = { ...capture, ConversionType: 'DF' };
    expect(gate(film)).toMatchObject({ passed: true, warnings: ['secondary-capture'] });
    expect(codes(film, { secondaryCapture: 'none' })).toEqual(['not-cr-dx']);
    const color = { ...film, SamplesPerPixel: 3, PhotometricInterpretation: 'RGB' };
    expect(gate(color)).toMatchObject({ passed: true, warnings: ['secondary-capture', 'color'] });
    expect(codes({ ...film, Modality: 'US' })).toEqual(['not-cr-dx']);
  });

  it('says every warning in French and in English', () => {
    for (const texts of Object.values(gateWarnings)) {
      expect(texts).toHaveLength(2);
      expect(texts.every((text) => text.endsWith('.'))).toBe(true);
    }
  });
});

/** A crude chest: light spine, dark lungs, by share of width. */
function chest(bits: 8 | 16 = 8): GrayImage {
  const [width, height, white] = [200, 220, 2 ** bits - 1];
  const data = Array.from({ length: width * height }, (_, i) => {
    const x = (i % width) / width;
    const isLung = (x > 0.18 && x < 0.4) || (x > 0.6 && x < 0.82);
    return Math.round((isLung ? 0.2 : 0.7) * white + ((i * 7919) % 13) * (white / 255));
  });
  return { width, height, bits, data: bits === 8 ? Uint8Array.from(data) : Uint16Array.from(data) };
}

function painted(paint: (value: number, i: number) => number): GrayImage {
  const image = chest();
  return { ...image, data: Uint8Array.from(image.data, paint) };
}

describe('the pixels', () => {
  it('of a chest pass, in 8 and 16 bits', () => {
    for (const bits of [8, 16] as const)
      expect(gatePixels(chest(bits))).toEqual({ passed: true, reasons: [], warnings: [] });
  });

  it.each([
    ['all black', () => 0],
    ['all white', () => 255],
    ['one grey', () => 90],
    ['black but for a marker', (_: number, i: number) => (i < 400 ? 255 : 0)],
    ['black and white only', (_: number, i: number) => (i % 2 ? 255 : 0)],
    ['a breath of noise', (_: number, i: number) => 100 + (i % 5)],
  ])('that are %s have no contrast', (_, paint) => {
    expect(gatePixels(painted(paint)).reasons.map(({ code }) => code)).toEqual(['no-contrast']);
  });

  it('may look inverted or partly saturated, which is a warning', () => {
    expect(gatePixels(painted((value) => 255 - value)).warnings).toEqual(['looks-inverted']);
    expect(gatePixels(painted((value, i) => (i % 5 ? (value > 128 ? 255 : 0) : value))).warnings).toEqual([
      'partly-saturated',
    ]);
  });

  it('must be enough, and of the shape of a film', () => {
    const strip = { width: 130, height: 300, bits: 8 as const, data: new Uint8Array(39000).map((_, i) => i) };
    expect(gatePixels(strip).reasons[0]?.code).toBe('too-elongated');
    expect(
      gatePixels({ ...strip, width: 100, height: 100, data: strip.data.subarray(0, 10000) }).reasons[0]?.code,
    ).toBe('too-small');
  });
});
