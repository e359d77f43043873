/**
 * What a selector finds in an XML document.
 * https://www.w3.org/TR/1999/REC-xpath-19991116/#location-paths
 */
import { FhirError } from '../../shared/errors.ts';
import type { XmlAttribute, XmlElement, XmlNode } from '../xml/document.ts';
import type { Expression, NodeTest, Selector, Step } from './xml-selector.ts';

/** A node and the element that it belongs to; the root element belongs to none. */
export type Found =
  | { readonly kind: 'node'; readonly node: XmlNode; readonly parent: XmlElement | undefined }
  | { readonly kind: 'attribute'; readonly attribute: XmlAttribute; readonly parent: XmlElement };

/** Counts what is looked at, so that no selector can hold up everybody else. */
export interface Budget {
  left: number;
}

interface Scope {
  readonly root: XmlElement;
  readonly budget: Budget;
}

/** Where a path begins: above the root element, or at a node. */
type Context = Found | undefined;

/** The nodes in their order. Throws `tooLarge` when the budget is spent. */
export function select(root: XmlElement, selector: Selector, budget: Budget): readonly Found[] {
  return follow({ root, budget }, selector, undefined);
}

function follow(scope: Scope, { isAbsolute, steps }: Selector, from: Context): readonly Found[] {
  let here: readonly Context[] = [isAbsolute ? undefined : from];
  for (const step of steps) {
    const next = new Map<XmlNode | XmlAttribute, Found>();
    for (const one of here) {
      for (const found of stepFrom(scope, step, one)) {
        next.set(found.kind === 'node' ? found.node : found.attribute, found);
      }
    }
    here = [...next.values()];
  }
  return here.filter((one) => one !== undefined);
}

function stepFrom(scope: Scope, { test, isDeep, predicates }: Step, from: Context): readonly Found[] {
  const starts = isDeep ? [from, ...below(scope, from)] : [from];
  return starts.flatMap((start) => {
    let found = candidates(scope, test, start);
    for (const predicate of predicates) {
      const size = found.length;
      found = found.filter((one, at) => holds({ ...scope, one, position: at + 1, size }, predicate));
    }
    return found;
  });
}

function spend({ budget }: Scope, count: number): void {
  budget.left -= count;
  if (budget.left < 0) throw new FhirError('tooLarge', 'The selectors of the patch look at too much of the resource.');
}

function childrenOf(scope: Scope, from: Context): readonly Found[] {
  if (!from) return [{ kind: 'node', node: scope.root, parent: undefined }];
  if (from.kind !== 'node' || from.node.kind !== 'element') return [];
  const parent = from.node;
  spend(scope, parent.children.length);
  return parent.children.map((node) => ({ kind: 'node', node, parent }));
}

function below(scope: Scope, from: Context): readonly Found[] {
  return childrenOf(scope, from).flatMap((child) => [child, ...below(scope, child)]);
}

function candidates(scope: Scope, test: NodeTest, from: Context): readonly Found[] {
  spend(scope, 1);
  if (test.kind === 'self') return from ? [from] : [];
  // Documents of FHIR have the one default namespace, and no prefixes.
  if (test.kind === 'namespace') return [];
  if (test.kind === 'attribute') return attributesOf(test, from);
  return childrenOf(scope, from).filter((found) => found.kind === 'node' && fits(test, found.node));
}

function attributesOf(test: NodeTest, from: Context): readonly Found[] {
  if (from?.kind !== 'node' || from.node.kind !== 'element') return [];
  const parent = from.node;
  return parent.attributes
    .filter((attribute) => isNamed(test, attribute))
    .map((attribute) => ({ kind: 'attribute', attribute, parent }));
}

function fits(test: NodeTest, node: XmlNode): boolean {
  if (test.kind === 'node') return true;
  if (test.kind === 'element') return node.kind === 'element' && isNamed(test, node);
  return node.kind === test.kind;
}

function isNamed(test: NodeTest, { uri, local }: { readonly uri: string; readonly local: string }): boolean {
  if (test.kind !== 'element' && test.kind !== 'attribute') return false;
  return (test.local === '*' || test.local === local) && (test.uri === undefined || test.uri === uri);
}

interface Place extends Scope {
  readonly one: Found;
  readonly position: number;
  readonly size: number;
}

type Value = readonly Found[] | string | number | boolean;

/** A number alone is a position. */
function holds(place: Place, predicate: Expression): boolean {
  const value = evaluated(place, predicate);
  return typeof value === 'number' ? value === place.position : truth(value);
}

function truth(value: Value): boolean {
  return typeof value === 'object' ? value.length > 0 : Boolean(value);
}

function evaluated(place: Place, expression: Expression): Value {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'path':
      return follow(place, expression.path, place.one);
    case 'call':
      return called(place, expression);
    case 'binary': {
      const { op, left, right } = expression;
      if (op === 'or') return truth(evaluated(place, left)) || truth(evaluated(place, right));
      if (op === 'and') return truth(evaluated(place, left)) && truth(evaluated(place, right));
      return compared(place, evaluated(place, left), evaluated(place, right), op === '=');
    }
  }
}

function called(place: Place, { name, args: [first, second] }: Extract<Expression, { kind: 'call' }>): Value {
  if (name === 'last') return place.size;
  if (name === 'position') return place.position;
  const value = first ? evaluated(place, first) : '';
  if (name === 'not') return !truth(value);
  const [text = ''] = textsOf(place, value);
  const [part = ''] = textsOf(place, second ? evaluated(place, second) : '');
  return name === 'contains' ? text.includes(part) : text.startsWith(part);
}

/** Any node of the one side with any of the other: as many are the same, or are not. */
function compared(scope: Scope, a: Value, b: Value, same: boolean): boolean {
  if (typeof a === 'boolean' || typeof b === 'boolean') return (truth(a) === truth(b)) === same;
  const asNumbers = typeof a === 'number' || typeof b === 'number';
  const ones = textsOf(scope, a);
  const others = textsOf(scope, b);
  spend(scope, ones.length * others.length);
  return ones.some((one) =>
    others.some((other) => (asNumbers ? Number(one) === Number(other) : one === other) === same),
  );
}

function textsOf(scope: Scope, value: Value): readonly string[] {
  if (typeof value !== 'object') return [String(value)];
  return value.map((found) => {
    if (found.kind === 'attribute') return found.attribute.value;
    return textOf(scope, found.node);
  });
}

/** The text of a node and of all that is in it; comments aside. */
function textOf(scope: Scope, node: XmlNode): string {
  if (node.kind !== 'element') return node.text;
  spend(scope, 1 + node.children.length);
  return node.children.map((child) => (child.kind === 'comment' ? '' : textOf(scope, child))).join('');
}
