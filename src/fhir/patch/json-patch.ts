/** JSON Patch on the exact text of a resource. https://www.rfc-editor.org/rfc/rfc6902 */
import { FhirError } from '../../shared/errors.ts';
import { checkJson } from '../json/check.ts';
import {
  array,
  changed,
  child,
  isSameTree,
  jsonValue,
  type Node,
  nodeOf,
  object,
  parseTree,
  printTree,
  pruned,
  withMember,
} from '../json/tree.ts';
import { expressionOf, parsePointer, place } from './json-pointer.ts';

const names = ['add', 'remove', 'replace', 'move', 'copy', 'test'] as const;

export interface JsonOperation {
  readonly op: (typeof names)[number];
  readonly path: readonly string[];
  readonly from: readonly string[];
  readonly value: Node | undefined;
}

/** More would hold up everybody else. */
const maxOperations = 1000;

/** The operations of a patch document. Throws `invalid` that says which operation is wrong, and how. */
export function parseJsonPatch(text: string): readonly JsonOperation[] {
  checkJson(text);
  const root = parseTree(text);
  if (root.kind !== 'array') throw new FhirError('invalid', 'A JSON Patch is an array of operations.');
  if (root.items.length > maxOperations) {
    throw new FhirError(
      'tooLarge',
      `The patch has ${root.items.length} operations; ${maxOperations} are taken at once.`,
    );
  }
  return root.items.map((item, at) => {
    try {
      return operationOf(item);
    } catch (error) {
      if (!(error instanceof FhirError)) throw error;
      throw new FhirError(error.kind, `Operation ${at} of the patch: ${error.message}`);
    }
  });
}

function operationOf(item: Node): JsonOperation {
  if (item.kind !== 'object') throw new FhirError('invalid', 'It is not an object.');
  const given = textMember(item, 'op');
  const op = names.find((name) => name === given);
  if (!op) throw new FhirError('invalid', `op is ${JSON.stringify(given)}; it is one of ${names.join(', ')}.`);
  const needsFrom = op === 'move' || op === 'copy';
  const value = child(item, 'value');
  if (value === undefined && (op === 'add' || op === 'replace' || op === 'test')) {
    throw new FhirError('invalid', `${op} needs a value.`);
  }
  const path = parsePointer(textMember(item, 'path'));
  const from = needsFrom ? parsePointer(textMember(item, 'from')) : [];
  if (op === 'move' && path.length > from.length && from.every((token, at) => token === path[at])) {
    throw new FhirError('invalid', 'Nothing can be moved into itself.');
  }
  return { op, path, from, value };
}

function textMember(item: Node, name: string): string {
  const node = child(item, name);
  const value = node?.kind === 'scalar' ? jsonValue(node) : undefined;
  if (typeof value !== 'string') throw new FhirError('invalid', `It has no ${name} that is a string.`);
  return value;
}

/** The text with all operations applied in their order, or `unprocessable` with the first that cannot be. */
export function applyJsonPatch(text: string, type: string, operations: readonly JsonOperation[]): string {
  const start = parseTree(text);
  let root = start;
  for (const [at, operation] of operations.entries()) root = apply(root, operation, at, type);
  // What is left empty is not there any more: https://hl7.org/fhir/R4/json.html has neither [] nor {}.
  return root === start ? text : printTree(pruned(root) ?? root);
}

function apply(root: Node, operation: JsonOperation, at: number, type: string): Node {
  const { op, path, from, value } = operation;
  const fail = (tokens: readonly string[], problem: string): never => {
    const message = `Operation ${at} of the patch (${op}): ${problem}`;
    throw new FhirError('unprocessable', message, { expression: [expressionOf(type, tokens)] });
  };
  const existing = (tokens: readonly string[]): Node => {
    const found = lookUp(root, tokens);
    return found ?? fail(tokens, `there is nothing at /${tokens.join('/')}.`);
  };
  const adding = (to: Node, node: Node): Node =>
    add(to, path, node) ?? fail(path, `there is no place at /${path.join('/')}.`);
  switch (op) {
    case 'test':
      if (!isSameTree(existing(path), value as Node)) fail(path, 'the value is another one.');
      return root;
    case 'add':
      return adding(root, value as Node);
    case 'replace':
      existing(path);
      return put(root, path, value);
    case 'remove':
      existing(path);
      return path.length === 0 ? fail(path, 'a resource cannot be removed by a patch.') : put(root, path, undefined);
    case 'copy':
      return adding(root, existing(from));
    case 'move': {
      const moved = existing(from);
      if (from.length === 0) return adding(root, moved);
      return adding(put(root, from, undefined), moved);
    }
  }
}

function lookUp(root: Node, tokens: readonly string[]): Node | undefined {
  if (tokens.length === 0) return root;
  const found = place(root, tokens);
  return found && child(nodeOf(root, found.path), found.step);
}

/** Puts a value where one is, or takes that away. */
function put(root: Node, tokens: readonly string[], value: Node | undefined): Node {
  if (tokens.length === 0) return value ?? root;
  const found = place(root, tokens);
  return found ? changed(root, [...found.path, found.step], () => value) : root;
}

/** Puts a value at a name, or in front of a position; undefined when there is no such place. */
function add(root: Node, tokens: readonly string[], value: Node): Node | undefined {
  if (tokens.length === 0) return value;
  const found = place(root, tokens);
  if (!found) return undefined;
  const { path, step } = found;
  return changed(root, path, (container) => {
    if (container?.kind === 'array') return array(container.items.toSpliced(Number(step), 0, value));
    return withMember(container?.kind === 'object' ? container : object([]), String(step), value);
  });
}
