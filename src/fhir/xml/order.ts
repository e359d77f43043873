/**
 * The child elements of a FHIR document put into the order that R4 has them in; between elements of different names it means
 * nothing. https://hl7.org/fhir/R4/xml.html
 */
import { typeDefinition } from '../definitions/types.ts';
import type { XmlElement, XmlNode } from './document.ts';
import { type Child, childrenOf } from './frame.ts';
import { fhirNamespace } from './namespaces.ts';

/**
 * Orders the elements below a resource's element, in their place; what R4 does not know comes last. White space is left out,
 * and so is what changes have left empty.
 */
export function orderElements(resource: XmlElement): void {
  order(resource, resource.local);
}

function order(parent: XmlElement, type: string): void {
  const known = childrenOf(type);
  const childOf = (node: XmlNode): Child | undefined => {
    return node.kind === 'element' ? known.get(node.local) : undefined;
  };
  const place = (node: XmlNode) => childOf(node)?.place ?? Number.MAX_SAFE_INTEGER;
  // What is no white space stays, and is refused by who reads it.
  const kept = parent.children.filter(
    (node) => node.kind === 'element' || (node.kind === 'text' && /\S/.test(node.text)),
  );
  for (const node of kept) {
    const child = childOf(node);
    if (!child || node.kind !== 'element' || node.uri !== fhirNamespace) continue;
    const { code } = child.type;
    if (typeDefinition(code)?.kind === 'resource') {
      for (const held of node.children) if (held.kind === 'element') order(held, held.local);
    } else if (code !== 'xhtml') order(node, code);
  }
  parent.children = kept.filter((node) => !isEmptied(node)).toSorted((a, b) => place(a) - place(b));
}

/** What was written empty is none of it, and is refused by who reads it. */
function isEmptied(node: XmlNode): boolean {
  return node.kind === 'element' && !node.isShort && node.children.length === 0 && node.attributes.length === 0;
}
