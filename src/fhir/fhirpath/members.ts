/**
 * Steps from an element to its children: by the definitions where the type is known, else by the names in the JSON.
 * https://hl7.org/fhir/R4/fhirpath.html
 */
import { isPrimitive, isResourceType, properties, typeDefinition } from '../definitions/types.ts';
import { append, type Item, isObject, type Json } from './collection.ts';

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

function readOne(object: Json, { json, sibling }: Read, out: Item[]): void {
  const value = object[json];
  if (value !== undefined) append(value, out);
  else if (sibling !== undefined && object[sibling] !== undefined) append(object[sibling], out);
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
  const key = [name, `_${name}`].find((one) => Object.hasOwn(object, one)) ?? choiceOf(object, name);
  if (key !== undefined) append(object[key], out);
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
        if (isObject(item)) readDynamic(item, name, out);
      },
    };
  }
  const found = types.flatMap((type) => reads(type, name));
  const list = found.map(({ read }) => read);
  const read = list.length > fewReads ? readByKey(list) : readEach(list);
  return {
    types: [...new Set(found.map(({ type }) => type))],
    read: (item, out) => {
      if (isObject(item)) read(item, out);
    },
  };
}

/** All children; a primitive with only an extension is its `_name` object. */
export function children(item: Item, out: Item[]): void {
  if (!isObject(item)) return;
  for (const [key, value] of Object.entries(item)) {
    if (key === 'resourceType' || (key.startsWith('_') && Object.hasOwn(item, key.slice(1)))) continue;
    append(value, out);
  }
}

export function descendants(item: Item, out: Item[]): void {
  const from = out.length;
  children(item, out);
  for (let at = from; at < out.length; at++) children(out[at], out);
}
