/**
 * FHIRPath text to a tree: an operator-precedence parser.
 * https://hl7.org/fhirpath/N1/#operator-precedence
 */

import { systemType } from './system.ts';
import { parseTemporal } from './temporal.ts';
import { type Token, tokenize } from './tokenize.ts';

export type Expression =
  | { readonly kind: 'member'; readonly on?: Expression; readonly name: string }
  | { readonly kind: 'call'; readonly on?: Expression; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'index'; readonly on: Expression; readonly index: Expression }
  | { readonly kind: 'binary'; readonly op: string; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'type';
      readonly op: 'is' | 'as';
      readonly on: Expression;
      readonly type: string;
      /** `FHIR` or `System`, when it is said. */
      readonly namespace?: string;
    }
  | {
      readonly kind: 'literal';
      readonly value: string | number | boolean;
      /** Of FHIRPath's own types; of a Quantity `unit` is the rest. */
      readonly type?: LiteralType;
      readonly unit?: string;
    }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'empty' };

type LiteralType = 'Boolean' | 'String' | 'Integer' | 'Decimal' | 'Date' | 'DateTime' | 'Time' | 'Quantity';

/** Binding strength of the binary operators, weakest first. */
const levels = [
  ['implies'],
  ['or', 'xor'],
  ['and'],
  ['in', 'contains'],
  ['=', '~', '!=', '!~'],
  ['>', '<', '>=', '<='],
  ['|'],
  ['is', 'as'],
  ['+', '-', '&'],
  ['*', '/', 'div', 'mod'],
];
const strength = new Map(levels.flatMap((operators, level) => operators.map((operator) => [operator, level + 1])));

/** Expressions come from definitions that clients may post: their nesting is bounded. */
const maxDepth = 100;

/** A place in the tokens that moves on. */
class Cursor {
  readonly expression: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  depth = 0;

  constructor(expression: string) {
    this.expression = expression;
    this.#tokens = tokenize(expression);
  }

  get token(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token;
  }

  is(text: string): boolean {
    return this.token.text === text && this.token.kind === 'symbol';
  }

  take(): Token {
    const { token } = this;
    this.#at++;
    return token;
  }

  expect(text: string): void {
    if (!this.is(text)) this.fail(`expected ${text}`);
    this.take();
  }

  fail(what: string): never {
    throw new SyntaxError(`FHIRPath: ${what} at ${this.token.at} of ${this.expression}`);
  }
}

function args(cursor: Cursor): Expression[] {
  cursor.expect('(');
  const found: Expression[] = [];
  while (!cursor.is(')')) {
    if (found.length > 0) cursor.expect(',');
    found.push(binary(cursor, 0));
  }
  cursor.expect(')');
  return found;
}

function invocation(cursor: Cursor, on?: Expression): Expression {
  const token = cursor.take();
  if (token.kind !== 'name') cursor.fail(`expected a name before`);
  const target = on ? { on } : {};
  return cursor.is('(')
    ? { kind: 'call', ...target, name: token.text, args: args(cursor) }
    : { kind: 'member', ...target, name: token.text };
}

function symbol(cursor: Cursor): Expression {
  if (cursor.is('(')) {
    cursor.take();
    const inner = binary(cursor, 0);
    cursor.expect(')');
    return inner;
  }
  if (cursor.is('{')) {
    cursor.take();
    cursor.expect('}');
    return { kind: 'empty' };
  }
  if (cursor.is('-') || cursor.is('+')) {
    const op = cursor.take().text;
    return signed(op, unary(cursor));
  }
  return cursor.fail(`unexpected ${cursor.token.text}`);
}

/** A number's sign is part of it; of anything else it is a multiplication, which knows quantities. */
function signed(op: string, operand: Expression): Expression {
  if (op === '+') return operand;
  if (operand.kind === 'literal' && typeof operand.value === 'number') return { ...operand, value: -operand.value };
  return { kind: 'binary', op: '*', left: { kind: 'literal', value: -1, type: 'Integer' }, right: operand };
}

/** The operand of a sign, which binds less than a dot. */
function unary(cursor: Cursor): Expression {
  if (++cursor.depth > maxDepth) cursor.fail('too deeply nested');
  const found = term(cursor);
  cursor.depth--;
  return found;
}

const calendar = /^(?:year|month|week|day|hour|minute|second|millisecond)s?$/;

/** A number, or with a unit after it a quantity. */
function numeric(cursor: Cursor, text: string): Expression {
  const value = Number(text);
  const { token } = cursor;
  const isUnit = token.kind === 'string' || (token.kind === 'name' && calendar.test(token.text));
  if (!isUnit) return { kind: 'literal', value, type: text.includes('.') ? 'Decimal' : 'Integer' };
  cursor.take();
  return { kind: 'literal', value, type: 'Quantity', unit: token.text };
}

function dated(cursor: Cursor, text: string): Expression {
  const value = text.replace(/^@T?/, '');
  const found = parseTemporal(value);
  const type = systemType(found);
  if (!type || type === 'Quantity') return cursor.fail(`${text} is no date or time, found`);
  return { kind: 'literal', value, type };
}

function primary(cursor: Cursor): Expression {
  const { kind, text } = cursor.token;
  if (kind === 'symbol') return symbol(cursor);
  if (kind === 'end') return cursor.fail('unexpected end');
  if (kind === 'name' && text !== 'true' && text !== 'false') return invocation(cursor);
  cursor.take();
  if (kind === 'name') return { kind: 'literal', value: text === 'true', type: 'Boolean' };
  if (kind === 'number') return numeric(cursor, text);
  if (kind === 'date') return dated(cursor, text);
  if (kind === 'variable')
    return { kind: 'variable', name: text.replace(/^%[`']|[`']$/g, (quote) => (quote[0] === '%' ? '%' : '')) };
  return { kind: 'literal', value: text, type: 'String' };
}

function term(cursor: Cursor): Expression {
  let on = primary(cursor);
  for (;;) {
    if (cursor.is('.')) {
      cursor.take();
      on = invocation(cursor, on);
    } else if (cursor.is('[')) {
      cursor.take();
      on = { kind: 'index', on, index: binary(cursor, 0) };
      cursor.expect(']');
    } else return on;
  }
}

/** `Patient` or `FHIR.Patient`. */
function typeName(cursor: Cursor): { readonly type: string; readonly namespace?: string } {
  const names: string[] = [];
  for (;;) {
    if (cursor.token.kind !== 'name') cursor.fail('expected the name of a type');
    names.push(cursor.take().text);
    if (!cursor.is('.')) break;
    cursor.take();
  }
  const [type = '', namespace] = names.reverse();
  return { type, ...(namespace === undefined ? {} : { namespace }) };
}

function binary(cursor: Cursor, weakest: number): Expression {
  if (++cursor.depth > maxDepth) cursor.fail('too deeply nested');
  let left = term(cursor);
  for (;;) {
    const op = cursor.token.text;
    const level = cursor.token.kind === 'symbol' || cursor.token.kind === 'name' ? strength.get(op) : undefined;
    if (level === undefined || level <= weakest) break;
    cursor.take();
    left =
      op === 'is' || op === 'as'
        ? { kind: 'type', op, on: left, ...typeName(cursor) }
        : { kind: 'binary', op, left, right: binary(cursor, level) };
  }
  cursor.depth--;
  return left;
}

/** The tree of an expression. Throws a SyntaxError that says where it is wrong. */
export function parse(expression: string): Expression {
  const cursor = new Cursor(expression);
  const tree = binary(cursor, 0);
  return cursor.token.kind === 'end' ? tree : cursor.fail(`unexpected ${cursor.token.text}`);
}
