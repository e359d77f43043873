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

/** The values of one JSON property, with their siblings. */
function valuesOf(object: Json, json: string, code: string): readonly Pair[] {
  const values = list(object[json]);
  const siblings = isPrimitive(code) ? list(object[`_${json}`]) : [];
  const all = values.length >= siblings.length ? values : siblings;
  return all.map((_, index) => [values[index] ?? undefined, siblings[index] ?? undefined]);
}

/** The properties of a type by the names that a profile may call them. */
const byName: (type: string) => ReadonlyMap<string, readonly Property[]> = keep((type: string) => {
  const found = new Map<string, Property[]>();
  for (const property of properties(type).values()) {
    for (const name of new Set([property.json, property.element.name])) {
      found.set(name, [...(found.get(name) ?? []), property]);
    }
  }
  return found;
});

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
  return found.flatMap(({ json, element, type: use }) => {
    if (value[json] === undefined && value[`_${json}`] === undefined) return [];
    return valuesOf(value, json, use.code).map(([one, sibling], index) => ({
      value: one,
      ...(sibling === undefined ? {} : { sibling }),
      type: typeOf(one, use.code),
      path: `${path}.${element.name}${element.max === 1 ? '' : `[${index}]`}`,
    }));
  });
}

/** Whether a value has at least what the pattern has: objects by property, arrays by some item. */
export function fits(value: unknown, pattern: unknown): boolean {
  if (Array.isArray(pattern)) {
    return Array.isArray(value) && pattern.every((wanted) => value.some((one) => fits(one, wanted)));
  }
  if (!isObject(pattern)) return equal(value, pattern);
  return isObject(value) && Object.entries(pattern).every(([key, wanted]) => fits(value[key], wanted));
}
