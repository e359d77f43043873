/**
 * Which slice a value belongs to, by the slicing's discriminators.
 * https://hl7.org/fhir/R4/profiling.html#discriminator
 */
import { equal, isObject } from '../../fhirpath/collection.ts';
import { bindingProblem } from '../binding.ts';
import type { Discriminator } from './definition.ts';
import {
  followNode,
  nodesAt,
  type PathStep,
  pathSteps,
  valuesAt,
  wantedUrl,
  withProfile,
} from './discriminator-path.ts';
import type { Member, Registry } from './known.ts';
import type { Node } from './tree.ts';
import { fits } from './value.ts';

/** Whether a value fulfils one discriminator of one slice; undefined: the slice does not say what it wants there. */
type Test = Member | undefined;

const byUrl: readonly Discriminator[] = [{ type: 'value', path: 'url' }];

/** Extensions are sliced by url, also where the profile does not repeat that. */
function discriminatorsOf(node: Node): readonly Discriminator[] {
  const given = node.slicing?.discriminators ?? [];
  return given.length === 0 && /^(modifierE|e)xtension$/.test(node.name) ? byUrl : given;
}

/** What lies in a fixed value or pattern at the rest of the path. */
function inside(value: unknown, rest: readonly PathStep[]): readonly unknown[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const [step, ...more] = rest;
  if (step === undefined) return items;
  if (step.kind === 'ofType') return inside(value, more);
  return items.flatMap((one) => {
    const next = step.kind === 'child' && isObject(one) ? one[step.name] : undefined;
    return next === undefined ? [] : inside(next, more);
  });
}

type Wish = (found: readonly unknown[]) => boolean;

function bindingWish({ binding }: Node, { codes }: Registry): Wish | undefined {
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
function wishes(node: Node, path: readonly PathStep[], registry: Registry): readonly Wish[] {
  const own: Wish[] = [];
  const nodes = path.length === 0 ? withProfile(node, registry.profile) : [node];
  for (const { fixed, pattern } of nodes) {
    if (fixed !== undefined)
      own.push(
        ...inside(fixed, path).map(
          (one): Wish =>
            (found) =>
              found.some((value) => equal(value, one)),
        ),
      );
    if (pattern !== undefined)
      own.push(
        ...inside(pattern, path).map(
          (one): Wish =>
            (found) =>
              found.some((value) => fits(value, one)),
        ),
      );
  }
  if (path.length > 0) {
    const next = followNode(node, path, registry.profile);
    return [...own, ...next.flatMap((one) => wishes(one, path.slice(1), registry))];
  }
  const bound = nodes.map((one) => bindingWish(one, registry)).filter((wish) => wish !== undefined);
  return [...own, ...bound];
}

function valueTest(slice: Node, path: string, registry: Registry): Test {
  const url = path === 'url' ? wantedUrl(slice) : undefined;
  if (url !== undefined) return ({ value }) => isObject(value) && value['url'] === url;
  const steps = pathSteps(path);
  const wanted = wishes(slice, steps, registry);
  if (wanted.length === 0) return undefined;
  return (value, { environment }) => {
    const found = valuesAt(value, steps, environment).map((one) => one.value);
    return wanted.every((wish) => wish(found));
  };
}

function typeTest(slice: Node, path: string, registry: Registry): Test {
  const steps = pathSteps(path);
  const last = steps.at(-1);
  if (last?.kind === 'resolve') {
    const types = nodesAt(slice, steps.slice(0, -1), registry.profile).flatMap((node) => node.types ?? []);
    const targets = types.flatMap(({ targetProfile = [] }) => targetProfile).map(registry.typeOf);
    if (targets.length === 0) return undefined;
    return (value, { environment }) =>
      valuesAt(value, steps, environment).some(({ type }) => targets.includes(type) || targets.includes('Resource'));
  }
  const codes = nodesAt(slice, steps, registry.profile)
    .flatMap((node) => node.types ?? [])
    .map(({ code }) => code);
  if (codes.length === 0) return undefined;
  return (value, { environment }) => valuesAt(value, steps, environment).some(({ type }) => codes.includes(type));
}

function existsTest(slice: Node, path: string, registry: Registry): Test {
  const steps = pathSteps(path);
  const [node] = nodesAt(slice, steps, registry.profile);
  if (!node || (node.max !== 0 && node.min === 0)) return undefined;
  const wanted = node.max !== 0;
  return (value, { environment }) => valuesAt(value, steps, environment).length > 0 === wanted;
}

function profileTest(slice: Node, path: string, registry: Registry): Test {
  const steps = pathSteps(path);
  const isTarget = steps.at(-1)?.kind === 'resolve';
  const nodes = nodesAt(slice, isTarget ? steps.slice(0, -1) : steps, registry.profile);
  const profiles = nodes.flatMap(({ types = [] }) =>
    types.flatMap(({ profile = [], targetProfile = [] }) => (isTarget ? targetProfile : profile)),
  );
  // A base type is a profile too.
  if (profiles.length === 0) return typeTest(slice, path, registry);
  return (value, ask) =>
    valuesAt(value, steps, ask.environment).some((one) => profiles.some((profile) => ask.conforms(one, profile)));
}

function testOf(slice: Node, { type, path }: Discriminator, registry: Registry): Test {
  if (type === 'value' || type === 'pattern') return valueTest(slice, path, registry);
  if (type === 'type') return typeTest(slice, path, registry);
  return type === 'exists' ? existsTest(slice, path, registry) : profileTest(slice, path, registry);
}

/** A test of membership in a slice; undefined when the profile does not say enough to decide (then it is not checked). */
export function memberTest(node: Node, slice: Node, registry: Registry): Member | undefined {
  const tests = discriminatorsOf(node)
    .map((discriminator) => testOf(slice, discriminator, registry))
    .filter((test) => test !== undefined);
  return tests.length === 0 ? undefined : (value, ask) => tests.every((test) => test(value, ask));
}
