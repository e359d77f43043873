/** JSON Pointers and what they mean in a tree. https://www.rfc-editor.org/rfc/rfc6901 */
import { FhirError } from '../../shared/errors.ts';
import { child, type Node, type Path } from '../json/tree.ts';

/** The tokens of a pointer, unescaped. Throws `invalid` for what is none. */
export function parsePointer(pointer: string): readonly string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/'))
    throw new FhirError('invalid', `${JSON.stringify(pointer)} is no JSON Pointer: it has to begin with "/".`);
  if (/~(?![01])/.test(pointer)) {
    throw new FhirError('invalid', `${JSON.stringify(pointer)} is no JSON Pointer: "~" is written ~0.`);
  }
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/**
 * Where a pointer's last token is in its container: the path to that, and the name or position in it. `-` is the position
 * behind the last. Undefined when there is no such container, or no such position.
 */
export function place(
  root: Node,
  tokens: readonly string[],
): { readonly path: Path; readonly step: string | number } | undefined {
  const path: (string | number)[] = [];
  let node: Node | undefined = root;
  for (const [at, token] of tokens.entries()) {
    const step = stepIn(node, token);
    if (step === undefined) return undefined;
    if (at === tokens.length - 1) return { path, step };
    path.push(step);
    node = child(node, step);
  }
  return undefined;
}

const position = /^(?:0|[1-9]\d{0,8})$/;

function stepIn(node: Node | undefined, token: string): string | number | undefined {
  if (node?.kind === 'object') return token;
  if (node?.kind !== 'array') return undefined;
  if (token === '-') return node.items.length;
  return position.test(token) && Number(token) <= node.items.length ? Number(token) : undefined;
}

/** The FHIRPath that a pointer spells in a resource: `/name/0/given/1` is `Patient.name[0].given[1]`. */
export function expressionOf(type: string, tokens: readonly string[]): string {
  return tokens.reduce((path, token) => (position.test(token) ? `${path}[${token}]` : `${path}.${token}`), type);
}
