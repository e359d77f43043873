/**
 * Where the members of objects lie in a JSON text that `checkJson` has passed. With it a body is
 * changed by splicing, so that what a client sent (decimals `1.10`, order, spaces) is never re-serialised.
 */

/** A value's place in the text. */
interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Member extends Span {
  readonly name: string;
  /** Where the quotes of the name begin; `start` and `end` are the value's. */
  readonly nameStart: number;
}

const quote = 0x22;
const backslash = 0x5c;

/** The members of the object that begins at `at`, in their order. */
export function members(text: string, at: number): Member[] {
  return objectAt(text, at).members;
}

/** Where the value of a member of the object that begins at `at` begins; what comes after it is not looked at. */
export function memberStart(text: string, at: number, name: string): number | undefined {
  let here = space(text, at + 1);
  while (text.charCodeAt(here) === quote) {
    const nameEnd = stringEnd(text, here);
    const start = space(text, space(text, nameEnd) + 1);
    if (textOf(text, { start: here, end: nameEnd }) === name) return start;
    here = afterComma(text, valueEnd(text, start));
  }
  return undefined;
}

/** The members of each object in the array that begins at `at`; an element that is no object has none. */
export function objectsOf(text: string, at: number): Member[][] {
  return [...eachObject(text, at)];
}

/** The same one by one, for long arrays: what comes later is looked at when it is asked for. */
export function* eachObject(text: string, at: number): Generator<Member[], undefined> {
  let here = space(text, at + 1);
  while (text[here] !== ']') {
    const element = text[here] === '{' ? objectAt(text, here) : { members: [], end: valueEnd(text, here) };
    yield element.members;
    here = afterComma(text, element.end);
  }
}

function objectAt(text: string, at: number): { readonly members: Member[]; readonly end: number } {
  const found: Member[] = [];
  let here = space(text, at + 1);
  while (text.charCodeAt(here) === quote) {
    const nameStart = here;
    const nameEnd = stringEnd(text, nameStart);
    const start = space(text, space(text, nameEnd) + 1);
    const end = valueEnd(text, start);
    found.push({ name: textOf(text, { start: nameStart, end: nameEnd }), nameStart, start, end });
    here = afterComma(text, end);
  }
  return { members: found, end: here + 1 };
}

function afterComma(text: string, at: number): number {
  const here = space(text, at);
  return text[here] === ',' ? space(text, here + 1) : here;
}

/** What the string literal at `span` says. */
export function textOf(text: string, span: Span): string {
  const inside = text.slice(span.start + 1, span.end - 1);
  return inside.includes('\\') ? (JSON.parse(`"${inside}"`) as string) : inside;
}

/** The place after the white space at `at`. */
export function space(text: string, at: number): number {
  let here = at;
  let code = text.charCodeAt(here);
  while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt(++here);
  return here;
}

/** The place after the string literal that begins at `at`. */
export function stringEnd(text: string, at: number): number {
  let here = at + 1;
  for (;;) {
    const code = text.charCodeAt(here);
    if (code === quote) return here + 1;
    here += code === backslash ? 2 : 1;
  }
}

const scalarEnd = /[\s,\]}]/g;

/** The place after the value that begins at `at`. */
function valueEnd(text: string, at: number): number {
  const first = text[at];
  if (first === '"') return stringEnd(text, at);
  if (first === '{' || first === '[') return bracketsEnd(text, at);
  scalarEnd.lastIndex = at;
  return scalarEnd.exec(text)?.index ?? text.length;
}

/** The place after the bracket that closes the one at `at`. */
function bracketsEnd(text: string, at: number): number {
  let depth = 0;
  let here = at;
  do {
    const code = text.charCodeAt(here);
    if (code === quote) here = stringEnd(text, here);
    else {
      if (code === 0x7b || code === 0x5b) depth += 1;
      else if (code === 0x7d || code === 0x5d) depth -= 1;
      here += 1;
    }
  } while (depth > 0);
  return here;
}
