/** Parses JSON with every number as the text that was written, so that `1.10` stays `1.10`; for texts that `checkJson` has passed. */
import { stringEnd } from './members.ts';

const quote = 0x22;
const minus = 0x2d;

/** The value of a JSON text; its numbers are strings, everything else is what `JSON.parse` makes of it. */
export function parseExact(text: string): unknown {
  return JSON.parse(withQuotedNumbers(text));
}

function withQuotedNumbers(text: string): string {
  const pieces: string[] = [];
  let from = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === quote) at = stringEnd(text, at);
    else if (code === minus || isDigit(code)) {
      const end = numberEnd(text, at);
      pieces.push(text.slice(from, at), '"', text.slice(at, end), '"');
      from = end;
      at = end;
    } else at += 1;
  }
  return pieces.length === 0 ? text : pieces.join('') + text.slice(from);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

const afterNumber = /[\s,\]}]/g;

function numberEnd(text: string, at: number): number {
  afterNumber.lastIndex = at;
  return afterNumber.exec(text)?.index ?? text.length;
}
