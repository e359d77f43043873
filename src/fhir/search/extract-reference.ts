/**
 * What a Reference's text points at.
 * https://hl7.org/fhir/R4/references.html#literal
 */
import { isResourceType } from '../definitions/types.ts';
import { isObject } from '../fhirpath/collection.ts';

export interface Target {
  readonly type: string;
  readonly id: string;
  readonly version?: string;
}

// What comes before ends with a slash: tried at every letter, a long text without one would take for ever.
const restful = /^(?:(.*)\/)?([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/;

/** The resource that a relative or RESTful absolute reference names, and the base before it (empty: relative). */
export function parseReference(reference: string): (Target & { readonly base: string }) | undefined {
  const match = restful.exec(reference);
  const [, before = '', type = '', id = '', version] = match ?? [];
  if (!match || !isResourceType(type)) return undefined;
  return { base: before, type, id, ...(version === undefined ? {} : { version }) };
}

/** The type of what a Reference points at, as far as the reference itself tells. */
export function typeOfReference(reference: unknown): string | undefined {
  if (!isObject(reference)) return undefined;
  const { reference: text, type } = reference;
  const literal = typeof text === 'string' ? parseReference(text)?.type : undefined;
  return literal ?? (typeof type === 'string' ? type : undefined);
}
