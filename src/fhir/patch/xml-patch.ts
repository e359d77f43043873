/**
 * XML Patch on the XML that a resource is; what the patch does not touch keeps its JSON text.
 * https://hl7.org/fhir/R4/http.html#patch, https://www.rfc-editor.org/rfc/rfc5261
 */
import { FhirError } from '../../shared/errors.ts';
import { grafted } from '../json/graft.ts';
import { parseLongXml, printXml, type XmlElement, type XmlNode } from '../xml/document.ts';
import { orderElements } from '../xml/order.ts';
import { fromXml } from '../xml/read.ts';
import { toXml } from '../xml/write.ts';
import { named, type XmlOperation } from './xml-operations.ts';
import { type Budget, type Found, select } from './xml-select.ts';

/** Nodes that the selectors of one patch may look at. */
const maxLooks = 1_000_000;

/** The document: who replaces its root replaces the whole. */
interface Document {
  root: XmlElement;
}

/**
 * The JSON text after all operations in their order. Throws `unprocessable` with the first that cannot be applied, by the
 * name that RFC 5261 has for that, and when what comes of it is no XML of FHIR.
 */
export async function applyXmlPatch(text: string, type: string, operations: readonly XmlOperation[]): Promise<string> {
  // With the white space that a client has seen who asked for it, so that `ws` finds some.
  const root = await parseLongXml(xmlOf(text, type));
  const before = await fromXml(printXml(root));
  const document: Document = { root };
  const budget: Budget = { left: maxLooks };
  for (const operation of operations) {
    named(operation.at, operation.op, () => apply(document, operation, budget), type);
  }
  const after = await asResource(document.root, type);
  return grafted(text, before, after);
}

function xmlOf(text: string, type: string): string {
  try {
    return toXml(text, { pretty: true });
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    throw new FhirError('unprocessable', error.message, { expression: [type] });
  }
}

async function asResource(root: XmlElement, type: string): Promise<string> {
  orderElements(root);
  try {
    return await fromXml(printXml(root));
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    const [issue] = error.issues;
    const problem = error.message.replace(/^Malformed XML: | at line \d+, column \d+\.$/g, '');
    const message = `What the patch makes of it is no resource: ${problem}.`.replace(/\.+$/, '.');
    throw new FhirError('unprocessable', message, { expression: issue?.expression?.slice() ?? [type] });
  }
}

function fail(error: string, problem: string): never {
  throw new FhirError('unprocessable', `${error}: ${problem}.`);
}

function apply(document: Document, operation: XmlOperation, budget: Budget): void {
  const { text, selector, op } = operation;
  const [target, ...others] = select(document.root, selector, budget);
  if (!target) fail('unlocated-node', `there is nothing at ${text}`);
  if (others.length > 0) fail('unlocated-node', `${text} is more than one node`);
  if (op === 'add') add(document, target, operation);
  else if (op === 'replace') replace(document, target, operation);
  else remove(target, operation);
}

/** A patch may be applied again, to another version: what it brings stays its own. */
function copies(nodes: readonly XmlNode[]): XmlNode[] {
  return nodes.map((node) => structuredClone(node));
}

function add(document: Document, target: Found, { adds, pos, content, text }: XmlOperation): void {
  if (target.kind === 'attribute') fail('invalid-node-types', `${text} is an attribute, and nothing can be put to it`);
  const { node, parent } = target;
  if (pos === 'before' || pos === 'after') {
    if (!parent) fail('invalid-root-element-operation', `${document.root.local} is the root, and has no siblings`);
    const at = parent.children.indexOf(node) + (pos === 'after' ? 1 : 0);
    insert(parent, at, content);
    return;
  }
  if (node.kind !== 'element') fail('invalid-node-types', `${text} is no element`);
  // Names are resolved already, and a resource has no prefixes: a declaration changes nothing.
  if (adds?.kind === 'namespace') return;
  if (adds) addAttribute(node, adds, textOf(content));
  else insert(node, pos === 'prepend' ? 0 : node.children.length, content);
}

function addAttribute(
  { local: name, attributes }: XmlElement,
  { uri, local }: { readonly uri: string; readonly local: string },
  value: string,
): void {
  if (attributes.some((one) => one.uri === uri && one.local === local)) {
    fail('invalid-patch-directive', `<${name}> has a ${local} already; a replace changes it`);
  }
  attributes.push({ uri, local, value });
}

function insert(parent: XmlElement, at: number, content: readonly XmlNode[]): void {
  if (content.length === 0) fail('invalid-patch-directive', 'an add has content');
  parent.children.splice(at, 0, ...copies(content));
  join(parent);
}

/** The text of content that may be nothing else. */
function textOf(content: readonly XmlNode[]): string {
  return content
    .map((node) => {
      if (node.kind === 'element') fail('invalid-node-types', `<${node.local}> is where only text may be`);
      return node.kind === 'text' ? node.text : '';
    })
    .join('');
}

function replace(document: Document, target: Found, { content, text }: XmlOperation): void {
  if (target.kind === 'attribute') {
    target.attribute.value = textOf(content);
    return;
  }
  const { node, parent } = target;
  const next = node.kind === 'element' ? onlyElement(content, text) : onlyText(node.kind, content, text);
  if (!parent) {
    if (next?.kind === 'element') document.root = next;
    return;
  }
  parent.children.splice(parent.children.indexOf(node), 1, ...(next ? [next] : []));
  join(parent);
}

function onlyElement(content: readonly XmlNode[], text: string): XmlElement {
  const [element, ...others] = copies(content.filter((node) => node.kind !== 'text' || /\S/.test(node.text)));
  if (element?.kind === 'element' && others.length === 0) return element;
  return fail('invalid-node-types', `${text} is an element, and one element takes its place`);
}

/** Without any text, a text is taken away. */
function onlyText(kind: 'text' | 'comment', content: readonly XmlNode[], text: string): XmlNode | undefined {
  if (kind === 'text') {
    const next = textOf(content);
    return next === '' ? undefined : { kind, text: next };
  }
  const [comment] = content.filter((node) => node.kind === 'comment');
  return comment ?? fail('invalid-node-types', `${text} is a comment, and a comment takes its place`);
}

function remove(target: Found, { ws, text }: XmlOperation): void {
  if (target.kind === 'attribute') {
    if (ws) fail('invalid-attribute-value', 'there is no white space beside an attribute');
    const { attribute, parent } = target;
    parent.attributes = parent.attributes.filter((one) => one !== attribute);
    // An element that loses what it had is none that was written empty.
    parent.isShort = false;
    return;
  }
  const { node, parent } = target;
  if (!parent) fail('invalid-root-element-operation', `${text} is the root, which cannot be removed`);
  const at = parent.children.indexOf(node);
  const before = ws === 'before' || ws === 'both' ? spaceAt(parent, at - 1) : 0;
  const after = ws === 'after' || ws === 'both' ? spaceAt(parent, at + 1) : 0;
  parent.children.splice(at - before, 1 + before + after);
  join(parent);
}

function spaceAt({ children }: XmlElement, at: number): 1 {
  const node = children[at];
  if (node?.kind === 'text' && !/\S/.test(node.text)) return 1;
  return fail('invalid-whitespace-directive', 'there is no white space beside it');
}

/** Texts side by side are one. https://www.rfc-editor.org/rfc/rfc5261#section-4.5 */
function join(parent: XmlElement): void {
  const joined: XmlNode[] = [];
  for (const node of parent.children) {
    const last = joined.at(-1);
    if (node.kind === 'text' && last?.kind === 'text') last.text += node.text;
    else joined.push(node);
  }
  parent.children = joined;
}
