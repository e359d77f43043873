/**
 * The XHTML of a narrative between JSON, where it is a string, and XML, where it is part of the document.
 * https://hl7.org/fhir/R4/narrative.html
 */
import { codePoints } from './entities.ts';
import { xhtml } from './namespaces.ts';

const namespaced = /^<div(?=[\s>/])[^>]*\sxmlns\s*=/;
const named = /&([A-Za-z][A-Za-z0-9]*);/g;
const numbered = /&#(?:(\d+)|x([0-9A-Fa-f]+));/g;
const comment = /<!--([\s\S]*?)-->/g;

/** A stored narrative as part of an XML document: named characters as numbers, what no XML document may hold left out. */
export function narrativeToXml(div: string): string {
  const text = namespaced.test(div) ? div : div.replace(/^<div/, `<div xmlns="${xhtml}"`);
  if (!text.includes('&') && !text.includes('<!--') && !text.includes(']]>')) return text;
  return text
    .replace(named, (all, name: string) => {
      const code = codePoints.get(name);
      return code === undefined ? all : `&#${code};`;
    })
    .replace(numbered, (all, decimal?: string, hexadecimal?: string) => {
      const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number.parseInt(decimal, 10);
      return isXmlCharacter(code) ? all : '\ufffd';
    })
    .replace(comment, (all, inside: string) => (inside.includes('--') || inside.endsWith('-') ? '' : all))
    .replaceAll(']]>', ']]&gt;');
}

/** https://www.w3.org/TR/xml/#charsets */
function isXmlCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

/** The source of a <div> in an XML document as the string that JSON has: in XHTML's namespace without a prefix. */
export function narrativeFromXml(source: string, prefix: string): string {
  const bare =
    prefix === ''
      ? source
      : source
          .replaceAll(`<${prefix}:`, '<')
          .replaceAll(`</${prefix}:`, '</')
          .replace(new RegExp(`\\s+xmlns:${prefix}\\s*=\\s*(?:"[^"]*"|'[^']*')`), '');
  return namespaced.test(bare) ? bare : bare.replace(/^<div/, `<div xmlns="${xhtml}"`);
}
