/** Which patients are worth comparing: those that share an identifier, a number, or a part of name and birth date. */
import type { Version } from '../../store/resources/version.ts';
import type { Clause } from '../../store/search/query.ts';
import type { Context } from '../context.ts';
import { visible } from '../interactions/visible.ts';
import { restriction, searcherOf } from '../search/criteria.ts';
import { dateValue } from '../search/values.ts';
import type { Person } from './match-person.ts';

/** So many are compared in a few hundred milliseconds. */
const mostCandidates = 2000;

export interface Candidates {
  readonly versions: readonly Version[];
  readonly truncated: boolean;
}

/** Patients that the caller may see and that share enough with the asked one. */
export async function candidates(context: Context, asked: Person): Promise<Candidates> {
  const searcher = searcherOf(context);
  const found = new Map<string, Version>();
  let truncated = false;
  // One after the other: the surest come first, and the rest only as far as there is room.
  for (const where of waysOf(asked, context.now().getTime())) {
    const count = mostCandidates - found.size;
    if (count <= 0) return { versions: [...found.values()], truncated: true };
    const all = [...where, ...restriction(searcher, 'Patient')];
    const page = await context.store.search({ type: 'Patient', where: all, sort: [], count, total: 'none' });
    truncated ||= page.next !== undefined;
    for (const version of await visible(context, 'r', page.versions)) found.set(version.id, version);
  }
  return { versions: [...found.values()], truncated };
}

const starts = (any: readonly string[]): Clause => ({ kind: 'string', param: 'Patient.name', any, match: 'starts' });

function waysOf(person: Person, now: number): readonly (readonly Clause[])[] {
  const born = (text: string): Clause => ({
    kind: 'date',
    param: 'Patient.birthdate',
    any: [dateValue('birthDate', text, now)],
  });
  const parts = [...new Set(person.names.flatMap(({ family, given }) => [...family.split(' '), ...given]))].filter(
    Boolean,
  );
  const begins = (length: number) => [...new Set(parts.map((part) => part.slice(0, length)))];
  const { birthDate } = person;
  const ways: Clause[][] = [];
  if (person.identifiers.length > 0) {
    const any = person.identifiers.map(tokenOf);
    ways.push([{ kind: 'token', param: 'Patient.identifier', any }]);
  }
  if (parts.length === 0) return ways;
  if (birthDate !== undefined) {
    for (const day of daysLike(birthDate)) ways.push([born(day), starts(begins(1))]);
    ways.push([starts(begins(3)), bornAbout(birthDate, born)]);
  }
  for (const { family, given } of person.names) {
    if (family === '' || given.length === 0) continue;
    ways.push([starts([family.slice(0, 4)]), starts(given.map((one) => one.slice(0, 3)))]);
  }
  if (birthDate === undefined) ways.push([starts(begins(4))]);
  return ways;
}

function tokenOf(identifier: string): { readonly system?: string; readonly code: string } {
  const bar = identifier.indexOf('|');
  const code = identifier.slice(bar + 1);
  return bar === 0 ? { code } : { system: identifier.slice(0, bar), code };
}

/** The date, and the one with day and month the other way round. */
function daysLike(date: string): readonly string[] {
  const [year, month, day] = date.split('-');
  const isBoth = month !== undefined && day !== undefined && month !== day && Number(day) <= 12;
  return isBoth ? [date, `${year}-${day}-${month}`] : [date];
}

/** Within two years, for those whose age was estimated or whose date was mistyped. */
function bornAbout(date: string, born: (text: string) => Clause): Clause {
  const year = Number(date.slice(0, 4));
  const years = [year - 2, year - 1, year, year + 1, year + 2].map((one) => String(one).padStart(4, '0'));
  return { kind: 'either', ways: years.map((one) => [born(one)]) };
}
