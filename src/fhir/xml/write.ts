/**
 * A resource's JSON text as XML, driven by the definitions: their order, their attributes, decimals as they were written.
 * https://hl7.org/fhir/R4/xml.html
 */
import { FhirError } from '../../shared/errors.ts';
import { keep } from '../definitions/generated.ts';
import { isPrimitive, isResourceType, type Property, properties, typeDefinition } from '../definitions/types.ts';
import { parseExact } from '../json/exact.ts';
import { fhirNamespace } from './namespaces.ts';
import { narrativeToXml } from './narrative.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Output {
  text: string;
  readonly pretty: boolean;
}

/**
 * The XML document of a resource whose JSON text `checkJson` has passed. Throws `notAcceptable` for what XML cannot say:
 * elements that R4 does not have, and control characters.
 */
export function toXml(json: string, { pretty = false }: { readonly pretty?: boolean } = {}): string {
  const out: Output = { text: '<?xml version="1.0" encoding="UTF-8"?>', pretty };
  writeResource(out, parseExact(json) as Fields, 0, ` xmlns="${fhirNamespace}"`);
  if (pretty) out.text += '\n';
  return out.text;
}

function unsayable(what: string): FhirError {
  return new FhirError('notAcceptable', `XML cannot say ${what}; ask for JSON.`);
}

function begin(out: Output, level: number): void {
  if (out.pretty) out.text += `\n${'  '.repeat(level)}`;
}

function writeResource(out: Output, resource: Fields, level: number, namespace = ''): void {
  const type = String(resource['resourceType']);
  if (!isResourceType(type)) throw unsayable(`a resource of type ${JSON.stringify(type)}`);
  writeObject(out, { name: type, type, attributes: namespace, value: resource, level });
}

/** A property of a type and its place in the order of the elements. */
interface Placed extends Property {
  readonly place: number;
}

const placed = keep((type: string): ReadonlyMap<string, Placed> => {
  const all = [...properties(type)].map(([name, property], place): [string, Placed] => [name, { ...property, place }]);
  return new Map(all);
});

interface Written {
  readonly name: string;
  readonly type: string;
  readonly attributes: string;
  readonly value: Fields;
  readonly level: number;
}

/** What of an object goes into its tag, and what becomes child elements, in their order. */
function parts({ name, type, attributes, value }: Written): { readonly inTag: string; readonly children: Placed[] } {
  const known = placed(type);
  const children = new Set<Placed>();
  let inTag = attributes;
  for (const key of Object.keys(value)) {
    if (key === 'resourceType' && !known.has(key)) continue;
    const property = known.get(key.startsWith('_') ? key.slice(1) : key);
    if (!property) throw unsayable(`${name}.${key}, which R4 does not have`);
    if (property.element.xml !== 'xmlAttr') children.add(property);
    else if (key === property.json) inTag += ` ${key}="${escaped(String(value[key]))}"`;
    else throw unsayable(`extensions of ${name}.${property.json}`);
  }
  return { inTag, children: [...children].sort((a, b) => a.place - b.place) };
}

/** An element with child elements: a resource, a datatype, a backbone, or a primitive with extensions. */
function writeObject(out: Output, written: Written): void {
  const { name, value, level } = written;
  const { inTag, children } = parts(written);
  begin(out, level);
  if (children.length === 0) {
    out.text += `<${name}${inTag}/>`;
    return;
  }
  out.text += `<${name}${inTag}>`;
  for (const child of children) writeProperty(out, child, value, level + 1);
  begin(out, level);
  out.text += `</${name}>`;
}

function writeProperty(out: Output, property: Placed, parent: Fields, level: number): void {
  const values = parent[property.json];
  const siblings = parent[`_${property.json}`];
  if (!Array.isArray(values) && !Array.isArray(siblings)) {
    writeValue(out, property, values, siblings, level);
    return;
  }
  const some = (values ?? []) as readonly unknown[];
  const others = (siblings ?? []) as readonly unknown[];
  for (let at = 0; at < Math.max(some.length, others.length); at++) {
    writeValue(out, property, some[at], others[at], level);
  }
}

function writeValue(out: Output, { json: name, type }: Placed, value: unknown, sibling: unknown, level: number): void {
  if (isPrimitive(type.code)) {
    writePrimitive(out, { name, type: type.code, value, sibling: (sibling ?? {}) as Fields, level });
  } else if (typeDefinition(type.code)?.kind === 'resource') {
    begin(out, level);
    out.text += `<${name}>`;
    writeResource(out, value as Fields, level + 1);
    begin(out, level);
    out.text += `</${name}>`;
  } else writeObject(out, { name, type: type.code, attributes: '', value: value as Fields, level });
}

interface Primitive {
  readonly name: string;
  readonly type: string;
  readonly value: unknown;
  readonly sibling: Fields;
  readonly level: number;
}

function writePrimitive(out: Output, { name, type, value, sibling, level }: Primitive): void {
  if (type === 'xhtml') {
    begin(out, level);
    out.text += narrativeToXml(sayable(String(value)));
    return;
  }
  const attributes = value === undefined || value === null ? '' : ` value="${escaped(String(value))}"`;
  writeObject(out, { name, type, attributes, value: sibling, level });
}

const special = /[&<>"\p{Cc}\p{Cs}\ufffe\uffff]/u;
const everySpecial = new RegExp(special, 'gu');
const unsaid = /[\p{Cc}\p{Cs}\ufffe\uffff]/gu;

/** The text of an attribute. Line ends and tabs are written as numbers, or every reader would make spaces of them. */
function escaped(text: string): string {
  if (!special.test(text)) return text;
  return text.replace(everySpecial, (character) => {
    demandSayable(character);
    return `&#${character.charCodeAt(0)};`;
  });
}

function sayable(text: string): string {
  for (const [character] of text.matchAll(unsaid)) demandSayable(character);
  return text;
}

/** https://www.w3.org/TR/xml/#charsets: neither control characters nor halves of pairs. */
function demandSayable(character: string): void {
  const code = character.charCodeAt(0);
  if ((code < 0x20 && !'\t\n\r'.includes(character)) || code >= 0xd800) {
    throw unsayable(`the character U+${code.toString(16).toUpperCase().padStart(4, '0')}`);
  }
}
