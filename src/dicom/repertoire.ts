/**
 * The character repertoires that DICOM names by their ISO-IR registration number.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.12.html#table_C.12-3
 */

export interface Repertoire {
  /** Bytes of a character. */
  readonly size: 1 | 2;
  /** In the upper half (bytes A0 to FF). */
  readonly g1: boolean;
  /** A run of whole characters; what is none becomes U+FFFD. */
  readonly decode: (bytes: Uint8Array) => string;
}

export interface Repertoires {
  readonly ascii: Repertoire;
  /** Upper halves by ISO-IR number. */
  readonly single: ReadonlyMap<number, Repertoire>;
  /** The repertoire that the escape sequence at `position` calls, and the bytes of the sequence. */
  readonly byEscape: (bytes: Uint8Array, position: number) => { repertoire: Repertoire; length: number } | undefined;
}

/** ISO-IR number, WHATWG label, final byte of the escape sequence `ESC -`. */
const latin: readonly (readonly [number, string, string])[] = [
  [100, 'iso-8859-1', 'A'],
  [101, 'iso-8859-2', 'B'],
  [109, 'iso-8859-3', 'C'],
  [110, 'iso-8859-4', 'D'],
  [144, 'iso-8859-5', 'L'],
  [127, 'iso-8859-6', 'G'],
  [126, 'iso-8859-7', 'F'],
  [138, 'iso-8859-8', 'H'],
  [148, 'iso-8859-9', 'M'],
  [166, 'iso-8859-11', 'T'],
  [203, 'iso-8859-15', 'b'],
];

/** A one-byte upper half. `TextDecoder` fills 80 to 9F with Windows characters: in DICOM they are no characters. */
function upperHalf(label: string, lowest: number, highest = 0xff): Repertoire {
  const decoder = new TextDecoder(label);
  const characters = Array.from({ length: 0x100 }, (_, byte) =>
    byte < lowest || byte > highest ? '\ufffd' : decoder.decode(Uint8Array.of(byte)),
  );
  return { size: 1, g1: true, decode: (bytes) => Array.from(bytes, (byte) => characters[byte]).join('') };
}

/** A two-byte set; `prepare` moves its bytes to where the WHATWG decoder `label` expects them. */
function doubleByte(label: string, g1: boolean, prepare: (bytes: Uint8Array) => Uint8Array): Repertoire {
  const decoder = new TextDecoder(label);
  return { size: 2, g1, decode: (bytes) => decoder.decode(prepare(bytes)) };
}

const toUpper = (bytes: Uint8Array) => bytes.map((byte) => byte | 0x80);

/** EUC-JP calls the supplementary kanji of JIS X 0212 by a byte 8F before each. */
function withPrefix(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let i = 0; i < bytes.length; i += 2) out.push(0x8f, ...toUpper(bytes.subarray(i, i + 2)));
  return Uint8Array.from(out);
}

export function createRepertoires(): Repertoires {
  const ascii: Repertoire = { size: 1, g1: false, decode: (bytes) => String.fromCharCode(...bytes) };
  const halves = latin.map(([number, label]) => [number, upperHalf(label, 0xa0)] as const);
  const katakana = upperHalf('shift_jis', 0xa1, 0xdf);
  const single = new Map<number, Repertoire>([...halves, [13, katakana]]);
  const escapes: readonly (readonly [string, Repertoire])[] = [
    ['(B', ascii],
    ['(J', ascii],
    [')I', katakana],
    ['$B', doubleByte('euc-jp', false, toUpper)],
    ['$(D', doubleByte('euc-jp', false, withPrefix)],
    ['$)C', doubleByte('euc-kr', true, (bytes) => bytes)],
    ['$)A', doubleByte('gbk', true, (bytes) => bytes)],
    ...latin.map(([number, , final]) => [`-${final}`, single.get(number) as Repertoire] as const),
  ];
  const byEscape = (bytes: Uint8Array, position: number) => {
    const text = String.fromCharCode(...bytes.subarray(position + 1, position + 4));
    const found = escapes.find(([sequence]) => text.startsWith(sequence));
    return found && { repertoire: found[1], length: found[0].length + 1 };
  };
  return { ascii, single, byEscape };
}
