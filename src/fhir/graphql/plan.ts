/**
 * Selections of a query against the definitions: which element each field is, and what is done with it. A type's fields are
 * looked up when a query selects from it; there is no schema to be built.
 * https://hl7.org/fhir/R4/graphql.html#fields
 */
import { type FieldNode, print, type SelectionSetNode } from 'graphql';
import { FhirError } from '../../shared/errors.ts';
import { isA, isPrimitive, isResourceType, properties, resourceTypes, typeDefinition } from '../definitions/types.ts';
import { argumentsOf, type Directives, directivesOf, isIncluded, type Value } from './arguments.ts';
import { fragmentOf, type Query } from './document.ts';

interface Field extends Directives {
  /** The name in the answer. */
  readonly key: string;
  readonly args: ReadonlyMap<string, Value>;
  readonly sets: readonly SelectionSetNode[];
}

export type FieldPlan =
  | (Field & { readonly kind: 'word'; readonly word: 'type' })
  | (Field & { readonly kind: 'scalar'; readonly json: string; readonly type: string; readonly list: boolean })
  /** An element, or a contained resource where `type` is Resource. */
  | (Field & {
      readonly kind: 'object';
      readonly json: string;
      readonly type: string;
      readonly list: boolean;
      readonly fields: readonly FieldPlan[];
    })
  /** What a Reference points at. */
  | (Field & { readonly kind: 'resource'; readonly targets: readonly string[] })
  /** Found by a search: of this resource's referrers, or of all. */
  | (Field & { readonly kind: 'list' | 'connection' | 'one'; readonly type: string });

interface Place {
  /** The type that is selected from; of a resource that may be any of several, those. */
  readonly types: readonly string[];
  /** Whether each field has to be one of the only type, or may be one of any. */
  readonly lenient?: boolean;
  /** What the Reference that is selected from points at. */
  readonly targets?: readonly string[];
}

/** The fields of a selection from a type. Throws `invalid` for a field, argument or fragment that does not fit. */
export function planFields(query: Query, place: Place, sets: readonly SelectionSetNode[]): readonly FieldPlan[] {
  return [...collect(query, place, sets)].flatMap(([, { nodes }]) => {
    const [first] = nodes;
    if (!first) return [];
    const plan = planField(
      query,
      place,
      first,
      nodes.flatMap(({ selectionSet }) => selectionSet ?? []),
    );
    return plan ? [plan] : [];
  });
}

/** The selection of what a system-level query begins with. */
export function planRoot(query: Query): readonly FieldPlan[] {
  return [...collect(query, { types: ['Query'] }, [query.selectionSet])].flatMap(([, { nodes }]) => {
    const [first] = nodes;
    if (!first) return [];
    const field = fieldOf(
      query,
      first,
      nodes.flatMap(({ selectionSet }) => selectionSet ?? []),
    );
    const name = first.name.value;
    if (name === '__typename') return [];
    const found = isResourceType(name) ? { kind: 'one' as const, type: name } : searchField(name);
    if (!found) throw unknown(name, 'a query of the whole system');
    demandSelection(first);
    return [{ ...field, ...found }];
  });
}

/** `PatientList` and `PatientConnection`. */
function searchField(name: string): { readonly kind: 'list' | 'connection'; readonly type: string } | undefined {
  const [, type = '', word] = /^(\w+?)(List|Connection)$/.exec(name) ?? [];
  if (!isResourceType(type)) return undefined;
  return { kind: word === 'List' ? 'list' : 'connection', type };
}

/** By name in the answer, field and arguments: equal ones are one field with the selections of all. */
function collect(
  query: Query,
  { types }: Place,
  sets: readonly SelectionSetNode[],
  into = new Map<string, { readonly nodes: FieldNode[] }>(),
): Map<string, { readonly nodes: FieldNode[] }> {
  for (const node of sets.flatMap(({ selections }) => selections)) {
    if (!isIncluded(node, query.variables)) continue;
    if (node.kind === 'Field') {
      const words = [node.alias, node.name, ...(node.arguments ?? []), ...(node.directives ?? [])];
      const key = words.map((word) => (word ? print(word) : '')).join(' ');
      const before = into.get(key);
      if (before) before.nodes.push(node);
      else into.set(key, { nodes: [node] });
      continue;
    }
    const fragment = node.kind === 'FragmentSpread' ? fragmentOf(query.fragments, node.name.value) : node;
    if (applies(fragment.typeCondition?.name.value, types)) collect(query, { types }, [fragment.selectionSet], into);
  }
  return into;
}

function applies(condition: string | undefined, types: readonly string[]): boolean {
  if (condition === undefined || (condition === 'Query' && types[0] === 'Query')) return true;
  if (!typeDefinition(condition)) throw new FhirError('invalid', `There is no type ${condition}.`);
  return types.some((type) => isA(type, condition));
}

function fieldOf({ variables }: Query, node: FieldNode, sets: readonly SelectionSetNode[]): Field {
  return {
    key: node.alias?.value ?? node.name.value,
    args: argumentsOf(node, variables),
    sets,
    ...directivesOf(node, variables),
  };
}

function planField(
  query: Query,
  place: Place,
  node: FieldNode,
  sets: readonly SelectionSetNode[],
): FieldPlan | undefined {
  const name = node.name.value;
  if (name.startsWith('__') && name !== '__typename') {
    throw new FhirError('invalid', 'Introspection is not supported; the types are those of FHIR R4.');
  }
  const field = fieldOf(query, node, sets);
  const [type = ''] = place.types;
  if (name === '__typename' || (name === 'resourceType' && isResourceType(type))) {
    return { ...field, kind: 'word', word: 'type' };
  }
  const search = isResourceType(type) ? searchField(name) : undefined;
  if (search) {
    demandSelection(node);
    return { ...field, ...search };
  }
  if (type === 'Reference' && name === 'resource') {
    demandSelection(node);
    return { ...field, kind: 'resource', targets: place.targets ?? resourceTypes() };
  }
  return elementField(query, place, node, field);
}

interface Element {
  readonly code: string;
  readonly list: boolean;
  readonly targets: readonly string[];
}

/** The element of a field, also of `_name`, which is what a primitive has besides its value. */
function elementOf(type: string, name: string): Element | undefined {
  const isSibling = name.startsWith('_');
  const property = properties(type).get(isSibling ? name.slice(1) : name);
  if (!property || (isSibling && !isPrimitive(property.type.code))) return undefined;
  return {
    code: isSibling ? 'Element' : property.type.code,
    list: property.element.max !== 1,
    targets: property.type.targets?.filter(isResourceType) ?? [],
  };
}

function elementField(
  query: Query,
  { types, lenient = false }: Place,
  node: FieldNode,
  field: Field,
): FieldPlan | undefined {
  const name = node.name.value;
  const [type = ''] = types;
  const element = elementOf(type, name);
  if (!element && lenient) return undefined;
  if (!element) throw unknown(name, type);
  const { code, list, targets } = element;
  if (isLeaf(code)) {
    demandPlain(node, code);
    return { ...field, kind: 'scalar', json: name, type: code, list };
  }
  demandSelection(node);
  if (code === 'Resource') {
    // Of what is contained the type is known when it is seen.
    demandKnown(query, resourceTypes(), field.sets);
    return { ...field, kind: 'object', json: name, type: code, list, fields: [] };
  }
  const own: Place = { types: [code], ...(targets.length > 0 ? { targets } : {}) };
  return { ...field, kind: 'object', json: name, type: code, list, fields: planFields(query, own, field.sets) };
}

function demandPlain(node: FieldNode, code: string): void {
  const name = node.name.value;
  if (node.arguments?.length) throw new FhirError('invalid', `${name} is a ${code}, which has no arguments.`);
  if (node.selectionSet) throw new FhirError('invalid', `${name} is a ${code}, of which nothing can be selected.`);
}

function isLeaf(code: string): boolean {
  return isPrimitive(code) || typeDefinition(code) === undefined;
}

function demandSelection(node: FieldNode): void {
  if (!node.selectionSet) throw new FhirError('invalid', `${node.name.value} needs a selection of its fields.`);
}

function unknown(name: string, type: string): FhirError {
  const where = /^[A-Z]\w*(\.\w+)*$/.test(type) ? `${type} has` : 'It has';
  return new FhirError('invalid', `${where} no field ${name}.`, { expression: [`${type}.${name}`] });
}

/** Throws for a field that none of the types has. */
export function demandKnown(query: Query, types: readonly string[], sets: readonly SelectionSetNode[]): void {
  for (const { nodes } of collect(query, { types }, sets).values()) {
    const name = nodes[0]?.name.value ?? '';
    const plain = name.startsWith('_') && !name.startsWith('__') ? name.slice(1) : name;
    const isWord =
      name === '__typename' || name.startsWith('__') || name === 'resourceType' || searchField(name) !== undefined;
    if (!isWord && !types.some((type) => properties(type).has(plain)))
      throw unknown(name, types.slice(0, 3).join(' or '));
  }
}

/** The plan for a resource whose type is known only now; fields of other types are left out. */
export function planResource(query: Query, type: string, sets: readonly SelectionSetNode[]): readonly FieldPlan[] {
  return planFields(query, { types: [type], lenient: true }, sets);
}

/** The fields of a selection from what is no FHIR type: by name in the answer, the field and its selections. */
export function plainFields(
  query: Query,
  sets: readonly SelectionSetNode[],
): readonly { readonly key: string; readonly name: string; readonly sets: readonly SelectionSetNode[] }[] {
  return [...collect(query, { types: [] }, sets).values()].flatMap(({ nodes }) => {
    const [first] = nodes;
    if (!first) return [];
    const { key, sets: own } = fieldOf(
      query,
      first,
      nodes.flatMap(({ selectionSet }) => selectionSet ?? []),
    );
    return [{ key, name: first.name.value, sets: own }];
  });
}
