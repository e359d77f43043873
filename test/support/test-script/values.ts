/**
 * Values of a body by FHIRPath, XPath 1.0 or JSONPath (RFC 9535), as texts.
 * https://hl7.org/fhir/R4/testing.html, https://hl7.org/fhir/R4/fhirpath.html
 */
import { DOMParser } from '@xmldom/xmldom';
import { jsonpath } from 'json-p3';
import xpath from 'xpath';
import { compile } from '../../../src/fhir/fhirpath/compile.ts';
import { jsonIn, type Message, resourceIn, xmlIn } from './message.ts';

/** The text of a single value: primitives as they are, anything else as JSON. */
function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** The items that a FHIRPath expression gives on the resource of a message; throws where there is no resource. */
export async function byExpression(expression: string, message: Message): Promise<readonly unknown[]> {
  const { run } = compile(expression, null);
  const resource = await resourceIn(message);
  if (!resource) throw new Error(`There is no resource to ask for ${expression}.`);
  return run([resource], { resource, root: resource });
}

const namespaces: Readonly<Record<string, string>> = {
  fhir: 'http://hl7.org/fhir',
  f: 'http://hl7.org/fhir',
  xhtml: 'http://www.w3.org/1999/xhtml',
  h: 'http://www.w3.org/1999/xhtml',
};

interface XmlNode {
  readonly nodeValue: string | null;
  readonly textContent: string | null;
  getAttribute?(name: string): string | null;
}

/** A string, a number, a boolean, or a set of nodes, which alone can be an array. */
interface XPathValue {
  toArray?(): readonly XmlNode[];
  toString(): string;
}

/** The package's types do not have its parser, which alone can be told about prefixes. */
interface XPathParser {
  parse(path: string): { evaluate(options: Readonly<Record<string, unknown>>): XPathValue };
}
const parser = xpath as unknown as XPathParser;

/** A name without a prefix is of any namespace: the official examples write both `fhir:Patient` and `Patient/id`. */
function byXPath(path: string, xml: string): readonly string[] {
  const node = new DOMParser().parseFromString(xml, 'application/xml');
  const found = parser.parse(path).evaluate({ node, namespaces, allowAnyNamespaceForNoPrefix: true });
  return found.toArray ? found.toArray().map(nodeText) : [found.toString()];
}

/** A FHIR primitive's value is its attribute, so an element that has one stands for it. */
function nodeText(node: XmlNode): string {
  return node.getAttribute?.('value') ?? node.nodeValue ?? node.textContent ?? '';
}

/**
 * What `path` says is JSONPath when it begins with `$` (or `.`, as many write), and XPath otherwise. JSONPath may begin at the
 * type of the resource (`$.Bundle.total`), which public scripts do though JSON has no such member.
 */
export async function byPath(path: string, message: Message): Promise<readonly unknown[]> {
  if (message.text === '') throw new Error(`There is no body to ask for ${path}.`);
  if (!path.startsWith('$') && !path.startsWith('.')) return byXPath(path, xmlIn(message));
  const body: unknown = JSON.parse(await jsonIn(message));
  const type = (body as { readonly resourceType?: unknown }).resourceType;
  const query = path.replace(/^\$?/, '$').replace(`$.${type}.`, '$.');
  return jsonpath.query(query, body as never).values();
}

/** One value as a text; undefined for none. Throws for several, which R4 calls an error in variables. */
export function single(values: readonly unknown[], what: string): string | undefined {
  if (values.length > 1) throw new Error(`${what} gives ${values.length} values, not one.`);
  return values.length === 0 ? undefined : textOf(values[0]);
}

/** The first of the values, which is what XPath compares. */
export const first = (values: readonly unknown[]): string | undefined => single(values.slice(0, 1), '');
