/**
 * The operations that an XML Patch document holds.
 * https://www.rfc-editor.org/rfc/rfc5261#section-4, https://www.rfc-editor.org/rfc/rfc7351
 */
import { FhirError } from '../../shared/errors.ts';
import { parseXml, type XmlElement, type XmlNode } from '../xml/document.ts';
import { invalid, type Namespaces, parseSelector, type Selector } from './xml-selector.ts';

const ops = ['add', 'replace', 'remove'] as const;
const positions = ['prepend', 'before', 'after'] as const;
const spaces = ['before', 'after', 'both'] as const;

export interface XmlOperation {
  readonly op: (typeof ops)[number];
  /** Its place in the patch. */
  readonly at: number;
  readonly selector: Selector;
  /** The selector as it came. */
  readonly text: string;
  readonly content: readonly XmlNode[];
  /** What an add adds, when it is no node: an attribute by name, or a namespace declaration. */
  readonly adds?:
    | { readonly kind: 'attribute'; readonly uri: string; readonly local: string }
    | { readonly kind: 'namespace' };
  /** Where an add puts it; at the end of the children when it does not say. */
  readonly pos?: (typeof positions)[number];
  /** The white space that a remove takes along. */
  readonly ws?: (typeof spaces)[number];
}

/** More would hold up everybody else. */
const maxOperations = 500;
const maxLength = 1_000_000;

/** The operations in their order. Throws `invalid` that says which is wrong and how RFC 5261 names that; `tooLarge`. */
export function parseXmlPatch(text: string): readonly XmlOperation[] {
  if (text.length > maxLength) throw new FhirError('tooLarge', `An XML Patch has at most ${maxLength} characters.`);
  const root = rootOf(text);
  if (root.local !== 'patch' && root.local !== 'diff') {
    throw invalid('invalid-diff-format', `the root of an XML Patch is <patch> or <diff>, not <${root.local}>`);
  }
  const elements = elementsIn(root.children, 'invalid-diff-format');
  if (elements.length > maxOperations) {
    throw new FhirError('tooLarge', `The patch has ${elements.length} operations; ${maxOperations} are taken at once.`);
  }
  return elements.map((element, at) => named(at, element.local, () => operationOf(element, at, root.declared)));
}

function rootOf(text: string): XmlElement {
  try {
    return parseXml(text);
  } catch (error) {
    if (error instanceof FhirError) throw invalid('invalid-diff-format', error.message.replace(/\.$/, ''));
    throw error;
  }
}

/** What `work` throws says of which operation it is, and of which type it is about. */
export function named<T>(at: number, op: string, work: () => T, type?: string): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    const message = `Operation ${at} of the patch (${op}): ${error.message}`;
    throw new FhirError(error.kind, message, type === undefined ? {} : { expression: [type] });
  }
}

/** The elements among nodes that are nothing else but white space and comments. */
function elementsIn(nodes: readonly XmlNode[], error: string): readonly XmlElement[] {
  if (nodes.some((node) => node.kind === 'text' && /\S/.test(node.text))) throw invalid(error, 'there is text in it');
  return nodes.filter((node) => node.kind === 'element');
}

const allowed: Readonly<Record<XmlOperation['op'], readonly string[]>> = {
  add: ['sel', 'type', 'pos'],
  replace: ['sel'],
  remove: ['sel', 'ws'],
};

function operationOf(element: XmlElement, at: number, outer: Namespaces): XmlOperation {
  const op = ops.find((one) => one === element.local);
  if (!op) throw invalid('invalid-patch-directive', `an operation is one of ${ops.join(', ')}`);
  const given = new Map<string, string>();
  for (const { uri, local, value } of element.attributes) {
    if (uri !== '') continue;
    if (!allowed[op].includes(local)) throw invalid('invalid-patch-directive', `${op} has no ${local}`);
    given.set(local, value);
  }
  const text = given.get('sel')?.trim();
  if (!text) throw invalid('invalid-attribute-value', 'it has no sel');
  const namespaces = new Map([...outer, ...element.declared]);
  const selector = parseSelector(text, namespaces);
  const pos = oneOf('pos', given.get('pos'), positions);
  const ws = oneOf('ws', given.get('ws'), spaces);
  const adds = addedOf(given.get('type'), namespaces);
  if (adds && pos) throw invalid('invalid-attribute-value', 'what is no node has no pos');
  const content = op === 'remove' ? nothing(element.children) : element.children;
  return { op, at, selector, text, content, ...(adds ? { adds } : {}), ...(pos ? { pos } : {}), ...(ws ? { ws } : {}) };
}

function oneOf<T extends string>(name: string, given: string | undefined, values: readonly T[]): T | undefined {
  const found = values.find((one) => one === given);
  if (given === undefined || found) return found;
  throw invalid('invalid-attribute-value', `${name} is ${JSON.stringify(given)}; it is one of ${values.join(', ')}`);
}

function nothing(nodes: readonly XmlNode[]): readonly [] {
  if (elementsIn(nodes, 'invalid-diff-format').length === 0) return [];
  throw invalid('invalid-diff-format', 'a remove has no content');
}

function addedOf(type: string | undefined, namespaces: Namespaces): XmlOperation['adds'] {
  if (type === undefined) return undefined;
  if (/^namespace::[^\s:]+$/.test(type)) return { kind: 'namespace' };
  const { steps } = parseSelector(type, namespaces);
  const [step, ...more] = steps;
  if (step?.test.kind === 'attribute' && step.test.local !== '*' && step.predicates.length === 0 && more.length === 0) {
    return { kind: 'attribute', uri: step.test.uri ?? '', local: step.test.local };
  }
  throw invalid('invalid-attribute-value', `type is ${JSON.stringify(type)}; @name and namespace::prefix are taken`);
}
