/**
 * The functions of FHIRPath that work on evaluated arguments.
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
  yes,
} from './collection.ts';
import { children, descendants } from './members.ts';

type PlainFunction = (input: Collection, ...args: readonly Collection[]) => Collection;

/** A function of one string (and string or number arguments): empty when the input or an argument is. */
function onText(apply: (text: string, ...args: string[]) => string | number | boolean | undefined): PlainFunction {
  return (input, ...args) => {
    const [text] = input;
    if (typeof text !== 'string' || args.some((arg) => arg.length === 0)) return none;
    const result = apply(text, ...args.map(([arg]) => String(arg)));
    return result === undefined ? none : [result];
  };
}

function each(input: Collection, read: (item: Item, out: Item[]) => void): Collection {
  const out: Item[] = [];
  for (const item of input) read(item, out);
  return out;
}

function isInteger(text: string): boolean {
  return /^[+-]?\d+$/.test(text);
}

function toInteger([item]: Collection): Collection {
  if (typeof item === 'boolean') return [item ? 1 : 0];
  if (typeof item === 'number') return Number.isInteger(item) ? [item] : none;
  return typeof item === 'string' && isInteger(item) ? [Number(item)] : none;
}

function toDecimal([item]: Collection): Collection {
  if (typeof item === 'boolean') return [item ? 1 : 0];
  if (typeof item === 'number') return [item];
  return typeof item === 'string' && /^[+-]?\d+(\.\d+)?$/.test(item) ? [Number(item)] : none;
}

const isTrue = (item: Item) => item === true;
const isFalse = (item: Item) => item === false;
const not = (value: boolean | undefined) => (value === undefined ? undefined : !value);

/** Patterns come from definitions: kept compiled, unless there are suspiciously many. */
const patterns = new Map<string, RegExp>();

function pattern(source: string): RegExp {
  let compiled = patterns.get(source);
  if (!compiled) {
    if (patterns.size > 1000) patterns.clear();
    compiled = new RegExp(source, 's');
    patterns.set(source, compiled);
  }
  return compiled;
}

export const functions: Readonly<Record<string, PlainFunction>> = {
  empty: (input) => bool(input.length === 0),
  not: (input) => bool(not(truth(input))),
  hasValue: (input) => bool(input.length === 1 && !isObject(input[0])),
  getValue: (input) => (input.length === 1 && !isObject(input[0]) ? input : none),
  count: (input) => [input.length],
  first: (input) => input.slice(0, 1),
  last: (input) => input.slice(-1),
  tail: (input) => input.slice(1),
  single: (input) => (input.length === 1 ? input : none),
  skip: (input, [count]) => input.slice(Math.max(0, Number(count))),
  take: (input, [count]) => input.slice(0, Math.max(0, Number(count))),
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
  toString: ([item]: Collection) => (item === undefined || isObject(item) ? none : [String(item)]),
  toInteger,
  toDecimal,
  length: onText((text) => text.length),
  upper: onText((text) => text.toUpperCase()),
  lower: onText((text) => text.toLowerCase()),
  startsWith: onText((text, prefix = '') => text.startsWith(prefix)),
  endsWith: onText((text, suffix = '') => text.endsWith(suffix)),
  contains: onText((text, part = '') => text.includes(part)),
  indexOf: onText((text, part = '') => text.indexOf(part)),
  substring: onText((text, start, length) => {
    const from = Number(start);
    return from < 0 || from >= text.length
      ? undefined
      : text.substr(from, length === undefined ? undefined : Number(length));
  }),
  matches: onText((text, source = '') => pattern(source).test(text)),
  replace: onText((text, part = '', by = '') => text.replaceAll(part, by)),
  replaceMatches: onText((text, source = '', by = '') => text.replace(new RegExp(pattern(source), 'gs'), by)),
  abs: ([item]: Collection) => (typeof item === 'number' ? [Math.abs(item)] : none),
  extension: (input, [url]) =>
    each(input, (item, out) => {
      if (!isObject(item)) return;
      const found: Item[] = [];
      append(item['extension'], found);
      for (const one of found) if (isObject(one) && equal(one['url'], url)) out.push(one);
    }),
  // The narrative's rules are checked as a value (see xhtml.ts), before any invariant is.
  htmlChecks: () => yes,
  // Whether a code is in a value set is asked by bindings, not by invariants.
  conformsTo: () => none,
};
