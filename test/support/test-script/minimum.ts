/**
 * `minimumId`: everything in one resource is in another, which may have more.
 * https://hl7.org/fhir/R4/testscript-definitions.html#TestScript.setup.action.assert.minimumId
 */

import type { Json } from './message.ts';

/** The first place of `minimum` that `whole` has not, as a path below `at`; undefined when it has all. Items of lists in any order. */
function missing(minimum: unknown, whole: unknown, at: string): string | undefined {
  if (Array.isArray(minimum)) return missingItem(minimum, whole, at);
  if (typeof minimum !== 'object' || minimum === null) return minimum === whole ? undefined : at;
  if (typeof whole !== 'object' || whole === null || Array.isArray(whole)) return at;
  for (const [name, value] of Object.entries(minimum)) {
    const found = missing(value, (whole as Record<string, unknown>)[name], `${at}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * As `missing`, of resources: in a Bundle of others the entry that has it all is enough, since it is in the response.
 * undefined: nothing is missing.
 */
export function missingResource(minimum: Json, whole: Json): string | undefined {
  const type = String(minimum['resourceType']);
  const entries = (whole['entry'] ?? []) as readonly { readonly resource?: unknown }[];
  if (whole['resourceType'] !== 'Bundle' || type === 'Bundle') return missing(minimum, whole, type);
  const places = entries.map(({ resource }) => missing(minimum, resource, type));
  return places.includes(undefined) ? undefined : (places[0] ?? type);
}

/** Each item of the minimum takes another one of the whole; the most alike are not searched for, the first that has it all is. */
function missingItem(minimum: readonly unknown[], whole: unknown, at: string): string | undefined {
  if (!Array.isArray(whole)) return at;
  const left: unknown[] = [...whole];
  for (const [index, item] of minimum.entries()) {
    const place = left.findIndex((candidate) => missing(item, candidate, at) === undefined);
    if (place === -1) return `${at}[${index}]`;
    left.splice(place, 1);
  }
  return undefined;
}
