/**
 * The values of search parameters: lists, escapes, prefixes, numbers and the precision that their digits have.
 * https://hl7.org/fhir/R4/search.html#escaping
 */
import { FhirError } from '../../shared/errors.ts';
import type { Near, QuantityValue, RangeValue, TokenValue } from '../../store/search/query.ts';
import { ucumSystem, unitOf } from '../terminology/ucum.ts';
import { parseDateRange } from './dates.ts';

/** More alternatives than this in one parameter are a mistake or an attack. */
const maxValues = 2000;

/** `a,b\,c` as `a` and `b\,c`: cut at the separators that no backslash hides; escapes stay for the next cut. */
export function cut(text: string, separator: ',' | '|' | '$'): string[] {
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
  if (prefix !== 'eq' && prefix !== 'ne') return { prefix, low: value - slack, high: value + slack };
  return { prefix, low: tidy(value - slack), high: below(tidy(value + slack)) };
}

/** More digits than a double has are noise of the subtraction: 0.3 - 0.05 is to be 0.25. */
function tidy(value: number): number {
  return Number(value.toPrecision(15));
}

/** The range of a number does not contain its end: 100 is 99.5 up to, but without, 100.5. */
function below(end: number): number {
  return end - Math.abs(end || 1) * Number.EPSILON;
}

function slackOf(prefix: Prefix, value: number, decimals: number, exponent: string | undefined): number {
  if (prefix === 'ap') return Math.abs(value) / 10;
  if (prefix !== 'eq' && prefix !== 'ne') return 0;
  // Digits without decimals before an exponent are the specification's own example: 1e2 is 95 to 105, not 50 to 150. With
  // decimals its other examples hold: 1.00e2 is as precise as 100, and 5.40e-3 is 0.0054 +/- 0.000005.
  const places = exponent !== undefined && decimals === 0 ? 1 : decimals;
  return 0.5 * 10 ** (Number(exponent ?? 0) - places);
}

/** Noise of the conversion from one unit to another is in the digits after these. */
const conversionDigits = 13;

/** The range in another UCUM unit; undefined when the two have no common measure. */
function converter({ low, high }: RangeValue, from: string): NonNullable<QuantityValue['convert']> {
  return (code) => {
    if (code === from) return { low, high };
    const [source, target] = [unitOf(from), unitOf(code)];
    if (typeof source === 'string' || typeof target === 'string') return undefined;
    if (source.dimension === undefined || source.dimension !== target.dimension) return undefined;
    const convert = (end: number) => ((end + source.offset) * source.factor) / target.factor - target.offset;
    const [from13, to13] = [low, high].map((end) => Number(convert(end).toPrecision(conversionDigits)));
    return { low: from13 ?? low, high: to13 ?? high };
  };
}

/** `5.4`, `5.4|http://unitsofmeasure.org|mg` or `5.4||mg`; with UCUM's system also what is the same in other units. */
export function quantityValue(name: string, text: string): QuantityValue {
  const [number = '', space = '', unit = '', ...more] = cut(text, '|');
  if (more.length > 0) throw bad(name, `${JSON.stringify(text)} is not number|system|code`);
  const value = numberValue(name, number);
  const [system, code] = [unescaped(space), unescaped(unit)];
  return {
    ...value,
    ...(system === '' ? {} : { system }),
    ...(code === '' ? {} : { code }),
    ...(system === ucumSystem && code !== '' ? { convert: converter(value, code) } : {}),
  };
}

/** `system|code|value`, all of them: https://hl7.org/fhir/R4/search.html#token, `:of-type`. */
export function typedValue(name: string, text: string): { system: string; type: string; value: string } {
  const [system = '', type = '', value = '', ...more] = cut(text, '|').map(unescaped);
  if (system === '' || type === '' || value === '' || more.length > 0) {
    throw bad(name, `${JSON.stringify(text)} is not system|code|value, all three of them`);
  }
  return { system, type, value };
}

const kilometres: Readonly<Record<string, number>> = {
  km: 1,
  m: 0.001,
  cm: 1e-5,
  '[mi_i]': 1.609344,
  '[nmi_i]': 1.852,
};
/** Half of the way round the earth. */
const farthest = 20_040;
/** What a client is likely to mean by `near` without a distance. */
const usualDistance = 50;

/** `latitude|longitude|distance|units`, the last two optional. https://hl7.org/fhir/R4/location.html#positional */
export function nearValue(name: string, text: string): Near {
  const [latitude = '', longitude = '', distance = '', unit = '', ...more] = cut(text, '|').map(unescaped);
  const [north, east] = [Number(latitude), Number(longitude)];
  const reach =
    (distance === '' ? usualDistance : Number(distance)) * (kilometres[unit === '' ? 'km' : unit] ?? Number.NaN);
  const isPlace = [latitude, longitude].every((one) => /^[+-]?\d+(\.\d+)?$/.test(one)) && Math.abs(north) <= 90;
  const isDistance = (distance === '' || /^\d+(\.\d+)?$/.test(distance)) && Number.isFinite(reach);
  if (more.length > 0 || !isPlace || Math.abs(east) > 180 || !isDistance) {
    const units = Object.keys(kilometres).join(', ');
    throw bad(name, `${JSON.stringify(text)} is not latitude|longitude|distance|units in degrees and one of ${units}`);
  }
  return { latitude: north, longitude: east, kilometres: Math.min(reach, farthest) };
}
