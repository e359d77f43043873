/**
 * Values that FHIRPath has and JSON has not: dates and times that know what they are, quantities, and primitives that have
 * an id or extensions besides their value. A symbol marks them, which nothing out of JSON can have.
 * https://hl7.org/fhirpath/N1/#literals, https://hl7.org/fhir/R4/fhirpath.html#types
 */

const kind: unique symbol = Symbol('FHIRPath');

/** `@2020-01`, `@2020-01-01T10:00Z` (also `@2020T`), `@T10:00`, without the `@`s and the first `T` of a time. */
export interface Temporal {
  readonly [kind]: 'Date' | 'DateTime' | 'Time';
  readonly text: string;
}

/** `4 'mg'`, `2 days`: the unit as it is written, `1` for none. */
export interface Quantity {
  readonly [kind]: 'Quantity';
  readonly value: number;
  readonly unit: string;
}

/** A primitive of a resource with its `_name`. */
interface Boxed {
  readonly [kind]: 'Boxed';
  readonly value: unknown;
  readonly element: unknown;
}

type Item = unknown;

function kindOf(item: Item): string | undefined {
  return typeof item === 'object' && item !== null && kind in item ? (item as { [kind]: string })[kind] : undefined;
}

export const temporal = (type: Temporal[typeof kind], text: string): Temporal => ({ [kind]: type, text });
export const quantity = (value: number, unit: string): Quantity => ({ [kind]: 'Quantity', value, unit });
export const boxed = (value: unknown, element: unknown): Boxed => ({ [kind]: 'Boxed', value, element });

export function isTemporal(item: Item): item is Temporal {
  const found = kindOf(item);
  return found === 'Date' || found === 'DateTime' || found === 'Time';
}

export function isQuantity(item: Item): item is Quantity {
  return kindOf(item) === 'Quantity';
}

function isBoxed(item: Item): item is Boxed {
  return kindOf(item) === 'Boxed';
}

/** The type of such a value, as FHIRPath calls it; undefined for what JSON has. */
export function systemType(item: Item): 'Date' | 'DateTime' | 'Time' | 'Quantity' | undefined {
  const found = kindOf(item);
  return found === 'Boxed' ? undefined : (found as 'Date' | undefined);
}

/** The value without its id and extensions. */
export function plain(item: Item): Item {
  return isBoxed(item) ? item.value : item;
}

/** The items without their ids and extensions. */
export function plainAll(items: readonly Item[]): readonly Item[] {
  return items.some(isBoxed) ? items.map(plain) : items;
}

/** The object that has the id and the extensions of an item; undefined when it has none. */
export function elementOf(item: Item): unknown {
  if (isBoxed(item)) return item.element;
  return typeof item === 'object' && kindOf(item) === undefined ? item : undefined;
}

function outside(item: Item): Item {
  if (isBoxed(item)) return item.value;
  if (isTemporal(item)) return item.text;
  return isQuantity(item) ? { value: item.value, unit: item.unit } : item;
}

/** The items as JSON has them, for who asked for the evaluation. */
export function outsideAll(items: readonly Item[]): readonly Item[] {
  return items.some((item) => kindOf(item) !== undefined) ? items.map(outside) : items;
}
