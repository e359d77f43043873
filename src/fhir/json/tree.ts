/**
 * JSON texts as trees that keep what was written: decimals `1.10`, the order of members, the white space of what nobody
 * touches. Trees are never changed; a changed one shares the rest with the one before.
 */
import { FhirError } from '../../shared/errors.ts';
import { maxDepth } from './check.ts';
import { space, stringEnd, textOf } from './members.ts';

export interface ObjectNode {
  readonly kind: 'object';
  readonly members: readonly Member[];
  readonly text?: string;
  readonly size: number;
  readonly depth: number;
}
export interface ArrayNode {
  readonly kind: 'array';
  readonly items: readonly Node[];
  readonly text?: string;
  readonly size: number;
  readonly depth: number;
}
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly text: string;
  readonly size: number;
  readonly depth: 0;
}
export type Node = ObjectNode | ArrayNode | ScalarNode;

export interface Member {
  readonly name: string;
  readonly value: Node;
}

/** Names and positions from the root down. */
export type Path = readonly (string | number)[];

/** What no change may make a resource grow beyond, characters: some are small and make much of it (copying what was copied). */
const maxSize = 64 * 1024 * 1024;

/** The tree of a text that `checkJson` has passed. */
export function parseTree(text: string): Node {
  return nodeAt(text, space(text, 0)).node;
}

interface Found {
  readonly node: Node;
  readonly end: number;
}

function nodeAt(text: string, at: number): Found {
  if (text[at] === '{') return objectAt(text, at);
  if (text[at] === '[') return arrayAt(text, at);
  const end = text[at] === '"' ? stringEnd(text, at) : wordEnd(text, at);
  return { node: scalar(text.slice(at, end)), end };
}

const afterWord = /[\s,\]}]/g;

function wordEnd(text: string, at: number): number {
  afterWord.lastIndex = at;
  return afterWord.exec(text)?.index ?? text.length;
}

function objectAt(text: string, at: number): Found {
  const members: Member[] = [];
  let here = space(text, at + 1);
  while (text[here] === '"') {
    const nameEnd = stringEnd(text, here);
    const { node, end } = nodeAt(text, space(text, space(text, nameEnd) + 1));
    members.push({ name: textOf(text, { start: here, end: nameEnd }), value: node });
    here = afterComma(text, end);
  }
  const end = here + 1;
  return { node: { ...object(members), text: text.slice(at, end) }, end };
}

function arrayAt(text: string, at: number): Found {
  const items: Node[] = [];
  let here = space(text, at + 1);
  while (text[here] !== ']') {
    const { node, end } = nodeAt(text, here);
    items.push(node);
    here = afterComma(text, end);
  }
  const end = here + 1;
  return { node: { ...array(items), text: text.slice(at, end) }, end };
}

function afterComma(text: string, at: number): number {
  const here = space(text, at);
  return text[here] === ',' ? space(text, here + 1) : here;
}

export function scalar(text: string): ScalarNode {
  return { kind: 'scalar', text, size: text.length, depth: 0 };
}

/** Throws `tooLarge` beyond the limits of a resource, as do all that make trees. */
export function object(members: readonly Member[]): ObjectNode {
  let size = 2;
  let depth = 0;
  for (const { name, value } of members) {
    size += name.length + value.size + 4;
    depth = Math.max(depth, value.depth);
  }
  return checked({ kind: 'object', members, size, depth: depth + 1 });
}

export function array(items: readonly Node[]): ArrayNode {
  let size = 2;
  let depth = 0;
  for (const item of items) {
    size += item.size + 1;
    depth = Math.max(depth, item.depth);
  }
  return checked({ kind: 'array', items, size, depth: depth + 1 });
}

function checked<N extends ObjectNode | ArrayNode>(node: N): N {
  if (node.depth > maxDepth) throw new FhirError('unprocessable', `More than ${maxDepth} levels of nesting.`);
  if (node.size > maxSize) throw new FhirError('tooLarge', `The resource would be larger than ${maxSize} characters.`);
  return node;
}

/** The JSON text: what was never changed as it was written, the rest without white space. */
export function printTree(node: Node): string {
  const pieces: string[] = [];
  print(node, pieces);
  return pieces.join('');
}

function print(node: Node, pieces: string[]): void {
  if (node.text !== undefined) pieces.push(node.text);
  else if (node.kind === 'object') {
    pieces.push('{');
    for (const [at, { name, value }] of node.members.entries()) {
      pieces.push(at > 0 ? ',' : '', JSON.stringify(name), ':');
      print(value, pieces);
    }
    pieces.push('}');
  } else if (node.kind === 'array') {
    pieces.push('[');
    for (const [at, item] of node.items.entries()) {
      if (at > 0) pieces.push(',');
      print(item, pieces);
    }
    pieces.push(']');
  }
}

/** The JSON value of a node. */
export function jsonValue(node: Node): unknown {
  return JSON.parse(printTree(node));
}

export function child(node: Node | undefined, step: string | number): Node | undefined {
  if (node?.kind === 'array') return typeof step === 'number' ? node.items[step] : undefined;
  if (node?.kind !== 'object') return undefined;
  return node.members.find(({ name }) => name === step)?.value;
}

export function nodeOf(root: Node, path: Path): Node | undefined {
  let node: Node | undefined = root;
  for (const step of path) node = child(node, step);
  return node;
}

/** The members with `name` set to `value`, in its old place or at the end; undefined takes it away. */
export function withMember(node: ObjectNode, name: string, value: Node | undefined): ObjectNode {
  const at = node.members.findIndex((member) => member.name === name);
  if (value === undefined) return at < 0 ? node : object(node.members.toSpliced(at, 1));
  return object(at < 0 ? [...node.members, { name, value }] : node.members.with(at, { name, value }));
}

/**
 * The tree with what is at `path` changed. What is on the way has to be there; `change` is given undefined for a last name
 * that is not there, and takes it away by undefined.
 */
export function changed(root: Node, path: Path, change: (node: Node | undefined) => Node | undefined): Node {
  const [step, ...rest] = path;
  if (step === undefined) return change(root) ?? root;
  const below = child(root, step);
  const next = rest.length === 0 ? change(below) : changed(below ?? missing(step), rest, change);
  if (root.kind === 'object') return withMember(root, String(step), next);
  if (root.kind === 'scalar') return missing(step);
  const at = Number(step);
  return array(next === undefined ? root.items.toSpliced(at, 1) : root.items.with(at, next));
}

function missing(step: string | number): never {
  throw new Error(`There is nothing at ${step} of the tree.`);
}

/** The tree without the empty objects and arrays that changes have left; undefined when nothing is left. */
export function pruned(node: Node): Node | undefined {
  if (node.kind === 'scalar' || node.text !== undefined) return node;
  if (node.kind === 'object') {
    const members = node.members.flatMap(({ name, value }) => {
      const rest = pruned(value);
      return rest ? [{ name, value: rest }] : [];
    });
    return members.length === 0 ? undefined : object(members);
  }
  const items = node.items.map(pruned).filter((item) => item !== undefined);
  // Of a list of primitives that have only extensions, nothing is left when all are null.
  return items.every(({ text }) => text === 'null') ? undefined : array(items);
}

/** Whether two trees are the same JSON value; numbers by their value, the order of members aside (RFC 6902, 4.6). */
export function isSameTree(a: Node, b: Node): boolean {
  if (a.kind === 'scalar')
    return b.kind === 'scalar' && (a.text === b.text || JSON.parse(a.text) === JSON.parse(b.text));
  if (a.kind === 'array') {
    if (b.kind !== 'array' || a.items.length !== b.items.length) return false;
    return a.items.every((item, at) => isSameTree(item, b.items[at] as Node));
  }
  if (b.kind !== 'object' || a.members.length !== b.members.length) return false;
  const others = new Map(b.members.map(({ name, value }) => [name, value]));
  return a.members.every(({ name, value }) => {
    const other = others.get(name);
    return other !== undefined && isSameTree(value, other);
  });
}
