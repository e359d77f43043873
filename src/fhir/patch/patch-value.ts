/**
 * The values of FHIRPath Patch operations: a datatype in value[x], a resource, or, for what is no datatype, parts.
 * https://hl7.org/fhir/R4/fhirpatch.html
 */
import { FhirError } from '../../shared/errors.ts';
import { isPrimitive, type Property } from '../definitions/types.ts';
import { array, child, jsonValue, type Member, type Node, object, scalar } from '../json/tree.ts';
import { propertiesNamed } from './locate.ts';

/** A value, and of a primitive what its `_name` holds. */
export interface Value {
  readonly node?: Node;
  readonly sibling?: Node;
}

/** One `parameter.part` with its expression for messages. */
export interface Part {
  readonly node: Node;
  readonly at: string;
}

/** The parts of a parameter or part. */
export function partsOf({ node, at }: Part): readonly Part[] {
  const parts = child(node, 'part');
  if (parts?.kind !== 'array') return [];
  return parts.items.map((item, index) => ({ node: item, at: `${at}.part[${index}]` }));
}

export function nameOf({ node }: Part): string {
  const name = child(node, 'name');
  return name ? String(jsonValue(name)) : '';
}

/** The datatype of a part's value[x]: `Quantity`, `dateTime`; undefined when it has none. */
function valueType({ node }: Part): string | undefined {
  if (node.kind !== 'object') return undefined;
  const found = node.members.find(({ name }) => /^_?value[A-Z]/.test(name));
  const suffix = found?.name.replace(/^_?value/, '');
  if (suffix === undefined) return undefined;
  const lower = suffix.charAt(0).toLowerCase() + suffix.slice(1);
  return isPrimitive(lower) ? lower : suffix;
}

/** The property of `type` that takes the part under `name`: of a choice the one for the part's datatype. Throws `invalid`. */
export function propertyFor(type: string, name: string, part: Part): Property {
  const candidates = propertiesNamed(type, name);
  const [only, ...others] = candidates;
  if (!only)
    throw new FhirError('invalid', `${type} has no element ${JSON.stringify(name)}.`, { expression: [part.at] });
  if (others.length === 0) return only;
  const given = valueType(part);
  const fits = candidates.find(({ type: { code } }) => code === given);
  if (fits) return fits;
  const message = `${type}.${name}[x] cannot be a ${given ?? 'list of parts'}.`;
  throw new FhirError('invalid', message, { expression: [part.at] });
}

/** The value of a part as an element of `type` wants it. Throws `invalid` when it has none. */
export function valueFrom(part: Part, type: string): Value {
  const { node } = part;
  const own = node.kind === 'object' ? node.members : [];
  const value = own.find(({ name }) => /^value[A-Z]/.test(name))?.value;
  const sibling = own.find(({ name }) => /^_value[A-Z]/.test(name))?.value;
  if (value || sibling) return { ...(value ? { node: value } : {}), ...(sibling ? { sibling } : {}) };
  const resource = child(node, 'resource');
  if (resource) return { node: resource };
  const parts = partsOf(part);
  if (parts.length === 0) throw new FhirError('invalid', 'The part has no value.', { expression: [part.at] });
  return { node: composed(parts, type) };
}

/** An element built of parts, each of which is one of its children. */
function composed(parts: readonly Part[], type: string): Node {
  const members = new Map<string, Node>();
  for (const part of parts) {
    const property = propertyFor(type, nameOf(part), part);
    const value = valueFrom(part, property.type.code);
    put(members, property, value);
  }
  return object([...members].map(([name, value]): Member => ({ name, value })));
}

/** The empty place in a list of primitives, so that values and extensions stay side by side. */
export const nothing = scalar('null');

function put(members: Map<string, Node>, { json, element }: Property, { node, sibling }: Value): void {
  if (element.max === 1) {
    if (members.has(json) || members.has(`_${json}`))
      throw new FhirError('invalid', `${json} is given twice; it is no list.`);
    if (node) members.set(json, node);
    if (sibling) members.set(`_${json}`, sibling);
    return;
  }
  const values = itemsOf(members.get(json));
  const others = itemsOf(members.get(`_${json}`));
  members.set(json, array([...values, node ?? nothing]));
  if (sibling) members.set(`_${json}`, array([...padded(others, values.length), sibling]));
}

export function itemsOf(node: Node | undefined): readonly Node[] {
  return node?.kind === 'array' ? node.items : [];
}

/** The items with empty places behind them, up to a length. */
export function padded(items: readonly Node[], length: number): readonly Node[] {
  return [...items, ...Array.from({ length: Math.max(0, length - items.length) }, () => nothing)];
}
