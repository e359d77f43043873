/**
 * Steps from an element to its children: by the definitions where the type is known, else by the names in the JSON.
 * https://hl7.org/fhir/R4/fhirpath.html
 */
import { isPrimitive, isResourceType, properties, typeDefinition } from '../definitions/types.ts';
import { append, type Item, isObject, type Json } from './collection.ts';
import { boxed, elementOf } from './system.ts';

/** The static types that a collection can have; null: not known. */
export type Types = readonly string[] | null;

export interface Step {
  readonly types: Types;
  readonly read: (item: Item, out: Item[]) => void;
}

interface Read {
  readonly json: string;
  readonly sibling?: string;
}

/** A primitive with an id or extensions keeps them; one that has nothing else is their object. */
function appendBoth(value: unknown, sibling: unknown, out: Item[]): void {
  if (sibling === undefined || sibling === null) append(value, out);
  else if (value === undefined || value === null) append(sibling, out);
  else if (!Array.isArray(value)) out.push(boxed(value, sibling));
  else for (const [at, one] of value.entries()) appendBoth(one, Array.isArray(sibling) ? sibling[at] : undefined, out);
}

function readOne(object: Json, { json, sibling }: Read, out: Item[]): void {
  const value = object[json];
  const element = sibling === undefined ? undefined : object[sibling];
  if (element !== undefined) appendBoth(value, element, out);
  else if (value !== undefined) append(value, out);
}

function reads(type: string, name: string): { read: Read; type: string }[] {
  const found = [];
  for (const property of properties(type).values()) {
    if (property.element.name !== name && property.json !== name) continue;
    const { code } = property.type;
    const primitive = isPrimitive(code);
    found.push({ read: { json: property.json, ...(primitive ? { sibling: `_${property.json}` } : {}) }, type: code });
  }
  return found;
}

function startsUpper(text: string): boolean {
  const first = text.charCodeAt(0);
  return first >= 65 && first <= 90;
}

/** `valueQuantity` for `value`, when there is no `value`. */
function choiceOf(object: Json, name: string): string | undefined {
  return Object.keys(object).find((key) => {
    if (!key.startsWith(name)) return false;
    const suffix = key.slice(name.length);
    return startsUpper(suffix) && typeOfSuffix(suffix) !== undefined;
  });
}

/** `Quantity` of `Quantity`, `dateTime` of `DateTime`. */
function typeOfSuffix(suffix: string): string | undefined {
  const lower = suffix.charAt(0).toLowerCase() + suffix.slice(1);
  return [suffix, lower].find((name) => ['primitive', 'complex'].includes(typeDefinition(name)?.kind ?? ''));
}

function readDynamic(object: Json, name: string, out: Item[]): void {
  const type = object['resourceType'];
  if (typeof type === 'string' && isResourceType(type)) {
    for (const { read } of reads(type, name)) readOne(object, read, out);
    return;
  }
  const key = [name, `_${name}`].some((one) => Object.hasOwn(object, one)) ? name : choiceOf(object, name);
  if (key !== undefined) appendBoth(object[key], object[`_${key}`], out);
}

type ReadAll = (object: Json, out: Item[]) => void;

/** Beyond this many names (`value[x]` of any type has 50) it is faster to look at those that the object has. */
const fewReads = 6;

function readEach(list: readonly Read[]): ReadAll {
  return (object, out) => {
    for (const one of list) readOne(object, one, out);
  };
}

function readByKey(list: readonly Read[]): ReadAll {
  const byKey = new Map(list.flatMap((one) => [one.json, one.sibling ?? one.json].map((key) => [key, one] as const)));
  return (object, out) => {
    const seen = new Set<Read>();
    for (const key in object) {
      const one = byKey.get(key);
      if (!one || seen.has(one)) continue;
      seen.add(one);
      readOne(object, one, out);
    }
  };
}

/** The step to the child `name`. */
export function member(types: Types, name: string): Step {
  const known = types?.every((type) => typeDefinition(type) && type !== 'Resource' && type !== 'DomainResource');
  if (!types || !known) {
    return {
      types: null,
      read: (item, out) => {
        const element = elementOf(item);
        if (isObject(element)) readDynamic(element, name, out);
      },
    };
  }
  // What a primitive has besides its value is an Element.
  const found = types.flatMap((type) => reads(isPrimitive(type) ? 'Element' : type, name));
  const list = found.map(({ read }) => read);
  const read = list.length > fewReads ? readByKey(list) : readEach(list);
  return {
    types: [...new Set(found.map(({ type }) => type))],
    read: (item, out) => {
      const element = elementOf(item);
      if (isObject(element)) read(element, out);
    },
  };
}

/** All children; a primitive with only an extension is its `_name` object. */
export function children(item: Item, out: Item[]): void {
  const object = elementOf(item);
  if (!isObject(object)) return;
  for (const key in object) {
    if (key === 'resourceType') continue;
    if (!key.startsWith('_')) appendBoth(object[key], object[`_${key}`], out);
    else if (!Object.hasOwn(object, key.slice(1))) append(object[key], out);
  }
}

export function descendants(item: Item, out: Item[]): void {
  const from = out.length;
  children(item, out);
  for (let at = from; at < out.length; at++) children(out[at], out);
}
