/**
 * Quantities: those of FHIRPath and those of FHIR, compared and calculated with in units of UCUM.
 * https://hl7.org/fhirpath/N1/#quantity-operators, https://hl7.org/fhir/R4/fhirpath.html#quantity
 */
import { canonical } from '../terminology/ucum.ts';
import { isQuantity, type Quantity, quantity } from './system.ts';
import { durationUnit } from './temporal.ts';

const definite: Readonly<Record<string, string>> = {
  week: 'wk',
  day: 'd',
  hour: 'h',
  minute: 'min',
  second: 's',
  millisecond: 'ms',
};

/** The UCUM code of a unit; years and months of the calendar have none. */
function ucumOf(unit: string): string {
  const word = /s$|^(?:year|month|week|day|hour|minute|second|millisecond)$/.test(unit)
    ? durationUnit(unit)
    : undefined;
  return (word !== undefined && definite[word]) || unit;
}

/** An item as a quantity: itself, a FHIR Quantity, or a number without a unit; undefined for anything else. */
export function asQuantity(item: unknown): Quantity | undefined {
  if (isQuantity(item)) return item;
  if (typeof item === 'number') return quantity(item, '1');
  if (typeof item !== 'object' || item === null || !('value' in item) || typeof item.value !== 'number')
    return undefined;
  const { code, unit } = item as { readonly code?: unknown; readonly unit?: unknown };
  const written = typeof code === 'string' ? code : typeof unit === 'string' ? unit : '1';
  return quantity(item.value, written);
}

/** Two values of one unit; undefined when their units do not measure the same. */
function commensurable(a: Quantity, b: Quantity): readonly [number, number] | undefined {
  const [left, right] = [ucumOf(a.unit), ucumOf(b.unit)];
  if (left === right) return [a.value, b.value];
  const [x, y] = [canonical(a.value, left), canonical(b.value, right)];
  return x && y && x.unit === y.unit ? [x.value, y.value] : undefined;
}

/** Below, at or above zero; undefined when the units do not measure the same. */
export function compareQuantities(a: Quantity, b: Quantity): number | undefined {
  const values = commensurable(a, b);
  return values && values[0] - values[1];
}

/** A sum or difference in the unit of the first. */
export function addQuantities(a: Quantity, b: Quantity, sign: 1 | -1): Quantity | undefined {
  if (ucumOf(a.unit) === ucumOf(b.unit)) return quantity(rounded(a.value + sign * b.value), a.unit);
  const one = canonical(1, ucumOf(a.unit));
  const other = canonical(b.value, ucumOf(b.unit));
  if (!one || !other || one.unit !== other.unit) return undefined;
  return quantity(rounded(a.value + (sign * other.value) / one.value), a.unit);
}

/** The same in another unit; undefined when that does not measure the same. */
export function inUnit(given: Quantity, unit: string): Quantity | undefined {
  const wanted = ucumOf(unit);
  if (ucumOf(given.unit) === wanted) return quantity(given.value, unit);
  const [one, own] = [canonical(1, wanted), canonical(given.value, ucumOf(given.unit))];
  return one && own && one.unit === own.unit ? quantity(rounded(own.value / one.value), unit) : undefined;
}

/** A unit in brackets where it is more than one word of UCUM. */
const bracketed = (unit: string) => (/[./]/.test(unit) ? `(${unit})` : unit);

function unitOfProduct(a: string, b: string): string {
  if (b === '1') return a;
  if (a === '1') return b;
  return a === b && /^[A-Za-z]+$/.test(a) ? `${a}2` : `${a}.${bracketed(b)}`;
}

export function multiply(a: Quantity, b: Quantity): Quantity {
  return quantity(rounded(a.value * b.value), unitOfProduct(ucumOf(a.unit), ucumOf(b.unit)));
}

export function divide(a: Quantity, b: Quantity): Quantity | undefined {
  if (b.value === 0) return undefined;
  const [left, right] = [ucumOf(a.unit), ucumOf(b.unit)];
  if (right === '1') return quantity(rounded(a.value / b.value), left);
  const values = commensurable(a, b);
  if (values) return quantity(rounded(values[0] / values[1]), '1');
  return quantity(rounded(a.value / b.value), `${left}/${bracketed(right)}`);
}

/** Without the noise of binary fractions: decimals of FHIRPath are decimal. */
export function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(15));
}

const words =
  /^([+-]?\d+(?:\.\d+)?)\s*(?:'([^']+)'|(years?|months?|weeks?|days?|hours?|minutes?|seconds?|milliseconds?))?$/;

/** A quantity that a text is: `4`, `4 days`, `4 'mg'`. */
export function parseQuantity(text: string): Quantity | undefined {
  const [, value, code, word] = words.exec(text.trim()) ?? [];
  return value === undefined ? undefined : quantity(Number(value), code ?? word ?? '1');
}

/** As a literal would be. */
export function quantityText({ value, unit }: Quantity): string {
  return durationUnit(unit) !== undefined && unit.length > 3 ? `${value} ${unit}` : `${value} '${unit}'`;
}
