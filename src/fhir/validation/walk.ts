/**
 * One walk over a resource along the definitions, for the rules that concern several elements: invariants and the
 * targets of references. Fed with bad structure it skips what it does not know; the structure's own check tells.
 */
import type { Issue } from '../../shared/errors.ts';
import { keep } from '../definitions/generated.ts';
import { isPrimitive, isResourceType, type Property, properties } from '../definitions/types.ts';
import { isObject, type Json } from '../fhirpath/collection.ts';
import type { Environment } from '../fhirpath/compile.ts';
import { compileInvariant, type Invariant, invariantsOf } from './invariants.ts';
import { wrongTarget } from './references.ts';

/** What to check on each value of an element, and how to go on below it. */
interface Stop {
  readonly name: string;
  /** Checks of this element besides those of its type. */
  readonly invariants: readonly Invariant[];
  readonly targets?: readonly string[];
  /** undefined: nothing below. */
  readonly type?: string;
}

/** Checks of what a profile may be about, besides the base definitions: resources and extensions. */
export type Conform = (value: Json, type: string, path: () => string, environment: Environment) => readonly Issue[];

/** Where the walk is; one for each resource on the way. */
interface Place extends Environment {
  readonly conform: Conform;
  readonly issues: Issue[];
  /** Names and indexes from the outermost resource; written as text only when there is an issue. */
  readonly path: (string | number)[];
}

function expressionOf(path: readonly (string | number)[]): string {
  return path.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('');
}

function stopOf({ element, type }: Property): Stop {
  const code = type.profile ?? type.code;
  const types = element.types.map((one) => one.code);
  return {
    name: element.name,
    invariants: (element.constraints ?? []).map((constraint) => compileInvariant(constraint, types)),
    ...(type.code === 'Reference' && type.targets ? { targets: type.targets } : {}),
    ...(isPrimitive(code) ? {} : { type: code }),
  };
}

/** The stops of a type by JSON property; a primitive without checks is none, its `_name` leads to its extensions. */
const stops: (type: string) => ReadonlyMap<string, Stop> = keep((type: string) => {
  const found = new Map<string, Stop>();
  for (const property of properties(type).values()) {
    const stop = stopOf(property);
    if (stop.type !== undefined || stop.invariants.length > 0) found.set(property.json, stop);
    if (stop.type === undefined) found.set(`_${property.json}`, { name: stop.name, invariants: [], type: 'Element' });
  }
  return found;
});

function check(focus: unknown, { key, severity, human, holds }: Invariant, place: Place): void {
  if (holds(focus, place)) return;
  const expression = [expressionOf(place.path)];
  place.issues.push({ severity, code: 'invariant', diagnostics: `${key}: ${human}`, expression });
}

function checkTarget(value: unknown, targets: readonly string[], place: Place): void {
  const type = isObject(value) ? wrongTarget(value, targets, place.root) : undefined;
  if (type === undefined) return;
  const diagnostics = `A reference to ${type} is not allowed here, only to ${targets.join(', ')}.`;
  place.issues.push({
    severity: 'error',
    code: 'value',
    diagnostics,
    expression: [`${expressionOf(place.path)}.reference`],
  });
}

/** A resource in a resource: its own %resource, and its own %rootResource unless it is contained. */
function enter(resource: Json, stop: Stop, place: Place): void {
  const type = resource['resourceType'];
  if (typeof type !== 'string' || !isResourceType(type)) return;
  walk(resource, type, { ...place, resource, root: stop.name === 'contained' ? place.root : resource });
}

function visit(value: unknown, stop: Stop, place: Place): void {
  for (const invariant of stop.invariants) check(value, invariant, place);
  if (stop.targets) checkTarget(value, stop.targets, place);
  if (stop.type === undefined || !isObject(value)) return;
  if (stop.type === 'Resource') enter(value, stop, place);
  else walk(value, stop.type, place);
}

function conform(object: Json, type: string, place: Place): void {
  if (type !== 'Extension' && object['resourceType'] !== type) return;
  place.issues.push(...place.conform(object, type, () => expressionOf(place.path), place));
}

function walk(object: Json, type: string, place: Place): void {
  conform(object, type, place);
  for (const invariant of invariantsOf(type)) check(object, invariant, place);
  const known = stops(type);
  for (const key in object) {
    const stop = known.get(key);
    if (!stop) continue;
    const value = object[key];
    place.path.push(stop.name);
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) {
        place.path.push(index);
        visit(value[index], stop, place);
        place.path.pop();
      }
    } else visit(value, stop, place);
    place.path.pop();
  }
}

/** The entry of a Bundle that a reference means, by its fullUrl. */
function bundleResolver(resource: Json): ((reference: string) => unknown) | undefined {
  const { entry } = resource;
  if (resource['resourceType'] !== 'Bundle' || !Array.isArray(entry)) return undefined;
  return (reference) => {
    const found: unknown = entry.find((one) => isObject(one) && one['fullUrl'] === reference);
    return isObject(found) ? found['resource'] : undefined;
  };
}

/** Problems between elements of a resource of a known type, and what `conform` finds on the way. */
export function checkTogether(resource: Json, type: string, conform: Conform): readonly Issue[] {
  const resolve = bundleResolver(resource);
  const place: Place = { resource, root: resource, issues: [], path: [type], conform, ...(resolve ? { resolve } : {}) };
  walk(resource, type, place);
  return place.issues;
}
