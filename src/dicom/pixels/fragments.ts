/**
 * Encapsulated Pixel Data: the compressed bytes of one frame out of its fragments.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part05/sect_A.4.html
 */
import { DicomError } from '../dicom-error.ts';

interface Fragment {
  /** Of the item tag from the first one after the basic offset table, as that table counts. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

const item = 0xfffee000;
const sequenceDelimitation = 0xfffee0dd;
// One image has one to some dozens; a file of empty items would have millions.
const maxFragments = 65_536;

/**
 * The bytes of frame `index` of `frames`; `start` is where the value of Pixel Data begins.
 * Throws DicomError `truncated` when a fragment is longer than the file, `malformed`, `no-pixel-data` or `too-large`.
 */
export function frameBytes(file: Uint8Array, start: number, index: number, frames: number): Uint8Array {
  const { table, fragments } = readFragments(file, start);
  if (fragments.length === 0) throw new DicomError('no-pixel-data', 'The encapsulated pixel data has no fragment.');
  if (frames === 1 && index === 0) return join(fragments);
  if (index >= frames) throw new DicomError('no-pixel-data', `There is no frame ${index + 1} of ${frames}.`);
  if (table.length === frames) {
    const [from, to] = [table[index] as number, table[index + 1] ?? Number.POSITIVE_INFINITY];
    const own = fragments.filter(({ offset }) => offset >= from && offset < to);
    if (own[0]?.offset === from) return join(own);
  }
  if (fragments.length === frames) return join(fragments.slice(index, index + 1));
  const starts = fragments.flatMap(({ bytes }, i) => (beginsImage(bytes) ? [i] : []));
  if (starts.length === frames) return join(fragments.slice(starts[index], starts[index + 1]));
  throw new DicomError('malformed', `Nothing tells which of ${fragments.length} fragments are of which frame.`);
}

/** Start of image of JPEG and JPEG-LS, start of codestream of JPEG 2000. */
function beginsImage(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && (bytes[1] === 0xd8 || bytes[1] === 0x4f);
}

function readFragments(file: Uint8Array, start: number): { table: number[]; fragments: Fragment[] } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const first = readItem(file, view, start);
  const base = start + 8 + (first?.length ?? 0);
  const fragments: Fragment[] = [];
  let position = base;
  // A file that ends right after a fragment has merely lost its delimiter; one that ends inside is damaged.
  while (first && position < file.length) {
    const bytes = readItem(file, view, position);
    if (!bytes) break;
    if (fragments.length >= maxFragments) throw new DicomError('too-large', `More than ${maxFragments} fragments.`);
    fragments.push({ offset: position - base, bytes });
    position += 8 + bytes.length;
  }
  return { table: first ? readTable(first) : [], fragments };
}

/** The value of the item at `position`; undefined at the sequence delimiter. */
function readItem(file: Uint8Array, view: DataView, position: number): Uint8Array | undefined {
  if (position + 8 > file.length) throw new DicomError('truncated', 'The file ends inside its pixel data.');
  const tag = view.getUint16(position, true) * 0x10000 + view.getUint16(position + 2, true);
  const length = view.getUint32(position + 4, true);
  if (tag === sequenceDelimitation) return undefined;
  if (tag !== item) throw new DicomError('malformed', 'The encapsulated pixel data has something else than items.');
  if (position + 8 + length > file.length) {
    throw new DicomError('truncated', `A fragment claims ${length} bytes; the file has ${file.length - position - 8}.`);
  }
  return file.subarray(position + 8, position + 8 + length);
}

function readTable(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Math.min(Math.floor(bytes.length / 4), maxFragments);
  return Array.from({ length }, (_, i) => view.getUint32(i * 4, true));
}

function join(fragments: readonly Fragment[]): Uint8Array {
  const [only] = fragments;
  return fragments.length === 1 && only ? only.bytes : Buffer.concat(fragments.map(({ bytes }) => bytes));
}
