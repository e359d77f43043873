/**
 * One element of an XML document while it is read, and the JSON that becomes of it.
 * https://hl7.org/fhir/R4/json.html#xml
 */
import { keep } from '../definitions/generated.ts';
import { type Property, properties } from '../definitions/types.ts';

/** What an element is, by its definition: `holder` is one that holds a whole resource (`contained`, `Bundle.entry.resource`). */
export type Kind = 'resource' | 'holder' | 'complex' | 'primitive';

/** A property as XML writes it, and its place in the order of the elements; the types of a choice share one place. */
export interface Child extends Property {
  readonly place: number;
}

/** The child elements of a type by their names. */
export const childrenOf = keep((type: string): ReadonlyMap<string, Child> => {
  const places = [...new Set([...properties(type).values()].map(({ element }) => element))];
  return new Map(
    [...properties(type)].map(([name, property]) => [name, { ...property, place: places.indexOf(property.element) }]),
  );
});

/** The property that is being read, with all its values so far; `undefined` stands where one side has nothing. */
interface Current {
  readonly child: Child;
  readonly values: (string | undefined)[];
  readonly siblings: (string | undefined)[];
}

export interface Frame {
  /** Of the element, as in the document. */
  readonly name: string;
  readonly kind: Kind;
  /** The type that its children are looked up in; of a holder, `Resource`. */
  readonly type: string;
  /** Finished members, each with a comma after it. */
  json: string;
  current: Current | undefined;
  /** JSON text of a primitive's value, or of a holder's resource. */
  value: string | undefined;
}

export function frameOf(name: string, kind: Kind, type: string): Frame {
  const json = kind === 'resource' ? `"resourceType":"${type}",` : '';
  return { name, kind, type, json, current: undefined, value: undefined };
}

/** Goes on to `child`; the answer says what is wrong with that. */
export function enter(frame: Frame, child: Child): string | undefined {
  const { current } = frame;
  if (current && current.child.json === child.json) {
    return child.element.max === 1 ? `<${child.json}> again, which may be there once` : undefined;
  }
  if (current && current.child.place === child.place) return `<${child.json}> beside <${current.child.json}>`;
  if (current && current.child.place > child.place) {
    return `<${child.json}> after <${current.child.json}>, which R4 has in the other order`;
  }
  flush(frame);
  frame.current = { child, values: [], siblings: [] };
  return undefined;
}

/** Adds the value (and what a primitive has beside it) of the child that was entered. */
export function add({ current }: Frame, value: string | undefined, sibling: string | undefined): void {
  current?.values.push(value);
  current?.siblings.push(sibling);
}

/** How many of the child there are so far. */
export function countOf({ current }: Frame): number {
  return current?.values.length ?? 0;
}

function flush(frame: Frame): void {
  if (!frame.current) return;
  const { child, values, siblings } = frame.current;
  const isList = child.element.max !== 1;
  frame.json += member(child.json, values, isList) + member(`_${child.json}`, siblings, isList);
  frame.current = undefined;
}

function member(name: string, values: readonly (string | undefined)[], isList: boolean): string {
  if (values.every((value) => value === undefined)) return '';
  return isList ? `"${name}":[${values.map((value) => value ?? 'null').join(',')}],` : `"${name}":${values[0]},`;
}

/** The members of a finished element as a JSON object; undefined when there are none. */
export function objectOf(frame: Frame): string | undefined {
  flush(frame);
  return frame.json === '' ? undefined : `{${frame.json.slice(0, -1)}}`;
}

const numbers = new Set(['decimal', 'integer', 'unsignedInt', 'positiveInt']);
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A primitive's attribute as JSON. What is no number or boolean stays a string, and validation says what is wrong with it. */
export function valueJson(type: string, text: string): string {
  if (numbers.has(type)) {
    // An integer may have a plus sign in XML (https://hl7.org/fhir/R4/datatypes.html#integer), a number of JSON may not.
    const plain = type !== 'decimal' && text.startsWith('+') ? text.slice(1) : text;
    if (number.test(plain)) return plain;
  }
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text;
  return JSON.stringify(text);
}
