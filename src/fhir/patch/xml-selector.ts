/**
 * The selectors of an XML Patch: a part of XPath 1.0, names without a prefix by the default namespace of the patch.
 * https://www.rfc-editor.org/rfc/rfc5261#section-4.1
 */
import { FhirError } from '../../shared/errors.ts';

export type NodeTest =
  | { readonly kind: 'element' | 'attribute' /** Undefined: any. */; readonly uri?: string; readonly local: string }
  | { readonly kind: 'text' | 'comment' | 'node' | 'self' }
  | { readonly kind: 'namespace'; readonly local: string };

export interface Step {
  readonly test: NodeTest;
  /** After `//`: at any depth. */
  readonly isDeep: boolean;
  readonly predicates: readonly Expression[];
}

export interface Selector {
  readonly isAbsolute: boolean;
  readonly steps: readonly Step[];
}

export type Expression =
  | { readonly kind: 'path'; readonly path: Selector }
  | { readonly kind: 'literal'; readonly value: string | number }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'binary'; readonly op: string; readonly left: Expression; readonly right: Expression };

/** Of prefixes; the default namespace is ''. */
export type Namespaces = ReadonlyMap<string, string>;

interface Reading {
  readonly tokens: readonly string[];
  readonly namespaces: Namespaces;
  at: number;
  depth: number;
}

const maxLength = 2000;
const maxDepth = 20;

const name = String.raw`[\p{L}_][\p{L}\p{N}\p{M}._\-]*`;
const token = new RegExp(
  String.raw`\s*(//|::|!=|\.\.|[/[\]()@.,=|]|'[^']*'|"[^"]*"|\d+(?:\.\d+)?|(?:${name}:(?!:))?(?:${name}|\*)|$)`,
  'uy',
);

/** Throws `invalid` that begins with the name that RFC 5261 has for the error. */
export function parseSelector(text: string, namespaces: Namespaces): Selector {
  if (text.length > maxLength) throw invalid('invalid-attribute-value', `it has more than ${maxLength} characters`);
  const reading: Reading = { tokens: tokensOf(text), namespaces, at: 0, depth: 0 };
  if (reading.tokens[0] === 'id') throw invalid('unsupported-id-function', 'FHIR has no ids that id() would find');
  const selector = path(reading);
  if (reading.at < reading.tokens.length) throw unexpected(reading);
  return selector;
}

export function invalid(error: string, problem: string): FhirError {
  return new FhirError('invalid', `${error}: ${problem}.`);
}

function unexpected({ tokens, at }: Reading): FhirError {
  const found = tokens[at];
  const problem = found === undefined ? 'it ends too early' : `${found} is not taken there`;
  return invalid('invalid-attribute-value', `the selector is not understood, ${problem}`);
}

function tokensOf(text: string): readonly string[] {
  const tokens: string[] = [];
  token.lastIndex = 0;
  for (;;) {
    const start = token.lastIndex;
    const found = token.exec(text)?.[1];
    if (found === undefined) {
      throw invalid('invalid-attribute-value', `the selector is not understood from character ${start} on`);
    }
    if (found === '') return tokens;
    tokens.push(found);
  }
}

function peek({ tokens, at }: Reading, ahead = 0): string | undefined {
  return tokens[at + ahead];
}

function takes(reading: Reading, wanted: string): boolean {
  if (peek(reading) !== wanted) return false;
  reading.at += 1;
  return true;
}

function demand(reading: Reading, wanted: string): void {
  if (!takes(reading, wanted)) throw unexpected(reading);
}

function path(reading: Reading): Selector {
  const isDeep = takes(reading, '//');
  const isAbsolute = isDeep || takes(reading, '/');
  const steps = [step(reading, isDeep)];
  for (;;) {
    if (takes(reading, '//')) steps.push(step(reading, true));
    else if (takes(reading, '/')) steps.push(step(reading, false));
    else return { isAbsolute, steps };
  }
}

function step(reading: Reading, isDeep: boolean): Step {
  const test = nodeTest(reading);
  const predicates: Expression[] = [];
  while (takes(reading, '[')) {
    predicates.push(either(reading));
    demand(reading, ']');
  }
  return { test, isDeep, predicates };
}

const kinds: Readonly<Record<string, 'text' | 'comment' | 'node'>> = { text: 'text', comment: 'comment', node: 'node' };
const isName = new RegExp(String.raw`^(?:${name}:)?(?:${name}|\*)$`, 'u');

function nodeTest(reading: Reading): NodeTest {
  if (takes(reading, '.')) return { kind: 'self' };
  const isAttribute = takes(reading, '@') || takesAxis(reading, 'attribute');
  if (!isAttribute) takesAxis(reading, 'child');
  if (takesAxis(reading, 'namespace')) return { kind: 'namespace', local: nameToken(reading) };
  const found = nameToken(reading);
  const kind = Object.hasOwn(kinds, found) ? kinds[found] : undefined;
  if (takes(reading, '(')) {
    demand(reading, ')');
    if (kind === undefined || isAttribute) throw unexpected(reading);
    return { kind };
  }
  return named(reading, found, isAttribute);
}

function takesAxis(reading: Reading, axis: string): boolean {
  if (peek(reading) !== axis || peek(reading, 1) !== '::') return false;
  reading.at += 2;
  return true;
}

function nameToken(reading: Reading): string {
  const found = peek(reading);
  if (found === undefined || !isName.test(found)) throw unexpected(reading);
  reading.at += 1;
  return found;
}

/** https://www.rfc-editor.org/rfc/rfc5261#section-4.2.2: an attribute without a prefix is in no namespace, whatever the default. */
function named({ namespaces }: Reading, text: string, isAttribute: boolean): NodeTest {
  const kind = isAttribute ? 'attribute' : 'element';
  if (text === '*') return { kind, local: '*' };
  const colon = text.indexOf(':');
  const local = text.slice(colon + 1);
  if (colon < 0) return { kind, local, uri: isAttribute ? '' : (namespaces.get('') ?? '') };
  const prefix = text.slice(0, colon);
  const uri = prefix === 'xml' ? 'http://www.w3.org/XML/1998/namespace' : namespaces.get(prefix);
  if (uri === undefined) throw invalid('invalid-namespace-prefix', `the patch does not declare the prefix ${prefix}`);
  return { kind, local, uri };
}

function either(reading: Reading): Expression {
  reading.depth += 1;
  if (reading.depth > maxDepth) throw invalid('invalid-attribute-value', 'the selector is nested too deeply');
  let left = both(reading);
  while (takes(reading, 'or')) left = { kind: 'binary', op: 'or', left, right: both(reading) };
  reading.depth -= 1;
  return left;
}

function both(reading: Reading): Expression {
  let left = comparison(reading);
  while (takes(reading, 'and')) left = { kind: 'binary', op: 'and', left, right: comparison(reading) };
  return left;
}

function comparison(reading: Reading): Expression {
  const left = operand(reading);
  const op = peek(reading);
  if (op !== '=' && op !== '!=') return left;
  reading.at += 1;
  return { kind: 'binary', op, left, right: operand(reading) };
}

/** The functions of a predicate, and how many arguments they have. */
const functions: Readonly<Record<string, number>> = { last: 0, position: 0, not: 1, contains: 2, 'starts-with': 2 };

function operand(reading: Reading): Expression {
  const found = peek(reading) ?? '';
  if (/^['"]/.test(found)) {
    reading.at += 1;
    return { kind: 'literal', value: found.slice(1, -1) };
  }
  if (/^\d/.test(found)) {
    reading.at += 1;
    return { kind: 'literal', value: Number(found) };
  }
  if (takes(reading, '(')) {
    const inside = either(reading);
    demand(reading, ')');
    return inside;
  }
  if (peek(reading, 1) === '(' && Object.hasOwn(functions, found)) return call(reading, found);
  return { kind: 'path', path: path(reading) };
}

function call(reading: Reading, name: string): Expression {
  reading.at += 2;
  const args: Expression[] = [];
  for (let at = 0; at < (functions[name] ?? 0); at += 1) {
    if (at > 0) demand(reading, ',');
    args.push(either(reading));
  }
  demand(reading, ')');
  return { kind: 'call', name, args };
}
