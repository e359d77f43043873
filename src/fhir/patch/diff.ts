/**
 * The operations of a FHIRPath Patch that make one resource of another; values keep their exact text.
 * https://hl7.org/fhir/R4/fhirpatch.html
 */
import { isPrimitive, type Property, properties, typeDefinition } from '../definitions/types.ts';
import { equal } from '../fhirpath/collection.ts';
import { child, jsonValue, type Node } from '../json/tree.ts';

/** JSON texts of the parts of one operation. */
type Parts = readonly string[];

interface Comparing {
  readonly out: Parts[];
  /** Come last of what is done to an object, so that it is never empty in between. */
  readonly deletions: Parts[];
  readonly withMeta: boolean;
}

/** An element as FHIR sees it: the value and what a primitive has besides it. */
interface Held {
  readonly node: Node | undefined;
  readonly sibling: Node | undefined;
}

/** The operations, in an order in which they can be applied. */
export function diffParts(
  from: Node,
  to: Node,
  type: string,
  { withMeta = false }: { readonly withMeta?: boolean } = {},
): readonly Parts[] {
  const comparing: Comparing = { out: [], deletions: [], withMeta };
  object(comparing, { from, to, type, path: type });
  return comparing.out;
}

interface Pair {
  readonly from: Node;
  readonly to: Node;
  readonly type: string;
  readonly path: string;
}

function object(outer: Comparing, { from, to, type, path }: Pair): void {
  const comparing: Comparing = { ...outer, deletions: [] };
  for (const [property, ...others] of elementsOf(type)) {
    if (!property || (!comparing.withMeta && path === type && property.json === 'meta')) continue;
    const all = [property, ...others];
    // A choice has one of its types, and another one takes its place.
    const old = all.find(({ json }) => isThere(heldBy(from, json))) ?? property;
    const fresh = all.find(({ json }) => isThere(heldBy(to, json))) ?? property;
    const before = heldBy(from, old.json);
    const after = heldBy(to, fresh.json);
    if (old === fresh && same(before, after)) continue;
    if (property.element.max === 1) single(comparing, fresh, { before, after, path });
    else list(comparing, property, { before, after, path });
  }
  outer.out.push(...comparing.deletions);
}

/** The properties of each element: one, but of a choice one for each of its types. */
function elementsOf(type: string): readonly (readonly Property[])[] {
  const all = new Map<string, Property[]>();
  for (const property of properties(type).values()) {
    const { name } = property.element;
    all.set(name, [...(all.get(name) ?? []), property]);
  }
  return [...all.values()];
}

function heldBy(node: Node, json: string): Held {
  return { node: child(node, json), sibling: child(node, `_${json}`) };
}

function same(a: Held, b: Held): boolean {
  return sameNode(a.node, b.node) && sameNode(a.sibling, b.sibling);
}

/** By text first: decimals of other digits are other values. */
function sameNode(a: Node | undefined, b: Node | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.text !== undefined && a.text === b.text) return true;
  if (a.kind === 'scalar' || b.kind === 'scalar')
    return a.kind === b.kind && equal(jsonValue(a), jsonValue(b)) && a.text === b.text;
  if (a.kind === 'array')
    return (
      b.kind === 'array' && a.items.length === b.items.length && a.items.every((one, at) => sameNode(one, b.items[at]))
    );
  if (b.kind === 'array' || a.members.length !== b.members.length) return false;
  return a.members.every(({ name, value }) => sameNode(value, child(b, name)));
}

interface Change {
  readonly before: Held;
  readonly after: Held;
  /** Of what holds the element. */
  readonly path: string;
}

const isThere = ({ node, sibling }: Held): boolean => node !== undefined || sibling !== undefined;

function single(comparing: Comparing, property: Property, { before, after, path }: Change): void {
  const { element } = property;
  const at = `${path}.${element.name}`;
  if (!isThere(after)) comparing.deletions.push([code('delete'), text('path', at)]);
  else if (!isThere(before))
    comparing.out.push([code('add'), text('path', path), text('name', element.name), value(property, after)]);
  else if (isDeep(property) && before.node && after.node) {
    object(comparing, { from: before.node, to: after.node, type: property.type.code, path: at });
  } else comparing.out.push([code('replace'), text('path', at), value(property, after)]);
}

/** Whether differences are looked for inside; a resource or a datatype with parts of its own. */
function isDeep({ type, element }: Property): boolean {
  return (
    !isPrimitive(type.code) && type.code !== 'Resource' && typeDefinition(type.code) !== undefined && !element.choice
  );
}

function list(comparing: Comparing, property: Property, { before, after, path }: Change): void {
  const [a, b] = [itemsOf(before), itemsOf(after)];
  const at = `${path}.${property.element.name}`;
  let start = 0;
  while (start < a.length && start < b.length && same(a[start] as Held, b[start] as Held)) start += 1;
  let end = 0;
  while (
    end < a.length - start &&
    end < b.length - start &&
    same(a[a.length - 1 - end] as Held, b[b.length - 1 - end] as Held)
  )
    end += 1;
  const [old, fresh] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const both = Math.min(old.length, fresh.length);
  for (let place = 0; place < both; place += 1)
    item(comparing, property, old[place] as Held, fresh[place] as Held, `${at}[${start + place}]`);
  // From the end, so that those before keep their places.
  for (let place = old.length - 1; place >= both; place -= 1)
    comparing.deletions.push([code('delete'), text('path', `${at}[${start + place}]`)]);
  fresh.slice(both).forEach((one, place) => {
    const index = start + both + place;
    const isEnd = index >= a.length - (old.length - both);
    comparing.out.push(
      isEnd
        ? [code('add'), text('path', path), text('name', property.element.name), value(property, one)]
        : [code('insert'), text('path', at), `{"name":"index","valueInteger":${index}}`, value(property, one)],
    );
  });
}

function item(comparing: Comparing, property: Property, before: Held, after: Held, path: string): void {
  if (same(before, after)) return;
  if (isDeep(property) && before.node && after.node)
    object(comparing, { from: before.node, to: after.node, type: property.type.code, path });
  else comparing.out.push([code('replace'), text('path', path), value(property, after)]);
}

function itemsOf({ node, sibling }: Held): readonly Held[] {
  const values = node?.kind === 'array' ? node.items : [];
  const siblings = sibling?.kind === 'array' ? sibling.items : [];
  const some = (one: Node | undefined) => (one === undefined || one.text === 'null' ? undefined : one);
  return Array.from({ length: Math.max(values.length, siblings.length) }, (_, at) => ({
    node: some(values[at]),
    sibling: some(siblings[at]),
  }));
}

const code = (type: string): string => `{"name":"type","valueCode":"${type}"}`;
const text = (name: string, said: string): string =>
  `{"name":${JSON.stringify(name)},"valueString":${JSON.stringify(said)}}`;

/** A datatype in value[x], a resource, or for what value[x] cannot be its elements as parts. */
function value(property: Property, held: Held, name = 'value'): string {
  const { code: type } = property.type;
  const head = `{"name":${JSON.stringify(name)}`;
  if (type === 'Resource') return `${head},"resource":${print(held.node)}}`;
  const json = valueName(type);
  if (json === undefined) return `${head},"part":[${parts(type, held.node).join(',')}]}`;
  const members = [
    ...(held.node === undefined ? [] : [`"${json}":${print(held.node)}`]),
    ...(held.sibling === undefined ? [] : [`"_${json}":${print(held.sibling)}`]),
  ];
  return `${head},${members.join(',')}}`;
}

/** `valueQuantity`; undefined for a type that no parameter can have. */
function valueName(type: string): string | undefined {
  const name = `value${type.charAt(0).toUpperCase()}${type.slice(1)}`;
  if (properties('Parameters.parameter').has(name)) return name;
  return isPrimitive(type) ? 'valueString' : undefined;
}

function parts(type: string, node: Node | undefined): readonly string[] {
  if (!node) return [];
  return [...properties(type).values()].flatMap((property) => {
    const held = heldBy(node, property.json);
    if (!isThere(held)) return [];
    const all = property.element.max === 1 ? [held] : itemsOf(held);
    return all.map((one) => value(property, one, property.element.name));
  });
}

function print(node: Node | undefined): string {
  return node?.text ?? JSON.stringify(node && jsonValue(node));
}
