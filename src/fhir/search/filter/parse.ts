/**
 * The grammar of `_filter`: a text becomes a tree.
 * https://hl7.org/fhir/R4/search_filter.html
 */
import { FhirError } from '../../../shared/errors.ts';

export const operators = [
  'eq',
  'ne',
  'co',
  'sw',
  'ew',
  'gt',
  'lt',
  'ge',
  'le',
  'ap',
  'sa',
  'eb',
  'pr',
  'po',
  'ss',
  'sb',
  'in',
  'ni',
  're',
] as const;
export type Operator = (typeof operators)[number];

/** One name of a path; `filter` narrows what it leads to: `a[filter].b`. */
export interface Step {
  readonly code: string;
  readonly filter?: Filter;
}

export type Filter =
  | { readonly kind: 'and' | 'or'; readonly left: Filter; readonly right: Filter }
  | { readonly kind: 'not'; readonly of: Filter }
  | {
      readonly kind: 'test';
      readonly path: readonly Step[];
      readonly operator: Operator;
      readonly value: string;
      /** It stood in quotation marks. */
      readonly quoted: boolean;
    };

const longest = 10_000;
const deepest = 20;
const mostTests = 100;
const mostSteps = 9;

interface Reading {
  readonly text: string;
  at: number;
  depth: number;
  tests: number;
}

function wrong({ at }: Reading, problem: string): FhirError {
  return new FhirError('invalid', `Search parameter _filter: ${problem} at character ${at + 1}.`);
}

/** Throws `invalid` for what the grammar does not have, for more than 10,000 characters, 200 tests and 20 levels. */
export function parseFilter(text: string): Filter {
  const reading: Reading = { text, at: 0, depth: 0, tests: 0 };
  if (text.length > longest) throw wrong({ ...reading, at: longest }, `it is longer than ${longest} characters`);
  const filter = expression(reading);
  skip(reading);
  if (reading.at < text.length) throw wrong(reading, `${JSON.stringify(text.charAt(reading.at))} is not expected`);
  return filter;
}

function skip(reading: Reading): void {
  while (/\s/.test(reading.text.charAt(reading.at))) reading.at += 1;
}

/** What matches here, after white space; moves behind it. */
function take(reading: Reading, pattern: RegExp): string | undefined {
  skip(reading);
  pattern.lastIndex = reading.at;
  const found = pattern.exec(reading.text)?.[0];
  if (found !== undefined) reading.at += found.length;
  return found;
}

const logical = /(?:and|or)(?=[\s(])/y;
const negation = /not(?=\s*\()/y;
const opening = /\(/y;
const closing = /\)/y;
const name = /[A-Za-z_][A-Za-z0-9_-]*/y;
const bracket = /\[/y;
const unbracket = /\]/y;
const dot = /\./y;
const word = /[a-z]+(?=\s)/y;
const quoted = /"(?:[^"\\]|\\.)*"/y;
const plain = /[^\s)\]"][^\s)\]]*/y;

/** From left to right: `and` does not bind more than `or`. */
function expression(reading: Reading): Filter {
  reading.depth += 1;
  if (reading.depth > deepest) throw wrong(reading, `it is deeper than ${deepest} levels`);
  let left = term(reading);
  for (let operator = take(reading, logical); operator; operator = take(reading, logical)) {
    left = { kind: operator as 'and' | 'or', left, right: term(reading) };
  }
  reading.depth -= 1;
  return left;
}

function term(reading: Reading): Filter {
  if (take(reading, negation)) return { kind: 'not', of: term(reading) };
  if (!take(reading, opening)) return test(reading);
  const inner = expression(reading);
  if (!take(reading, closing)) throw wrong(reading, 'a ")" is missing');
  return inner;
}

function test(reading: Reading): Filter {
  reading.tests += 1;
  if (reading.tests > mostTests) throw wrong(reading, `it has more than ${mostTests} tests`);
  const path = pathOf(reading);
  const operator = take(reading, word);
  if (operator === undefined || !operators.includes(operator as Operator)) {
    throw wrong(reading, `one of the operators ${operators.join(', ')} is missing`);
  }
  const text = take(reading, quoted);
  const value = text === undefined ? take(reading, plain) : unquoted(reading, text);
  if (value === undefined) throw wrong(reading, 'a value is missing');
  return { kind: 'test', path, operator: operator as Operator, value, quoted: text !== undefined };
}

function pathOf(reading: Reading): Step[] {
  const path = [stepOf(reading)];
  while (take(reading, dot)) {
    if (path.length === mostSteps) throw wrong(reading, `a path has more than ${mostSteps} steps`);
    path.push(stepOf(reading));
  }
  return path;
}

function stepOf(reading: Reading): Step {
  const code = take(reading, name);
  if (code === undefined) throw wrong(reading, 'the name of a search parameter is missing');
  if (!take(reading, bracket)) return { code };
  const filter = expression(reading);
  if (!take(reading, unbracket)) throw wrong(reading, 'a "]" is missing');
  if (reading.text.charAt(reading.at) !== '.') throw wrong(reading, 'a "." is missing after "]"');
  return { code, filter };
}

function unquoted(reading: Reading, text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    throw wrong(reading, `${text} is no JSON string`);
  }
}
