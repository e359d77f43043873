/**
 * How a name sounds: names that French, English and West African spelling write differently have one key. It is meant to find
 * too much rather than too little. https://hl7.org/fhir/R4/patient.html#search (phonetic)
 */
import { remember } from '../../shared/remember.ts';
import { fold } from '../../store/search/fold.ts';

/** In this order; later rules see what the earlier ones left. Letters that sound alike in one of the languages become one. */
const rules: readonly (readonly [RegExp, string])[] = [
  [/[^a-z]/g, ''],
  [/^(k(?=n)|w(?=r)|p(?=[sn]))/, ''],
  [/ph/g, 'f'],
  [/(sch|sh|ch|tch|tj|dj|ge(?=[aou])|j|dg)/g, 'j'],
  [/g(?=[eiy])/g, 'j'],
  [/(ck|cq|cc(?=[^eiy])|q|c(?=[^eiy]|$))/g, 'k'],
  [/(c|z|x)/g, 's'],
  [/gu(?=[eiy])/g, 'g'],
  [/gn/g, 'n'],
  [/th/g, 't'],
  [/(ou|oo|w)/g, 'u'],
  [/(eau|au|oa)/g, 'o'],
  [/(ai|ei|ae|ay|ey)/g, 'e'],
  [/y/g, 'i'],
  [/h/g, ''],
  [/m(?=[bpt])/g, 'n'],
  [/d$|t$|s$/g, ''],
  [/(.)\1+/g, '$1'],
];

function soundOf(word: string): string {
  const spelt = rules.reduce((sound, [spelling, heard]) => sound.replace(spelling, heard), word);
  // The first sound, and after it consonants only: vowels are what spellings differ in most.
  return spelt.charAt(0) + spelt.slice(1).replace(/[aeiou]/g, '');
}

/** Families and first names are the same again and again. */
const wordKey = remember(soundOf, 10_000);

/** One key for each word: `Mohamed` and `Muhammad`, `Traoré` and `Traore`, `Philippe` and `Filip` have the same. */
export function phoneticKeys(text: string): readonly string[] {
  const keys = fold(text)
    .split(' ')
    .filter((word) => word !== '')
    .map(wordKey);
  return [...new Set(keys.filter((key) => key !== ''))];
}
