// https://hl7.org/fhir/R4/patient-operation-match.html: how likely two records are one person, measured on invented people
import type { Patient } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { dateLikeness, distance, nameLikeness } from '../../../../src/fhir/operations/match-alike.ts';
import { gradeOf } from '../../../../src/fhir/operations/match-grade.ts';
import { fold, personOf } from '../../../../src/fhir/operations/match-person.ts';

type Fields = Omit<Patient, 'resourceType'>;

const compare = (a: Fields, b: Fields) =>
  gradeOf(personOf({ resourceType: 'Patient', ...a }), personOf({ resourceType: 'Patient', ...b }));

const aya: Fields = {
  name: [{ family: 'Kouassi', given: ['Aya', 'Marie'] }],
  birthDate: '1984-03-12',
  gender: 'female',
};
const but = (change: Fields): Fields => ({ ...aya, ...change });
const named = (family: string, ...given: string[]): Fields => but({ name: [{ family, given }] });

describe('names', () => {
  it.each([
    ['kouassi', 'kouassi', 'same'],
    ['ouattara', 'wattara', 'sound'],
    ['djedje', 'jeje', 'sound'],
    ['koffi', 'kofi', 'sound'],
    ['traore', 'traoer', 'close'],
    ['philippe', 'filip', 'sound'],
    ['bamba kone', 'kone', 'part'],
    ['kone', 'kane', 'close'],
    ['toure', 'diallo', 'other'],
  ])('%s and %s are %s', (a, b, likeness) => {
    expect(nameLikeness(a, b)).toBe(likeness);
    expect(nameLikeness(b, a)).toBe(likeness);
  });

  it('are folded: accents, hyphens, apostrophes and particles', () => {
    expect(fold("N'Guessan-Élysée Cœur")).toBe('n guessan elysee coeur');
    expect(personOf({ resourceType: 'Patient', name: [{ family: 'de la Tour épouse Koné' }] }).names).toEqual([
      { family: 'tour kone', given: [] },
    ]);
  });

  it('count a swap of neighbours as one slip', () =>
    expect([distance('traore', 'traoer'), distance('', 'ab')]).toEqual([1, 2]));
});

describe('birth dates', () => {
  it.each([
    ['1984-03-12', '1984-03-12', 'same'],
    ['1984-03-12', '1984-12-03', 'turned'],
    ['1984-03-12', '1984-03-21', 'slip'],
    ['1984-03-12', '1984-03-13', 'slip'],
    ['1984-03-12', '1984', 'coarse'],
    ['1984-03', '1984-03', 'coarse'],
    ['1984-03-12', '1985-01-01', 'year'],
    ['1984-03-12', '1984-07-30', 'year'],
    ['1984-03-12', '1979-07-30', 'other'],
  ])('%s and %s are %s', (a, b, likeness) => {
    expect(dateLikeness(a, b)).toBe(likeness);
    expect(dateLikeness(b, a)).toBe(likeness);
  });
});

describe('two records', () => {
  it.each<[string, Fields, Fields, string | undefined]>([
    ['with the same name and birth date', aya, aya, 'certain'],
    ['with accents and hyphens', named('KOUASSI', 'Aya-Marie'), named('Kouâssi', 'aya', 'marie'), 'certain'],
    ['with family and given name the other way round', aya, named('Aya Marie', 'Kouassi'), 'certain'],
    ['with day and month the other way round', aya, but({ birthDate: '1984-12-03' }), 'certain'],
    ['with a name spelt by its sound', aya, named('Kuassi', 'Aya'), 'certain'],
    ['with a year of birth only', aya, but({ birthDate: '1984' }), 'probable'],
    ['of one day with another family name', aya, named('Traoré', 'Aya', 'Marie'), 'possible'],
    ['with another given name: a twin', aya, named('Kouassi', 'Akissi'), 'possible'],
    ['with another sex and given name: a twin', aya, { ...named('Kouassi', 'Yao'), gender: 'male' }, undefined],
    ['with the same name and another birth date', aya, but({ birthDate: '1951-09-30' }), undefined],
    [
      'born on an unknown day, with the same name',
      but({ birthDate: '1984-01-01' }),
      but({ birthDate: '1984-01-01' }),
      'probable',
    ],
    [
      'with nothing in common',
      aya,
      { name: [{ family: 'Diallo', given: ['Moussa'] }], birthDate: '1990-05-05', gender: 'male' },
      undefined,
    ],
  ])('%s', (_, a, b, grade) => {
    expect(compare(a, b)?.grade).toBe(grade);
  });

  it('with one identifier are certain, unless everything else is against it', () => {
    const identifier = [{ system: 'http://id', value: '7' }];
    expect(compare({ identifier }, { identifier, ...aya })?.grade).toBe('certain');
    const other: Fields = {
      identifier,
      name: [{ family: 'Diallo', given: ['Moussa'] }],
      birthDate: '1950-05-05',
      gender: 'male',
    };
    expect(compare({ identifier, ...aya }, other)).toBeUndefined();
  });
});

const families = [
  'Kouassi',
  'Koné',
  'Traoré',
  'Ouattara',
  'Coulibaly',
  'Bamba',
  'Diallo',
  'Touré',
  'N’Guessan',
  'Yao',
  'Koffi',
  'Konan',
  'Kouadio',
  'Soro',
  'Fofana',
  'Cissé',
  'Diarra',
  'Keïta',
  'Sangaré',
  'Gnahoré',
  'Zadi',
  'Djédjé',
  'Dupont',
  'Lefèvre',
  'Martin',
  'Bernard',
  'Mensah',
  'Adjoua',
  'Camara',
  'Sylla',
];
const givens = [
  'Aya',
  'Marie',
  'Fatou',
  'Awa',
  'Aminata',
  'Mariam',
  'Akissi',
  'Affoué',
  'Jean',
  'Pierre',
  'Moussa',
  'Ibrahim',
  'Yao',
  'Koffi',
  'Kouamé',
  'Serge',
  'Éric',
  'Hélène',
  'Thérèse',
  'Ousmane',
  'Salif',
  'Drissa',
  'Adama',
  'Rokia',
  'Bintou',
  'Sékou',
  'Élise',
  'Paul',
  'Michel',
  'Rose',
];

/** The same numbers each time (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function invent(below: (n: number) => number): Required<Pick<Patient, 'name' | 'birthDate' | 'gender'>> {
  const pick = (all: readonly string[]) => all[below(all.length)] as string;
  const two = (n: number) => String(n).padStart(2, '0');
  const given = below(2) === 0 ? [pick(givens)] : [pick(givens), pick(givens)];
  return {
    name: [{ family: pick(families), given }],
    birthDate: `${1940 + below(80)}-${two(1 + below(12))}-${two(1 + below(28))}`,
    gender: below(2) === 0 ? 'male' : 'female',
  };
}

function mistyped(text: string, below: (n: number) => number): string {
  const at = below(text.length - 1);
  const swapped = text.slice(0, at) + text.charAt(at + 1) + text.charAt(at) + text.slice(at + 2);
  const dropped = text.slice(0, at) + text.slice(at + 1);
  return [swapped, dropped, `${text.slice(0, at)}e${text.slice(at)}`][below(3)] as string;
}

/** The same person as somebody else wrote them down. */
function rewritten(person: ReturnType<typeof invent>, below: (n: number) => number): Fields {
  const { birthDate, gender } = person;
  const { family = '', given = [] } = person.name[0] ?? {};
  const [year, month, day] = birthDate.split('-');
  const kinds: readonly (() => Fields)[] = [
    () => ({ name: [{ family: mistyped(family, below), given }], birthDate, gender }),
    () => ({ name: [{ family, given: [mistyped(given[0] ?? '', below), ...given.slice(1)] }], birthDate, gender }),
    () => ({ name: [{ family: given.join(' '), given: [family] }], birthDate, gender }),
    () => ({ name: [{ family: fold(family).toUpperCase(), given: given.slice(0, 1) }], birthDate }),
    () => ({ name: [{ family, given }], birthDate: Number(day) <= 12 ? `${year}-${day}-${month}` : birthDate, gender }),
    () => ({ name: [{ text: `${family} ${given.join(' ')}` }], birthDate, gender }),
  ];
  return (kinds[below(kinds.length)] as () => Fields)();
}

describe('of 3,000 invented people', () => {
  const below = random(20);
  const people = Array.from({ length: 3000 }, () => invent(below));

  it('at least 98 % are found again as they were written by others, 95 % of them certainly', () => {
    const grades = people.map((person) => compare(rewritten(person, below), person)?.grade);
    const share = (wanted: readonly (string | undefined)[]) =>
      grades.filter((grade) => wanted.includes(grade)).length / people.length;
    expect(share(['certain', 'probable'])).toBeGreaterThanOrEqual(0.98);
    expect(share(['certain'])).toBeGreaterThanOrEqual(0.95);
  });

  it('none is certainly another one, and at most one pair in 10,000 is probable', () => {
    const grades = { certain: 0, probable: 0, possible: 0 };
    let pairs = 0;
    for (const [at, person] of people.entries()) {
      for (const other of people.slice(at + 1, at + 8)) {
        pairs += 1;
        const found = compare(person, other);
        if (found) grades[found.grade] += 1;
      }
    }
    expect(grades.certain).toBe(0);
    expect(grades.probable / pairs).toBeLessThan(1 / 10_000);
  });
});
