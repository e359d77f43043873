/**
 * What is read of a StructureDefinition, and how it is kept small: without the prose that no check needs.
 * https://hl7.org/fhir/R4/structuredefinition.html
 */
import type { Binding, Constraint } from '../../definitions/types.ts';
import { isObject, type Json } from '../../fhirpath/collection.ts';

export interface ProfileType {
  readonly code: string;
  readonly profile?: readonly string[];
  readonly targetProfile?: readonly string[];
  /** contained, referenced, bundled */
  readonly aggregation?: readonly string[];
}

export interface Discriminator {
  readonly type: string;
  readonly path: string;
}

export interface Slicing {
  readonly discriminator?: readonly Discriminator[];
  readonly rules?: string;
  readonly ordered?: boolean;
}

/** An element of a StructureDefinition, as far as it is read here. */
export interface ProfileElement {
  readonly id?: string;
  readonly path: string;
  readonly sliceName?: string;
  readonly min?: number;
  readonly max?: string;
  readonly maxLength?: number;
  readonly type?: readonly ProfileType[];
  readonly binding?: Binding & { readonly extension?: readonly Json[] };
  readonly constraint?: readonly (Constraint & { readonly source?: string })[];
  readonly slicing?: Slicing;
  readonly contentReference?: string;
  readonly isModifier?: boolean;
  readonly [other: string]: unknown;
}

/** Where an extension may be used. https://hl7.org/fhir/R4/structuredefinition-definitions.html#StructureDefinition.context */
export interface ExtensionContext {
  readonly type: string;
  readonly expression: string;
}

export interface StructureDefinition {
  readonly url: string;
  readonly version?: string;
  readonly name: string;
  readonly type: string;
  readonly kind?: string;
  readonly abstract?: boolean;
  readonly derivation?: string;
  readonly baseDefinition?: string;
  readonly context?: readonly ExtensionContext[];
  readonly contextInvariant?: readonly string[];
  /** Of an extension: it changes the meaning of what holds it. */
  readonly isModifier?: boolean;
  readonly differential?: { readonly element: readonly ProfileElement[] };
  readonly snapshot?: { readonly element: readonly ProfileElement[] };
}

const prose = new Set([
  'short',
  'definition',
  'comment',
  'requirements',
  'mapping',
  'alias',
  'example',
  'base',
  'meaningWhenMissing',
  'orderMeaning',
  'isModifierReason',
  'label',
  'code',
]);

function withoutProse(elements: unknown): unknown {
  if (!isObject(elements) || !Array.isArray(elements['element'])) return undefined;
  const element = elements['element']
    .filter(isObject)
    .map((one) => Object.fromEntries(Object.entries(one).filter(([key]) => !prose.has(key))));
  return element.length === 0 ? undefined : { element };
}

function isRootModifier(elements: unknown): boolean {
  const [root] = isObject(elements) && Array.isArray(elements['element']) ? elements['element'] : [];
  return isObject(root) && root['path'] === 'Extension' && root['isModifier'] === true;
}

/** The definition without prose; undefined for what is no StructureDefinition with a url and a type. */
export function leanDefinition(resource: unknown): StructureDefinition | undefined {
  if (!isObject(resource) || resource['resourceType'] !== 'StructureDefinition') return undefined;
  const { url, name, type } = resource;
  if (typeof url !== 'string' || typeof name !== 'string' || typeof type !== 'string') return undefined;
  const kept = ['url', 'version', 'name', 'type', 'kind', 'abstract', 'derivation', 'baseDefinition', 'context'];
  const plain = [...kept, 'contextInvariant'].filter((key) => resource[key] !== undefined);
  const differential = withoutProse(resource['differential']);
  const snapshot = withoutProse(resource['snapshot']);
  const isModifier = [resource['differential'], resource['snapshot']].some(isRootModifier);
  return {
    ...(isModifier ? { isModifier } : {}),
    ...Object.fromEntries(plain.map((key) => [key, resource[key]])),
    ...(differential ? { differential } : {}),
    ...(snapshot ? { snapshot } : {}),
  } as unknown as StructureDefinition;
}
