/**
 * Whether a reference may lead to a resource of the type that it leads to.
 * https://hl7.org/fhir/R4/references.html#Reference
 */
import { isObject, type Json } from '../fhirpath/collection.ts';
import { type Resolving, resolveReference } from '../fhirpath/resolve.ts';
import { parseReference } from '../search/extract-reference.ts';

/** What a reference's text says of its target's type, or the target itself where it is at hand. */
function literalType(reference: Json, environment: Resolving): string | undefined {
  const { reference: text } = reference;
  if (typeof text !== 'string') return undefined;
  const target = resolveReference(reference, environment);
  if (isObject(target)) return String(target['resourceType']);
  return text.startsWith('#') ? undefined : parseReference(text)?.type;
}

/** Of the type that a reference says; an absolute one is a logical model's, which nothing is known of. */
function saidType({ type }: Json): string | undefined {
  return typeof type === 'string' ? type.replace('http://hl7.org/fhir/StructureDefinition/', '') : undefined;
}

/** The type that a reference leads to, when it is none of `targets`; undefined when it is fine or cannot be told. */
export function wrongTarget(reference: Json, targets: readonly string[], environment: Resolving): string | undefined {
  const literal = literalType(reference, environment);
  const said = saidType(reference);
  return [literal, said].find((type) => type !== undefined && !type.includes(':') && !targets.includes(type));
}

/** The two types of a reference that contradicts itself: `type` is not what `reference` leads to. */
export function contradiction(
  reference: Json,
  environment: Resolving,
): readonly [said: string, found: string] | undefined {
  const said = saidType(reference);
  const found = said === undefined ? undefined : literalType(reference, environment);
  return said === undefined || found === undefined || said === found ? undefined : [said, found];
}
