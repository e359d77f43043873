/**
 * A data set as a map of tags to byte ranges: values are decoded when they are asked for, sequences too.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part05/chapter_7.html
 */
import { attributes, type Keyword, nameOf, vrOf } from './attribute.ts';
import { type CharacterSet, parseCharacterSet } from './character-set.ts';
import { DicomError } from './dicom-error.ts';

export interface Encoding {
  readonly explicit: boolean;
  readonly littleEndian: boolean;
}

export interface Element {
  readonly tag: number;
  /** As written, or from our dictionary where the file leaves it out; `UN` when neither knows. */
  readonly vr: string;
  /** Of the value, in the data set's bytes. */
  readonly offset: number;
  /** Of the value without its delimiter. Pixel Data of undefined length has `undefinedLength`, not a real length. */
  readonly length: number;
  readonly undefinedLength: boolean;
  /** Written as UN by somebody who did not know it: a sequence is implicit inside, whatever surrounds it (PS3.5 6.2.2). */
  readonly unknown: boolean;
}

export interface DataSet {
  readonly bytes: Uint8Array;
  readonly encoding: Encoding;
  readonly elements: ReadonlyMap<number, Element>;
  readonly characterSet: CharacterSet;
  /** Position after the last element that was read. */
  readonly end: number;
  /** False when the bytes end inside an element, which is then left out. */
  readonly complete: boolean;
}

export interface Region extends Encoding {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Character set of the enclosing data set: an item without one of its own inherits it (PS3.3 C.12.1.1.2). */
  readonly characterSet?: CharacterSet;
  /** Stop at the first element outside this group. */
  readonly onlyGroup?: number;
}

const undefinedLength = 0xffffffff;
const item = 0xfffee000;
const itemDelimitation = 0xfffee00d;
const sequenceDelimitation = 0xfffee0dd;
const pixelData = attributes.PixelData[0];
const implicit: Encoding = { explicit: false, littleEndian: true };
// PS3.5 7.1.2: these have a 16-bit length, all others, also those yet to be invented, 32 bits after two reserved bytes.
const shortVr = new Set('AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US'.split(' '));
// Real images have some hundred; only a file made to exhaust us has more.
const maxElements = 50_000;
const maxDepth = 32;

interface Head {
  readonly tag: number;
  readonly vr: string;
  readonly offset: number;
  readonly length: number;
  readonly unknown: boolean;
}

const endOfBytes = () => new DicomError('truncated', 'The bytes end inside an element.');

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readHead(view: DataView, position: number, end: number, { explicit, littleEndian }: Encoding): Head {
  if (position + 8 > end) throw endOfBytes();
  const tag = view.getUint16(position, littleEndian) * 0x10000 + view.getUint16(position + 2, littleEndian);
  if (!explicit || tag >>> 16 === 0xfffe) {
    const length = view.getUint32(position + 4, littleEndian);
    return { tag, vr: vrOf(tag) ?? 'UN', offset: position + 8, length, unknown: false };
  }
  const vr = String.fromCharCode(view.getUint8(position + 4), view.getUint8(position + 5));
  if (shortVr.has(vr) || !/^[A-Z]{2}$/.test(vr)) {
    return {
      tag,
      vr: shortVr.has(vr) ? vr : 'UN',
      offset: position + 8,
      length: view.getUint16(position + 6, littleEndian),
      unknown: false,
    };
  }
  if (position + 12 > end) throw endOfBytes();
  const unknown = vr === 'UN';
  const known = unknown ? (vrOf(tag) ?? vr) : vr;
  return { tag, vr: known, offset: position + 12, length: view.getUint32(position + 8, littleEndian), unknown };
}

/** The position after an element, whatever is nested in it; keeps nothing, so that nesting costs no memory. */
function skip(view: DataView, head: Head, end: number, encoding: Encoding, depth: number): number {
  if (head.length !== undefinedLength) {
    if (head.offset + head.length > end) throw endOfBytes();
    return head.offset + head.length;
  }
  if (depth > maxDepth) throw new DicomError('malformed', `Sequences are nested deeper than ${maxDepth} levels.`);
  const inner = head.unknown ? implicit : encoding;
  let position = head.offset;
  for (;;) {
    const next = readHead(view, position, end, inner);
    if (next.tag === sequenceDelimitation) return next.offset;
    if (next.tag !== item) {
      throw new DicomError('malformed', `${nameOf(head.tag)} has ${nameOf(next.tag)} where an item must be.`);
    }
    position =
      next.length === undefinedLength ? skipItem(view, next.offset, end, inner, depth) : next.offset + next.length;
  }
}

function skipItem(view: DataView, start: number, end: number, encoding: Encoding, depth: number): number {
  let position = start;
  for (;;) {
    const head = readHead(view, position, end, encoding);
    if (head.tag === itemDelimitation) return head.offset;
    position = skip(view, head, end, encoding, depth + 1);
  }
}

/**
 * Reads the elements of a data set or of an item, up to Pixel Data, whose value is left alone.
 * Bytes that end early give `complete: false`; throws DicomError `malformed` or `too-large`.
 */
export function readDataSet(region: Region): DataSet {
  const { bytes, explicit, littleEndian } = region;
  const encoding = { explicit, littleEndian };
  const view = viewOf(bytes);
  const elements = new Map<number, Element>();
  let end = region.start;
  let complete = true;
  try {
    for (const element of elementsFrom(view, region)) {
      if (!elements.has(element.tag)) elements.set(element.tag, element);
      if (elements.size > maxElements) throw new DicomError('too-large', `More than ${maxElements} elements.`);
      end = element.next;
    }
  } catch (error) {
    if (!(error instanceof DicomError) || error.code !== 'truncated') throw error;
    complete = false;
  }
  const set = { bytes, encoding, elements, end, complete };
  return { ...set, characterSet: ownCharacterSet(set) ?? region.characterSet ?? parseCharacterSet([]) };
}

function* elementsFrom(view: DataView, region: Region): Generator<Element & { next: number }> {
  const { start, end, onlyGroup } = region;
  let position = start;
  while (position < end) {
    const head = readHead(view, position, end, region);
    if (head.tag === itemDelimitation || (onlyGroup ?? head.tag >>> 16) !== head.tag >>> 16) return;
    if (isPadding(region.bytes, position, end)) return;
    const isPixelData = head.tag === pixelData;
    const next = isPixelData ? head.offset : skip(view, head, end, region, 0);
    const isUndefined = head.length === undefinedLength;
    yield { ...head, length: isUndefined ? next - head.offset : head.length, undefinedLength: isUndefined, next };
    if (isPixelData) return;
    position = next;
  }
}

/** Zeros after the last element: some writers pad files to a block. */
function isPadding(bytes: Uint8Array, position: number, end: number): boolean {
  return bytes.subarray(position, Math.min(position + 16, end)).every((byte) => byte === 0);
}

function ownCharacterSet({ bytes, elements }: Pick<DataSet, 'bytes' | 'elements'>): CharacterSet | undefined {
  const element = elements.get(attributes.SpecificCharacterSet[0]);
  if (!element) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + element.offset, element.length).toString('latin1');
  return parseCharacterSet(text.split('\\'));
}

/** The element of a keyword; absent and zero-length are different things. */
export function elementOf(dataSet: DataSet, keyword: Keyword): Element | undefined {
  return dataSet.elements.get(attributes[keyword][0]);
}

/** The raw value of an element with a defined length. */
export function bytesOf(dataSet: DataSet, element: Element): Uint8Array {
  return dataSet.bytes.subarray(element.offset, element.offset + element.length);
}

/** The items of a sequence; none when it is absent or empty. At most `limit` are read. */
export function itemsOf(dataSet: DataSet, keyword: Keyword, limit = 64): DataSet[] {
  const sequence = elementOf(dataSet, keyword);
  if (!sequence) return [];
  const encoding = sequence.unknown ? implicit : dataSet.encoding;
  const end = sequence.offset + sequence.length;
  const view = viewOf(dataSet.bytes);
  const items: DataSet[] = [];
  let position = sequence.offset;
  while (position + 8 <= end && items.length < limit) {
    const head = readHead(view, position, end, encoding);
    if (head.tag !== item) break;
    const until = head.length === undefinedLength ? end : head.offset + head.length;
    if (until > end)
      throw new DicomError('malformed', `An item of ${nameOf(sequence.tag)} is longer than the sequence.`);
    const { bytes, characterSet } = dataSet;
    const read = readDataSet({ ...encoding, bytes, start: head.offset, end: until, characterSet });
    if (!read.complete) throw new DicomError('malformed', `An item of ${nameOf(sequence.tag)} ends inside an element.`);
    items.push(read);
    position = head.length === undefinedLength ? read.end + 8 : until;
  }
  return items;
}
