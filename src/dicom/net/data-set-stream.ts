/**
 * Walks a data set while it streams by: checks that every length holds to the end, keeps a few short values, no pixels.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part05/chapter_7.html
 */
import { attributes, nameOf } from '../attribute.ts';
import { DicomError } from '../dicom-error.ts';
import {
  type ElementHeader,
  type Encoding,
  headerLength,
  longestHeader,
  looksExplicit,
  parseHeader,
  undefinedLength,
} from './element-header.ts';

/** What is being walked: elements (of the data set or an item), the items of a sequence, the fragments of pixel data. */
interface Frame {
  readonly inside: 'elements' | 'items' | 'fragments';
  readonly encoding: Encoding;
}

const item = 0xfffee000;
const itemEnd = 0xfffee00d;
const sequenceEnd = 0xfffee0dd;
const [pixelData] = attributes.PixelData;

/** Of every composite object: SOP Class UID is in it. */
const firstGroup = 0x0008;

/** Values that are kept are identifiers and numbers. */
const longestValue = 1024;

/** Deeper nesting is no image's; each level costs memory. */
const deepest = 64;

/** A value of VR UN and undefined length is a sequence in this encoding, whatever the data set's (PS3.5 6.2.2). */
const unknownSequence: Encoding = { explicit: false, littleEndian: true };

export class DataSetStream {
  readonly #kept: ReadonlyMap<number, string>;
  readonly #values: Record<string, Buffer> = {};
  readonly #frames: Frame[];
  readonly #header = Buffer.alloc(longestHeader);
  #headerBytes = 0;
  #headerLength = 8;
  /** Bytes of the value under way that are still to come. */
  #valueBytes = 0;
  #keeping: { readonly name: string; readonly pieces: Buffer[] } | undefined;
  #atStart = true;
  #pixelBytes = 0;

  /** `kept`: the tags of the data set (not of its items) whose values are wanted, with the names they get. */
  constructor(encoding: Encoding, kept: ReadonlyMap<number, string>) {
    this.#kept = kept;
    this.#frames = [{ inside: 'elements', encoding }];
  }

  /** Bytes of values of Pixel Data so far. */
  get pixelBytes(): number {
    return this.#pixelBytes;
  }

  get littleEndian(): boolean {
    return this.#frames[0]?.encoding.littleEndian ?? true;
  }

  /** The kept values whose elements have passed. */
  get values(): Readonly<Record<string, Buffer>> {
    return this.#values;
  }

  /** Throws DicomError `malformed` as soon as the bytes make no sense. */
  write(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at += this.#valueBytes > 0 ? this.#takeValue(chunk, at) : this.#takeHeader(chunk, at);
  }

  /** Throws DicomError `truncated` when something was announced and has not come. */
  end(): void {
    const open = this.#frames.length > 1 || this.#valueBytes > 0 || this.#headerBytes > 0;
    if (open || this.#atStart) throw new DicomError('truncated', 'The data set ends before what it announces.');
  }

  #takeValue(chunk: Buffer, at: number): number {
    const piece = chunk.subarray(at, at + this.#valueBytes);
    this.#keeping?.pieces.push(piece);
    this.#valueBytes -= piece.length;
    if (this.#valueBytes === 0) this.#finishValue();
    return piece.length;
  }

  #finishValue(): void {
    if (this.#keeping) this.#values[this.#keeping.name] = Buffer.concat(this.#keeping.pieces);
    this.#keeping = undefined;
  }

  #takeHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headerBytes, at, at + this.#headerLength - this.#headerBytes);
    this.#headerBytes += taken;
    if (this.#headerBytes < this.#headerLength) return taken;
    if (this.#atStart) this.#settleEncoding();
    const { encoding } = this.#frame;
    if (this.#headerLength === 8) this.#headerLength = headerLength(this.#header, encoding);
    if (this.#headerBytes < this.#headerLength) return taken;
    this.#headerBytes = 0;
    this.#headerLength = 8;
    this.#enter(parseHeader(this.#header, encoding));
    return taken;
  }

  get #frame(): Frame {
    return this.#frames[this.#frames.length - 1] as Frame;
  }

  /** The first element shows explicit or implicit VR; where that contradicts the transfer syntax, it is right. */
  #settleEncoding(): void {
    const { encoding } = this.#frame;
    this.#atStart = false;
    const [low = 0, high = 0] = this.#header;
    if ((encoding.littleEndian ? low + 256 * high : 256 * low + high) !== firstGroup)
      throw new DicomError('not-dicom', 'The data set does not begin with group 0008.');
    if (encoding.littleEndian)
      this.#frames[0] = { inside: 'elements', encoding: { ...encoding, explicit: looksExplicit(this.#header) } };
  }

  #enter(header: ElementHeader): void {
    const { inside } = this.#frame;
    if (inside === 'elements') this.#enterElement(header);
    else if (header.tag === sequenceEnd) this.#leave(header);
    else this.#enterItem(header, inside);
  }

  #enterItem({ tag, length }: ElementHeader, inside: 'items' | 'fragments'): void {
    if (tag !== item) throw new DicomError('malformed', `${nameOf(tag)} stands where an item belongs.`);
    if (length !== undefinedLength) this.#skip(length, inside === 'fragments');
    else if (inside === 'items') this.#push({ inside: 'elements', encoding: this.#frame.encoding });
    else throw new DicomError('malformed', 'A fragment of pixel data has no length.');
  }

  #enterElement(header: ElementHeader): void {
    const { tag, vr, length } = header;
    const nested = this.#frames.length > 1;
    if (tag === itemEnd && nested) this.#leave(header);
    else if (tag >>> 16 === 0xfffe)
      throw new DicomError('malformed', `${nameOf(tag)} stands where an element belongs.`);
    else if (length === undefinedLength) this.#enterUndefined(tag, vr);
    else this.#enterValue(header, nested);
  }

  #enterUndefined(tag: number, vr: string | undefined): void {
    const { encoding } = this.#frame;
    if (tag === pixelData) this.#push({ inside: 'fragments', encoding });
    else if (vr === undefined || vr === 'SQ') this.#push({ inside: 'items', encoding });
    else if (vr === 'UN') this.#push({ inside: 'items', encoding: unknownSequence });
    else throw new DicomError('malformed', `${nameOf(tag)} of VR ${vr} has no length.`);
  }

  #enterValue({ tag, length }: ElementHeader, nested: boolean): void {
    const name = nested ? undefined : this.#kept.get(tag);
    if (name !== undefined && length <= longestValue) this.#keeping = { name, pieces: [] };
    this.#skip(length, tag === pixelData && !nested);
  }

  #skip(length: number, pixels: boolean): void {
    this.#valueBytes = length;
    if (pixels) this.#pixelBytes += length;
    if (length === 0) this.#finishValue();
  }

  #push(frame: Frame): void {
    if (this.#frames.length === deepest) throw new DicomError('malformed', 'Sequences are nested too deep.');
    this.#frames.push(frame);
  }

  #leave({ tag, length }: ElementHeader): void {
    if (length !== 0) throw new DicomError('malformed', `${nameOf(tag)} has a length.`);
    this.#frames.pop();
  }
}
