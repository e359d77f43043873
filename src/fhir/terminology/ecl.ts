/**
 * SNOMED CT's Expression Constraint Language, as far as it speaks of hierarchy, reference sets and attributes: `<`, `<<`, `<!`,
 * `>`, `>>`, `>!`, `^`, `*`, AND, OR, MINUS, parentheses, refinements (`:`) with groups, `!=`, reverse attributes, the
 * cardinalities [0..0], [0..*] and [1..*], and dotted attributes. Concrete values, filters and history are refused.
 * http://snomed.org/ecl
 */
import { FhirError } from '../../shared/errors.ts';
import type { Attribute, ConceptTest } from '../../store/terminology/concept-test.ts';

type Token = { readonly text: string; readonly at: number };

const tokens = /\s*(?:\|[^|]*\||(<<!|>>!|<<|>>|<!|>!|!=|<|>|\[\d+\.\.(?:\d+|\*)\]|\d{6,18}|[A-Za-z]+|\S))/gy;
const longest = 2000;
const deepest = 50;

function tokenize(text: string): Token[] {
  if (text.length > longest) throw refused(text, 0, `it has more than ${longest} characters`);
  return [...text.matchAll(tokens)].flatMap((match) =>
    match[1] === undefined ? [] : [{ text: match[1], at: match.index }],
  );
}

function refused(text: string, at: number, why: string): FhirError {
  const shown = text.length > 80 ? `${text.slice(0, 80)}...` : text;
  const message = `The expression ${shown} is not understood at character ${at + 1}: ${why}.`;
  return new FhirError('unprocessable', message, {
    issues: [{ severity: 'error', code: 'not-supported', diagnostics: message }],
  });
}

const hierarchical: Readonly<Record<string, (code: string) => ConceptTest>> = {
  '<': (code) => ({ kind: 'below', code, self: false }),
  '<<': (code) => ({ kind: 'below', code, self: true }),
  '<!': (code) => ({ kind: 'below', code, self: false, direct: true }),
  '<<!': (code) => ({ kind: 'below', code, self: true, direct: true }),
  '>': (code) => ({ kind: 'above', code, self: false }),
  '>>': (code) => ({ kind: 'above', code, self: true }),
  '>!': (code) => ({ kind: 'above', code, self: false, direct: true }),
  '>>!': (code) => ({ kind: 'above', code, self: true, direct: true }),
  '^': (code) => ({ kind: 'property', name: 'memberOf', any: [code] }),
};

/** Where the reading is. */
interface Cursor {
  readonly text: string;
  readonly list: readonly Token[];
  next: number;
}

const peek = ({ list, next }: Cursor) => list[next]?.text.toUpperCase();
const take = (cursor: Cursor) => cursor.list[cursor.next++]?.text ?? '';
const isId = (token: string) => /^\d+$/.test(token);

function fail({ text, list, next }: Cursor): FhirError {
  const token = list[next];
  const why = token === undefined ? 'something is missing' : `${token.text} is not expected`;
  return refused(text, token?.at ?? text.length, why);
}

function primary(cursor: Cursor, depth: number): ConceptTest {
  if (depth > deepest) throw refused(cursor.text, 0, 'it is nested too deeply');
  const start = cursor.next;
  const token = take(cursor);
  if (token === '*') return { kind: 'all' };
  if (isId(token)) return { kind: 'codes', any: [token] };
  if (token === '(') {
    const inner = expression(cursor, depth + 1);
    if (peek(cursor) !== ')') throw fail(cursor);
    cursor.next++;
    return inner;
  }
  const relation = Object.hasOwn(hierarchical, token) ? hierarchical[token] : undefined;
  if (!relation) {
    cursor.next = start;
    throw fail(cursor);
  }
  if (!isId(peek(cursor) ?? '')) throw fail(cursor);
  return relation(take(cursor));
}

type Connective = 'AND' | ',' | 'OR' | 'MINUS';

const joins: Readonly<Record<Connective, (left: ConceptTest, right: ConceptTest) => ConceptTest>> = {
  AND: (left, right) => ({ kind: 'and', of: [left, right] }),
  ',': (left, right) => ({ kind: 'and', of: [left, right] }),
  OR: (left, right) => ({ kind: 'or', of: [left, right] }),
  MINUS: (left, right) => ({ kind: 'and', of: [left, { kind: 'not', of: right }] }),
};

/** Parts joined by words; of a refinement without MINUS. */
function joined(cursor: Cursor, part: () => ConceptTest, words: readonly Connective[]): ConceptTest {
  let left = part();
  for (;;) {
    const word = words.find((one) => one === peek(cursor));
    if (!word) return left;
    cursor.next++;
    left = joins[word](left, part());
  }
}

function demand(cursor: Cursor, token: string): void {
  if (peek(cursor) !== token) throw fail(cursor);
  cursor.next++;
}

const cardinality = /^\[(\d+)\.\.(\d+|\*)\]$/;

/** How often what follows has to hold: at least once, any number of times, or never. */
function howOften(cursor: Cursor): 'some' | 'any' | 'none' {
  const [, least, most] = cardinality.exec(peek(cursor) ?? '') ?? [];
  if (least === undefined) return 'some';
  if (least === '1' && most === '*') cursor.next++;
  else if (least === '0' && (most === '*' || most === '0')) cursor.next++;
  else throw fail(cursor);
  return least === '1' ? 'some' : most === '0' ? 'none' : 'any';
}

function counted(often: 'some' | 'any' | 'none', test: ConceptTest): ConceptTest {
  if (often === 'some') return test;
  return often === 'none' ? { kind: 'not', of: test } : { kind: 'all' };
}

/** `name = value`, `name != value`, `R name = value`. */
function attribute(cursor: Cursor, depth: number): Attribute | Extract<ConceptTest, { kind: 'values' }> {
  const isReverse = peek(cursor) === 'R';
  if (isReverse) cursor.next++;
  const name = primary(cursor, depth);
  const differs = peek(cursor) === '!=';
  if (differs && isReverse) throw fail(cursor);
  if (differs) cursor.next++;
  else demand(cursor, '=');
  const value = dotted(cursor, depth);
  if (isReverse) return { kind: 'values', name, of: value };
  return { kind: 'attribute', name, value, ...(differs ? { differs } : {}) };
}

/** `{ ... }`: attributes of one group. */
function group(cursor: Cursor, depth: number): ConceptTest {
  const of: Attribute[] = [];
  do {
    cursor.next++;
    const one = attribute(cursor, depth);
    if (one.kind === 'values') throw fail(cursor);
    of.push(one);
  } while (peek(cursor) === ',' || peek(cursor) === 'AND');
  demand(cursor, '}');
  return { kind: 'group', of };
}

function refined(cursor: Cursor, depth: number): ConceptTest {
  if (depth > deepest) throw refused(cursor.text, 0, 'it is nested too deeply');
  const often = howOften(cursor);
  if (peek(cursor) === '{') return counted(often, group(cursor, depth + 1));
  if (peek(cursor) !== '(') return counted(often, attribute(cursor, depth + 1));
  cursor.next++;
  const inner = refinement(cursor, depth + 1);
  demand(cursor, ')');
  return inner;
}

const refinement = (cursor: Cursor, depth: number): ConceptTest =>
  joined(cursor, () => refined(cursor, depth), ['AND', ',', 'OR']);

/** An expression, and the values of its attributes that `.` asks for. */
function dotted(cursor: Cursor, depth: number): ConceptTest {
  let of = primary(cursor, depth);
  while (peek(cursor) === '.') {
    cursor.next++;
    of = { kind: 'values', name: primary(cursor, depth), of };
  }
  return of;
}

function expression(cursor: Cursor, depth: number): ConceptTest {
  const first = dotted(cursor, depth);
  if (peek(cursor) === ':') {
    cursor.next++;
    return { kind: 'and', of: [first, refinement(cursor, depth + 1)] };
  }
  let isFirst = true;
  const part = (): ConceptTest => {
    if (!isFirst) return dotted(cursor, depth);
    isFirst = false;
    return first;
  };
  return joined(cursor, part, ['AND', ',', 'OR', 'MINUS']);
}

/** Reads one expression. Throws `unprocessable` for what it does not understand. */
export function parseEcl(text: string): ConceptTest {
  const cursor: Cursor = { text, list: tokenize(text), next: 0 };
  const whole = expression(cursor, 0);
  if (cursor.next < cursor.list.length) throw fail(cursor);
  return whole;
}
