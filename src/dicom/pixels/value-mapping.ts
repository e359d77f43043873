/**
 * Lookup tables of the Modality LUT and VOI LUT modules.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.11.html
 */
import { bytesOf, type DataSet, elementOf } from '../data-set.ts';
import { number, numbers, type Signedness } from '../values.ts';

export interface LookupTable {
  /** First stored value that is mapped; all below get the first entry, all beyond the table the last one. */
  readonly first: number;
  readonly bits: number;
  readonly entries: Uint8Array | Uint16Array;
}

/** An item of a Modality or VOI LUT Sequence; undefined when it contradicts itself, which is common enough. */
export function readLookupTable(item: DataSet, signedness: Signedness): LookupTable | undefined {
  // The count and the bits are unsigned always, the first value is what the pixels are (PS3.3 C.11.1.1).
  const [count = 0, , bits = 0] = numbers(item, 'LUTDescriptor', 'unsigned');
  const first = numbers(item, 'LUTDescriptor', signedness)[1] ?? 0;
  const length = count || 65_536;
  const element = elementOf(item, 'LUTData');
  if (!element || element.undefinedLength || bits < 8 || bits > 16) return undefined;
  const bytes = bytesOf(item, element);
  if (bits === 8 && bytes.length >= length && bytes.length < length * 2) {
    return { first, bits, entries: bytes.slice(0, length) };
  }
  if (bytes.length < length * 2) return undefined;
  const entries = Uint16Array.from(numbers(item, 'LUTData', 'unsigned').slice(0, length));
  return { first, bits, entries };
}

export function lookUp({ first, entries }: LookupTable, value: number): number {
  const index = Math.round(value) - first;
  return entries[Math.max(0, Math.min(index, entries.length - 1))] as number;
}

type VoiFunction = 'linear' | 'linear-exact' | 'sigmoid';

export interface Window {
  readonly center: number;
  readonly width: number;
  readonly shape: VoiFunction;
}

/** The share of white (0..1) that a value has in a window (PS3.3 C.11.2.1.2 and C.11.2.1.3). */
export function throughWindow({ center, width, shape }: Window, value: number): number {
  if (shape === 'sigmoid') return 1 / (1 + Math.exp((-4 * (value - center)) / width));
  const [middle, span] = shape === 'linear' ? [center - 0.5, width - 1] : [center, width];
  const half = span / 2;
  if (value <= middle - half) return 0;
  if (value > middle + half) return 1;
  return (value - middle) / span + 0.5;
}

/** The first usable window of several; LINEAR needs a width of at least 1, the others more than 0. */
export function readWindow(dataSet: DataSet, voiFunction: string): Window | undefined {
  const widths = numbers(dataSet, 'WindowWidth');
  const shape: VoiFunction =
    voiFunction === 'SIGMOID' ? 'sigmoid' : voiFunction === 'LINEAR_EXACT' ? 'linear-exact' : 'linear';
  const windows = numbers(dataSet, 'WindowCenter').map((center, i) => ({
    center,
    width: widths[i] ?? Number.NaN,
    shape,
  }));
  return windows.find(
    ({ center, width }) =>
      Number.isFinite(center) && Number.isFinite(width) && (shape === 'linear' ? width >= 1 : width > 0),
  );
}

/** Rescale Slope and Intercept; undefined when absent, or when the slope is zero and would paint everything alike. */
export function readRescale(dataSet: DataSet): { slope: number; intercept: number } | undefined {
  const slope = number(dataSet, 'RescaleSlope');
  const intercept = number(dataSet, 'RescaleIntercept') ?? 0;
  return slope ? { slope, intercept } : undefined;
}
