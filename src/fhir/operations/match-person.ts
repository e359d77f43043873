/** What of a Patient is compared when patients are matched, folded so that spelling habits do not matter. */
import type { HumanName, Patient } from '@medplum/fhirtypes';

export interface PersonName {
  /** Folded, without particles: `kouassi`, `bamba kone`. */
  readonly family: string;
  readonly given: readonly string[];
}

export interface Person {
  /** `system|value`, the system empty where none is said. */
  readonly identifiers: readonly string[];
  readonly names: readonly PersonName[];
  /** As FHIR has it: a year, a month or a day. */
  readonly birthDate: string | undefined;
  readonly gender: 'male' | 'female' | undefined;
  readonly cities: readonly string[];
  readonly postalCodes: readonly string[];
  /** The last eight digits of each number: the rest is how one dials. */
  readonly phones: readonly string[];
}

/** Words that come and go between the parts of a French or West African name. */
const particles = new Set([
  'de',
  'du',
  'des',
  'd',
  'la',
  'le',
  'les',
  'l',
  'epouse',
  'ep',
  'nee',
  'veuve',
  'vve',
  'et',
]);
/** Digits of a telephone number that are the same with and without a country's prefix. */
const phoneDigits = 8;

/** Lower case, without accents; whatever is no letter or digit parts words. */
export function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('œ', 'oe')
    .replaceAll('æ', 'ae')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

function words(text: string): string[] {
  const all = fold(text).split(' ').filter(Boolean);
  const own = all.filter((word) => !particles.has(word));
  return own.length > 0 ? own : all;
}

function nameOf({ family, given = [], text }: HumanName): PersonName {
  const own = { family: words(family ?? '').join(' '), given: given.flatMap(words) };
  if (own.family !== '' || own.given.length > 0 || text === undefined) return own;
  // Nothing says which part is which: comparing takes them in either place.
  const [first = '', ...rest] = words(text);
  return { family: first, given: rest };
}

export function personOf({
  identifier = [],
  name = [],
  birthDate,
  gender,
  address = [],
  telecom = [],
}: Patient): Person {
  const filled = (texts: readonly (string | undefined)[]) => [
    ...new Set(texts.flatMap((text) => (text ? fold(text) : []))),
  ];
  return {
    identifiers: identifier.flatMap(({ system = '', value }) => (value ? [`${system}|${value.trim()}`] : [])),
    names: name.map(nameOf),
    birthDate,
    gender: gender === 'male' || gender === 'female' ? gender : undefined,
    cities: filled(address.flatMap(({ city, district }) => [city, district])),
    postalCodes: filled(address.map(({ postalCode }) => postalCode)),
    phones: telecom.flatMap(({ system, value = '' }) => {
      const digits = value.replace(/\D/g, '');
      return system !== 'email' && digits.length >= phoneDigits ? [digits.slice(-phoneDigits)] : [];
    }),
  };
}
