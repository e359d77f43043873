/**
 * A profile as a tree of what it asks of each element, its ancestors' demands merged in.
 * https://hl7.org/fhir/R4/profiling.html, https://hl7.org/fhir/R4/elementdefinition.html
 */
import type { Binding, Constraint } from '../../definitions/types.ts';

/** An element of a StructureDefinition, as far as it is read here. */
interface ProfileElement {
  readonly id?: string;
  readonly path: string;
  readonly sliceName?: string;
  readonly min?: number;
  readonly max?: string;
  readonly type?: readonly ProfileType[];
  readonly binding?: Binding;
  readonly constraint?: readonly Constraint[];
  readonly slicing?: { readonly discriminator?: readonly Discriminator[]; readonly rules?: string };
  readonly [other: string]: unknown;
}

export interface ProfileType {
  readonly code: string;
  readonly profile?: readonly string[];
  readonly targetProfile?: readonly string[];
}

export interface Discriminator {
  readonly type: string;
  readonly path: string;
}

export interface StructureDefinition {
  readonly url: string;
  readonly name: string;
  readonly type: string;
  readonly derivation?: string;
  readonly baseDefinition?: string;
  readonly differential?: { readonly element: readonly ProfileElement[] };
  readonly snapshot?: { readonly element: readonly ProfileElement[] };
}

export interface Node {
  /** The element's name without `[x]`, or one JSON property of a choice (`valueQuantity`). */
  readonly name: string;
  min: number;
  /** undefined: as the base has it. */
  max: number | undefined;
  types: readonly ProfileType[] | undefined;
  fixed: unknown;
  pattern: unknown;
  binding: Binding | undefined;
  constraints: readonly Constraint[];
  slicing: { readonly discriminators: readonly Discriminator[]; readonly closed: boolean } | undefined;
  readonly children: Map<string, Node>;
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
    binding: undefined,
    constraints: [],
    slicing: undefined,
    children: new Map(),
    slices: new Map(),
  };
}

function entry<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

/** `Observation.component:region.value[x]` as steps of [name, slice]. */
function steps({ id, path, sliceName }: ProfileElement): readonly (readonly [string, string | undefined])[] {
  // Dots may occur in the url of an extension slice only, which is never part of an id.
  const whole = id ?? (sliceName === undefined ? path : `${path}:${sliceName}`);
  return whole
    .split('.')
    .slice(1)
    .map((step) => {
      const [full = '', slice] = step.split(':');
      const name = full.replace('[x]', '');
      // `value[x]:valueQuantity` is the JSON property valueQuantity, as the older `Observation.valueQuantity` was.
      return full !== name && slice?.startsWith(name) ? ([slice, undefined] as const) : ([name, slice] as const);
    });
}

function find(root: Node, element: ProfileElement): Node {
  let node = root;
  for (const [name, slice] of steps(element)) {
    node = entry(node.children, name, () => emptyNode(name));
    if (slice !== undefined) node = entry(node.slices, slice, () => emptyNode(name));
  }
  return node;
}

/** The value of `fixed[x]` or `pattern[x]`. */
function demanded(element: ProfileElement, prefix: 'fixed' | 'pattern'): unknown {
  const key = Object.keys(element).find((name) => name.startsWith(prefix) && /^[A-Z]/.test(name.slice(prefix.length)));
  return key === undefined ? undefined : element[key];
}

function apply(node: Node, element: ProfileElement): void {
  const { min, max, type, binding, constraint, slicing } = element;
  if (min !== undefined) node.min = Math.max(node.min, min);
  if (max !== undefined && max !== '*') node.max = Math.min(node.max ?? Number.POSITIVE_INFINITY, Number(max));
  if (type) node.types = type;
  if (binding) node.binding = binding;
  node.fixed = demanded(element, 'fixed') ?? node.fixed;
  node.pattern = demanded(element, 'pattern') ?? node.pattern;
  const known = new Set(node.constraints.map(({ key }) => key));
  node.constraints = [...node.constraints, ...(constraint ?? []).filter(({ key }) => !known.has(key))];
  if (slicing) node.slicing = { discriminators: slicing.discriminator ?? [], closed: slicing.rules === 'closed' };
}

/** One tree of the profiles of a chain, the most general first. */
export function profileTree(chain: readonly StructureDefinition[]): Node {
  const root = emptyNode(chain[0]?.type ?? '');
  for (const { differential, snapshot } of chain) {
    for (const element of (differential ?? snapshot)?.element ?? []) apply(find(root, element), element);
  }
  return root;
}
