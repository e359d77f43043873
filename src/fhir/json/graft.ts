/** Keeps what a client has written when its resource has been through another form: XML, that has no white space of JSON. */
import { array, child, type Node, type ObjectNode, object, parseTree, printTree } from './tree.ts';

/**
 * The text of `after`, with the text of `original` wherever `after` says what `before` says; `before` is `original` in the
 * form of `after`.
 */
export function grafted(original: string, before: string, after: string): string {
  if (before === after) return original;
  return printTree(graft(parseTree(original), parseTree(before), parseTree(after)));
}

function graft(original: Node | undefined, before: Node | undefined, after: Node): Node {
  if (!original || !before) return after;
  if (isSame(before, after)) return original;
  if (original.kind === 'object' && after.kind === 'object') return graftObject(original, before, after);
  if (original.kind === 'array' && before.kind === 'array' && after.kind === 'array') {
    return array(graftItems(original.items, before.items, after.items));
  }
  return after;
}

/** Both come from the same writer. */
function isSame(a: Node, b: Node): boolean {
  return a.text === b.text;
}

/** The members that stay, in the order that they had; new ones behind them. */
function graftObject(original: ObjectNode, before: Node, after: ObjectNode): Node {
  const kept = original.members.flatMap(({ name, value }) => {
    const now = child(after, name);
    return now ? [{ name, value: graft(value, child(before, name), now) }] : [];
  });
  const names = new Set(original.members.map(({ name }) => name));
  return object([...kept, ...after.members.filter(({ name }) => !names.has(name))]);
}

/** What is the same at both ends stays; what is left between is compared one by one. */
function graftItems(original: readonly Node[], before: readonly Node[], after: readonly Node[]): readonly Node[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && isSame(before[start] as Node, after[start] as Node)) start += 1;
  let end = 0;
  while (end < shorter - start && isSame(before.at(-1 - end) as Node, after.at(-1 - end) as Node)) end += 1;
  return after.map((node, at) => {
    const from = at >= after.length - end ? at - after.length + before.length : at;
    return graft(original[from], before[from], node);
  });
}
