/**
 * Text as it is compared: no accents, no case, no punctuation, single spaces. https://hl7.org/fhir/R4/search.html#string
 */
import { remember } from '../../shared/remember.ts';

const plain = /^[a-z0-9 ]*$/;

/** Letters that are more than a letter with a mark, as they are written where nobody has them on a keyboard. */
const letters: Readonly<Record<string, string>> = {
  ...{ œ: 'oe', æ: 'ae', ß: 'ss', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i' },
  // Of Bambara, Fula, Hausa, Ewe.
  ...{ ɛ: 'e', ɔ: 'o', ɲ: 'ny', ŋ: 'ng', ɓ: 'b', ɗ: 'd', ɖ: 'd', ƙ: 'k', ƴ: 'y', ƒ: 'f', ɣ: 'g' },
};
const letter = new RegExp(`[${Object.keys(letters).join('')}]`, 'gu');

/** Lower-case text with plain letters: no accents, no ligatures. */
export function withoutMarks(lower: string): string {
  return lower
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(letter, (one) => letters[one] ?? one)
    .normalize('NFC');
}

/** Names and places are the same again and again, and in several rows of one resource. */
const folded = remember(foldLower, 10_000);

const squeezed = (text: string) => text.replace(/\s+/gu, ' ').trim();

function foldLower(lower: string): string {
  const stripped = withoutMarks(lower);
  return squeezed(stripped.replace(/['’‘ʼ\u02bb`´.]/gu, '').replace(/\p{P}+/gu, ' ')) || squeezed(stripped);
}

/**
 * `Éléonore  DUPRÉ` becomes `eleonore dupre`, `D’Artagnan` `dartagnan`, `Jean-Pierre` `jean pierre`, `Œuvre` `oeuvre`; the same
 * for what is stored and what is asked. What is nothing but punctuation stays as it is.
 */
export function fold(text: string): string {
  const lower = text.toLowerCase();
  if (plain.test(lower)) return squeezed(lower);
  return folded(lower);
}
