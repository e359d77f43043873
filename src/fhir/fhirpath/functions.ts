/**
 * The functions of FHIRPath that work on evaluated collections.
 * https://hl7.org/fhirpath/N1/#functions
 */
import {
  append,
  bool,
  type Collection,
  distinct,
  equal,
  type Item,
  includes,
  isObject,
  none,
  truth,
} from './collection.ts';
import { conversions } from './conversions.ts';
import { children, descendants } from './members.ts';
import { elementOf, plain, plainAll } from './system.ts';
import { textFunctions } from './text-functions.ts';

export type PlainFunction = (input: Collection, ...args: readonly Collection[]) => Collection;

function each(input: Collection, read: (item: Item, out: Item[]) => void): Collection {
  const out: Item[] = [];
  for (const item of input) read(item, out);
  return out;
}

const isTrue = (item: Item) => plain(item) === true;
const isFalse = (item: Item) => plain(item) === false;
const not = (value: boolean | undefined) => (value === undefined ? undefined : !value);

/** An object that stands for a primitive without a value, or anything but a primitive. */
const isPrimitiveValue = (item: Item) => !isObject(plain(item));

/** Functions for which an item's id and extensions count, or which hand items on as they are. */
const onItems: Readonly<Record<string, PlainFunction>> = {
  empty: (input) => bool(input.length === 0),
  not: (input) => bool(not(truth(input))),
  hasValue: (input) => bool(input.length === 1 && isPrimitiveValue(input[0])),
  getValue: (input) => (input.length === 1 && isPrimitiveValue(input[0]) ? [plain(input[0])] : none),
  count: (input) => [input.length],
  first: (input) => input.slice(0, 1),
  last: (input) => input.slice(-1),
  tail: (input) => input.slice(1),
  single: (input) => (input.length === 1 ? input : none),
  skip: (input, [count] = none) => input.slice(Math.max(0, Number(plain(count)))),
  take: (input, [count] = none) => input.slice(0, Math.max(0, Number(plain(count)))),
  distinct: (input) => distinct(input),
  isDistinct: (input) => bool(distinct(input).length === input.length),
  allTrue: (input) => bool(input.every(isTrue)),
  anyTrue: (input) => bool(input.some(isTrue)),
  allFalse: (input) => bool(input.every(isFalse)),
  anyFalse: (input) => bool(input.some(isFalse)),
  union: (input, other = none) => distinct([...input, ...other]),
  combine: (input, other = none) => [...input, ...other],
  intersect: (input, other = none) => distinct(input.filter((item) => includes(other, item))),
  exclude: (input, other = none) => input.filter((item) => !includes(other, item)),
  subsetOf: (input, other = none) => bool(input.every((item) => includes(other, item))),
  supersetOf: (input, other = none) => bool(other.every((item) => includes(input, item))),
  children: (input) => each(input, children),
  descendants: (input) => each(input, descendants),
  extension: (input, [url] = none) =>
    each(input, (item, out) => {
      const element = elementOf(item);
      if (!isObject(element)) return;
      const found: Item[] = [];
      append(element['extension'], found);
      for (const one of found) if (isObject(one) && equal(one['url'], url)) out.push(one);
    }),
  // https://hl7.org/fhir/R4/fhirpath.html#functions: no modifier extension but the named ones.
  checkModifiers: (input, ...urls) => {
    const known = new Set(urls.map(([url]) => plain(url)));
    const strange = input.some((item) => {
      const found: Item[] = [];
      if (isObject(item)) append(item['modifierExtension'], found);
      return found.some((one) => isObject(one) && !known.has(one['url']));
    });
    return strange ? none : input;
  },
};

const onValues: Readonly<Record<string, PlainFunction>> = { ...conversions, ...textFunctions };

function withoutElements(apply: PlainFunction): PlainFunction {
  return (input, ...args) => apply(plainAll(input), ...args.map(plainAll));
}

export const functions: Readonly<Record<string, PlainFunction>> = {
  ...onItems,
  ...Object.fromEntries(Object.entries(onValues).map(([name, apply]) => [name, withoutElements(apply)])),
};
