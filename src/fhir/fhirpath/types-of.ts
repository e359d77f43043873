/**
 * What type an item is: by what is known of the expression, by its resourceType, by what JavaScript says, or by its shape.
 * https://hl7.org/fhir/R4/fhirpath.html#types
 */
import { isA, isPrimitive, isResourceType, properties, typeDefinition } from '../definitions/types.ts';
import { type Item, isObject } from './collection.ts';
import type { Types } from './members.ts';
import { elementOf, plain, systemType } from './system.ts';
import { asTemporal } from './temporal.ts';

/** A type as an expression names it. */
export interface NamedType {
  readonly type: string;
  readonly namespace?: string;
}

const system = 'System.';
const systemNames = new Set(['Boolean', 'String', 'Integer', 'Decimal', 'Date', 'DateTime', 'Time', 'Quantity']);

const lowered = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);

/** Whether an object has no other members than a type has. */
function hasShape(item: object, type: string): boolean {
  const known = properties(type);
  return Object.keys(item).every((key) => known.has(key.replace(/^_/, '')));
}

const javascript: Readonly<Record<string, (item: Item) => boolean>> = {
  boolean: (item) => typeof item === 'boolean',
  integer: Number.isInteger,
  decimal: (item) => typeof item === 'number',
  unsignedInt: (item) => Number.isInteger(item) && (item as number) >= 0,
  positiveInt: (item) => Number.isInteger(item) && (item as number) > 0,
};

/** A test of items of which nothing is known but themselves. */
function dynamicTest(name: string): (item: Item) => boolean {
  const primitive = typeDefinition(name) ? name : lowered(name);
  if (isPrimitive(primitive)) {
    const own = Object.hasOwn(javascript, primitive) ? javascript[primitive] : undefined;
    if (own) return (item) => own(plain(item));
    const isDate = ['date', 'dateTime', 'instant', 'time'].includes(primitive);
    return (item) => {
      const value = plain(item);
      return typeof value === 'string' ? !isDate || asTemporal(value) !== undefined : false;
    };
  }
  return (item) => {
    const element = elementOf(item);
    return isObject(element) && typeof plain(item) === 'object' && hasShape(element, name);
  };
}

/** Whether a static type is (or derives from) the named one. */
function isStatic(known: string, { type, namespace }: NamedType, lenient: boolean): boolean {
  if (known.startsWith(system)) return namespace !== 'FHIR' && known.slice(system.length) === type;
  if (namespace === 'System') return false;
  return isA(known, type) || (lenient && namespace === undefined && systemNames.has(type) && isA(known, lowered(type)));
}

/**
 * A test of items whose static types are `types`. `lenient`: FHIR's boolean counts as Boolean too, as R4's own expressions
 * have it.
 */
export function typeTest(types: Types, named: NamedType, lenient = true): (item: Item) => boolean {
  const { type, namespace } = named;
  const resource = namespace === 'System' ? undefined : resourceTest(type);
  if (resource) return resource;
  if (types?.length === 1 && types[0] !== 'Resource') {
    const found = isStatic(types[0] as string, named, lenient);
    return () => found;
  }
  const dynamic = namespace === 'System' && types ? () => false : dynamicTest(type);
  const possible = types?.filter((one) => isStatic(one, named, lenient));
  return (item) => {
    const own = systemType(item);
    if (own !== undefined) return own === type && namespace !== 'FHIR';
    return (possible === undefined || possible.length > 0) && dynamic(item);
  };
}

function resourceTest(type: string): ((item: Item) => boolean) | undefined {
  if (type === 'Resource' || type === 'DomainResource') {
    return (item) => isObject(item) && isA(String(item['resourceType']), type);
  }
  return isResourceType(type) ? (item) => isObject(item) && item['resourceType'] === type : undefined;
}

/** The name of an item's type for `type()`. */
export function typeInfo(types: Types, item: Item): { readonly namespace: string; readonly name: string } {
  const own = systemType(item);
  if (own !== undefined) return { namespace: 'System', name: own };
  if (isObject(item) && typeof item['resourceType'] === 'string')
    return { namespace: 'FHIR', name: item['resourceType'] };
  const [known, ...others] = types ?? [];
  if (known !== undefined && others.length === 0) {
    return known.startsWith(system)
      ? { namespace: 'System', name: known.slice(system.length) }
      : { namespace: 'FHIR', name: known };
  }
  const fitting = types?.find((one) => dynamicTest(one)(item));
  if (fitting !== undefined) return { namespace: 'FHIR', name: fitting };
  const value = plain(item);
  if (typeof value === 'number') return { namespace: 'System', name: Number.isInteger(value) ? 'Integer' : 'Decimal' };
  if (typeof value === 'object') return { namespace: 'FHIR', name: 'Element' };
  return { namespace: 'System', name: typeof value === 'boolean' ? 'Boolean' : 'String' };
}

const dates = new Set(['date', 'dateTime', 'instant', 'time', 'System.Date', 'System.DateTime', 'System.Time']);

/** Whether texts of these static types may be dates: undefined types may be anything. */
export function mayBeDates(types: Types): boolean {
  return types === null || types.some((type) => dates.has(type));
}
