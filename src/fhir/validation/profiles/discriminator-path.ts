/**
 * The restricted FHIRPath of discriminators, along values and along the tree of a profile.
 * https://hl7.org/fhir/R4/profiling.html#discriminator
 */
import { isObject } from '../../fhirpath/collection.ts';
import type { Environment } from '../../fhirpath/environment.ts';
import { resolveReference } from '../../fhirpath/resolve.ts';
import { typeOfReference } from '../../search/extract-reference.ts';
import type { Profile } from './known.ts';
import type { Node } from './tree.ts';
import { childrenOf, type Value } from './value.ts';

export interface PathStep {
  readonly kind: 'child' | 'extension' | 'resolve' | 'ofType';
  /** The child's name, the extension's url, the type. */
  readonly name: string;
}

const call = /^(\w+)\((?:'([^']*)'|([\w.]+))?\)$/;

/** `code.coding.code` as steps; `$this` is none. Dots inside quotes and brackets separate nothing. */
export function pathSteps(path: string): readonly PathStep[] {
  const found: PathStep[] = [];
  for (const text of path.match(/(?:[^.'(]|'[^']*'|\([^)]*\))+/g) ?? []) {
    if (text === '$this') continue;
    const [, name, quoted, plain = ''] = call.exec(text) ?? [];
    if (name === 'extension') found.push({ kind: 'extension', name: quoted ?? plain });
    else if (name === 'resolve') found.push({ kind: 'resolve', name: '' });
    else if (name === 'ofType' || name === 'as')
      found.push({ kind: 'ofType', name: plain.replace(/^(FHIR|System)\./, '') });
    else found.push({ kind: 'child', name: text.replace('[x]', '') });
  }
  return found;
}

function resolved(value: Value, environment: Environment): readonly Value[] {
  const target = resolveReference(value.value, environment);
  if (isObject(target)) return [{ value: target, type: String(target['resourceType']), path: value.path }];
  // What is not at hand may still say its type.
  const type = typeOfReference(value.value);
  return type === undefined ? [] : [{ value: undefined, type, path: value.path }];
}

function follow(value: Value, { kind, name }: PathStep, environment: Environment): readonly Value[] {
  switch (kind) {
    case 'child':
      return childrenOf(value, name) ?? [];
    case 'extension':
      return (childrenOf(value, 'extension') ?? []).filter(({ value: one }) => isObject(one) && one['url'] === name);
    case 'resolve':
      return resolved(value, environment);
    case 'ofType':
      return value.type === name ? [value] : [];
  }
}

/** The values at a discriminator's path. */
export function valuesAt(value: Value, path: readonly PathStep[], environment: Environment): readonly Value[] {
  return path.reduce<readonly Value[]>((at, step) => at.flatMap((one) => follow(one, step, environment)), [value]);
}

type ProfileOf = (url: string) => Profile | undefined;

const plainUrl = (url: string | undefined) => url?.split('|')[0];

/** The url of an extension slice: fixed, or that of its definition. */
export function wantedUrl(slice: Node): unknown {
  return slice.children.get('url')?.fixed ?? plainUrl(slice.types?.[0]?.profile?.[0]);
}

/** The trees of the one profile that a node asks of its values, or of the targets of its references. */
function ofProfile(node: Node, which: 'profile' | 'targetProfile', profileOf: ProfileOf): readonly Node[] {
  const urls = node.types?.flatMap((type) => type[which] ?? []) ?? [];
  const [url] = urls;
  const tree = urls.length === 1 && url !== undefined ? profileOf(url)?.tree : undefined;
  return tree ? [tree] : [];
}

/** A node and what the profile of its type says of the same value. */
export function withProfile(node: Node, profileOf: ProfileOf): readonly Node[] {
  return [node, ...ofProfile(node, 'profile', profileOf)];
}

/** A child and those of its slices that must be there, which say more (`coding:SBPCode`). */
function childNodes(node: Node, name: string): readonly Node[] {
  const child = node.children.get(name);
  return child ? [child, ...[...child.slices.values()].filter(({ min }) => min > 0)] : [];
}

/** The nodes that a step leads to. */
export function followNode(node: Node, path: readonly PathStep[], profileOf: ProfileOf): readonly Node[] {
  const [step, next] = path;
  if (!step) return [node];
  const all = withProfile(node, profileOf);
  switch (step.kind) {
    case 'child': {
      const choice = next?.kind === 'ofType' ? step.name + next.name.charAt(0).toUpperCase() + next.name.slice(1) : '';
      return all.flatMap((one) => [...childNodes(one, step.name), ...childNodes(one, choice)]);
    }
    case 'extension': {
      const slices = all.flatMap((one) => [...(one.children.get('extension')?.slices.values() ?? [])]);
      return slices.filter((slice) => wantedUrl(slice) === step.name);
    }
    case 'resolve':
      return ofProfile(node, 'targetProfile', profileOf);
    case 'ofType':
      return [node];
  }
}

/** The nodes at a discriminator's path. */
export function nodesAt(node: Node, path: readonly PathStep[], profileOf: ProfileOf): readonly Node[] {
  let nodes: readonly Node[] = [node];
  path.forEach((_, index) => {
    nodes = nodes.flatMap((one) => followNode(one, path.slice(index), profileOf));
  });
  return nodes;
}
