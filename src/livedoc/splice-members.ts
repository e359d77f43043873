/**
 * Changes members of a JSON object's text and leaves every other byte alone, so that decimals written by others
 * (`1.10`) survive.
 * https://hl7.org/fhir/R4/datatypes.html#decimal
 */

/** `undefined` removes the member. */
export type Members = Readonly<Record<string, unknown>>;

interface Member {
  readonly name: string;
  /** JSON text of the value. */
  readonly value: string;
}

/** The object's text with `changes` set: members it has keep their place, new ones come last. */
export function spliceMembers(text: string, changes: Members): string {
  const members = membersOf(text);
  const kept = members.flatMap(({ name, value }) => {
    if (!Object.hasOwn(changes, name)) return [{ name, value }];
    return changes[name] === undefined ? [] : [{ name, value: JSON.stringify(changes[name]) }];
  });
  const added = Object.entries(changes)
    .filter(([name, value]) => value !== undefined && !members.some((member) => member.name === name))
    .map(([name, value]) => ({ name, value: JSON.stringify(value) }));
  return `{${[...kept, ...added].map(({ name, value }) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}

/** The text of `before` turned into `after`: only members that are not the very same value are written anew. */
export function spliceChanges(text: string, before: object, after: object): string {
  const old = before as Members;
  const next = after as Members;
  const names = new Set([...Object.keys(old), ...Object.keys(next)]);
  const changed = [...names].filter((name) => old[name] !== next[name]).map((name) => [name, next[name]]);
  return spliceMembers(text, Object.fromEntries(changed));
}

/** The object's members, in order; the text must be a valid JSON object. */
export function membersOf(text: string): Member[] {
  const members: Member[] = [];
  let at = text.indexOf('{') + 1;
  for (;;) {
    const start = text.indexOf('"', at);
    if (start < 0) return members;
    const colon = text.indexOf(':', endOfString(text, start));
    const end = endOfValue(text, colon + 1);
    const name = JSON.parse(text.slice(start, endOfString(text, start))) as string;
    members.push({ name, value: text.slice(colon + 1, end).trim() });
    if (text[end] !== ',') return members;
    at = end + 1;
  }
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** The index of the comma or brace that ends the value. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const sign = text[at];
    if (sign === '"') at = endOfString(text, at) - 1;
    else if (sign === '{' || sign === '[') depth += 1;
    else if (depth === 0 && (sign === ',' || sign === '}')) return at;
    else if (sign === '}' || sign === ']') depth -= 1;
  }
  throw new SyntaxError('The JSON object does not end.');
}
