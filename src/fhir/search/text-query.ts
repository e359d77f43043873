/**
 * The value of `_text` and `_content`: words that must all be there, `or`, `not`, parentheses and quoted phrases.
 * https://hl7.org/fhir/R4/search.html#text
 */
import type { TextQuery } from '../../store/search/query.ts';
import { words } from '../../store/search/words.ts';
import { bad } from './values.ts';

const longest = 1000;
const deepest = 20;

interface Cursor {
  readonly name: string;
  readonly tokens: readonly string[];
  at: number;
}

const isWord = (token: string, word: string) => token.toLowerCase() === word;
const peek = ({ tokens, at }: Cursor) => tokens[at] ?? '';

function term(cursor: Cursor, depth: number): TextQuery {
  const token = peek(cursor);
  cursor.at += 1;
  if (depth > deepest) throw bad(cursor.name, `more than ${deepest} parentheses within each other`);
  if (isWord(token, 'not')) return { not: term(cursor, depth + 1) };
  if (token === '(') {
    const inner = either(cursor, depth + 1);
    if (peek(cursor) !== ')') throw bad(cursor.name, 'a parenthesis is not closed');
    cursor.at += 1;
    return inner;
  }
  if (token === '' || token === ')' || isWord(token, 'or') || isWord(token, 'and'))
    throw bad(cursor.name, 'a word is missing');
  return { words: token.replaceAll('"', '') };
}

function every(cursor: Cursor, depth: number): TextQuery {
  const all = [term(cursor, depth)];
  for (let token = peek(cursor); token !== '' && token !== ')' && !isWord(token, 'or'); token = peek(cursor)) {
    if (isWord(token, 'and')) cursor.at += 1;
    all.push(term(cursor, depth));
  }
  return all.length === 1 ? (all[0] as TextQuery) : { all };
}

function either(cursor: Cursor, depth: number): TextQuery {
  const any = [every(cursor, depth)];
  while (isWord(peek(cursor), 'or')) {
    cursor.at += 1;
    any.push(every(cursor, depth));
  }
  return any.length === 1 ? (any[0] as TextQuery) : { any };
}

/** `(bone OR liver) and metastases`, `"chest pain" not cough`. Throws `invalid` for what is no such expression. */
export function textQuery(name: string, text: string): TextQuery {
  if (text.length > longest) throw bad(name, `more than ${longest} characters`);
  const tokens = text.match(/"[^"]*"|[()]|[^\s()"]+/g) ?? [];
  const meant = tokens.filter((token) => token === '(' || token === ')' || words(token) !== '');
  if (meant.length === 0) throw bad(name, 'it has no word');
  const cursor: Cursor = { name, tokens: meant, at: 0 };
  const query = either(cursor, 0);
  if (cursor.at < meant.length) throw bad(name, 'a parenthesis is closed that was not opened');
  return query;
}
