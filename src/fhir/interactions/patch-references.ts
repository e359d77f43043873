/**
 * The references that a patch brings, in any of its forms: between entries of a Bundle, and by criteria.
 * https://hl7.org/fhir/R4/http.html#trules
 */
import type { Parameters, Resource } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import { replaceStrings } from '../json/replace.ts';
import { jsonValue, type Node, parseTree, printTree } from '../json/tree.ts';
import type { JsonOperation } from '../patch/json-patch.ts';
import type { Patch } from '../patch/patch-document.ts';
import type { XmlOperation } from '../patch/xml-operations.ts';
import type { Body } from '../reply.ts';
import type { XmlElement, XmlNode } from '../xml/document.ts';
import { type Addresses, isConditionalReference, isUrnReference, resolvedAddress } from './bundle-references.ts';

/** What the value of an element of a name becomes; undefined: it stays. */
type Change = (value: string, name: string) => string | undefined;

/** The patch with references to other entries replaced. Throws `invalid` for a `urn:` reference to no entry. */
export function resolvePatch(patch: Patch, addresses: Addresses, root: string): Patch {
  return changed(patch, (value, name) => {
    const found = resolvedAddress(value, name, { addresses, root });
    if (found !== undefined || !isUrnReference(value, name)) return found;
    throw new FhirError('invalid', `The reference ${value} is to no entry of the Bundle.`);
  });
}

/** The distinct references by criteria. */
export function conditionalReferencesOf(patch: Patch): readonly string[] {
  const found = new Set<string>();
  changed(patch, (value, name) => {
    if (isConditionalReference(value, name)) found.add(value);
    return undefined;
  });
  return [...found];
}

function changed(patch: Patch, change: Change): Patch {
  switch (patch.kind) {
    case 'json':
      return { ...patch, operations: patch.operations.map((operation) => jsonChanged(operation, change)) };
    case 'xml':
      return { ...patch, operations: patch.operations.map((operation) => xmlChanged(operation, change)) };
    case 'fhirpath':
      return { ...patch, body: parametersChanged(patch.body, change) };
  }
}

/** A value alone is that of the element at the end of the path: `/subject/reference`, `/instantiatesUri/0`. */
function jsonChanged(operation: JsonOperation, change: Change): JsonOperation {
  const { value, path } = operation;
  if (!value) return operation;
  const name = path.findLast((step) => !/^(?:\d+|-)$/.test(step)) ?? '';
  return { ...operation, value: nodeChanged(value, name, change) };
}

function nodeChanged(node: Node, name: string, change: Change): Node {
  if (node.kind === 'scalar') {
    const value = jsonValue(node);
    const next = typeof value === 'string' ? change(value, name) : undefined;
    return next === undefined ? node : parseTree(JSON.stringify(next));
  }
  const text = printTree(node);
  const next = replaceStrings(text, (value, own) => change(value, own === '' ? name : own));
  return next === text ? node : parseTree(next);
}

/** The new value of a `reference` is a string there. */
function parametersChanged(body: Body, change: Change): Body {
  const { parameter = [] } = body.resource as Parameters;
  const paths = parameter.map(({ part = [] }) => part.find(({ name }) => name === 'path')?.valueString ?? '');
  const ofReferences = paths.some((path) => /\.reference$/.test(path));
  const text = replaceStrings(body.text, (value, name) => {
    return change(value, name === 'valueString' && ofReferences ? 'reference' : name);
  });
  return text === body.text ? body : { text, resource: JSON.parse(text) as Resource };
}

function xmlChanged(operation: XmlOperation, change: Change): XmlOperation {
  const { content, selector, adds } = operation;
  const names = selector.steps.flatMap(({ test }) => (test.kind === 'element' ? [test.local] : []));
  const last = selector.steps.at(-1)?.test.kind;
  const isValue = adds?.kind === 'attribute' ? adds.local === 'value' : last === 'attribute';
  const owner = isValue ? (names.at(-1) ?? '') : '';
  return { ...operation, content: content.map((node) => xmlNodeChanged(node, owner, change)) };
}

/** Of a primitive the name is its element's, of a link in the narrative it is as good as a uri. */
function xmlNodeChanged(node: XmlNode, owner: string, change: Change): XmlNode {
  if (node.kind !== 'element') {
    const text = owner === '' || node.kind === 'comment' ? undefined : change(node.text.trim(), owner);
    return text === undefined ? node : { ...node, text };
  }
  const attributes = node.attributes.map((one) => ({
    ...one,
    value: change(one.value, nameOf(node, one.local)) ?? one.value,
  }));
  return { ...node, attributes, children: node.children.map((child) => xmlNodeChanged(child, '', change)) };
}

function nameOf({ local }: XmlElement, attribute: string): string {
  if (attribute === 'value') return local;
  return attribute === 'href' || attribute === 'src' ? 'url' : attribute;
}
