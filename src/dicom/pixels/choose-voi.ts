/**
 * Which values of interest become visible: the file's VOI LUT, its window, or what the pixels suggest.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.11.2.html
 */
import { type DataSet, itemsOf } from '../data-set.ts';
import { readText } from '../values.ts';
import type { Frame } from './decode-frame.ts';
import { lookUp, readLookupTable, readWindow, throughWindow, type Window } from './value-mapping.ts';

/** `identity`: up to 8 bits without a VOI are shown as they are; `percentile`: deeper ones are stretched. */
export type VoiKind = 'lut' | 'window' | 'identity' | 'percentile';

export interface Voi {
  readonly kind: VoiKind;
  readonly window?: Window;
  /** For every sample its share of white, 0..1. */
  readonly shares: Float64Array;
}

export interface Pixels {
  readonly frame: Frame;
  /** For every sample its value after the modality transformation. */
  readonly values: Float64Array;
  /** For every sample how many pixels have it; padding has none. */
  readonly histogram: Uint32Array;
}

// Half a percent at each end: lead markers and the direct beam outside the body must not set the contrast.
const percentiles = [0.005, 0.995] as const;
// Above this share of one single grey level a window has shown nothing, whoever wrote it.
const blankShare = 0.998;

export function chooseVoi(dataSet: DataSet, pixels: Pixels, warnings: string[]): Voi {
  const { frame, values, histogram } = pixels;
  const declared = declaredVoi(dataSet, pixels, warnings);
  if (declared && !isBlank(declared.shares, histogram)) return declared;
  if (!declared && frame.bits <= 8) return { kind: 'identity', shares: fullRange(values) };
  const window = percentileWindow(values, histogram);
  const fallback: Voi = { kind: 'percentile', window, shares: values.map((value) => throughWindow(window, value)) };
  if (!declared) return fallback;
  if (isBlank(fallback.shares, histogram)) return declared;
  warnings.push('The window or VOI LUT of the file shows one grey level only; percentiles were used instead.');
  return fallback;
}

function declaredVoi(dataSet: DataSet, { frame, values }: Pixels, warnings: string[]): Voi | undefined {
  const [item] = itemsOf(dataSet, 'VOILUTSequence', 1);
  const isNegative = values.some((value) => value < 0);
  const table = item && readLookupTable(item, isNegative ? 'signed' : 'unsigned');
  if (item && !table) warnings.push('The VOI LUT is damaged and was ignored.');
  if (table) {
    const white = 2 ** table.bits - 1;
    return { kind: 'lut', shares: values.map((value) => Math.min(1, lookUp(table, value) / white)) };
  }
  if (frame.isColor) return undefined;
  const window = readWindow(dataSet, readText(dataSet, 'VOILUTFunction').values[0] ?? '');
  return window && { kind: 'window', window, shares: values.map((value) => throughWindow(window, value)) };
}

function fullRange(values: Float64Array): Float64Array {
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  return values.map((value) => (value - low) / span);
}

/** Whether nearly all pixels get the same grey. */
function isBlank(shares: Float64Array, histogram: Uint32Array): boolean {
  const levels = new Float64Array(256);
  let total = 0;
  for (let i = 0; i < shares.length; i++) {
    const level = Math.round((shares[i] as number) * 255);
    levels[level] = (levels[level] as number) + (histogram[i] as number);
    total += histogram[i] as number;
  }
  return total > 0 && Math.max(...levels) / total >= blankShare;
}

/** From the lowest to the highest value that counts; of a blank image, a window as narrow as can be. */
function percentileWindow(values: Float64Array, histogram: Uint32Array): Window {
  const used = [...histogram.keys()].filter((i) => (histogram[i] as number) > 0);
  used.sort((a, b) => (values[a] as number) - (values[b] as number));
  const total = used.reduce((sum, i) => sum + (histogram[i] as number), 0);
  const [low = 0, high = 0] = percentiles.map((share) => valueAt(share * total, used, values, histogram));
  return { center: (low + high) / 2, width: Math.max(high - low, 1e-9), shape: 'linear-exact' };
}

function valueAt(rank: number, used: readonly number[], values: Float64Array, histogram: Uint32Array): number {
  let count = 0;
  for (const i of used) {
    count += histogram[i] as number;
    if (count >= rank) return values[i] as number;
  }
  return 0;
}
