/**
 * The binary operators of FHIRPath on evaluated collections, three-valued logic included.
 * https://hl7.org/fhirpath/N1/#operations
 */
import { bool, type Collection, compare, distinct, equality, includes, isObject, none, truth } from './collection.ts';
import { addQuantities, asQuantity, divide, multiply, rounded } from './quantity.ts';
import { isQuantity, isTemporal, plain, plainAll } from './system.ts';
import { addDuration, asTemporal } from './temporal.ts';

/** `dates`: texts that look like dates are dates, as nothing else is known of them; undefined: their types are strings. */
type Operator = (left: Collection, right: Collection, dates?: boolean) => Collection;

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

function equals(left: Collection, right: Collection, dates = false): boolean | undefined {
  if (left.length === 0 || right.length === 0) return undefined;
  if (left.length !== right.length) return false;
  let unknown = false;
  for (const [at, item] of left.entries()) {
    const same = equality(item, right[at], dates);
    if (same === false) return false;
    unknown ||= same === undefined;
  }
  return unknown ? undefined : true;
}

const squeezed = (text: string) => text.toLowerCase().replace(/\s+/g, ' ').trim();

/** Digits after the point, as far as a number still has them. */
const places = (value: number) => (/\.(\d+)/.exec(String(value))?.[1] ?? '').length;

function equivalentItems(one: unknown, other: unknown): boolean {
  const [a, b] = [plain(one), plain(other)];
  if (typeof a === 'string' && typeof b === 'string') return squeezed(a) === squeezed(b);
  if (typeof a === 'number' && typeof b === 'number') {
    const least = Math.min(places(a), places(b));
    return a.toFixed(least) === b.toFixed(least);
  }
  if (isQuantity(a) || isQuantity(b) || isTemporal(a) || isTemporal(b)) return equality(a, b, true) === true;
  if (Array.isArray(a) && Array.isArray(b)) return equivalent(a, b);
  if (!isObject(a) || !isObject(b)) return a === b;
  const keys = (object: object) => Object.keys(object).filter((key) => key !== 'id');
  return keys(a).length === keys(b).length && keys(a).every((key) => equivalentItems(a[key], b[key]));
}

/** In any order. */
function equivalent(left: Collection, right: Collection): boolean {
  if (left.length !== right.length) return false;
  const rest = [...right];
  return left.every((item) => {
    const at = rest.findIndex((one) => equivalentItems(item, one));
    if (at >= 0) rest.splice(at, 1);
    return at >= 0;
  });
}

const order =
  (op: '<' | '<=' | '>' | '>='): Operator =>
  ([a], [b], dates) =>
    a === undefined || b === undefined ? none : bool(compare(op, a, b, dates));

const arithmetic =
  (calculate: (a: number, b: number) => number): Operator =>
  (left, right) => {
    const [a, b] = [plain(left[0]), plain(right[0])];
    const result = typeof a === 'number' && typeof b === 'number' ? calculate(a, b) : Number.NaN;
    return Number.isFinite(result) ? [rounded(result)] : none;
  };

const one = (value: unknown): Collection => (value === undefined ? none : [value]);
const text = ([item]: Collection) => (item === undefined ? '' : String(plain(item)));
const not = (value: boolean | undefined) => (value === undefined ? undefined : !value);

function isMeasure(item: unknown): boolean {
  return isQuantity(item) || isObject(item);
}

/** A sum or difference of dates and durations, quantities, or numbers. */
function sum(sign: 1 | -1): Operator {
  const numbers = arithmetic((a, b) => a + sign * b);
  return (left, right) => {
    const [a, b] = [plain(left[0]), plain(right[0])];
    const amount = isMeasure(b) ? asQuantity(b) : undefined;
    if (!amount) return numbers(left, right);
    const date = asTemporal(a);
    if (date) return one(addDuration(date, sign * amount.value, amount.unit));
    const measure = asQuantity(a);
    return measure ? one(addQuantities(measure, amount, sign)) : none;
  };
}

const addNumbers = sum(1);

/** Of quantities where one of them is none. */
function measured(
  numbers: Operator,
  calculate: (a: NonNullable<ReturnType<typeof asQuantity>>, b: NonNullable<ReturnType<typeof asQuantity>>) => unknown,
): Operator {
  return (left, right) => {
    const [a, b] = [plain(left[0]), plain(right[0])];
    if (!isMeasure(a) && !isMeasure(b)) return numbers(left, right);
    const [x, y] = [asQuantity(a), asQuantity(b)];
    return x && y ? one(calculate(x, y)) : none;
  };
}

export const operators: Readonly<Record<string, Operator>> = {
  and: logic(and),
  or: logic(or),
  xor: logic((a, b) => (a === undefined || b === undefined ? undefined : a !== b)),
  implies: logic((a, b) => or(not(a), b)),
  '=': (left, right, dates) => bool(equals(left, right, dates)),
  '!=': (left, right, dates) => bool(not(equals(left, right, dates))),
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
    const [a, b] = [...plainAll(left.slice(0, 1)), ...plainAll(right.slice(0, 1))];
    return typeof a === 'string' && typeof b === 'string' ? [a + b] : addNumbers(left, right);
  },
  '-': sum(-1),
  '*': measured(
    arithmetic((a, b) => a * b),
    multiply,
  ),
  '/': measured(
    arithmetic((a, b) => a / b),
    divide,
  ),
  div: arithmetic((a, b) => Math.trunc(a / b)),
  mod: arithmetic((a, b) => a % b),
};
