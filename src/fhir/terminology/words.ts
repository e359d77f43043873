/** Text search among displays: every word asked for begins a word of the name, whatever its accents and case. */
import { withoutMarks } from '../../store/search/fold.ts';

const separator = /[^\p{L}\p{N}]+/u;

/** The words of a text without accents and case; an elided article is a word (`l’épaule`: l, epaule). */
export function wordsOf(text: string): readonly string[] {
  return withoutMarks(text.toLowerCase())
    .split(separator)
    .filter((word) => word !== '');
}

/** Whether each of `asked` begins a word of one of the texts. */
export function haveWords(texts: readonly (string | undefined)[], asked: readonly string[]): boolean {
  if (asked.length === 0) return true;
  return texts.some((text) => {
    if (text === undefined) return false;
    const words = wordsOf(text);
    return asked.every((one) => words.some((word) => word.startsWith(one)));
  });
}
