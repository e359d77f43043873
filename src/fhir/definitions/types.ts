/**
 * The types of R4 (4.0.1) and their elements, distilled from the StructureDefinitions.
 * https://hl7.org/fhir/R4/elementdefinition.html
 */
import { keep, lazy, readGenerated } from './generated.ts';

interface TypeUse {
  /** A datatype, `Resource` for any resource, or the path of a backbone (`Patient.contact`). */
  readonly code: string;
  /** The constrained form that the element wants, for instance `SimpleQuantity`. */
  readonly profile?: string;
  /** Resource types that a Reference or canonical may point at; absent: any. */
  readonly targets?: readonly string[];
}

export interface Binding {
  readonly strength: 'required' | 'extensible' | 'preferred' | 'example';
  readonly valueSet?: string;
}

export interface Constraint {
  readonly key: string;
  readonly severity: 'error' | 'warning';
  readonly human: string;
  readonly expression: string;
}

export interface ElementDefinition {
  /** Without `[x]`. */
  readonly name: string;
  readonly choice?: true;
  readonly min: number;
  /** null: any number. */
  readonly max: number | null;
  readonly types: readonly TypeUse[];
  readonly binding?: Binding;
  readonly summary?: true;
  readonly modifier?: true;
  /** How XML writes it when not as an element: `xmlAttr`, `xhtml`. */
  readonly xml?: string;
  readonly constraints?: readonly Constraint[];
}

export interface TypeDefinition {
  readonly kind: 'primitive' | 'complex' | 'backbone' | 'resource';
  readonly base?: string;
  readonly abstract?: true;
  /** In the order of the specification, inherited ones first. */
  readonly elements: readonly ElementDefinition[];
  /** Its own invariants; those of `base` hold too. */
  readonly constraints?: readonly Constraint[];
}

/** One JSON property of a type: `value[x]` gives one for each of its types. */
export interface Property {
  readonly json: string;
  readonly element: ElementDefinition;
  readonly type: TypeUse;
}

const types = lazy(() => new Map(Object.entries(readGenerated<Record<string, TypeDefinition>>('types.json'))));

const concrete = lazy(
  () =>
    new Set([...types()].filter(([, { kind, abstract }]) => kind === 'resource' && !abstract).map(([name]) => name)),
);

/** The definition of a datatype, resource type or backbone (`Patient.contact`). */
export function typeDefinition(name: string): TypeDefinition | undefined {
  return types().get(name);
}

/** The 146 resource types, sorted. */
export function resourceTypes(): readonly string[] {
  return [...concrete()];
}

/** The names of all types: datatypes, resource types and backbones. */
export function allTypes(): readonly string[] {
  return [...types().keys()];
}

export function isResourceType(name: string): boolean {
  return concrete().has(name);
}

export function isPrimitive(name: string): boolean {
  return types().get(name)?.kind === 'primitive';
}

function spread(element: ElementDefinition): Property[] {
  return element.types.map((type) => ({
    json: element.choice ? element.name + type.code.charAt(0).toUpperCase() + type.code.slice(1) : element.name,
    element,
    type,
  }));
}

/** The JSON properties of a type by name, without `resourceType` and `_name` siblings. */
export const properties: (type: string) => ReadonlyMap<string, Property> = keep(
  (type: string) =>
    new Map((types().get(type)?.elements ?? []).flatMap(spread).map((property) => [property.json, property])),
);

/** The invariants of a type's own root, those of its ancestors included. */
export const invariants: (type: string) => readonly Constraint[] = keep((type: string) => {
  const found: Constraint[] = [];
  for (let at: string | undefined = type; at; at = types().get(at)?.base)
    found.push(...(types().get(at)?.constraints ?? []));
  return found;
});

/** Whether `type` is `ancestor` or derives from it. */
export function isA(type: string, ancestor: string): boolean {
  for (let at: string | undefined = type; at; at = types().get(at)?.base) if (at === ancestor) return true;
  return false;
}
