/**
 * Values of a data set by keyword and value representation.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part05/sect_6.2.html
 */
import { type Keyword, nameOf } from './attribute.ts';
import { decodeText, parseCharacterSet } from './character-set.ts';
import { bytesOf, type DataSet, type Element, elementOf } from './data-set.ts';
import { DicomError } from './dicom-error.ts';

const textVr = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT']);
const singleVr = new Set(['LT', 'ST', 'UT', 'UR']);
// LT, ST and UT keep leading spaces; all text loses its padding at the end (PS3.5 6.2).
const leadingMatters = new Set(['LT', 'ST', 'UT', 'UC']);
const ascii = parseCharacterSet([]);
// Longer than any text of a VR that we read as one; UT and UC may be gigabytes.
const maxTextBytes = 65_536;

export interface Text {
  readonly values: readonly string[];
  /** False: bytes that are no characters of the declared set stand as U+FFFD in the values. */
  readonly valid: boolean;
}

/** All texts of an element, trimmed as its VR says; nothing when it is absent. Never throws. */
export function readText(dataSet: DataSet, keyword: Keyword): Text {
  const element = elementOf(dataSet, keyword);
  if (!element || element.length === 0 || element.undefinedLength) return { values: [], valid: true };
  const bytes = bytesOf(dataSet, element).subarray(0, maxTextBytes);
  const { text, valid } = decodeText(bytes, textVr.has(element.vr) ? dataSet.characterSet : ascii);
  const values = singleVr.has(element.vr) ? [text] : text.split('\\');
  return { values: values.map((value) => trim(value, element.vr)), valid };
}

function trim(value: string, vr: string): string {
  const end = value.replace(/[ \0]+$/, '');
  return leadingMatters.has(vr) ? end : end.replace(/^ +/, '');
}

/**
 * The texts of an element.
 * Throws DicomError `wrong-character-set` or `unknown-character-set` when its bytes are no text in the declared set.
 */
export function strings(dataSet: DataSet, keyword: Keyword): readonly string[] {
  const { values, valid } = readText(dataSet, keyword);
  if (valid) return values;
  const element = elementOf(dataSet, keyword) as Element;
  const { terms, unknown } = dataSet.characterSet;
  if (unknown.length > 0) {
    const message = `Specific Character Set ${unknown.join(', ')} is unknown and ${nameOf(element.tag)} is not ASCII.`;
    throw new DicomError('unknown-character-set', message);
  }
  const declared = terms.length > 0 ? terms.join('\\') : 'the default (ASCII)';
  const message = `${nameOf(element.tag)} is no text in ${declared}, the declared Specific Character Set.`;
  throw new DicomError('wrong-character-set', message);
}

/** The first text of an element; undefined when absent or empty. Throws as `strings`. */
export function string(dataSet: DataSet, keyword: Keyword): string | undefined {
  return strings(dataSet, keyword)[0] || undefined;
}

const binary: Readonly<Record<string, readonly [number, (view: DataView, at: number, le: boolean) => number]>> = {
  US: [2, (view, at, le) => view.getUint16(at, le)],
  SS: [2, (view, at, le) => view.getInt16(at, le)],
  UL: [4, (view, at, le) => view.getUint32(at, le)],
  SL: [4, (view, at, le) => view.getInt32(at, le)],
  FL: [4, (view, at, le) => view.getFloat32(at, le)],
  FD: [8, (view, at, le) => view.getFloat64(at, le)],
  OW: [2, (view, at, le) => view.getUint16(at, le)],
};

/** How 16-bit values of `US or SS` are read when the file does not say. */
export type Signedness = 'signed' | 'unsigned';

/**
 * The numbers of an element (US SS UL SL FL FD DS IS); `NaN` stands for a text that is no number.
 * `signedness` reads attributes that are US or SS: those whose VR is lost or follows Pixel Representation.
 */
export function numbers(dataSet: DataSet, keyword: Keyword, signedness?: Signedness): readonly number[] {
  const element = elementOf(dataSet, keyword);
  if (!element || element.undefinedLength) return [];
  if (element.vr === 'DS' || element.vr === 'IS') {
    return readText(dataSet, keyword).values.map((value) => (value === '' ? Number.NaN : Number(value)));
  }
  const vr = signedness ? (signedness === 'signed' ? 'SS' : 'US') : element.vr;
  const [size, read] = binary[vr] ?? [2, binaryDefault];
  const bytes = bytesOf(dataSet, element);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { littleEndian } = dataSet.encoding;
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => read(view, i * size, littleEndian));
}

function binaryDefault(view: DataView, at: number, littleEndian: boolean): number {
  return view.getUint16(at, littleEndian);
}

/** The first number of an element; undefined when absent, empty or no finite number. */
export function number(dataSet: DataSet, keyword: Keyword, signedness?: Signedness): number | undefined {
  const value = numbers(dataSet, keyword, signedness)[0];
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}
