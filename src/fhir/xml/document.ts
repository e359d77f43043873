/** An XML document as nodes that can be selected and moved: what an XML Patch is, and what it is applied to. */
import { setImmediate } from 'node:timers/promises';
import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes';
import { FhirError } from '../../shared/errors.ts';

export interface XmlAttribute {
  /** Empty for no namespace. */
  readonly uri: string;
  readonly local: string;
  value: string;
}

export interface XmlElement {
  readonly kind: 'element';
  readonly uri: string;
  readonly local: string;
  attributes: XmlAttribute[];
  children: XmlNode[];
  /** Whether it was written `<br/>`. */
  isShort: boolean;
  /** The prefixes that it declares; the default namespace is ''. */
  readonly declared: ReadonlyMap<string, string>;
}

interface XmlText {
  readonly kind: 'text' | 'comment';
  text: string;
}

export type XmlNode = XmlElement | XmlText;

const namespaces = 'http://www.w3.org/2000/xmlns/';
const schemaInstance = 'http://www.w3.org/2001/XMLSchema-instance';
const xml = 'http://www.w3.org/XML/1998/namespace';

/** Open elements; any real resource has fewer. */
const maxOpen = 128;
const maxAttributes = 32;
/** Characters parsed in one go; others have their turn in between. */
const turn = 262_144;

interface Reading {
  readonly parser: SaxesParser<{ xmlns: true }>;
  readonly open: XmlElement[];
  root: XmlElement | undefined;
}

/** The root of a document, at once; for short ones. Throws `invalid`. */
export function parseXml(text: string): XmlElement {
  const reading = begin();
  reading.parser.write(text);
  return end(reading);
}

/** The same for a long one, in turns with other work. */
export async function parseLongXml(text: string): Promise<XmlElement> {
  const reading = begin();
  for (let at = 0; at < text.length; at += turn) {
    if (at > 0) await setImmediate();
    reading.parser.write(text.slice(at, at + turn));
  }
  return end(reading);
}

function end({ parser, root }: Reading): XmlElement {
  parser.close();
  if (!root) throw new FhirError('invalid', 'There is no element in it.');
  return root;
}

/** Nothing that is declared by a DTD is ever looked up: there may be no DTD. */
function begin(): Reading {
  const parser = new SaxesParser({ xmlns: true });
  const reading: Reading = { parser, open: [], root: undefined };
  const refuse = (what: string) => () => {
    throw new FhirError('invalid', `${what} is not taken, at line ${parser.line}.`);
  };
  parser.on('error', (error) => {
    throw new FhirError('invalid', error.message.replace(/^\S*?\d+:\d+: /, `Line ${parser.line}: `));
  });
  parser.on('doctype', refuse('A document type declaration'));
  parser.on('processinginstruction', refuse('A processing instruction'));
  parser.on('cdata', refuse('A CDATA section'));
  parser.on('text', (text) => put(reading, { kind: 'text', text }));
  parser.on('comment', (text) => put(reading, { kind: 'comment', text }));
  parser.on('opentag', (tag) => {
    if (reading.open.length >= maxOpen) refuse(`More than ${maxOpen} levels of nesting`)();
    const element = elementOf(tag);
    put(reading, element);
    if (reading.open.length === 0) reading.root = element;
    reading.open.push(element);
  });
  parser.on('closetag', () => {
    reading.open.pop();
  });
  return reading;
}

/** What is outside of the root is white space and comments. */
function put({ open }: Reading, node: XmlNode): void {
  open.at(-1)?.children.push(node);
}

function elementOf({ uri, local, attributes, ns, isSelfClosing }: SaxesTagNS): XmlElement {
  const all = Object.values(attributes);
  if (all.length > maxAttributes)
    throw new FhirError('invalid', `<${local}> has more than ${maxAttributes} attributes.`);
  const own = all.filter(isOwn).map(({ uri, local, value }): XmlAttribute => ({ uri, local, value }));
  const declared = new Map(Object.entries(ns));
  return { kind: 'element', uri, local, attributes: own, children: [], isShort: isSelfClosing, declared };
}

/** Declarations are the parser's; where a schema is found means nothing here. */
function isOwn({ uri, local }: SaxesAttributeNS): boolean {
  return uri !== namespaces && !(uri === schemaInstance && local === 'schemaLocation');
}

const special = /[&<>"\t\n\r]/g;
const specialInText = /[&<>\r]/g;
const asNumber = (character: string) => `&#${character.charCodeAt(0)};`;

/** The text of an element as a document of its own. Throws `invalid` for an attribute of a namespace that no FHIR document has. */
export function printXml(root: XmlElement): string {
  const pieces: string[] = [];
  print(root, '', pieces);
  return pieces.join('');
}

function print(node: XmlNode, inherited: string, pieces: string[]): void {
  if (node.kind !== 'element') {
    pieces.push(node.kind === 'text' ? node.text.replace(specialInText, asNumber) : `<!--${node.text}-->`);
  } else {
    const { uri, local, attributes, children, isShort } = node;
    pieces.push(`<${local}`, uri === inherited ? '' : ` xmlns="${uri.replace(special, asNumber)}"`);
    for (const attribute of attributes)
      pieces.push(` ${nameOf(attribute)}="${attribute.value.replace(special, asNumber)}"`);
    if (children.length === 0 && isShort) pieces.push('/>');
    else {
      pieces.push('>');
      for (const child of children) print(child, uri, pieces);
      pieces.push(`</${local}>`);
    }
  }
}

function nameOf({ uri, local }: XmlAttribute): string {
  if (uri === '') return local;
  if (uri === xml) return `xml:${local}`;
  throw new FhirError('invalid', `The attribute ${local} is in the namespace ${uri}, where FHIR has none.`);
}
