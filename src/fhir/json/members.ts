/**
 * Where the members of objects and the elements of arrays lie in a JSON text that `checkJson` has passed. With it a body is
 * changed by splicing, so that what a client sent (decimals `1.10`, order, spaces) is never re-serialised.
 */

/** A value's place in the text. */
export interface Span {
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
  const found: Member[] = [];
  let here = space(text, at + 1);
  while (text.charCodeAt(here) === quote) {
    const nameStart = here;
    const nameEnd = stringEnd(text, nameStart);
    const start = space(text, space(text, nameEnd) + 1);
    const end = valueEnd(text, start);
    found.push({ name: textOf(text, { start: nameStart, end: nameEnd }), nameStart, start, end });
    here = space(text, end);
    if (text[here] === ',') here = space(text, here + 1);
  }
  return found;
}

/** The elements of the array that begins at `at`. */
export function elements(text: string, at: number): Span[] {
  const found: Span[] = [];
  let here = space(text, at + 1);
  while (text[here] !== ']') {
    const end = valueEnd(text, here);
    found.push({ start: here, end });
    here = space(text, end);
    if (text[here] === ',') here = space(text, here + 1);
  }
  return found;
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

const brackets = /["[\]{}]/g;
const scalarEnd = /[\s,\]}]/g;

/** The place after the value that begins at `at`. */
function valueEnd(text: string, at: number): number {
  const first = text[at];
  if (first === '"') return stringEnd(text, at);
  if (first !== '{' && first !== '[') {
    scalarEnd.lastIndex = at;
    return scalarEnd.exec(text)?.index ?? text.length;
  }
  let depth = 0;
  let here = at;
  do {
    brackets.lastIndex = here;
    const next = brackets.exec(text)?.index ?? text.length;
    const mark = text[next];
    here = mark === '"' ? stringEnd(text, next) : next + 1;
    if (mark === '{' || mark === '[') depth += 1;
    else if (mark !== '"') depth -= 1;
  } while (depth > 0);
  return here;
}
