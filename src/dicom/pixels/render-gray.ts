/**
 * The grayscale transformation: stored values to what a reader would see.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part04/sect_N.2.html
 */
import type { GrayImage } from '../../shared/gray-image.ts';
import { type DataSet, itemsOf } from '../data-set.ts';
import { number, readText } from '../values.ts';
import { chooseVoi, type VoiKind } from './choose-voi.ts';
import type { Frame } from './decode-frame.ts';
import { lookUp, readLookupTable, readRescale, type Window } from './value-mapping.ts';

/** Of this whole function, for provenance: anything that changes a pixel changes the version. */
const renderingVersion = '1.0.0';

interface Rendering {
  readonly version: string;
  readonly modality: 'none' | 'rescale' | 'lut';
  readonly voi: VoiKind;
  /** When `voi` is `window` or `percentile`, in values after the modality transformation. */
  readonly window?: Window;
  readonly inverted: boolean;
  /** Stored values that are not image: painted black and left out of the percentiles. */
  readonly padding?: readonly [number, number];
  readonly warnings: readonly string[];
}

export interface Rendered {
  readonly image: GrayImage;
  readonly rendering: Rendering;
}

/**
 * Modality LUT or rescale, then VOI LUT Sequence, else the first window, else percentiles; then MONOCHROME1 or
 * Presentation LUT Shape INVERSE; padding is black. Samples of more than 8 bits give a 16-bit image, others an 8-bit one.
 */
export function renderGray(dataSet: DataSet, frame: Frame): Rendered {
  const { width, height, data } = frame;
  const warnings: string[] = [];
  const stored = storedValues(frame);
  const padding = readPadding(dataSet, frame);
  const isPadding = stored.map((value) => (padding && isWithin(value, padding) ? 1 : 0));
  const histogram = countValues(frame).map((count, i) => (isPadding[i] ? 0 : count));
  const modality = applyModality(dataSet, frame, stored, warnings);
  const { kind, window, shares } = chooseVoi(dataSet, { frame, histogram, values: modality.values }, warnings);
  const inverted = isInverted(dataSet, frame, warnings);
  const bits = frame.bits > 8 ? 16 : 8;
  const white = 2 ** bits - 1;
  const table = shares.map((share, i) => (isPadding[i] ? 0 : Math.round((inverted ? 1 - share : share) * white)));
  const rendering = { version: renderingVersion, modality: modality.kind, voi: kind, inverted, warnings };
  return {
    image: { width, height, bits, data: paint(data, bits === 16 ? Uint16Array.from(table) : Uint8Array.from(table)) },
    rendering: { ...rendering, ...(window && { window }), ...(padding && { padding }) },
  };
}

/** One look into a table for each pixel: all arithmetic is done once for each value instead. */
function paint(data: Frame['data'], table: Uint8Array | Uint16Array): Uint8Array | Uint16Array {
  const output = table instanceof Uint16Array ? new Uint16Array(data.length) : new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) output[i] = table[data[i] as number] as number;
  return output;
}

/** What each sample means as a number: a sign where there is one. */
function storedValues({ bits, signed }: Frame): Float64Array {
  const count = 2 ** bits;
  return Float64Array.from({ length: count }, (_, i) => (signed && i >= count / 2 ? i - count : i));
}

function countValues({ bits, data }: Frame): Uint32Array {
  const counts = new Uint32Array(2 ** bits);
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    counts[value] = (counts[value] as number) + 1;
  }
  return counts;
}

function isWithin(value: number, [low, high]: readonly [number, number]): boolean {
  return value >= low && value <= high;
}

function readPadding(dataSet: DataSet, frame: Frame): readonly [number, number] | undefined {
  const signedness = frame.signed ? 'signed' : 'unsigned';
  const value = number(dataSet, 'PixelPaddingValue', signedness);
  if (value === undefined || frame.isColor) return undefined;
  const limit = number(dataSet, 'PixelPaddingRangeLimit', signedness) ?? value;
  return [Math.min(value, limit), Math.max(value, limit)];
}

interface Modality {
  readonly kind: Rendering['modality'];
  readonly values: Float64Array;
}

function applyModality(dataSet: DataSet, frame: Frame, stored: Float64Array, warnings: string[]): Modality {
  const [item] = itemsOf(dataSet, 'ModalityLUTSequence', 1);
  const table = item && readLookupTable(item, frame.signed ? 'signed' : 'unsigned');
  if (item && !table) warnings.push('The Modality LUT is damaged and was ignored.');
  if (table) return { kind: 'lut', values: stored.map((value) => lookUp(table, value)) };
  const rescale = readRescale(dataSet);
  if (!rescale) return { kind: 'none', values: stored };
  return { kind: 'rescale', values: stored.map((value) => value * rescale.slope + rescale.intercept) };
}

function isInverted(dataSet: DataSet, { photometric }: Frame, warnings: string[]): boolean {
  const shape = readText(dataSet, 'PresentationLUTShape').values[0];
  const isMonochrome1 = photometric === 'MONOCHROME1';
  if (isMonochrome1 && shape === 'IDENTITY') {
    warnings.push('Presentation LUT Shape IDENTITY contradicts MONOCHROME1, which was followed.');
  }
  return isMonochrome1 || shape === 'INVERSE';
}
