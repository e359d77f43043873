/**
 * Which images the model may be asked about: a frontal chest radiograph of somebody old enough, and readable.
 * A rejected image has no result at all, never a negative one.
 */

import type { Code } from '../livedoc/terms.ts';
import type { GrayImage } from '../shared/gray-image.ts';
import type { ImageHeader } from './header.ts';
import { bodyPartOf, isLateral, isSupine } from './view-and-body-part.ts';

interface Rejection {
  readonly code: Code<'not-read-reason'>;
  /** What was found, in English: for the log and the audit trail. The names of codes for people are in `livedoc/terms`. */
  readonly detail: string;
}

/** code: what it means, in French and in English. The image is read all the same. */
export const gateWarnings = {
  'age-unknown': ["L'âge du patient est inconnu.", "The patient's age is unknown."],
  'body-part-unknown': ["Rien n'indique la région anatomique.", 'Nothing tells the body part.'],
  'body-part-contradicted': [
    'La description dit thorax, la région anatomique dit autre chose.',
    'The description says chest, the body part something else.',
  ],
  'view-unknown': ["Rien n'indique l'incidence.", 'Nothing tells the view.'],
  'ap-projection': ['Incidence antéropostérieure.', 'Anteroposterior projection.'],
  supine: ['Cliché au lit ou couché.', 'Bedside or supine film.'],
  decubitus: ['Décubitus latéral.', 'Lateral decubitus.'],
  'secondary-capture': ['Film numérisé ou capture secondaire.', 'Digitised film or secondary capture.'],
  color: ['Image en couleurs, lue en niveaux de gris.', 'Colour image, read as grey.'],
  'looks-inverted': ['Les gris semblent inversés.', 'The greys look inverted.'],
  'partly-saturated': ["Une grande partie de l'image est noire ou blanche.", 'Much of the image is black or white.'],
} as const satisfies Record<string, readonly [fr: string, en: string]>;

export type GateWarning = keyof typeof gateWarnings;

export interface GateResult {
  readonly passed: boolean;
  /** All that speak against reading, in the order of the checks; the first is the one to report. */
  readonly reasons: readonly Rejection[];
  readonly warnings: readonly GateWarning[];
}

export interface GateOptions {
  /** Completed years. */
  readonly minimumAge: number;
  /** `digitized-film`: only what says so of itself (the default); `any`: made by our own API from a PNG or JPEG. */
  readonly secondaryCapture?: 'none' | 'digitized-film' | 'any';
}

interface Checked {
  readonly reasons?: readonly Rejection[];
  readonly warnings?: readonly GateWarning[];
}

const reject = (code: Code<'not-read-reason'>, detail: string): Checked => ({ reasons: [{ code, detail }] });
const warn = (...warnings: readonly GateWarning[]): Checked => ({ warnings });
const fine: Checked = {};

function sum(checks: readonly Checked[]): GateResult {
  const reasons = checks.flatMap((check) => check.reasons ?? []);
  return { passed: reasons.length === 0, reasons, warnings: checks.flatMap((check) => check.warnings ?? []) };
}

/** Judges what the header claims, before a pixel is decoded. */
export function gateHeader(header: ImageHeader, options: GateOptions): GateResult {
  return sum([
    checkKind(header, options.secondaryCapture ?? 'digitized-film'),
    checkFrames(header),
    checkBodyPart(header),
    checkView(header),
    checkAge(header, options.minimumAge),
    checkSize(header.instance.columns, header.instance.rows),
  ]);
}

const storage = '1.2.840.10008.5.1.4.1.1';
const radiographs = new Set([`${storage}.1`, `${storage}.1.1`]);
const captures = new Set([`${storage}.7`, `${storage}.7.2`, `${storage}.7.3`, `${storage}.7.4`]);
// RG is conventional film; OT and none are what digitisers and captures say.
const modalities = new Set(['CR', 'DX', 'RG']);
const captureModalities = new Set([...modalities, 'OT', 'SC', 'DF']);

function checkKind({ series, instance }: ImageHeader, allowed: NonNullable<GateOptions['secondaryCapture']>): Checked {
  const { sopClass, presentationIntent, conversionType } = instance;
  const { modality } = series;
  if (radiographs.has(sopClass)) {
    if (presentationIntent === 'FOR PROCESSING')
      return reject('not-cr-dx', 'A raw image for processing, not for reading.');
    const isOther = modality !== undefined && !modalities.has(modality);
    return isOther ? reject('not-cr-dx', `A radiograph of modality ${modality}.`) : fine;
  }
  if (!captures.has(sopClass)) return reject('not-cr-dx', `SOP class ${sopClass}, modality ${modality ?? 'unknown'}.`);
  const isFilm = conversionType === 'DF' || modality === 'RG' || modality === 'CR' || modality === 'DX';
  const isAllowed = allowed === 'any' || (allowed === 'digitized-film' && isFilm);
  if (!isAllowed) return reject('not-cr-dx', 'A secondary capture that does not claim to be a digitised film.');
  const isOther = modality !== undefined && !captureModalities.has(modality);
  return isOther ? reject('not-cr-dx', `A secondary capture of modality ${modality}.`) : warn('secondary-capture');
}

function checkFrames({ instance }: ImageHeader): Checked {
  const { frames, samples, photometric = 'none', sopClass } = instance;
  if (frames > 1) return reject('not-grayscale', `An image of ${frames} frames.`);
  const isGray = samples === 1 && photometric.startsWith('MONOCHROME');
  if (isGray) return fine;
  const isColor = samples === 3 && /^(RGB|YBR_)/.test(photometric) && captures.has(sopClass);
  return isColor ? warn('color') : reject('not-grayscale', `${samples} samples a pixel, ${photometric}.`);
}

function checkBodyPart({ study, series }: ImageHeader): Checked {
  const { verdict, source } = bodyPartOf(study, series);
  if (verdict === 'unknown') return warn('body-part-unknown');
  if (verdict === 'contradicted') return warn('body-part-contradicted');
  return verdict === 'other' ? reject('not-chest', `The body part is ${source}.`) : fine;
}

function checkView({ study, series }: ImageHeader): Checked {
  const { viewPosition = '', view = '' } = series;
  const position = viewPosition.toUpperCase();
  if (isLateral(series)) return reject('lateral-view', `The view is ${viewPosition || view || series.description}.`);
  const warnings: GateWarning[] = [];
  if (/^(LLD|RLD)$/.test(position)) warnings.push('decubitus');
  if (position === 'AP') warnings.push('ap-projection');
  if (isSupine(study, series)) warnings.push('supine');
  if (position === '' && view === '') warnings.push('view-unknown');
  return warn(...warnings);
}

function checkAge({ patient }: ImageHeader, minimumAge: number): Checked {
  if (patient.ageYears === undefined) return warn('age-unknown');
  const years = Math.floor(patient.ageYears * 10) / 10;
  return years < minimumAge ? reject('too-young', `${years} years old; the model needs ${minimumAge}.`) : fine;
}

// The same limits as in inference: from less there is nothing to see, and what is twice as long as wide is no film of a
// chest. 64 million pixels are what is decoded at most.
const [smallestSide, mostElongated, mostPixels] = [128, 2, 64 * 1024 * 1024];

function checkSize(width: number, height: number): Checked {
  const size = `${width} x ${height} pixels`;
  if (Math.min(width, height) < smallestSide) return reject('too-small', `An image of ${size}.`);
  if (width * height > mostPixels) return reject('too-large', `An image of ${size}.`);
  return Math.max(width / height, height / width) > mostElongated
    ? reject('too-elongated', `An image of ${size}.`)
    : fine;
}

/** Judges what can be seen without knowing anything: size, blank or saturated, inverted. */
export function gatePixels(image: GrayImage): GateResult {
  return sum([checkSize(image.width, image.height), checkGreys(image), checkPolarity(image)]);
}

// Of 2,126 chest films one grey takes up 2 % in the median, 20 % in the hundredth worst and 84 % in the very worst
// (a film on a large black ground); black and white together about the same.
const [blankShare, saturatedShare, leastSpread] = [0.95, 0.7, 8];

function checkGreys({ data, bits }: GrayImage): Checked {
  const counts = new Float64Array(256);
  const shift = bits - 8;
  for (let i = 0; i < data.length; i++) {
    const level = (data[i] as number) >> shift;
    counts[level] = (counts[level] as number) + 1;
  }
  const share = (level: number) => (counts[level] as number) / data.length;
  const extreme = share(0) + share(255);
  const spread = levelAt(counts, 0.98 * data.length) - levelAt(counts, 0.02 * data.length);
  if (Math.max(...counts) / data.length > blankShare || spread < leastSpread) {
    return reject('no-contrast', `96 % of the pixels lie within ${spread} of 256 grey levels.`);
  }
  if (extreme > blankShare)
    return reject('no-contrast', `${Math.round(extreme * 100)} % of the image is black or white.`);
  return extreme > saturatedShare ? warn('partly-saturated') : fine;
}

function levelAt(counts: Float64Array, rank: number): number {
  let seen = 0;
  return counts.findIndex((count) => {
    seen += count;
    return seen >= rank;
  });
}

/**
 * The spine and the heart between the lungs are lighter than the lungs; in a negative of the film they are darker.
 * Of 2,126 films 99.2 % are told from their negatives so: enough to warn, not to reject.
 */
function checkPolarity(image: GrayImage): Checked {
  const middle = meanOf(image, 0.44, 0.56);
  const lungs = (meanOf(image, 0.2, 0.36) + meanOf(image, 0.64, 0.8)) / 2;
  return middle < lungs ? warn('looks-inverted') : fine;
}

/** Mean grey of the columns from `left` to `right`, in the rows where the lungs are; all in shares of the image. */
function meanOf({ width, height, data }: GrayImage, left: number, right: number): number {
  const [top, bottom] = [Math.floor(height * 0.3), Math.floor(height * 0.65)];
  const [from, to] = [Math.floor(width * left), Math.ceil(width * right)];
  let total = 0;
  for (let y = top; y < bottom; y++) for (let x = from; x < to; x++) total += data[y * width + x] as number;
  return total / Math.max(1, (bottom - top) * (to - from));
}
