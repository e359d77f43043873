/**
 * Collections of FHIRPath and what two items of them have to do with each other.
 * Items are JSON values as they are; an object that holds only `_name` stands for a primitive without a value.
 * https://hl7.org/fhirpath/N1/#operations
 */
import { parseDateRange } from '../search/dates.ts';

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
  return typeof collection[0] === 'boolean' && collection.length === 1 ? collection[0] : true;
}

/** Appends a JSON value: the items of an array, nothing of null and undefined. */
export function append(value: unknown, out: Item[]): void {
  if (Array.isArray(value)) for (const one of value) append(one, out);
  else if (value !== undefined && value !== null) out.push(value);
}

export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, i) => equal(one, b[i]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]));
}

export function includes(collection: Collection, item: Item): boolean {
  return collection.some((one) => equal(one, item));
}

export function distinct(collection: Collection): Collection {
  const primitives = new Set<Item>();
  const objects: Item[] = [];
  return collection.filter((item) => {
    const seen = isObject(item) ? includes(objects, item) : primitives.has(item);
    if (!seen) isObject(item) ? objects.push(item) : primitives.add(item);
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

/** Dates of different precision: true unless it is certain that it is false. */
function compareDates(op: Order, a: string, b: string): boolean | undefined {
  const left = parseDateRange(a);
  const right = parseDateRange(b);
  if (!left || !right) return undefined;
  return op.startsWith('<') ? orders[op](left.low, right.high) : orders[op](left.high, right.low);
}

/** undefined: the two cannot be compared (different units, a string and a number). */
export function compare(op: Order, a: unknown, b: unknown): boolean | undefined {
  if (typeof a === 'number' && typeof b === 'number') return orders[op](a, b);
  if (typeof a === 'string' && typeof b === 'string') return compareDates(op, a, b) ?? orders[op](a, b);
  if (!isObject(a) || !isObject(b) || a['code'] !== b['code'] || a['system'] !== b['system']) return undefined;
  return typeof a['value'] === 'number' ? compare(op, a['value'], b['value']) : undefined;
}
