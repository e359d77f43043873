/**
 * The binary operators of FHIRPath on evaluated collections, three-valued logic included.
 * https://hl7.org/fhirpath/N1/#operations
 */
import { bool, type Collection, compare, distinct, equal, includes, none, truth } from './collection.ts';

type Operator = (left: Collection, right: Collection) => Collection;

const logic =
  (decide: (a: boolean | undefined, b: boolean | undefined) => boolean | undefined): Operator =>
  (left, right) =>
    bool(decide(truth(left), truth(right)));

function or(a: boolean | undefined, b: boolean | undefined): boolean | undefined {
  if (a === true || b === true) return true;
  return a === false && b === false ? false : undefined;
}

function and(a: boolean | undefined, b: boolean | undefined): boolean | undefined {
  if (a === false || b === false) return false;
  return a === true && b === true ? true : undefined;
}

function equals(left: Collection, right: Collection): boolean | undefined {
  if (left.length === 0 || right.length === 0) return undefined;
  return left.length === right.length && left.every((item, i) => equal(item, right[i]));
}

function equivalent(left: Collection, right: Collection): boolean {
  const lower = (item: unknown) => (typeof item === 'string' ? item.toLowerCase().replace(/\s+/g, ' ').trim() : item);
  const rest = right.map(lower);
  return left.length === right.length && left.every((item) => includes(rest, lower(item)));
}

const order =
  (op: '<' | '<=' | '>' | '>='): Operator =>
  ([a], [b]) =>
    a === undefined || b === undefined ? none : bool(compare(op, a, b));

const arithmetic =
  (calculate: (a: number, b: number) => number): Operator =>
  ([a], [b]) => {
    const result = typeof a === 'number' && typeof b === 'number' ? calculate(a, b) : Number.NaN;
    return Number.isFinite(result) ? [result] : none;
  };

const plus = arithmetic((a, b) => a + b);
const text = ([item]: Collection) => (item === undefined ? '' : String(item));
const not = (value: boolean | undefined) => (value === undefined ? undefined : !value);

export const operators: Readonly<Record<string, Operator>> = {
  and: logic(and),
  or: logic(or),
  xor: logic((a, b) => (a === undefined || b === undefined ? undefined : a !== b)),
  implies: logic((a, b) => or(not(a), b)),
  '=': (left, right) => bool(equals(left, right)),
  '!=': (left, right) => bool(not(equals(left, right))),
  '~': (left, right) => bool(equivalent(left, right)),
  '!~': (left, right) => bool(!equivalent(left, right)),
  '<': order('<'),
  '<=': order('<='),
  '>': order('>'),
  '>=': order('>='),
  in: (left, right) => (left.length === 0 ? none : bool(includes(right, left[0]))),
  contains: (left, right) => (right.length === 0 ? none : bool(includes(left, right[0]))),
  '|': (left, right) => distinct([...left, ...right]),
  '&': (left, right) => [text(left) + text(right)],
  '+': (left, right) => {
    const [a] = left;
    const [b] = right;
    return typeof a === 'string' && typeof b === 'string' ? [a + b] : plus(left, right);
  },
  '-': arithmetic((a, b) => a - b),
  '*': arithmetic((a, b) => a * b),
  '/': arithmetic((a, b) => a / b),
  div: arithmetic((a, b) => Math.trunc(a / b)),
  mod: arithmetic((a, b) => a % b),
};
