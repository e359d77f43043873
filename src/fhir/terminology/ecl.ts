/**
 * The part of SNOMED CT's Expression Constraint Language that speaks of hierarchy and reference sets: `<`, `<<`, `<!`, `>`, `>>`,
 * `>!`, `^`, `*`, AND, OR, MINUS and parentheses. Refinements (`:`) are refused.
 * http://snomed.org/ecl
 */
import { FhirError } from '../../shared/errors.ts';
import type { ConceptTest } from '../../store/terminology/concept-test.ts';

type Token = { readonly text: string; readonly at: number };

const tokens = /\s*(?:\|[^|]*\||(<<!|>>!|<<|>>|<!|>!|<|>|\^|\*|\(|\)|,|\d{6,18}|[A-Za-z]+|\S))/gy;
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
  const why =
    token === undefined
      ? 'something is missing'
      : token.text === ':'
        ? 'refinements are not supported'
        : `${token.text} is not expected`;
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

const joins: Readonly<Record<string, (left: ConceptTest, right: ConceptTest) => ConceptTest>> = {
  AND: (left, right) => ({ kind: 'and', of: [left, right] }),
  ',': (left, right) => ({ kind: 'and', of: [left, right] }),
  OR: (left, right) => ({ kind: 'or', of: [left, right] }),
  MINUS: (left, right) => ({ kind: 'and', of: [left, { kind: 'not', of: right }] }),
};

function expression(cursor: Cursor, depth: number): ConceptTest {
  let left = primary(cursor, depth);
  for (let word = peek(cursor); word !== undefined && word !== ')'; word = peek(cursor)) {
    const join = Object.hasOwn(joins, word) ? joins[word] : undefined;
    if (!join) throw fail(cursor);
    cursor.next++;
    left = join(left, primary(cursor, depth));
  }
  return left;
}

/** Reads one expression. Throws `unprocessable` for what it does not understand. */
export function parseEcl(text: string): ConceptTest {
  const cursor: Cursor = { text, list: tokenize(text), next: 0 };
  const whole = expression(cursor, 0);
  if (cursor.next < cursor.list.length) throw fail(cursor);
  return whole;
}
