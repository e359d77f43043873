/**
 * Where the elements are that a FHIRPath expression names: the compiled engine gives values, a patch needs places.
 * https://hl7.org/fhir/R4/fhirpatch.html
 */
import { FhirError } from '../../shared/errors.ts';
import { isPrimitive, isResourceType, type Property, properties, typeDefinition } from '../definitions/types.ts';
import { truth } from '../fhirpath/collection.ts';
import { type Compiled, compile, type Environment } from '../fhirpath/compile.ts';
import type { Types } from '../fhirpath/members.ts';
import { type Expression, parse } from '../fhirpath/parse.ts';
import { child, jsonValue, type Node, nodeOf, type Path } from '../json/tree.ts';

/** An element of a resource. A primitive has two nodes: its value and, under `_name`, its id and extensions. */
export interface Place {
  readonly path: Path;
  /** Of a primitive: where its id and extensions are. */
  readonly sibling?: Path;
  /** A datatype, resource type or backbone (`Patient.contact`). */
  readonly type: string;
  readonly property?: Property;
}

/** Throws `invalid` for what is not FHIRPath. */
export function parsePath(text: string): Expression {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new FhirError('invalid', error.message);
    throw error;
  }
}

/** The elements that the expression names in a resource, in their order. Throws `invalid` for one that names no elements. */
export function locate(root: Node, type: string, expression: Expression): readonly Place[] {
  const resource: Place = { path: [], type };
  return find({ root, resource }, expression, [resource]);
}

type Places = readonly Place[];
type Of<Kind extends Expression['kind']> = Extract<Expression, { readonly kind: Kind }>;

interface Scope {
  readonly root: Node;
  readonly resource: Place;
}

function find(scope: Scope, expression: Expression, focus: Places): Places {
  switch (expression.kind) {
    case 'member':
      return member(scope, expression, focus);
    case 'index': {
      const at = constant(scope, expression.index);
      return typeof at === 'number' ? find(scope, expression.on, focus).slice(at, at + 1) : [];
    }
    case 'call':
      return call(scope, expression, focus);
    case 'type':
      return expression.op === 'as'
        ? find(scope, expression.on, focus).filter(isOf(expression.type))
        : noElements('is');
    case 'variable':
      if (expression.name === '$this') return focus;
      return roots.has(expression.name) ? [scope.resource] : noElements(expression.name);
    case 'binary':
      return expression.op === '|' ? union(scope, expression, focus) : noElements(expression.op);
    default:
      return noElements('a literal');
  }
}

const roots = new Set(['%resource', '%rootResource', '%context']);

function union(scope: Scope, { left, right }: Of<'binary'>, focus: Places): Places {
  const some = find(scope, left, focus);
  const seen = new Set(some.map(({ path }) => path.join('/')));
  return [...some, ...find(scope, right, focus).filter(({ path }) => !seen.has(path.join('/')))];
}

function member(scope: Scope, { on, name }: Of<'member'>, focus: Places): Places {
  if (on) return find(scope, on, focus).flatMap((place) => childrenOf(scope.root, place, name));
  // An expression may begin with the type of its focus: `Patient.name`.
  const [first] = focus;
  if (first?.path.length === 0 && /^[A-Z]/.test(name)) {
    if (first.type === name || name === 'Resource' || name === 'DomainResource') return focus;
    if (isResourceType(name)) return [];
  }
  return focus.flatMap((place) => childrenOf(scope.root, place, name));
}

/** What functions without arguments of their own, or with a type or a number, leave of their input. */
const selections: Readonly<Record<string, (input: Places, count: number) => Places>> = {
  first: (input) => input.slice(0, 1),
  last: (input) => input.slice(-1),
  tail: (input) => input.slice(1),
  single: (input) => (input.length === 1 ? input : []),
  skip: (input, count) => input.slice(count),
  take: (input, count) => input.slice(0, count),
};

function call(scope: Scope, { on, name, args: [argument] }: Of<'call'>, focus: Places): Places {
  const input = on ? find(scope, on, focus) : focus;
  const select = Object.hasOwn(selections, name) ? selections[name] : undefined;
  if (select) return select(input, Math.max(0, Number(argument ? constant(scope, argument) : 0)));
  switch (name) {
    case 'where':
      return argument ? input.filter((place) => holds(scope, argument, place)) : input;
    case 'extension': {
      const url = argument && constant(scope, argument);
      const own = input.flatMap((place) => childrenOf(scope.root, place, 'extension'));
      return own.filter(({ path }) => valueAt(scope.root, { path: [...path, 'url'], type: 'uri' }) === url);
    }
    case 'ofType':
    case 'as':
      return argument?.kind === 'member' ? input.filter(isOf(argument.name)) : noElements(`${name}()`);
    case 'children':
      return input.flatMap((place) => allChildren(scope.root, place));
    case 'descendants':
      return descendants(scope.root, input);
    default:
      return noElements(`${name}()`);
  }
}

function descendants(root: Node, input: Places): Places {
  const found = input.flatMap((place) => allChildren(root, place));
  return found.length === 0 ? found : [...found, ...descendants(root, found)];
}

/** The value of an argument that depends on no element. */
function constant(scope: Scope, expression: Expression): unknown {
  return compiled(expression, null).run([], environment(scope))[0];
}

function holds(scope: Scope, criteria: Expression, place: Place): boolean {
  const { run } = compiled(criteria, [place.type]);
  return truth(run([valueAt(scope.root, place)], environment(scope))) === true;
}

function compiled(expression: Expression, types: Types): Compiled {
  try {
    return compile(expression, types);
  } catch (error) {
    if (error instanceof SyntaxError) throw new FhirError('invalid', error.message);
    throw error;
  }
}

function valueAt(root: Node, { path, sibling }: Place): unknown {
  const node = nodeOf(root, path);
  const other = sibling && nodeOf(root, sibling);
  if (node && node.text !== 'null') return jsonValue(node);
  return other && jsonValue(other);
}

/** Most expressions never ask for the whole resource. */
function environment({ root }: Scope): Environment {
  return {
    get resource() {
      return jsonValue(root);
    },
    get root() {
      return jsonValue(root);
    },
  };
}

function noElements(what: string): never {
  throw new FhirError('invalid', `The path of an operation names elements; ${what} does not.`);
}

/** Whether a place is of a type. */
function isOf(type: string): (place: Place) => boolean {
  const lower = type.charAt(0).toLowerCase() + type.slice(1);
  return (place) => place.type === type || (isPrimitive(lower) && place.type === lower);
}

/** The type of what is at a place; a resource says it itself. */
function typeAt(root: Node, place: Place): string {
  if (place.type !== 'Resource') return place.type;
  const own = child(nodeOf(root, place.path), 'resourceType');
  return own ? String(jsonValue(own)) : place.type;
}

/** Where the children of a place are in the tree: those of a primitive are in its `_name`. */
export function inside({ path, sibling }: Place): Path {
  return sibling ?? path;
}

/** The properties of JSON that an element of this name can be in; several for `value[x]`. */
export function propertiesNamed(type: string, name: string): readonly Property[] {
  return [...properties(type).values()].filter(({ element, json }) => element.name === name || json === name);
}

function childrenOf(root: Node, place: Place, name: string): Places {
  return propertiesNamed(typeAt(root, place), name).flatMap((property) => placesOf(root, place, property));
}

function allChildren(root: Node, place: Place): Places {
  const type = typeAt(root, place);
  if (!typeDefinition(type)) return [];
  return [...properties(type).values()].flatMap((property) => placesOf(root, place, property));
}

/** The elements that a property holds: the items of a list, or the only one. */
function placesOf(root: Node, parent: Place, property: Property): Places {
  const base = inside(parent);
  const path = [...base, property.json];
  const type = property.type.code;
  const sibling = isPrimitive(type) ? [...base, `_${property.json}`] : undefined;
  const value = nodeOf(root, path);
  const other = sibling && nodeOf(root, sibling);
  if (!value && !other) return [];
  if (value?.kind !== 'array' && other?.kind !== 'array') {
    return [{ path, type, property, ...(sibling ? { sibling } : {}) }];
  }
  const count = Math.max(...[value, other].map((node) => (node?.kind === 'array' ? node.items.length : 0)));
  return Array.from({ length: count }, (_, at) => ({
    path: [...path, at],
    type,
    property,
    ...(sibling ? { sibling: [...sibling, at] } : {}),
  }));
}
