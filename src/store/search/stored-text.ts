/** Text as the search tables keep it, and as it must be asked for. */

/** An index entry has room for 2,700 bytes: longer strings are found by their beginning. */
const LONGEST_STRING = 256;
const LONGEST_URI = 640;

/** PostgreSQL's text has no U+0000 (a resource's own JSON has it only as an escape): the replacement character stands for it. */
function storable(text: string, longest: number): string {
  return (text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text).slice(0, longest);
}

export function storedString(text: string): string {
  return storable(text, LONGEST_STRING);
}

export function storedUri(text: string): string {
  return storable(text, LONGEST_URI);
}

/** Sorts after every other character of UTF-8 in the C collation. */
const LAST_CHARACTER = '\u{10FFFF}';

/** The range, without its end, of all texts that begin so. */
export function beginningWith(text: string): readonly [from: string, to: string] {
  return [text, text + LAST_CHARACTER];
}
