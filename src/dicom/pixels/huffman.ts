/**
 * Entropy-coded data of JPEG: Huffman tables and the bits between two markers.
 * ITU-T T.81 Annexes B.2.4.2, C and F.2.2.
 */
import { DicomError } from '../dicom-error.ts';

/** For every next 16 bits: length of the code (high byte) and its symbol (low byte); 0 where no code begins so. */
export type HuffmanTable = Uint16Array;

const corrupt = (message: string) => new DicomError('corrupt-pixel-data', message);

/** The tables of a DHT segment (without marker and length) by class and number: `0` to `3` DC, `16` to `19` AC. */
export function readHuffmanTables(segment: Uint8Array): Map<number, HuffmanTable> {
  const tables = new Map<number, HuffmanTable>();
  let position = 0;
  while (position < segment.length) {
    const counts = segment.subarray(position + 1, position + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const symbols = segment.subarray(position + 17, position + 17 + total);
    if (counts.length < 16 || symbols.length < total) throw corrupt('A Huffman table ends too early.');
    tables.set(segment[position] as number, buildTable(counts, symbols));
    position += 17 + total;
  }
  return tables;
}

function buildTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const table = new Uint16Array(65_536);
  let [code, next] = [0, 0];
  for (let length = 1; length <= 16; length++) {
    for (let i = 0; i < (counts[length - 1] as number); i++) {
      const end = code + 2 ** (16 - length);
      if (end > 65_536) throw corrupt('A Huffman table has more codes than fit.');
      table.fill((length << 8) | (symbols[next++] as number), code, end);
      code = end;
    }
  }
  return table;
}

export interface BitReader {
  /** The next symbol. Throws DicomError `corrupt-pixel-data` when no code fits, or the data has ended. */
  decode(table: HuffmanTable): number;
  /** The next `length` (0 to 15) bits as the difference or coefficient they stand for (T.81 F.2.2.1 EXTEND). */
  extend(length: number): number;
  /** Goes on after the next restart marker. Throws when there is none. */
  restart(): void;
  /** Throws when more bits were taken than the data has. */
  finish(): void;
  /** Where the next marker is. */
  end(): number;
}

/** Reads the bits from `start` to the next marker, in which a byte FF is followed by 00. */
export function createBitReader(bytes: Uint8Array, start: number): BitReader {
  let position = start;
  let bits = 0;
  let count = 0;
  // Zeros given after the end of the data, so that a look ahead needs no test.
  let missing = 0;

  const nextByte = () => {
    const byte = bytes[position];
    if (byte !== undefined && (byte !== 0xff || bytes[position + 1] === 0)) {
      position += byte === 0xff ? 2 : 1;
      return byte;
    }
    missing += 8;
    if (missing > 1024) throw corrupt('The compressed data ends too early.');
    return 0;
  };

  const fill = () => {
    for (; count <= 16; count += 8) bits = ((bits << 8) | nextByte()) & 0xffffff;
  };

  const finish = () => {
    if (missing > count) throw corrupt('The compressed data ends too early.');
  };

  const end = () => {
    let at = position;
    while (at < bytes.length && !(bytes[at] === 0xff && (bytes[at + 1] ?? 0) > 0 && bytes[at + 1] !== 0xff)) at += 1;
    return at;
  };

  return {
    decode(table) {
      if (count < 16) fill();
      const entry = table[(bits >> (count - 16)) & 0xffff] as number;
      if (entry === 0) throw corrupt('The compressed data has a code that is in no table.');
      count -= entry >> 8;
      return entry & 0xff;
    },
    extend(length) {
      if (length === 0) return 0;
      if (count < length) fill();
      count -= length;
      const value = (bits >> count) & ((1 << length) - 1);
      return value < 1 << (length - 1) ? value - (1 << length) + 1 : value;
    },
    restart() {
      finish();
      const marker = end();
      const code = bytes[marker + 1] ?? 0;
      if (code < 0xd0 || code > 0xd7) throw corrupt('A restart marker is missing.');
      [position, bits, count, missing] = [marker + 2, 0, 0, 0];
    },
    finish,
    end,
  };
}
