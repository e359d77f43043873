/** Elements of a resource as a profile sees them: values with their types and places. */
import { isPrimitive, isResourceType, properties } from '../../definitions/types.ts';
import { equal, isObject, type Json } from '../../fhirpath/collection.ts';

/** One value of an element. */
export interface Value {
  /** undefined: a primitive that has only an extension. */
  readonly value: unknown;
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

function valuesOf(object: Json, json: string, code: string): readonly unknown[] {
  const value = object[json];
  const sibling = isPrimitive(code) ? object[`_${json}`] : undefined;
  if (Array.isArray(value)) return value.map((one: unknown) => (one === null ? undefined : one));
  if (value !== undefined) return [value];
  return Array.isArray(sibling) ? sibling.map(() => undefined) : sibling === undefined ? [] : [undefined];
}

/** The values of the child `name` (`value` for any of `value[x]`, `valueQuantity` for that one); undefined: no such child. */
export function childrenOf({ value, type, path }: Value, name: string): readonly Value[] | undefined {
  const found = [...properties(type).values()].filter(({ json, element }) => element.name === name || json === name);
  if (found.length === 0) return undefined;
  if (!isObject(value)) return [];
  return found.flatMap(({ json, element, type: use }) => {
    const values = valuesOf(value, json, use.code);
    return values.map((one, index) => ({
      value: one,
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
