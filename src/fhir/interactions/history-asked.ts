/**
 * The parameters of a history.
 * https://hl7.org/fhir/R4/http.html#history
 */
import { FhirError } from '../../shared/errors.ts';
import type { HistoryRange } from '../../store/store.ts';
import { parseDateRange } from '../search/dates.ts';
import { defaultCount, maxCount } from '../search/parse.ts';
import { bad } from '../search/values.ts';

type Range = Pick<HistoryRange, 'count' | 'since' | 'at' | 'ascending' | 'total'>;
type Read = (value: string, name: string) => Partial<Range>;

const readers: Readonly<Record<string, Read>> = {
  _count(value, name) {
    if (!/^\d{1,9}$/.test(value)) throw bad(name, `${JSON.stringify(value)} is no number of versions`);
    // Zero asks for the total alone, as in a search: https://hl7.org/fhir/R4/search.html#count
    return value === '0' ? countOnly : { count: Math.min(Number(value), maxCount) };
  },
  _since: (value, name) => ({ since: new Date(dateRange(value, name).low).toISOString() }),
  _at: (value, name) => ({ at: dateRange(value, name) }),
  _sort(value, name) {
    if (!['_lastUpdated', '-_lastUpdated'].includes(value)) throw bad(name, 'a history is sorted by _lastUpdated only');
    return { ascending: value === '_lastUpdated' };
  },
  _total(value, name) {
    if (!['none', 'estimate', 'accurate'].includes(value)) throw bad(name, 'it is none, estimate or accurate');
    return value === 'estimate' ? {} : { total: value as 'none' | 'accurate' };
  },
  _summary: (value) => (value === 'count' ? countOnly : {}),
  _format: () => ({}),
  _pretty: () => ({}),
  _elements: () => ({}),
};

const countOnly: Partial<Range> = { count: 0, total: 'accurate' };

function dateRange(value: string, name: string): { readonly low: number; readonly high: number } {
  const range = parseDateRange(value);
  if (!range) throw bad(name, `${JSON.stringify(value)} is no date like 2020, 2020-02-29 or 2020-02-29T10:00:00Z`);
  return range;
}

/**
 * The range that is asked for, and the parameters that were used. Throws `invalid` for values that make no sense and, when
 * `strict`, for parameters that a history does not have; otherwise those are ignored.
 */
export function historyAsked(
  params: URLSearchParams,
  strict: boolean,
): { readonly range: Range; readonly used: URLSearchParams } {
  const used = new URLSearchParams();
  let range: Range = { count: defaultCount };
  for (const [name, value] of params) {
    if (name === '_page') continue;
    const read = Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (!read) {
      if (strict) throw unknown(name);
      continue;
    }
    if (used.has(name)) throw bad(name, 'it is given twice');
    range = { ...range, ...read(value, name) };
    used.append(name, value);
  }
  return { range: range.count === 0 ? { ...range, ...countOnly } : range, used };
}

function unknown(name: string): FhirError {
  const diagnostics = `${JSON.stringify(name)} is no parameter of a history.`;
  return new FhirError('invalid', diagnostics, { issues: [{ severity: 'error', code: 'not-supported', diagnostics }] });
}
