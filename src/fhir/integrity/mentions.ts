/**
 * The literal references of a resource to resources of this server.
 * https://hl7.org/fhir/R4/references.html#literal
 */
import type { Resource } from '@medplum/fhirtypes';
import { parseReference } from '../search/extract-reference.ts';

/** Where a resource refers to which other one; `Observation.subject.reference`. */
export interface Mention {
  readonly type: string;
  readonly id: string;
  readonly expression: string;
}

/**
 * All of them, in extensions and contained resources too; not those to itself, to contained resources and to other
 * servers. `base` is the server's own: absolute references below it are local.
 */
export function mentionsOf(
  resource: Resource,
  { base, id }: { readonly base: string; readonly id: string },
): readonly Mention[] {
  const found: Mention[] = [];
  collect(resource, resource.resourceType, (text, expression) => {
    const target = parseReference(text);
    if (!target || (target.base !== '' && target.base !== base)) return;
    if (target.type === resource.resourceType && target.id === id) return;
    found.push({ type: target.type, id: target.id, expression });
  });
  return found;
}

type Found = (reference: string, expression: string) => void;

function collect(node: unknown, path: string, found: Found): void {
  if (Array.isArray(node)) {
    for (let at = 0; at < node.length; at += 1) {
      // Most items are strings and the like; their paths need not be made.
      if (typeof node[at] === 'object') collect(node[at], `${path}[${at}]`, found);
    }
    return;
  }
  if (node === null) return;
  for (const name in node as Readonly<Record<string, unknown>>) {
    const value = (node as Readonly<Record<string, unknown>>)[name];
    if (typeof value === 'object') collect(value, `${path}.${name}`, found);
    else if (name === 'reference' && typeof value === 'string') found(value, `${path}.reference`);
  }
}
