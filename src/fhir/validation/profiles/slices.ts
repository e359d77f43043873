/**
 * Which slice a value belongs to, by the slicing's discriminators.
 * https://hl7.org/fhir/R4/profiling.html#discriminator
 */
import type { Codes } from '../../definitions/value-sets.ts';
import { type Collection, equal, isObject } from '../../fhirpath/collection.ts';
import { compile } from '../../fhirpath/compile.ts';
import { typeOfReference } from '../../search/extract-reference.ts';
import { bindingProblem } from '../binding.ts';
import type { Discriminator, Node } from './tree.ts';
import { fits, type Value } from './value.ts';

/** What classifying needs from outside: the definitions, and the check of a whole profile. */
export interface Knowledge {
  typeOf(url: string): string | undefined;
  codes(url: string): Codes | undefined;
  conforms(value: Value, profile: string): boolean;
}

/** Whether a value fulfils one discriminator of one slice; undefined: the slice does not say what it wants there. */
type Test = ((value: Value) => boolean) | undefined;

const byUrl: readonly Discriminator[] = [{ type: 'value', path: 'url' }];

/** Extensions are sliced by url, also where the profile does not repeat that. */
function discriminatorsOf(node: Node): readonly Discriminator[] {
  const given = node.slicing?.discriminators ?? [];
  return given.length === 0 && /^(modifierE|e)xtension$/.test(node.name) ? byUrl : given;
}

const call = /^(\w+)\((?:'([^']*)'|(\w+))?\)$/;

/** `code.coding.code` as steps; `$this` is none. Dots inside the quotes of `extension('http://x.y')` separate nothing. */
function steps(path: string): readonly string[] {
  return (path.match(/(?:[^.']|'[^']*')+/g) ?? []).filter((step) => step !== '$this');
}

/** The nodes that a step leads to: a child, and its slices, which say more (`coding:SBPCode`). */
function follow(node: Node, step: string): readonly Node[] {
  const [, name, url] = call.exec(step) ?? [];
  if (name === 'extension') {
    const extension = node.children.get('extension');
    return [...(extension?.slices.values() ?? [])].filter((slice) => wantedUrl(slice) === url);
  }
  if (name === 'resolve' || name === 'ofType') return [node];
  const child = node.children.get(step);
  return child ? [child, ...child.slices.values()] : [];
}

/** The url of an extension slice: fixed, or that of its definition. */
function wantedUrl(slice: Node): unknown {
  return slice.children.get('url')?.fixed ?? slice.types?.[0]?.profile?.[0];
}

/** What lies in a fixed value or pattern at the rest of the path. */
function inside(value: unknown, rest: readonly string[]): readonly unknown[] {
  const items = Array.isArray(value) ? value : [value];
  const [step, ...more] = rest;
  if (step === undefined) return items;
  return items.flatMap((one: unknown) => (isObject(one) && one[step] !== undefined ? inside(one[step], more) : []));
}

type Wish = (found: Collection) => boolean;

function bindingWish({ binding }: Node, { codes }: Knowledge): Wish | undefined {
  const known =
    binding?.strength === 'required' && binding.valueSet !== undefined ? codes(binding.valueSet) : undefined;
  if (!known) return undefined;
  const all = [...known.values()];
  return (found) =>
    found.some((one) =>
      isObject(one)
        ? bindingProblem(one, known) === undefined
        : all.some((set) => typeof one === 'string' && set.has(one)),
    );
}

/** All that a slice says about the value at a path: each must be met by some value there. */
function wishes(node: Node, path: readonly string[], knowledge: Knowledge): readonly Wish[] {
  const [step, ...rest] = path;
  const own: Wish[] = [];
  for (const [wanted, test] of [
    [node.fixed, equal],
    [node.pattern, fits],
  ] as const) {
    if (wanted === undefined) continue;
    own.push(
      ...inside(wanted, path).map(
        (one): Wish =>
          (found) =>
            found.some((value) => test(value, one)),
      ),
    );
  }
  if (step !== undefined) return [...own, ...follow(node, step).flatMap((next) => wishes(next, rest, knowledge))];
  const bound = bindingWish(node, knowledge);
  return bound ? [...own, bound] : own;
}

const environment = { resource: undefined, root: undefined };

function valueTest(slice: Node, path: string, knowledge: Knowledge): Test {
  const url = path === 'url' ? wantedUrl(slice) : undefined;
  if (url !== undefined) return ({ value }) => isObject(value) && value['url'] === url;
  const wanted = wishes(slice, steps(path), knowledge);
  if (wanted.length === 0) return undefined;
  return ({ value, type }) => {
    const found = compile(path, [type]).run([value], environment);
    return wanted.every((wish) => wish(found));
  };
}

function typeTest(slice: Node, path: string, { typeOf }: Knowledge): Test {
  const parts = steps(path);
  const nodes = parts.reduce<readonly Node[]>((at, step) => at.flatMap((node) => follow(node, step)), [slice]);
  const types = nodes.flatMap((node) => node.types ?? []);
  if (types.length === 0) return undefined;
  if (parts.at(-1) === 'resolve()') {
    const targets = types.flatMap(({ targetProfile = [] }) => targetProfile).map(typeOf);
    const before = parts.slice(0, -1).join('.') || '$this';
    return ({ value, type }) =>
      compile(before, [type])
        .run([value], environment)
        .some((one) => targets.includes(typeOfReference(one)));
  }
  const codes = types.map(({ code }) => code);
  if (parts.length === 0) return ({ type }) => codes.includes(type);
  return ({ value, type }) =>
    compile(path, [type])
      .run([value], environment)
      .some((one) => isObject(one) && codes.includes(String(one['resourceType'])));
}

function existsTest(slice: Node, path: string): Test {
  const [node] = steps(path).reduce<readonly Node[]>((at, step) => at.flatMap((one) => follow(one, step)), [slice]);
  if (!node || (node.max !== 0 && node.min === 0)) return undefined;
  const wanted = node.max !== 0;
  return ({ value, type }) => compile(path, [type]).run([value], environment).length > 0 === wanted;
}

function profileTest(slice: Node, path: string, { conforms }: Knowledge): Test {
  const profiles = slice.types?.flatMap(({ profile = [] }) => profile) ?? [];
  if (path !== '$this' || profiles.length === 0) return undefined;
  return (value) => profiles.some((profile) => conforms(value, profile));
}

function testOf(slice: Node, { type, path }: Discriminator, knowledge: Knowledge): Test {
  if (type === 'value' || type === 'pattern') return valueTest(slice, path, knowledge);
  if (type === 'type') return typeTest(slice, path, knowledge);
  return type === 'exists' ? existsTest(slice, path) : profileTest(slice, path, knowledge);
}

/** A test of membership in a slice; undefined when the profile does not say enough to decide (then it is not checked). */
export function memberTest(node: Node, slice: Node, knowledge: Knowledge): ((value: Value) => boolean) | undefined {
  const tests = discriminatorsOf(node)
    .map((discriminator) => testOf(slice, discriminator, knowledge))
    .filter((test) => test !== undefined);
  return tests.length === 0 ? undefined : (value) => tests.every((test) => test(value));
}
