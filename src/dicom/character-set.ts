/**
 * Specific Character Set: bytes of texts to Unicode, with code extensions by escape sequences.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.12.html#sect_C.12.1.1.2
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part05/sect_6.1.2.3.html
 */
import { createRepertoires, type Repertoire } from './repertoire.ts';

export interface CharacterSet {
  /** The defined terms as given, for messages. */
  readonly terms: readonly string[];
  /** Terms that the standard does not have. */
  readonly unknown: readonly string[];
  readonly g0: Repertoire;
  readonly g1: Repertoire | undefined;
  /** A whole-text decoder: UTF-8, GB18030 and GBK, which know no escape sequences. */
  readonly whole: string | undefined;
  readonly extended: boolean;
}

export interface Decoded {
  readonly text: string;
  /** False: at least one byte is no character of the set and stands as U+FFFD in the text. */
  readonly valid: boolean;
}

const replacement = '\ufffd';
const escapeByte = 0x1b;
const { single, byEscape, ascii } = createRepertoires();
const wholes: Readonly<Record<string, string>> = { 'ISO_IR 192': 'utf-8', GB18030: 'gb18030', GBK: 'gbk' };

/** `ISO 2022 IR 100`, `ISO_IR 100` and the usual misspellings (`ISO-IR 100`, `ISO_IR100`) to the number. */
function registration(term: string): number | undefined {
  const match = /^ISO[ _-]?(?:2022[ _-]?)?IR[ _-]?(\d{1,3})$/i.exec(term);
  return match ? Number(match[1]) : undefined;
}

const multiByte = new Set([87, 159, 149, 58]);

/** Understands the values of (0008,0005); never throws: unknown terms matter only for texts that are not ASCII. */
export function parseCharacterSet(values: readonly string[]): CharacterSet {
  const terms = values.map((value) => value.replace(/[ \0]+$/g, '').trimStart());
  const isKnown = (term: string) => {
    const number = registration(term) ?? 0;
    return term === '' || term in wholes || number === 6 || single.has(number) || multiByte.has(number);
  };
  const first = terms[0] ?? '';
  const number = registration(first);
  return {
    terms: terms.filter((term) => term !== ''),
    unknown: terms.filter((term) => !isKnown(term)),
    g0: ascii,
    g1: number === undefined ? undefined : single.get(number),
    whole: wholes[first] ?? (number === 192 ? 'utf-8' : undefined),
    extended: terms.length > 1 || /2022/.test(first),
  };
}

function isAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte >= 0x80 || byte === escapeByte) return false;
  return true;
}

/**
 * Bytes to text. Backslashes that separate values, and `^` and `=` of names, can be looked for in the result: a byte
 * 5C that is the second half of an ideograph is part of the ideograph by then.
 */
export function decodeText(bytes: Uint8Array, characterSet: CharacterSet): Decoded {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isAscii(bytes)) return { text: buffer.toString('latin1'), valid: true };
  const text = characterSet.whole
    ? new TextDecoder(characterSet.whole).decode(buffer)
    : decodeParts(buffer, characterSet);
  return { text, valid: !text.includes(replacement) };
}

interface Called {
  readonly g0: Repertoire;
  readonly g1: Repertoire | undefined;
}

function decodeParts(bytes: Uint8Array, characterSet: CharacterSet): string {
  let called: Called = characterSet;
  let text = '';
  let i = 0;
  while (i < bytes.length) {
    const byte = bytes[i] as number;
    const found = byte === escapeByte && characterSet.extended ? byEscape(bytes, i) : undefined;
    called = found
      ? { ...called, [found.repertoire.g1 ? 'g1' : 'g0']: found.repertoire }
      : reset(byte, called, characterSet);
    const end = found ? i + found.length : endOfRun(bytes, i, called);
    if (!found) text += decodeRun(bytes.subarray(i, end), called);
    i = end;
  }
  return text;
}

/** Line ends and the delimiters of values and names go back to the first character set (PS3.5 6.1.2.5.3). */
function reset(byte: number, called: Called, first: Called): Called {
  return byte < 0x20 || (called.g0.size === 1 && isDelimiter(byte)) ? first : called;
}

function decodeRun(bytes: Uint8Array, { g0, g1 }: Called): string {
  const byte = bytes[0] as number;
  if (byte === escapeByte) return replacement;
  if (byte <= 0x20) return String.fromCharCode(byte);
  return (byte < 0x80 ? g0 : g1)?.decode(bytes) ?? replacement;
}

function isDelimiter(byte: number): boolean {
  return byte === 0x5c || byte === 0x5e || byte === 0x3d;
}

/** Where the run of bytes that one repertoire decodes together ends. */
function endOfRun(bytes: Uint8Array, start: number, { g0, g1 }: Called): number {
  const first = bytes[start] as number;
  const isHigh = first >= 0x80;
  const repertoire = isHigh ? g1 : g0;
  if (!repertoire || first <= 0x20) return start + 1;
  let i = start;
  do i += repertoire.size;
  while (i < bytes.length && belongs(bytes[i] as number, isHigh, repertoire));
  return Math.min(i, bytes.length);
}

function belongs(byte: number, isHigh: boolean, repertoire: Repertoire): boolean {
  if (byte <= 0x20 || byte >= 0x80 !== isHigh) return false;
  return isHigh || repertoire.size === 2 || !isDelimiter(byte);
}
