/**
 * Whether a literal reference may point at a resource of the type it names.
 * https://hl7.org/fhir/R4/references.html#Reference
 */
import { isObject, type Json } from '../fhirpath/collection.ts';
import { parseReference } from '../search/extract-reference.ts';

function containedType(root: unknown, reference: string): string | undefined {
  if (!isObject(root)) return undefined;
  if (reference === '#') return String(root['resourceType']);
  const contained = Array.isArray(root['contained']) ? root['contained'] : [];
  const found: unknown = contained.find((one) => isObject(one) && `#${one['id']}` === reference);
  return isObject(found) ? String(found['resourceType']) : undefined;
}

/** The type that a reference leads to, when it is none of `targets`; undefined when it is fine or cannot be told. */
export function wrongTarget(reference: Json, targets: readonly string[], root: unknown): string | undefined {
  const text = reference['reference'];
  if (typeof text !== 'string') return undefined;
  const type = text.startsWith('#') ? containedType(root, text) : parseReference(text)?.type;
  return type === undefined || targets.includes(type) ? undefined : type;
}
