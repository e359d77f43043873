/**
 * FHIRPath Patch on the exact text of a resource.
 * https://hl7.org/fhir/R4/fhirpatch.html
 */
import { FhirError } from '../../shared/errors.ts';
import { isPrimitive, type Property } from '../definitions/types.ts';
import {
  array,
  changed,
  child,
  type Node,
  nodeOf,
  object,
  type Path,
  parseTree,
  printTree,
  pruned,
  withMember,
} from '../json/tree.ts';
import type { Body } from '../reply.ts';
import { type FhirPathOperation, parseOperations } from './fhirpath-operations.ts';
import { inside, locate, type Place, propertiesNamed } from './locate.ts';
import { itemsOf, nothing, type Part, padded, propertyFor, type Value, valueFrom } from './patch-value.ts';

/**
 * The text of a resource with the operations of a Parameters resource applied in their order. Throws `invalid` for what is
 * no patch, and `unprocessable` with the first operation that cannot be applied.
 */
export function applyFhirPathPatch(text: string, type: string, patch: Body): string {
  const start = parseTree(text);
  let root = start;
  for (const operation of parseOperations(patch)) {
    // Nothing is left only of a resource without resourceType, and that is no element.
    root = pruned(apply(root, type, operation)) ?? root;
  }
  return root === start ? text : printTree(root);
}

function apply(root: Node, type: string, operation: FhirPathOperation): Node {
  switch (operation.type) {
    case 'add':
      return add(root, only(root, type, operation), operation);
    case 'delete':
      return remove(root, type, operation);
    case 'replace':
      return replace(root, only(root, type, operation), operation);
    case 'insert':
      return insert(root, type, operation);
    case 'move':
      return move(root, type, operation);
  }
}

function fail({ at }: FhirPathOperation, message: string): never {
  throw new FhirError('unprocessable', message, { expression: [at] });
}

/** The one element at the path. */
function only(root: Node, type: string, operation: FhirPathOperation): Place {
  const [place, ...others] = locate(root, type, operation.path);
  if (!place) return fail(operation, `There is nothing at ${operation.text}.`);
  if (others.length > 0) return fail(operation, `${operation.text} is more than one element.`);
  return place;
}

/** The value that the operation brings for a property of a type. */
function given({ value, at }: FhirPathOperation): Part {
  if (value) return value;
  throw new FhirError('invalid', 'The operation has no value.', { expression: [at] });
}

/** The container of a place's children; that of a primitive, or of nothing, may still have to be made. */
function withContainer(root: Node, path: Path): Node {
  if (path.length === 0 || nodeOf(root, path)?.kind === 'object') return root;
  const [step] = path.slice(-1);
  if (typeof step !== 'number') return changed(root, path, () => object([]));
  const list = path.slice(0, -1);
  return changed(root, list, (node) => array([...padded(itemsOf(node), step + 1)].with(step, object([]))));
}

function add(root: Node, place: Place, operation: FhirPathOperation): Node {
  const part = given(operation);
  const container = inside(place);
  const type = containerType(root, place);
  const property = propertyFor(type, operation.name ?? '', part);
  const value = valueFrom(part, property.type.code);
  const ready = withContainer(root, container);
  if (property.element.max !== 1) {
    const { length } = itemsAt(ready, container, property);
    return splice(ready, container, property, (items, others) => [
      [...padded(items, length), value.node ?? nothing],
      value.sibling ? [...padded(others, length), value.sibling] : others,
    ]);
  }
  const taken = propertiesNamed(type, property.element.name).find(({ json }) => {
    return child(nodeOf(ready, container), json) ?? child(nodeOf(ready, container), `_${json}`);
  });
  if (taken) fail(operation, `${operation.text}.${property.element.name} exists already and is no list.`);
  return setMembers(ready, container, property, value);
}

function containerType(root: Node, { path, type }: Place): string {
  if (type !== 'Resource') return type;
  const own = child(nodeOf(root, path), 'resourceType');
  return own?.kind === 'scalar' ? (JSON.parse(own.text) as string) : type;
}

function setMembers(root: Node, container: Path, { json }: Property, { node, sibling }: Value): Node {
  return changed(root, container, (found) => {
    const before = found?.kind === 'object' ? found : object([]);
    return withMember(withMember(before, json, node), `_${json}`, sibling);
  });
}

type Lists = readonly [items: readonly Node[], siblings: readonly Node[]];

/** How many elements a list has. */
function itemsAt(root: Node, container: Path, { json }: Property): Lists[0] {
  const node = nodeOf(root, container);
  const items = itemsOf(child(node, json));
  const others = itemsOf(child(node, `_${json}`));
  return padded(items, others.length);
}

/** Changes the list that a property holds, and that of its ids and extensions along with it. */
function splice(root: Node, container: Path, { json, type }: Property, change: (...lists: Lists) => Lists): Node {
  return changed(root, container, (found) => {
    const node = found?.kind === 'object' ? found : object([]);
    const [items, others] = change(itemsOf(child(node, json)), itemsOf(child(node, `_${json}`)));
    const own = withMember(node, json, listOf(items));
    return isPrimitive(type.code) ? withMember(own, `_${json}`, listOf(others)) : own;
  });
}

/** A list of nothing but empty places is no list. */
function listOf(items: readonly Node[]): Node | undefined {
  return items.every(({ text }) => text === 'null') ? undefined : array(items);
}

function remove(root: Node, type: string, operation: FhirPathOperation): Node {
  const [place, ...others] = locate(root, type, operation.path);
  if (others.length > 0) fail(operation, `${operation.text} is more than one element; a single one can be deleted.`);
  if (!place) return root;
  if (!place.property) return fail(operation, 'A resource cannot be deleted by a patch.');
  return without(root, place);
}

function without(root: Node, { path, property }: Place): Node {
  const [step] = path.slice(-1);
  if (!property) return root;
  if (typeof step !== 'number') return setMembers(root, path.slice(0, -1), property, {});
  return splice(root, path.slice(0, -2), property, (items, others) => [dropped(items, step), dropped(others, step)]);
}

function dropped(items: readonly Node[], at: number): readonly Node[] {
  return at < items.length ? items.toSpliced(at, 1) : items;
}

function replace(root: Node, place: Place, operation: FhirPathOperation): Node {
  const part = given(operation);
  const { path, property } = place;
  if (!property) return fail(operation, 'A resource cannot be replaced by a patch; an update does that.');
  const [step] = path.slice(-1);
  if (typeof step === 'number') {
    const value = valueFrom(part, property.type.code);
    return splice(root, path.slice(0, -2), property, (items, others) => [
      padded(items, step + 1).with(step, value.node ?? nothing),
      value.sibling || step < others.length ? padded(others, step + 1).with(step, value.sibling ?? nothing) : others,
    ]);
  }
  const container = path.slice(0, -1);
  const next = sameElement(operation, property, part);
  const value = valueFrom(part, next.type.code);
  // A choice of another type has another name in JSON, in the same place.
  const renamed = next === property ? root : rename(root, container, property, next);
  return setMembers(renamed, container, next, value);
}

/** The property for the value: another one of the same choice when its datatype is another one. */
function sameElement(operation: FhirPathOperation, property: Property, part: Part): Property {
  if (!property.element.choice) return property;
  const others = property.element.types.map(({ code }) => code);
  const found = /^_?value([A-Z]\w*)$/.exec(
    (part.node.kind === 'object' ? part.node.members : []).find(({ name }) => /^_?value[A-Z]/.test(name))?.name ?? '',
  )?.[1];
  const code = others.find((one) => one.charAt(0).toUpperCase() + one.slice(1) === found);
  const type = property.element.types.find((one) => one.code === code);
  if (!type || code === undefined) {
    return fail(operation, `${property.element.name}[x] cannot be a ${found ?? 'list of parts'}.`);
  }
  return {
    json: property.element.name + code.charAt(0).toUpperCase() + code.slice(1),
    element: property.element,
    type,
  };
}

function rename(root: Node, container: Path, from: Property, to: Property): Node {
  return changed(root, container, (node) => {
    if (node?.kind !== 'object') return node;
    const members = node.members
      .filter(({ name }) => name !== `_${from.json}`)
      .map((member) => (member.name === from.json ? { ...member, name: to.json } : member));
    return object(members);
  });
}

/** The list that the path names: its container and its property. */
function listAt(
  root: Node,
  type: string,
  operation: FhirPathOperation,
): { container: Path; property: Property; at: Node } {
  const { path, text } = operation;
  if (path.kind !== 'member' || !path.on) return fail(operation, `${text} is no list.`);
  const [place, ...others] = locate(root, type, path.on);
  if (!place) return fail(operation, `There is nothing at ${text}.`);
  if (others.length > 0) return fail(operation, `${text} is in more than one element.`);
  const [property] = propertiesNamed(containerType(root, place), path.name);
  if (!property || property.element.max === 1) return fail(operation, `${text} is no list.`);
  return { container: inside(place), property, at: root };
}

function insert(root: Node, type: string, operation: FhirPathOperation): Node {
  const { container, property } = listAt(root, type, operation);
  const value = valueFrom(given(operation), property.type.code);
  const { index = 0 } = operation;
  const { length } = itemsAt(root, container, property);
  if (index > length) fail(operation, `${operation.text} has ${length} elements; there is no place ${index}.`);
  return splice(withContainer(root, container), container, property, (items, others) => [
    padded(items, length).toSpliced(index, 0, value.node ?? nothing),
    value.sibling || others.length > 0 ? padded(others, length).toSpliced(index, 0, value.sibling ?? nothing) : others,
  ]);
}

function move(root: Node, type: string, operation: FhirPathOperation): Node {
  const { container, property } = listAt(root, type, operation);
  const { source = 0, destination = 0 } = operation;
  const { length } = itemsAt(root, container, property);
  for (const at of [source, destination]) {
    if (at >= length) fail(operation, `${operation.text} has ${length} elements; there is none at ${at}.`);
  }
  const moved = (list: readonly Node[]) => {
    if (list.length === 0) return list;
    const all = padded(list, length);
    return all.toSpliced(source, 1).toSpliced(destination, 0, all[source] ?? nothing);
  };
  return splice(root, container, property, (items, others) => [moved(items), moved(others)]);
}
