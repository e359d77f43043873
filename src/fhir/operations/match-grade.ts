/**
 * How likely two patients are one person: the weights of Fellegi and Sunter, each log2 of how much more often a likeness is
 * seen between two records of one person than between two people. docs/decisions/0015-operations.md has where they come from.
 * https://hl7.org/fhir/R4/valueset-match-grade.html
 */
import { type DateLikeness, dateLikeness, type Likeness, nameLikeness } from './match-alike.ts';
import type { Person, PersonName } from './match-person.ts';

export interface Graded {
  /** 0 to 1, rounded to thousandths. */
  readonly score: number;
  readonly grade: 'certain' | 'probable' | 'possible';
}

/** One in so many pairs of a candidate and the asked one is a match before anything is compared: log2. */
const prior = -9;

const families: Readonly<Record<Likeness, number>> = { same: 6.5, sound: 5, close: 4, part: 3, other: -5 };
const givens: Readonly<Record<Likeness, number>> = { same: 5.5, sound: 4.5, close: 3.5, part: 3, other: -6 };
const births: Readonly<Record<DateLikeness, number>> = {
  same: 9,
  turned: 5,
  slip: 4,
  coarse: 3,
  year: 1,
  other: -6,
};
const genders = { same: 1, other: -4 } as const;
const phones = { same: 7, other: -0.5 } as const;
const cities = { same: 1.5, other: -0.5 } as const;
const postalCodes = { same: 2.5, other: -0.5 } as const;
/** The same number under the same system, and another one. People have several numbers of one system, but seldom. */
const identifiers = { same: 16, other: -3 } as const;
/** Names the other way round are one mistake. */
const turned = -1;

/** From here on: chosen so that no pair of the invented cases of two people is certain. */
const certain = 0.98;
const probable = 0.85;
const possible = 0.4;

/** The grade of a candidate; undefined for one that is certainly not the same person. */
export function gradeOf(asked: Person, candidate: Person): Graded | undefined {
  const weight =
    prior +
    nameWeight(asked.names, candidate.names) +
    birthWeight(asked.birthDate, candidate.birthDate) +
    genderWeight(asked, candidate) +
    overlap(phones, asked.phones, candidate.phones) +
    overlap(cities, asked.cities, candidate.cities) +
    overlap(postalCodes, asked.postalCodes, candidate.postalCodes) +
    identifierWeight(asked.identifiers, candidate.identifiers);
  const likelihood = 1 / (1 + 2 ** -weight);
  // A certain match needs more than names, which families share.
  const evidence = hasIdentifier(asked, candidate) || isSameBirth(asked, candidate);
  const score = Math.round(Math.min(likelihood, evidence ? 1 : certain - 0.001) * 1000) / 1000;
  if (score < possible) return undefined;
  return { score, grade: score >= certain ? 'certain' : score >= probable ? 'probable' : 'possible' };
}

function isSameBirth({ birthDate: a }: Person, { birthDate: b }: Person): boolean {
  return a !== undefined && b !== undefined && ['same', 'turned'].includes(birthLikeness(a, b));
}

/** Half of a register may be born on the first of January. */
function birthLikeness(a: string, b: string): DateLikeness {
  const likeness = dateLikeness(a, b);
  return likeness === 'same' && a.endsWith('-01-01') ? 'coarse' : likeness;
}

function hasIdentifier({ identifiers: a }: Person, { identifiers: b }: Person): boolean {
  return a.some((one) => b.includes(one));
}

/** The best of all pairs of names: a maiden name is as good as another. */
function nameWeight(asked: readonly PersonName[], candidate: readonly PersonName[]): number {
  const pairs = asked.flatMap((a) =>
    candidate.map((b) => Math.max(pairWeight(a, b), pairWeight(a, swapped(b)) + turned)),
  );
  return pairs.length === 0 ? 0 : Math.max(...pairs);
}

function pairWeight(a: PersonName, b: PersonName): number {
  const family = a.family === '' || b.family === '' ? 0 : families[nameLikeness(a.family, b.family)];
  return family + givenWeight(a.given, b.given);
}

function swapped({ family, given }: PersonName): PersonName {
  return { family: given.join(' '), given: family.split(' ').filter(Boolean) };
}

/** Given names together, else the best of them: one is often left out. */
function givenWeight(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return 0;
  const whole = nameLikeness(a.join(' '), b.join(' '));
  if (whole !== 'other') return givens[whole];
  const best = Math.max(...a.flatMap((x) => b.map((y) => givens[initialOr(x, y)])));
  // Of two different second names one would have been enough to tell them apart.
  return best > 0 ? best - 1.5 : best;
}

function initialOr(a: string, b: string): Likeness {
  const isInitial = (a.length === 1 || b.length === 1) && a.charAt(0) === b.charAt(0);
  return isInitial ? 'part' : nameLikeness(a, b);
}

function birthWeight(a: string | undefined, b: string | undefined): number {
  return a === undefined || b === undefined ? 0 : births[birthLikeness(a, b)];
}

function genderWeight({ gender: a }: Person, { gender: b }: Person): number {
  if (a === undefined || b === undefined) return 0;
  return a === b ? genders.same : genders.other;
}

function overlap(
  weights: { readonly same: number; readonly other: number },
  a: readonly string[],
  b: readonly string[],
): number {
  if (a.length === 0 || b.length === 0) return 0;
  return a.some((one) => b.includes(one)) ? weights.same : weights.other;
}

function identifierWeight(a: readonly string[], b: readonly string[]): number {
  if (a.some((one) => b.includes(one))) return identifiers.same;
  const systems = (all: readonly string[]) => all.map((one) => one.slice(0, one.indexOf('|'))).filter(Boolean);
  return systems(a).some((system) => systems(b).includes(system)) ? identifiers.other : 0;
}
