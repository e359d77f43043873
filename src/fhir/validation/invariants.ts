/**
 * Invariants: the constraints of the definitions, most of them as FHIRPath, the frequent ones by hand.
 * https://hl7.org/fhir/R4/conformance-rules.html#constraints
 */

import { keep } from '../definitions/generated.ts';
import { type Constraint, invariants } from '../definitions/types.ts';
import { isObject, type Json, truth } from '../fhirpath/collection.ts';
import { compile } from '../fhirpath/compile.ts';
import type { Environment } from '../fhirpath/environment.ts';

export interface Invariant extends Constraint {
  /** Whether it holds; what cannot be decided (an empty result) counts as held. */
  readonly holds: (focus: unknown, environment: Environment) => boolean;
}

type Holds = Invariant['holds'];

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const has = (object: Json, name: string) =>
  Object.keys(object).some((key) => key.startsWith(name) || key.startsWith(`_${name}`));

/** All texts that begin with `#` below a value. */
function localReferences(value: unknown, found: Set<string>): Set<string> {
  if (typeof value === 'string') {
    if (value.startsWith('#')) found.add(value);
  } else if (typeof value === 'object' && value !== null) {
    for (const one of Object.values(value)) localReferences(one, found);
  }
  return found;
}

/** Each contained resource is referred to, or refers to its container. */
function isEachContainedUsed(resource: Json): boolean {
  const contained = list(resource['contained']);
  if (contained.length === 0) return true;
  const references = localReferences(resource, new Set());
  return contained.every(
    (one) => isObject(one) && (references.has(`#${one['id']}`) || localReferences(one, new Set()).has('#')),
  );
}

/** A reference to a contained resource leads to one; `#` alone is the container. */
function isResolved(reference: Json, { root }: Environment): boolean {
  const text = reference['reference'];
  if (typeof text !== 'string' || !text.startsWith('#') || text === '#') return true;
  return isObject(root) && list(root['contained']).some((one) => isObject(one) && `#${one['id']}` === text);
}

const containedMeta = (resource: Json, test: (meta: Json) => boolean) =>
  list(resource['contained']).every((one) => !isObject(one) || !isObject(one['meta']) || test(one['meta']));

/** Evaluated on nearly every object or over the whole resource, where FHIRPath would cost too much (measured: 3 to 10 times). */
const byHand: Readonly<Record<string, (focus: Json, environment: Environment) => boolean>> = {
  'ext-1': (extension) => has(extension, 'value') !== (extension['extension'] !== undefined),
  'ref-1': isResolved,
  'dom-2': (resource) => list(resource['contained']).every((one) => !isObject(one) || one['contained'] === undefined),
  'dom-3': isEachContainedUsed,
  'dom-4': (resource) =>
    containedMeta(resource, (meta) => meta['versionId'] === undefined && meta['lastUpdated'] === undefined),
  'dom-5': (resource) => containedMeta(resource, (meta) => meta['security'] === undefined),
  'qty-3': (quantity) =>
    quantity['code'] === undefined || quantity['system'] !== undefined || quantity['_system'] !== undefined,
  'cpt-2': (point) => point['value'] === undefined || has(point, 'system'),
  // The narrative is checked as a value.
  'txt-1': () => true,
  'txt-2': () => true,
};

/** Constraints of profiles, compiled for the type of each focus; their number is that of the known profiles. */
const compiled = new WeakMap<Constraint, Map<string, Holds>>();

/** Whether a profile's constraint holds for a value of `type`. Throws a SyntaxError when its expression is no FHIRPath. */
export function evaluate(constraint: Constraint, type: string, focus: unknown, environment: Environment): boolean {
  const byType = compiled.get(constraint) ?? new Map<string, Holds>();
  compiled.set(constraint, byType);
  const holds = byType.get(type) ?? evaluated(constraint.expression, [type]);
  byType.set(type, holds);
  return holds(focus, environment);
}

function evaluated(expression: string, types: readonly string[]): Holds {
  const { run } = compile(expression, types);
  return (focus, environment) => truth(run([focus], environment)) !== false;
}

/** Compiles a constraint for a focus of one of `types`. Throws a SyntaxError when its expression is no FHIRPath. */
export function compileInvariant(constraint: Constraint, types: readonly string[]): Invariant {
  const own = Object.hasOwn(byHand, constraint.key) ? byHand[constraint.key] : undefined;
  const holds: Holds = own
    ? (focus, environment) => !isObject(focus) || own(focus, environment)
    : evaluated(constraint.expression, types);
  return { ...constraint, holds };
}

/** The invariants of a type's own root, those of its ancestors included. */
export const invariantsOf: (type: string) => readonly Invariant[] = keep((type: string) =>
  invariants(type).map((constraint) => compileInvariant(constraint, [type])),
);
