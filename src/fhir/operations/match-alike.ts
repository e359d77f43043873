/** How alike two names or two dates are, as far as people mishear, misspell and mistype them. */

/** Letters as French and West African spellings exchange them: Ouattara and Wattara, Djédjé and Jeje, Koffi and Kofy. */
const sounds: readonly (readonly [RegExp, string])[] = [
  [/ph/g, 'f'],
  [/(?:e?au|o+)/g, 'o'],
  [/ou(?=[aeiy])/g, 'w'],
  [/ou|oo/g, 'u'],
  [/dj|dg/g, 'j'],
  [/g(?=[eiy])/g, 'j'],
  [/tch|sch|sh/g, 'ch'],
  [/c(?=[eiy])/g, 's'],
  [/qu?|ck|c(?!h)/g, 'k'],
  [/y/g, 'i'],
  [/z/g, 's'],
  [/(?<!c)h/g, ''],
  [/(.)\1+/g, '$1'],
  [/[estdx]$/g, ''],
];

/** The sound of a folded name; equal for spellings of one name, now and then also for two names. */
function soundOf(name: string): string {
  return sounds.reduce((text, [pattern, sound]) => text.replace(pattern, sound), name.replaceAll(' ', ''));
}

/** Letters to be put in, left out, exchanged or swapped with their neighbour (optimal string alignment). */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwapped) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

export type Likeness = 'same' | 'sound' | 'close' | 'part' | 'other';

/** Two folded names, each of one or more words. */
export function nameLikeness(a: string, b: string): Likeness {
  if (a === b || a.replaceAll(' ', '') === b.replaceAll(' ', '')) return 'same';
  const [x, y] = [soundOf(a), soundOf(b)];
  if (x === y && x.length > 1) return 'sound';
  const longest = Math.max(a.length, b.length);
  // One slip in a short name, two in a long one.
  if (longest >= 4 && distance(a, b) <= (longest >= 8 ? 2 : 1)) return 'close';
  return isPart(a, b) || isPart(b, a) ? 'part' : 'other';
}

/** Whether all words of one name are words of the other: a second family name that was left out. */
function isPart(few: string, many: string): boolean {
  const all = many.split(' ').map(soundOf);
  const own = few.split(' ').map(soundOf);
  return own.length < all.length && own.every((word) => word.length > 1 && all.includes(word));
}

export type DateLikeness = 'same' | 'turned' | 'slip' | 'coarse' | 'year' | 'other';

/** Two FHIR dates; `turned` has day and month the other way round; one that is said less exactly can be no more than `coarse`. */
export function dateLikeness(a: string, b: string): DateLikeness {
  if (a === b) return a.length === 10 ? 'same' : 'coarse';
  if (a.startsWith(b) || b.startsWith(a)) return 'coarse';
  const [yearA, monthA = '', dayA = ''] = a.split('-');
  const [yearB, monthB = '', dayB = ''] = b.split('-');
  const isTurned = yearA === yearB && monthA !== '' && monthA === dayB && dayA === monthB;
  if (isTurned) return 'turned';
  if (a.length === 10 && b.length === 10 && distance(a, b) === 1) return 'slip';
  // Where nobody knows the day it is the first of January, and the year an estimate.
  const isEstimate = a.endsWith('-01-01') || b.endsWith('-01-01') || a.length === 4 || b.length === 4;
  const years = Math.abs(Number(yearA) - Number(yearB));
  if (years === 0) return 'year';
  return isEstimate && years <= 2 ? 'year' : 'other';
}
