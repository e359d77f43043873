/**
 * A profile as a tree of what it asks of each element, its ancestors' demands merged in.
 * https://hl7.org/fhir/R4/profiling.html, https://hl7.org/fhir/R4/elementdefinition.html
 */
import { typeDefinition } from '../../definitions/types.ts';
import type { Discriminator, ProfileElement, ProfileType, Slicing, StructureDefinition } from './definition.ts';

type Binding = NonNullable<ProfileElement['binding']>;
type Constraints = NonNullable<ProfileElement['constraint']>;

export interface Node {
  /** The element's name without `[x]`, or one JSON property of a choice (`valueQuantity`). */
  readonly name: string;
  min: number;
  /** undefined: as the base has it. */
  max: number | undefined;
  types: readonly ProfileType[] | undefined;
  fixed: unknown;
  pattern: unknown;
  minValue: unknown;
  maxValue: unknown;
  maxLength: number | undefined;
  binding: Binding | undefined;
  constraints: Constraints;
  slicing:
    | { readonly discriminators: readonly Discriminator[]; readonly rules: string; readonly ordered: boolean }
    | undefined;
  /** `#Questionnaire.item`: the element of this profile whose demands are this one's too. */
  contentReference: string | undefined;
  readonly children: Map<string, Node>;
  /** In the order of the profile; a slice's own slices are its reslices (`race/ombCategory`). */
  readonly slices: Map<string, Node>;
}

function emptyNode(name: string): Node {
  return {
    name,
    min: 0,
    max: undefined,
    types: undefined,
    fixed: undefined,
    pattern: undefined,
    minValue: undefined,
    maxValue: undefined,
    maxLength: undefined,
    binding: undefined,
    constraints: [],
    slicing: undefined,
    contentReference: undefined,
    children: new Map(),
    slices: new Map(),
  };
}

function entry<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

type Step = readonly [name: string, slice: string | undefined];

/** Whether `valueQuantity` is `value` with the name of a datatype. */
function isChoiceOf(name: string, slice: string): boolean {
  if (!slice.startsWith(name)) return false;
  const type = slice.slice(name.length);
  return [type, type.charAt(0).toLowerCase() + type.slice(1)].some((one) => typeDefinition(one) !== undefined);
}

/** `Observation.component:region.value[x]` as steps of [name, slice]; names of slices have no dots. */
function steps(id: string): readonly Step[] {
  return id
    .split('.')
    .slice(1)
    .map((step): Step => {
      const [full = '', slice] = step.split(':');
      const name = full.replace('[x]', '');
      // `value[x]:valueQuantity` is the JSON property valueQuantity, as the older `Observation.valueQuantity` was.
      return full !== name && slice !== undefined && isChoiceOf(name, slice) ? [slice, undefined] : [name, slice];
    });
}

/** The slice of a name; `a/b` is the slice of that name in the slice `a`, where there is one. */
function sliceOf(node: Node, name: string): Node {
  const slash = name.lastIndexOf('/');
  const outer = slash < 0 ? undefined : findSlice(node, name.slice(0, slash));
  return entry((outer ?? node).slices, name, () => emptyNode(node.name));
}

function findSlice(node: Node, name: string): Node | undefined {
  const own = node.slices.get(name);
  if (own) return own;
  const slash = name.lastIndexOf('/');
  return slash < 0 ? undefined : findSlice(node, name.slice(0, slash))?.slices.get(name);
}

function find(root: Node, id: string): Node {
  let node = root;
  for (const [name, slice] of steps(id)) {
    node = entry(node.children, name, () => emptyNode(name));
    if (slice !== undefined) node = sliceOf(node, slice);
  }
  return node;
}

/** The node at a path without slices; undefined where the profile says nothing. */
export function nodeAt(root: Node, path: string): Node | undefined {
  let node: Node | undefined = root;
  for (const [name] of steps(path)) node = node?.children.get(name);
  return node;
}

/** The value of `fixed[x]`, `pattern[x]`, `minValue[x]` or `maxValue[x]`. */
function demanded(element: ProfileElement, prefix: 'fixed' | 'pattern' | 'minValue' | 'maxValue'): unknown {
  for (const key in element) {
    if (key.startsWith(prefix) && /^[A-Z]/.test(key.slice(prefix.length))) return element[key];
  }
  return undefined;
}

function mergedSlicing(before: Node['slicing'], { discriminator, rules, ordered }: Slicing): Node['slicing'] {
  return {
    discriminators: discriminator ?? before?.discriminators ?? [],
    rules: rules ?? before?.rules ?? 'open',
    ordered: ordered ?? before?.ordered ?? false,
  };
}

function apply(node: Node, element: ProfileElement): void {
  const { min, max, type, binding, constraint = [], slicing, maxLength, contentReference } = element;
  if (min !== undefined) node.min = Math.max(node.min, min);
  if (max !== undefined && max !== '*') node.max = Math.min(node.max ?? Number.POSITIVE_INFINITY, Number(max));
  if (type) node.types = type;
  if (binding) node.binding = binding;
  node.fixed = demanded(element, 'fixed') ?? node.fixed;
  node.pattern = demanded(element, 'pattern') ?? node.pattern;
  node.minValue = demanded(element, 'minValue') ?? node.minValue;
  node.maxValue = demanded(element, 'maxValue') ?? node.maxValue;
  if (maxLength !== undefined) node.maxLength = Math.min(node.maxLength ?? maxLength, maxLength);
  if (contentReference?.startsWith('#')) node.contentReference = contentReference;
  const known = new Set(node.constraints.map(({ key }) => key));
  node.constraints = [...node.constraints, ...constraint.filter(({ key }) => !known.has(key))];
  if (slicing) node.slicing = mergedSlicing(node.slicing, slicing);
}

/**
 * Gives ids to the elements of an author who left them out: an element belongs to the slice that was opened last at its path.
 */
function identified(elements: readonly ProfileElement[]): readonly (readonly [id: string, element: ProfileElement])[] {
  const open = new Map<string, string>();
  return elements.map((element) => {
    const { id, path, sliceName } = element;
    for (const other of open.keys()) if (other === path || other.startsWith(`${path}.`)) open.delete(other);
    const parent = [...open.keys()].filter((other) => path.startsWith(`${other}.`)).sort((a, b) => b.length - a.length);
    const [nearest] = parent;
    const base = nearest === undefined ? path : (open.get(nearest) ?? '') + path.slice(nearest.length);
    const own = id ?? (sliceName === undefined ? base : `${base}:${sliceName}`);
    if (sliceName !== undefined) open.set(path, own);
    return [own, element] as const;
  });
}

/** One tree of the profiles of a chain, the most general first. */
export function profileTree(chain: readonly StructureDefinition[]): Node {
  const root = emptyNode(chain[0]?.type ?? '');
  for (const { differential, snapshot } of chain) {
    for (const [id, element] of identified((differential ?? snapshot)?.element ?? [])) apply(find(root, id), element);
  }
  return root;
}
