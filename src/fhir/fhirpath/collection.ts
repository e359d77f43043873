/**
 * Collections of FHIRPath and what two items of them have to do with each other.
 * Items are JSON values as they are; an object that holds only `_name` stands for a primitive without a value.
 * https://hl7.org/fhirpath/N1/#operations
 */
import { asQuantity, compareQuantities } from './quantity.ts';
import { isQuantity, isTemporal, plain } from './system.ts';
import { asTemporal, compareTemporals } from './temporal.ts';

export type Item = unknown;
export type Collection = readonly Item[];
export type Json = Readonly<Record<string, unknown>>;

export const none: Collection = [];
export const yes: Collection = [true];
const no: Collection = [false];

export const bool = (value: boolean | undefined): Collection => (value === undefined ? none : value ? yes : no);

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A collection where a boolean is wanted: one item that is no boolean counts as true, none as unknown. */
export function truth(collection: Collection): boolean | undefined {
  if (collection.length === 0) return undefined;
  const first = plain(collection[0]);
  return typeof first === 'boolean' && collection.length === 1 ? first : true;
}

/** Appends a JSON value: the items of an array, nothing of null and undefined. */
export function append(value: unknown, out: Item[]): void {
  if (Array.isArray(value)) for (const one of value) append(one, out);
  else if (value !== undefined && value !== null) out.push(value);
}

/** Whether both are the same JSON. */
function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, i) => equalJson(one, b[i]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key], b[key]))
  );
}

/** Texts that both look like dates or times, where nothing is known of their types. */
const dateLike = /^\d{4}-\d\d|^\d\d:\d\d/;

function areDates(a: unknown, b: unknown): boolean {
  if (isTemporal(a) || isTemporal(b)) return true;
  if (typeof a !== 'string' || typeof b !== 'string') return false;
  return (dateLike.test(a) || dateLike.test(b)) && asTemporal(a) !== undefined && asTemporal(b) !== undefined;
}

function temporalDifference(a: unknown, b: unknown): number | undefined {
  const [left, right] = [asTemporal(a), asTemporal(b)];
  return left && right && compareTemporals(left, right);
}

function equalDates(a: unknown, b: unknown): boolean | undefined {
  if (!asTemporal(a) || !asTemporal(b)) return false;
  const difference = temporalDifference(a, b);
  return difference === undefined ? undefined : difference === 0;
}

function equalQuantities(a: unknown, b: unknown): boolean | undefined {
  const [left, right] = [asQuantity(a), asQuantity(b)];
  if (!left || !right) return false;
  const difference = compareQuantities(left, right);
  return difference === undefined ? undefined : difference === 0;
}

/** undefined: it cannot be told, since one date is less precise than the other. `dates`: texts are dates or times. */
export function equality(one: unknown, other: unknown, dates = false): boolean | undefined {
  const [a, b] = [plain(one), plain(other)];
  if (a === b) return true;
  if (isTemporal(a) || isTemporal(b) || (dates && areDates(a, b))) return equalDates(a, b);
  if (isQuantity(a) || isQuantity(b)) return equalQuantities(a, b);
  return equalJson(a, b);
}

export function equal(a: unknown, b: unknown): boolean {
  return equality(a, b) === true;
}

export function includes(collection: Collection, item: Item): boolean {
  return collection.some((one) => equal(one, item));
}

export function distinct(collection: Collection): Collection {
  const primitives = new Set<Item>();
  const objects: Item[] = [];
  return collection.filter((item) => {
    const value = plain(item);
    const seen = isObject(value) ? includes(objects, value) : primitives.has(value);
    if (!seen) isObject(value) ? objects.push(value) : primitives.add(value);
    return !seen;
  });
}

type Order = '<' | '<=' | '>' | '>=';

const orders: Readonly<Record<Order, (a: number | string, b: number | string) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/**
 * undefined: the two cannot be compared (units that do not measure the same, a string and a number, dates of different
 * precision). `dates`: whether texts that look like dates are dates.
 */
export function compare(op: Order, one: unknown, other: unknown, dates = true): boolean | undefined {
  const [a, b] = [plain(one), plain(other)];
  if (typeof a === 'number' && typeof b === 'number') return orders[op](a, b);
  if (isTemporal(a) || isTemporal(b) || (dates && areDates(a, b))) {
    const difference = temporalDifference(a, b);
    return difference === undefined ? undefined : orders[op](difference, 0);
  }
  if (typeof a === 'string' && typeof b === 'string') return orders[op](a, b);
  const [left, right] = [asQuantity(a), asQuantity(b)];
  const difference = left && right && compareQuantities(left, right);
  return difference === undefined ? undefined : orders[op](difference, 0);
}
