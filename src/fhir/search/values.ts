/**
 * The values of search parameters: lists, escapes, prefixes, numbers and the precision that their digits have.
 * https://hl7.org/fhir/R4/search.html#escaping
 */
import { FhirError } from '../../shared/errors.ts';
import type { QuantityValue, RangeValue, TokenValue } from '../../store/search/query.ts';
import { parseDateRange } from './dates.ts';

/** More alternatives than this in one parameter are a mistake or an attack. */
const maxValues = 2000;

/** `a,b\,c` as `a` and `b\,c`: cut at the separators that no backslash hides; escapes stay for the next cut. */
function cut(text: string, separator: ',' | '|' | '$'): string[] {
  if (!text.includes('\\')) return text.split(separator);
  const parts = [''];
  for (let at = 0; at < text.length; at += 1) {
    const one = text.charAt(at);
    const last = parts.length - 1;
    if (one === '\\' && at + 1 < text.length) parts[last] += one + text.charAt(++at);
    else if (one === separator) parts.push('');
    else parts[last] += one;
  }
  return parts;
}

/** What a value without separators says: `\,` is a comma, `\\` a backslash. */
export function unescaped(text: string): string {
  return text.replace(/\\([,|$\\])/g, '$1');
}

/** The alternatives of a parameter's value. Throws `invalid` for an empty or an endless list. */
export function alternatives(name: string, value: string): string[] {
  const parts = cut(value, ',');
  if (parts.length > maxValues) throw bad(name, `${parts.length} values are more than ${maxValues}`);
  if (parts.some((part) => part === '')) throw bad(name, 'a value is empty');
  return parts;
}

/** The error that a search parameter's value gets. */
export function bad(name: string, problem: string): FhirError {
  return new FhirError('invalid', `Search parameter ${name}: ${problem}.`);
}

/** `code`, `system|code`, `|code` (no system) or `system|` (any code of it). */
export function tokenValue(name: string, text: string): TokenValue {
  const [first = '', second, ...more] = cut(text, '|').map(unescaped);
  if (more.length > 0) throw bad(name, `${JSON.stringify(text)} has more than one "|"`);
  if (second === undefined) return { code: first };
  if (first === '' && second === '') throw bad(name, '"|" alone names nothing');
  return second === '' ? { system: first } : { system: first, code: second };
}

const prefixes = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const;
type Prefix = RangeValue['prefix'];

function prefixOf(text: string): readonly [Prefix, string] {
  const prefix = prefixes.find((one) => text.startsWith(one));
  return prefix ? [prefix, text.slice(2)] : ['eq', text];
}

/** A date with its prefix. `ap` is widened by a tenth of its distance from `now`, as the specification recommends. */
export function dateValue(name: string, text: string, now: number): RangeValue {
  const [prefix, date] = prefixOf(unescaped(text));
  const range = parseDateRange(date);
  if (!range)
    throw bad(name, `${JSON.stringify(date)} is no date like 2020, 2020-02, 2020-02-29 or 2020-02-29T10:00:00Z`);
  const slack = prefix === 'ap' ? Math.abs(now - range.low) / 10 : 0;
  return { prefix, low: range.low - slack, high: range.high + slack };
}

const decimal = /^([+-]?\d+(?:\.(\d+))?)(?:[eE]([+-]?\d{1,3}))?$/;

/**
 * A number with its prefix. `eq` and `ne` cover what would be rounded to the digits that are given (100: 99.5 to 100.5), `ap`
 * a tenth on both sides; for the others the digits are exact.
 * https://hl7.org/fhir/R4/search.html#number
 */
export function numberValue(name: string, text: string): RangeValue {
  const [prefix, digits] = prefixOf(unescaped(text));
  const match = decimal.exec(digits);
  const value = Number(digits);
  if (!match || !Number.isFinite(value)) throw bad(name, `${JSON.stringify(digits)} is no number`);
  const slack = slackOf(prefix, value, match[2]?.length ?? 0, match[3]);
  return { prefix, low: value - slack, high: value + slack };
}

function slackOf(prefix: Prefix, value: number, decimals: number, exponent: string | undefined): number {
  if (prefix === 'ap') return Math.abs(value) / 10;
  if (prefix !== 'eq' && prefix !== 'ne') return 0;
  // The specification's own example says that 1e2 is 95 to 105: an exponent leaves one more digit than it seems to.
  return exponent === undefined ? 0.5 * 10 ** -decimals : 0.05 * 10 ** (Number(exponent) - decimals);
}

/** `5.4`, `5.4|http://unitsofmeasure.org|mg` or `5.4||mg`. */
export function quantityValue(name: string, text: string): QuantityValue {
  const [number = '', system = '', code = '', ...more] = cut(text, '|');
  if (more.length > 0) throw bad(name, `${JSON.stringify(text)} is not number|system|code`);
  return {
    ...numberValue(name, number),
    ...(system === '' ? {} : { system: unescaped(system) }),
    ...(code === '' ? {} : { code: unescaped(code) }),
  };
}
