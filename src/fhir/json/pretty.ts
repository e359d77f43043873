/** Indents JSON without parsing it into values, so that numbers keep their digits; for texts that `checkJson` has passed. */
import { space, stringEnd } from './members.ts';

interface Output {
  readonly pieces: string[];
  level: number;
}

/** The same text, two spaces a level. */
export function prettyJson(text: string): string {
  const out: Output = { pieces: [], level: 0 };
  for (let at = space(text, 0); at < text.length; at = space(text, at)) at = piece(out, text, at);
  return `${out.pieces.join('')}\n`;
}

/** Writes what begins at `at`; gives the place after it. */
function piece(out: Output, text: string, at: number): number {
  const { pieces } = out;
  const character = text.charAt(at);
  switch (character) {
    case '{':
    case '[':
      return opening(out, text, at);
    case '}':
    case ']':
      out.level -= 1;
      line(out);
      pieces.push(character);
      return at + 1;
    case ',':
      pieces.push(character);
      line(out);
      return at + 1;
    case ':':
      pieces.push(': ');
      return at + 1;
    default: {
      const end = character === '"' ? stringEnd(text, at) : wordEnd(text, at);
      pieces.push(text.slice(at, end));
      return end;
    }
  }
}

function opening(out: Output, text: string, at: number): number {
  const inside = space(text, at + 1);
  const isEmpty = text[inside] === '}' || text[inside] === ']';
  out.pieces.push(text.charAt(at));
  if (isEmpty) {
    out.pieces.push(text.charAt(inside));
    return inside + 1;
  }
  out.level += 1;
  line(out);
  return at + 1;
}

function line({ pieces, level }: Output): void {
  pieces.push(`\n${'  '.repeat(level)}`);
}

const afterWord = /[\s,\]}]/g;

function wordEnd(text: string, at: number): number {
  afterWord.lastIndex = at;
  return afterWord.exec(text)?.index ?? text.length;
}
