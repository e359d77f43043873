/**
 * An XML document as the JSON text of the same resource, driven by the definitions: decimals as they were written, narratives
 * to the byte. No DTD, no entities, no processing instructions. https://hl7.org/fhir/R4/xml.html
 */
import { setImmediate } from 'node:timers/promises';
import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes';
import { FhirError } from '../../shared/errors.ts';
import { isPrimitive, isResourceType, typeDefinition } from '../definitions/types.ts';
import { add, type Child, childrenOf, countOf, enter, type Frame, frameOf, objectOf, valueJson } from './frame.ts';
import { fhirNamespace, xhtml } from './namespaces.ts';
import { narrativeFromXml } from './narrative.ts';

const namespaces = 'http://www.w3.org/2000/xmlns/';
const schemaInstance = 'http://www.w3.org/2001/XMLSchema-instance';

/** Open elements, those of a narrative included; any real resource has fewer. */
const maxOpen = 128;
const maxAttributes = 32;
/** Characters parsed in one go; others have their turn in between. */
const turn = 262_144;

interface Reader {
  readonly text: string;
  readonly parser: SaxesParser<{ xmlns: true }>;
  /** Open elements of FHIR, the outermost first. */
  readonly frames: Frame[];
  /** The narrative that is being passed: where it begins, its prefix, and how many of its elements are open. */
  narrative: { readonly start: number; readonly prefix: string; open: number } | undefined;
  attributes: number;
  result: string | undefined;
}

/** The JSON text of the resource in an XML document. Throws FhirError `invalid` that says what is wrong with it and where. */
export async function fromXml(text: string): Promise<string> {
  const parser = new SaxesParser({ xmlns: true });
  const reader: Reader = { text, parser, frames: [], narrative: undefined, attributes: 0, result: undefined };
  listen(reader);
  for (let at = 0; at < text.length; at += turn) {
    if (at > 0) await setImmediate();
    parser.write(text.slice(at, at + turn));
  }
  parser.close();
  if (reader.result === undefined) throw malformed(reader, 'there is no resource in it');
  return reader.result;
}

function listen(reader: Reader): void {
  const { parser } = reader;
  const refuse = (what: string) => () => {
    throw malformed(reader, `${what} is not taken`);
  };
  parser.on('error', (error) => {
    throw malformed(reader, error.message.replace(/^\S*?\d+:\d+: /, '').replace(/\.$/, ''));
  });
  parser.on('doctype', refuse('a document type declaration'));
  parser.on('processinginstruction', refuse('a processing instruction'));
  parser.on('cdata', refuse('a CDATA section'));
  parser.on('xmldecl', ({ version, encoding }) => {
    if (version !== '1.0') throw malformed(reader, `XML ${version} is not taken; 1.0 is`);
    if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8') {
      throw malformed(reader, `the encoding ${encoding} is not taken; UTF-8 is`);
    }
  });
  parser.on('attribute', () => {
    reader.attributes += 1;
    if (reader.attributes > maxAttributes) throw malformed(reader, `more than ${maxAttributes} attributes`);
  });
  parser.on('text', (text) => {
    if (!reader.narrative && /[^ \t\r\n]/.test(text)) {
      throw malformed(reader, `the text ${JSON.stringify(text.trim().slice(0, 30))}, where only elements may be`);
    }
  });
  parser.on('opentag', (tag) => {
    reader.attributes = 0;
    if (reader.frames.length + (reader.narrative?.open ?? 0) >= maxOpen) {
      throw malformed(reader, `more than ${maxOpen} levels of nesting`);
    }
    if (reader.narrative) openInNarrative(reader, reader.narrative, tag);
    else open(reader, tag);
  });
  parser.on('closetag', () => {
    if (reader.narrative) closeInNarrative(reader, reader.narrative);
    else close(reader);
  });
}

function malformed(reader: Reader, problem: string): FhirError {
  const { parser, frames } = reader;
  const expression = expressionOf(frames);
  const diagnostics = `Malformed XML: ${problem} at line ${parser.line}, column ${parser.column}.`;
  const issue = { severity: 'fatal', code: 'structure', diagnostics } as const;
  return new FhirError('invalid', diagnostics, {
    issues: [expression === '' ? issue : { ...issue, expression: [expression] }],
  });
}

/** FHIRPath of the innermost open element. */
function expressionOf(frames: readonly Frame[]): string {
  let path = '';
  frames.forEach((frame, at) => {
    const parent = frames[at - 1];
    if (!parent) path = frame.name;
    else if (parent.kind !== 'holder') {
      const isList = parent.current?.child.element.max !== 1;
      path += `.${frame.name}${isList ? `[${countOf(parent)}]` : ''}`;
    }
  });
  return path;
}

function open(reader: Reader, tag: SaxesTagNS): void {
  const { frames } = reader;
  const parent = frames.at(-1);
  const name = tag.local;
  if (parent?.kind === 'complex' || parent?.kind === 'resource' || parent?.kind === 'primitive') {
    openChild(reader, parent, tag);
    return;
  }
  if (tag.uri !== fhirNamespace) throw malformed(reader, wrongNamespace(tag, fhirNamespace));
  if (!isResourceType(name)) throw malformed(reader, `<${name}>, which is no resource type of FHIR R4,`);
  if (parent?.value !== undefined) throw malformed(reader, `<${name}> beside another resource`);
  const frame = frameOf(name, 'resource', name);
  readAttributes(reader, frame, tag);
  frames.push(frame);
}

function wrongNamespace({ name, uri }: SaxesTagNS, wanted: string): string {
  return `<${name}> in ${uri === '' ? 'no namespace' : `the namespace ${uri}`}, not in ${wanted},`;
}

function openChild(reader: Reader, parent: Frame, tag: SaxesTagNS): void {
  const child = childrenOf(parent.type).get(tag.local);
  const isNarrative = child?.type.code === 'xhtml';
  const wanted = isNarrative ? xhtml : fhirNamespace;
  if (tag.uri !== wanted) throw malformed(reader, wrongNamespace(tag, wanted));
  if (!child || child.element.xml === 'xmlAttr') {
    throw malformed(reader, `<${tag.local}>, which ${parent.type} does not have,`);
  }
  const problem = enter(parent, child);
  if (problem !== undefined) throw malformed(reader, problem);
  if (isNarrative) {
    // No tag has `<` in its attributes, so the last one is its own.
    const start = reader.text.lastIndexOf('<', reader.parser.position - 1);
    reader.narrative = { start, prefix: tag.prefix, open: 1 };
    return;
  }
  const frame = frameOf(tag.local, kindOf(child), child.type.code);
  reader.frames.push(frame);
  readAttributes(reader, frame, tag);
}

function kindOf({ type: { code } }: Child): Frame['kind'] {
  if (isPrimitive(code)) return 'primitive';
  return typeDefinition(code)?.kind === 'resource' ? 'holder' : 'complex';
}

/** `xmlns` is the parser's; where a schema is found (`xsi:schemaLocation`) means nothing here. */
function readAttributes(reader: Reader, frame: Frame, { attributes }: SaxesTagNS): void {
  for (const attribute of Object.values(attributes)) {
    if (attribute.uri === namespaces) continue;
    if (attribute.uri === schemaInstance && attribute.local === 'schemaLocation') continue;
    readAttribute(reader, frame, attribute);
  }
}

function readAttribute(reader: Reader, frame: Frame, { name, value }: SaxesAttributeNS): void {
  if (frame.kind === 'primitive' && name === 'value') {
    frame.value = valueJson(frame.type, value);
    return;
  }
  const known = frame.kind === 'resource' ? undefined : childrenOf(frame.type).get(name);
  if (known?.element.xml !== 'xmlAttr') {
    throw malformed(reader, `the attribute ${name}, which <${frame.name}> does not have,`);
  }
  frame.json += `"${name}":${JSON.stringify(value)},`;
}

function close(reader: Reader): void {
  const { frames } = reader;
  const frame = frames.at(-1) as Frame;
  const whole = frame.kind === 'holder' ? frame.value : objectOf(frame);
  if (whole === undefined && frame.value === undefined) {
    throw malformed(reader, `<${frame.name}> with nothing in it`);
  }
  frames.pop();
  const parent = frames.at(-1);
  if (!parent) reader.result = whole;
  else if (parent.kind === 'holder') parent.value = whole;
  else if (frame.kind === 'primitive') add(parent, frame.value, whole);
  else add(parent, whole, undefined);
}

function openInNarrative(reader: Reader, narrative: NonNullable<Reader['narrative']>, tag: SaxesTagNS): void {
  narrative.open += 1;
  if (tag.uri !== xhtml) throw malformed(reader, wrongNamespace(tag, xhtml));
  if (tag.prefix !== narrative.prefix) throw malformed(reader, `<${tag.name}> with a prefix of its own`);
}

function closeInNarrative(reader: Reader, narrative: NonNullable<Reader['narrative']>): void {
  narrative.open -= 1;
  if (narrative.open > 0) return;
  const source = reader.text.slice(narrative.start, reader.parser.position);
  add(reader.frames.at(-1) as Frame, JSON.stringify(narrativeFromXml(source, narrative.prefix)), undefined);
  reader.narrative = undefined;
}
