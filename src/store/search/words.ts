/** Text as full-text search reads it, and the text that is in a resource. */
import { withoutMarks } from './fold.ts';

/** Letters and digits only, without accents: `L’hôpital` is the two words `l hopital`. */
export function words(text: string): string {
  return withoutMarks(text.toLowerCase())
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** PostgreSQL keeps a megabyte of words; a longer resource is found by its beginning. */
const LONGEST = 200_000;
/** Longer texts without a blank are data and not words. */
const LONGEST_WORD = 200;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** The text of XHTML: tags separate words, the five entities of XML and numbers are what they stand for. */
function withoutTags(xhtml: string): string {
  return xhtml
    .replace(/<!--[\s\S]*?-->|<[^>]*>/g, ' ')
    .replace(/&#(\d{1,7});/g, (_, code) => (Number(code) <= 0x10ffff ? String.fromCodePoint(Number(code)) : ' '))
    .replace(/&(lt|gt|quot|apos|amp|nbsp);/g, ' ');
}

function narrativeOf(resource: Readonly<Record<string, unknown>>): string {
  const { text } = resource;
  const div = isObject(text) ? text['div'] : undefined;
  return typeof div === 'string' ? withoutTags(div) : '';
}

/** Strings of a resource, without property names; depth is limited by what a body may have. */
function collect(value: unknown, found: string[]): void {
  if (typeof value === 'string') {
    if (value.length <= LONGEST_WORD || value.includes(' ')) found.push(value);
  } else if (isObject(value)) {
    for (const [name, inner] of Object.entries(value)) {
      if (name !== 'div') collect(inner, found);
      else if (typeof inner === 'string') found.push(withoutTags(inner));
    }
  }
}

/** The words of a stored resource's narrative, and of all of it. */
export function textsOf(body: string): { readonly narrative: string; readonly content: string } {
  const resource: unknown = JSON.parse(body);
  if (!isObject(resource)) return { narrative: '', content: '' };
  const found: string[] = [];
  collect(resource, found);
  return {
    narrative: words(narrativeOf(resource)).slice(0, LONGEST),
    content: words(found.join(' ')).slice(0, LONGEST),
  };
}
