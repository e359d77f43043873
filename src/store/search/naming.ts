/** Names for statements that come again, so that each connection plans them once: planning takes longer than finding. */
import type { Statement } from './sql.ts';

/** Gives a statement a name, or leaves it without one when there are names enough. */
export type Naming = (statement: Statement) => Statement & { readonly name?: string };

/** Each connection keeps the plans of all names; the shapes of searches that applications make are far fewer. */
const MOST_NAMES = 400;

export function openNaming(): Naming {
  const names = new Map<string, string>();
  return (statement) => {
    const known = names.get(statement.text);
    if (known !== undefined) return { ...statement, name: known };
    if (names.size >= MOST_NAMES) return statement;
    const name = `search-${names.size}`;
    names.set(statement.text, name);
    return { ...statement, name };
  };
}
