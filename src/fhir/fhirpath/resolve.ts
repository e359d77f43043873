/**
 * The resource that a reference leads to, where it is at hand: contained, or in the same Bundle.
 * https://hl7.org/fhir/R4/fhirpath.html#functions
 */
import { type Item, isObject } from './collection.ts';

/** Where references can lead to. */
export interface Resolving {
  /** %rootResource, which has what is contained. */
  readonly root: unknown;
  /** The resource that a literal reference points at, where it is at hand. */
  readonly resolve?: ((reference: string) => unknown) | undefined;
}

/** The target of a Reference, uri or canonical; undefined when it is not at hand. */
export function resolveReference(item: Item, { resolve, root }: Resolving): unknown {
  const reference = isObject(item) ? item['reference'] : item;
  if (typeof reference !== 'string') return undefined;
  if (!reference.startsWith('#')) return resolve?.(reference);
  if (reference === '#') return root;
  const contained = isObject(root) && Array.isArray(root['contained']) ? root['contained'] : [];
  return contained.find((one) => isObject(one) && `#${one['id']}` === reference);
}
