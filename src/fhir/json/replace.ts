/** Replaces string literals in a JSON text that `checkJson` has passed; every other byte stays. */
import { space, stringEnd, textOf } from './members.ts';

/**
 * The text with each string value for which `change` gives another one replaced by it. `name` is the member that the value
 * (or the array around it) belongs to; names themselves are never changed.
 */
export function replaceStrings(text: string, change: (value: string, name: string) => string | undefined): string {
  const pieces: string[] = [];
  let from = 0;
  let name = '';
  for (let start = text.indexOf('"'); start >= 0; ) {
    const end = stringEnd(text, start);
    const said = textOf(text, { start, end });
    if (text[space(text, end)] === ':') name = said;
    else {
      const changed = change(said, name);
      if (changed !== undefined && changed !== said) {
        pieces.push(text.slice(from, start), JSON.stringify(changed));
        from = end;
      }
    }
    start = text.indexOf('"', end);
  }
  return pieces.length === 0 ? text : pieces.join('') + text.slice(from);
}
