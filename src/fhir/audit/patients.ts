/**
 * Whose data a resource holds: the Patient that it is, and every Patient that it refers to.
 * https://profiles.ihe.net/ITI/BALP/content.html
 */
import { isId } from '../../shared/id.ts';

const word = 'Patient/';
const key = '"reference"';
const history = '/_history/';

/** Where the string begins that has the word at `at` at its own beginning or after a slash; -1 when there is none. */
function quoteBefore(body: string, at: number): number {
  if (body[at - 1] === '"') return at - 1;
  const quote = body[at - 1] === '/' ? body.lastIndexOf('"', at - 1) : -1;
  // No reference has anything to escape.
  return body.slice(quote, at).includes('\\') ? -1 : quote;
}

/** Whether the string that begins there is the value of a property named `reference`. */
function isReference(body: string, quote: number): boolean {
  // As nearly everybody writes it.
  if (body.startsWith(`${key}:`, quote - key.length - 1)) return true;
  const before = body.slice(Math.max(0, quote - 200), quote).trimEnd();
  return before.endsWith(':') && before.slice(0, -1).trimEnd().endsWith(key);
}

/** The id that begins there, when the reference ends with it or with a version of it. */
function idAt(body: string, at: number): string | undefined {
  const rest = body.slice(at, body.indexOf('"', at));
  const slash = rest.indexOf('/');
  if (slash >= 0 && (!rest.startsWith(history, slash) || rest.includes('\\'))) return undefined;
  const found = slash < 0 ? rest : rest.slice(0, slash);
  return isId(found) ? found : undefined;
}

/**
 * `Patient/...` of everyone in a resource's JSON text, each once. Read from the text, because nothing else of a read needs
 * it parsed; inside a string (narrative) the quotes are escaped and match nothing. The word is looked for, and then what is
 * around it: a page has 20 such texts, and a regular expression that begins at each quote takes thrice as long.
 */
export function patientsIn({
  type,
  id,
  body,
}: {
  readonly type: string;
  readonly id: string;
  readonly body: string;
}): string[] {
  const found = new Set(type === 'Patient' ? [`${word}${id}`] : []);
  for (let at = body.indexOf(word); at >= 0; at = body.indexOf(word, at + word.length)) {
    const quote = quoteBefore(body, at);
    const patient = quote >= 0 && isReference(body, quote) ? idAt(body, at + word.length) : undefined;
    if (patient !== undefined) found.add(`${word}${patient}`);
  }
  return [...found];
}
