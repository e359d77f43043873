/** Elements of a resource as a profile sees them: values with their types and places. */
import { keep } from '../../definitions/generated.ts';
import { isPrimitive, isResourceType, type Property, properties } from '../../definitions/types.ts';
import { equal, isObject, type Json } from '../../fhirpath/collection.ts';

/** One value of an element. */
export interface Value {
  /** undefined: a primitive that has only an extension. */
  readonly value: unknown;
  /** A primitive's `_name`. */
  readonly sibling?: unknown;
  /** The FHIR type, the resource's own for resources. */
  readonly type: string;
  /** Its FHIRPath. */
  readonly path: string;
}

function typeOf(value: unknown, code: string): string {
  if (code !== 'Resource') return code;
  const type = isObject(value) ? value['resourceType'] : undefined;
  return typeof type === 'string' && isResourceType(type) ? type : code;
}

type Pair = readonly [value: unknown, sibling: unknown];

const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

/** One JSON property of an element, ready to be looked for. */
interface Place {
  readonly json: string;
  readonly sibling: string;
  readonly code: string;
  /** As it is in a FHIRPath. */
  readonly name: string;
  readonly isList: boolean;
}

function placeOf({ json, element, type }: Property): Place {
  return { json, sibling: `_${json}`, code: type.code, name: element.name, isList: element.max !== 1 };
}

/** The values of one JSON property, with their siblings. */
function valuesOf(object: Json, { json, sibling, code }: Place): readonly Pair[] {
  const values = list(object[json]);
  const siblings = isPrimitive(code) ? list(object[sibling]) : [];
  const all = values.length >= siblings.length ? values : siblings;
  return all.map((_, index) => [values[index] ?? undefined, siblings[index] ?? undefined]);
}

/** The properties that a child of a type may be, by their keys and those of their siblings. */
type Places = ReadonlyMap<string, Place>;

/** By the names that a profile may call them: a choice is fifty properties of an extension, of which one is there. */
const byName: (type: string) => ReadonlyMap<string, Places> = keep((type: string) => {
  const found = new Map<string, Map<string, Place>>();
  for (const property of properties(type).values()) {
    const place = placeOf(property);
    for (const name of new Set([property.json, property.element.name])) {
      const places = found.get(name) ?? new Map<string, Place>();
      found.set(name, places.set(place.json, place).set(place.sibling, place));
    }
  }
  return found;
});

/** Those of the places that the object has something at, each once. */
function taken(object: Json, places: Places): readonly Place[] {
  const found: Place[] = [];
  for (const key in object) {
    const place = places.get(key);
    if (place && !found.includes(place)) found.push(place);
  }
  return found;
}

/** A primitive's id and extensions are in its `_name`. */
function primitiveChildren({ sibling, value, path }: Value, name: string): readonly Value[] {
  if (name === 'value') return value === undefined ? [] : [{ value, type: 'string', path }];
  return isObject(sibling) ? (childrenOf({ value: sibling, type: 'Element', path }, name) ?? []) : [];
}

/** The values of the child `name` (`value` for any of `value[x]`, `valueQuantity` for that one); undefined: no such child. */
export function childrenOf(parent: Value, name: string): readonly Value[] | undefined {
  const { value, type, path } = parent;
  if (isPrimitive(type)) return primitiveChildren(parent, name);
  const found = byName(type).get(name);
  if (!found) return undefined;
  if (!isObject(value)) return [];
  return taken(value, found).flatMap((place) =>
    valuesOf(value, place).map(([one, sibling], index) => ({
      value: one,
      ...(sibling === undefined ? {} : { sibling }),
      type: typeOf(one, place.code),
      path: `${path}.${place.name}${place.isList ? `[${index}]` : ''}`,
    })),
  );
}

/** Whether a value has at least what the pattern has: objects by property, arrays by some item. */
export function fits(value: unknown, pattern: unknown): boolean {
  if (Array.isArray(pattern)) {
    return Array.isArray(value) && pattern.every((wanted) => value.some((one) => fits(one, wanted)));
  }
  if (!isObject(pattern)) return equal(value, pattern);
  return isObject(value) && Object.entries(pattern).every(([key, wanted]) => fits(value[key], wanted));
}
