/**
 * The resources of a result one a line, for clients that read them as they come.
 * https://hl7.org/fhir/uv/bulkdata/export.html#file-requests, https://github.com/ndjson/ndjson-spec
 */
import { memberStart, members, objectsOf, textOf } from './members.ts';

/** A resource on one line. */
export function lineOf(text: string): string {
  return `${oneLine(text)}\n`;
}

/** Of a Bundle the resources of its entries, of anything else itself; each on a line of its own. */
export function linesOf(text: string): string {
  const open = text.indexOf('{');
  const type = members(text, open).find(({ name }) => name === 'resourceType');
  if (!type || textOf(text, type) !== 'Bundle') return lineOf(text);
  const at = memberStart(text, open, 'entry');
  if (at === undefined) return '';
  return objectsOf(text, at)
    .flatMap((entry) => entry.filter(({ name }) => name === 'resource'))
    .map(({ start, end }) => lineOf(text.slice(start, end)))
    .join('');
}

/** The links of a Bundle as a Link header has them: without the Bundle, this is where the next page is named. */
export function linkHeader(text: string): string | undefined {
  const at = memberStart(text, text.indexOf('{'), 'link');
  if (at === undefined) return undefined;
  const links = objectsOf(text, at).map((link) => {
    const [relation, url] = ['relation', 'url'].map((name) => link.find((member) => member.name === name));
    return relation && url ? `<${textOf(text, url)}>; rel="${textOf(text, relation)}"` : '';
  });
  return links.filter((link) => /^[\x20-\x7e]+$/.test(link)).join(', ') || undefined;
}

/** Line ends in JSON are white space between tokens: inside of strings they are escaped. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').trim();
}
