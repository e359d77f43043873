/**
 * References between the entries of a transaction: `urn:uuid:`, relative and absolute ones become references to what the
 * entries are stored as.
 * https://hl7.org/fhir/R4/http.html#trules, https://hl7.org/fhir/R4/bundle.html#references
 */
import type { Resource } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import { lazy } from '../definitions/generated.ts';
import { allTypes, properties } from '../definitions/types.ts';
import { replaceStrings } from '../json/replace.ts';
import type { Body } from '../reply.ts';
import { parseReference } from '../search/extract-reference.ts';

/** What each absolute address is stored as: `urn:uuid:...` or `http://elsewhere/fhir/Patient/1` as `Patient/2`. */
export type Addresses = ReadonlyMap<string, string>;

const urn = /^urn:(uuid|oid):/i;
const relative = /^[A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64}$/;
const attribute = /(\b(?:href|src)\s*=\s*)(["'])(.*?)\2/g;

/**
 * The body with its references replaced, everywhere that the specification names: references, elements of type uri, url,
 * canonical, oid and uuid, in extensions too, and links in the narrative. `root` is the base below which its relative references are. Throws `invalid`
 * with the element's expression for a `urn:` reference to no entry.
 */
export function resolveReferences(body: Body, addresses: Addresses, root: string): Body {
  const text = replaceStrings(body.text, (value, name) => {
    const found = resolvedAddress(value, name, { addresses, root });
    if (found === undefined && isUrnReference(value, name)) throw danglingReference(body.resource, value);
    return found;
  });
  return text === body.text ? body : { text, resource: JSON.parse(text) as Resource };
}

/** What the value of an element of this name becomes: one that is an address, or a narrative with links. */
export function resolvedAddress(
  value: string,
  name: string,
  { addresses, root }: { readonly addresses: Addresses; readonly root: string },
): string | undefined {
  if (name === 'div') return replaceLinks(value, (link) => stored(link, addresses, root));
  return isAddress(name) ? stored(value, addresses, root) : undefined;
}

/** Whether it is a reference that has to be to an entry. */
export function isUrnReference(value: string, name: string): boolean {
  return name === 'reference' && urn.test(value);
}

/** Whether it is a reference by criteria. https://hl7.org/fhir/R4/http.html#trules */
export function isConditionalReference(value: string, name: string): boolean {
  return name === 'reference' && /^[A-Z][A-Za-z]+\?/.test(value);
}

/** What an address is stored as; a fragment or a business version behind it is kept. */
function stored(value: string, addresses: Addresses, root: string): string | undefined {
  const found = addresses.get(value) ?? (relative.test(value) ? addresses.get(`${root}/${value}`) : undefined);
  if (found !== undefined) return found;
  const cut = value.search(/[#|]/);
  const before = cut > 0 ? addresses.get(value.slice(0, cut)) : undefined;
  return before === undefined ? undefined : before + value.slice(cut);
}

const addressTypes = new Set(['uri', 'url', 'canonical', 'oid', 'uuid']);

/** The JSON names of elements that are addresses; `value` of an Identifier, which may look like one, is none. */
const addressNames = lazy(() => {
  const names = new Set(['reference']);
  for (const type of allTypes()) {
    for (const { json, type: use } of properties(type).values()) if (addressTypes.has(use.code)) names.add(json);
  }
  // Of every primitive type it is the name of the value itself.
  names.delete('value');
  return names;
});

function isAddress(name: string): boolean {
  return addressNames().has(name);
}

function replaceLinks(div: string, stored: (value: string) => string | undefined): string {
  return div.replace(attribute, (whole: string, before: string, quote: string, value: string) => {
    const found = stored(value);
    return found === undefined ? whole : `${before}${quote}${found}${quote}`;
  });
}

function danglingReference(resource: Resource, value: string): FhirError {
  const path = pathTo(resource, value, resource.resourceType);
  return new FhirError('invalid', `The reference ${value} is to no entry of the Bundle.`, {
    ...(path === undefined ? {} : { expression: [path] }),
  });
}

/** The FHIRPath of the first `reference` that is `value`. */
function pathTo(node: unknown, value: string, path: string): string | undefined {
  if (Array.isArray(node)) return firstOf(node.map((one, at) => () => pathTo(one, value, `${path}[${at}]`)));
  if (typeof node !== 'object' || node === null) return undefined;
  return firstOf(
    Object.entries(node).map(([name, child]) => () => {
      if (name === 'reference' && child === value) return `${path}.reference`;
      return pathTo(child, value, `${path}.${name}`);
    }),
  );
}

function firstOf(attempts: readonly (() => string | undefined)[]): string | undefined {
  for (const attempt of attempts) {
    const found = attempt();
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The base that an entry's relative references are below: that of its own RESTful fullUrl, else the server's. */
export function rootOf(fullUrl: string | undefined, base: string): string {
  return (fullUrl === undefined ? undefined : parseReference(fullUrl)?.base) || base;
}

/** The distinct conditional references (`Patient?identifier=x`) of a resource, with the expression of the first of each. */
export function conditionalReferences({ resource, text }: Body): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (!text.includes('?')) return found;
  replaceStrings(text, (value, name) => {
    if (isConditionalReference(value, name) && !found.has(value)) {
      found.set(value, pathTo(resource, value, resource.resourceType) ?? resource.resourceType);
    }
    return undefined;
  });
  return found;
}
