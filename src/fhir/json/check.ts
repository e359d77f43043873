/**
 * Strict JSON with positions: what `JSON.parse` lets pass (duplicate keys, any depth, lone surrogates) is refused here, and
 * every refusal says where. https://www.rfc-editor.org/rfc/rfc8259, https://hl7.org/fhir/R4/json.html
 */
import { FhirError } from '../../shared/errors.ts';

/** Deeper than any real resource; keeps every recursive walk over a body far from the end of the stack. */
export const maxDepth = 64;

/** Up to this many, an object's names are compared one by one; a Set is slower to make than they are to walk. */
const fewNames = 16;

/** A place in a text that is being checked. */
export interface Scan {
  readonly text: string;
  at: number;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
export const openBrace = 0x7b;
export const closeBrace = 0x7d;
export const openBracket = 0x5b;
export const closeBracket = 0x5d;

/** Throws FhirError `invalid` with line, column and offset unless `text` is one JSON value within the limits above. */
export function checkJson(text: string): void {
  const scan: Scan = { text, at: 0 };
  skipSpace(scan);
  checkValue(scan, 0);
  checkEnd(scan);
}

/** Throws unless nothing but white space is left. */
export function checkEnd(scan: Scan): void {
  skipSpace(scan);
  if (scan.at < scan.text.length) throw unexpected(scan, 'the end of the text');
}

/** A FhirError `invalid` whose message ends in the place `at` of `text`, counted from 1 as editors do. */
export function jsonError(text: string, at: number, problem: string): FhirError {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - before.lastIndexOf('\n');
  const issue = { severity: 'fatal', code: 'structure' } as const;
  const diagnostics = `Malformed JSON: ${problem} at line ${line}, column ${column} (offset ${at}).`;
  return new FhirError('invalid', diagnostics, { issues: [{ ...issue, diagnostics }] });
}

function unexpected(scan: Scan, wanted: string): FhirError {
  if (scan.at >= scan.text.length) return jsonError(scan.text, scan.at, `it ends where ${wanted} should be`);
  const found = JSON.stringify(String.fromCodePoint(scan.text.codePointAt(scan.at) ?? 0));
  return jsonError(scan.text, scan.at, `${found} where ${wanted} should be`);
}

export function skipSpace(scan: Scan): void {
  const { text } = scan;
  let at = scan.at;
  let code = text.charCodeAt(at);
  while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt(++at);
  scan.at = at;
}

/** Passes the value that begins there, inside of `depth` others. */
export function checkValue(scan: Scan, depth: number): void {
  switch (scan.text.charCodeAt(scan.at)) {
    case quote:
      checkString(scan);
      return;
    case openBrace:
      checkObject(scan, depth + 1);
      return;
    case openBracket:
      checkArray(scan, depth + 1);
      return;
    default:
      checkWord(scan);
  }
}

function checkDepth(scan: Scan, depth: number): void {
  if (depth > maxDepth) throw jsonError(scan.text, scan.at, `more than ${maxDepth} levels of nesting`);
}

/** The names that an object has had so far. */
export interface Names {
  readonly few: string[];
  many: Set<string> | undefined;
}

function isNew(names: Names, name: string): boolean {
  if (names.many) return names.many.size < names.many.add(name).size;
  if (names.few.includes(name)) return false;
  if (names.few.push(name) > fewNames) names.many = new Set(names.few);
  return true;
}

function checkObject(scan: Scan, depth: number): void {
  checkDepth(scan, depth);
  const names: Names = { few: [], many: undefined };
  if (isEmpty(scan, closeBrace)) return;
  do {
    checkName(scan, names);
    checkValue(scan, depth);
  } while (another(scan, closeBrace));
}

/** Passes the bracket that opens a container, and its end when nothing is between (true). */
export function isEmpty(scan: Scan, end: number): boolean {
  scan.at += 1;
  skipSpace(scan);
  if (scan.text.charCodeAt(scan.at) !== end) return false;
  scan.at += 1;
  return true;
}

/** Passes the name of a member and its colon; gives the name. */
export function checkName(scan: Scan, names: Names): string {
  const { text } = scan;
  const start = scan.at;
  if (text.charCodeAt(start) !== quote) throw unexpected(scan, 'a name in double quotes');
  const key = checkString(scan);
  if (!isNew(names, key)) throw jsonError(text, start, `the name ${JSON.stringify(key)} again`);
  skipSpace(scan);
  if (text.charCodeAt(scan.at) !== colon) throw unexpected(scan, '":"');
  scan.at += 1;
  skipSpace(scan);
  return key;
}

function checkArray(scan: Scan, depth: number): void {
  checkDepth(scan, depth);
  if (isEmpty(scan, closeBracket)) return;
  do checkValue(scan, depth);
  while (another(scan, closeBracket));
}

/** After a value: passes a comma (true) or the container's end (false). */
export function another(scan: Scan, end: number): boolean {
  skipSpace(scan);
  const code = scan.text.charCodeAt(scan.at);
  if (code !== comma && code !== end) throw unexpected(scan, `"," or "${String.fromCharCode(end)}"`);
  scan.at += 1;
  if (code === end) return false;
  skipSpace(scan);
  return true;
}

/** Passes a string literal and returns what it says. */
function checkString(scan: Scan): string {
  const { text } = scan;
  const start = scan.at;
  let at = start + 1;
  let escaped = false;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === quote) break;
    if (code === backslash) {
      escaped = true;
      at = checkEscape(text, at);
    } else if (code >= 0x20) at += 1;
    else if (at >= text.length) throw jsonError(text, start, 'a string without an end begins');
    else throw jsonError(text, at, 'a control character that is not escaped');
  }
  scan.at = at + 1;
  return escaped ? (JSON.parse(text.slice(start, at + 1)) as string) : text.slice(start + 1, at);
}

const fourHex = /[0-9A-Fa-f]{4}/y;

function hexAt(text: string, at: number): number {
  fourHex.lastIndex = at;
  const found = fourHex.exec(text);
  if (!found) throw jsonError(text, at, 'an escape that is not \\u and four hexadecimal digits');
  return Number.parseInt(found[0], 16);
}

/** Passes the escape that begins at `at`; refuses U+0000 (no FHIR string has it, and PostgreSQL cannot keep it). */
function checkEscape(text: string, at: number): number {
  const letter = text.charAt(at + 1);
  if (letter !== 'u') {
    if (letter === '' || !'"\\/bfnrt'.includes(letter)) throw jsonError(text, at, 'an unknown escape');
    return at + 2;
  }
  const unit = hexAt(text, at + 2);
  if (unit === 0) throw jsonError(text, at, 'the character U+0000');
  if (unit < 0xd800 || unit > 0xdfff) return at + 6;
  const low = unit < 0xdc00 && text.startsWith('\\u', at + 6) ? hexAt(text, at + 8) : 0;
  if (low < 0xdc00 || low > 0xdfff) throw jsonError(text, at, 'half of a surrogate pair');
  return at + 12;
}

const word = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const afterWord = /[\s,\]}]/;

function checkWord(scan: Scan): void {
  word.lastIndex = scan.at;
  const found = word.exec(scan.text)?.[0];
  if (found === undefined) throw unexpected(scan, 'a value');
  const end = scan.at + found.length;
  if (end < scan.text.length && !afterWord.test(scan.text.charAt(end))) {
    throw unexpected({ text: scan.text, at: end }, 'the end of a value');
  }
  // 1e999 would become Infinity, which no element and no index can hold.
  if (found.length > 3 && !/^[tfn]/.test(found) && !Number.isFinite(Number(found))) {
    throw jsonError(scan.text, scan.at, 'a number out of range');
  }
  scan.at = end;
}
