/**
 * One walk over a resource along the definitions, for the rules that concern several elements: invariants, the targets of
 * references, profiles. Fed with bad structure it skips what it does not know; the structure's own check tells.
 */
import type { Issue } from '../../shared/errors.ts';
import { isResourceType } from '../definitions/types.ts';
import { isObject, type Json } from '../fhirpath/collection.ts';
import type { Environment } from '../fhirpath/environment.ts';
import { bundleIssues, bundleResolver } from './bundle.ts';
import type { Codings } from './codings.ts';
import { containedIssues } from './contained.ts';
import { type Invariant, invariantsOf } from './invariants.ts';
import type { Conform } from './profiles/conform.ts';
import { contradiction, wrongTarget } from './references.ts';
import { type Stop, stops } from './stops.ts';
import { thoroughIssues } from './thorough.ts';

export interface Walk {
  readonly conform: Conform;
  /** Takes the codes that the structure's own check does not judge; absent: what no write is refused for is not looked at. */
  readonly codings?: Codings | undefined;
  /** What expressions may ask. */
  readonly asking?: Pick<Environment, 'conformsTo' | 'memberOf'>;
}

/** Where the walk is; one for each resource on the way. */
interface Place extends Environment, Walk {
  readonly issues: Issue[];
  readonly outermost: Json;
  /** Names and indexes from the outermost resource; written as text only when there is an issue. */
  readonly steps: (string | number)[];
}

function expressionOf(steps: readonly (string | number)[]): string {
  return steps.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('');
}

function report(place: Place, code: string, diagnostics: string, below = ''): void {
  const expression = [expressionOf(place.steps) + below];
  place.issues.push({ severity: 'error', code, diagnostics, expression });
}

function check(focus: unknown, { key, severity, human, holds }: Invariant, place: Place): void {
  if (holds(focus, place)) return;
  const expression = [expressionOf(place.steps)];
  place.issues.push({ severity, code: 'invariant', diagnostics: `${key}: ${human}`, expression });
}

function checkTarget(value: Json, targets: readonly string[], place: Place): void {
  const type = wrongTarget(value, targets, place);
  if (type === undefined) return;
  const diagnostics = `A reference to ${type} is not allowed here, only to ${targets.join(', ')}.`;
  report(place, 'value', diagnostics, '.reference');
}

function checkReference(value: Json, place: Place): void {
  if (value['type'] === undefined) return;
  const [said, found] = contradiction(value, place) ?? [];
  if (said !== undefined) report(place, 'structure', `The reference leads to ${found}, its type says ${said}.`);
}

/** A resource in a resource: its own %resource, and its own %rootResource unless it is contained. */
function enter(resource: Json, stop: Stop, place: Place): void {
  const type = resource['resourceType'];
  if (typeof type !== 'string' || !isResourceType(type)) return;
  const root = stop.name === 'contained' ? place.root : resource;
  walk(resource, type, { ...place, resource, root, resolve: bundleResolver(resource) ?? place.resolve });
}

function visit(value: unknown, stop: Stop, place: Place): void {
  for (const invariant of stop.invariants) check(value, invariant, place);
  if (stop.binding && place.codings) place.codings.bound(value, stop.binding, () => expressionOf(place.steps));
  if (stop.type === undefined || !isObject(value)) return;
  if (stop.targets) checkTarget(value, stop.targets, place);
  if (stop.type === 'Resource') enter(value, stop, place);
  else walk(value, stop.type, place);
}

function conform(object: Json, type: string, place: Place): void {
  if (type === 'Reference') checkReference(object, place);
  if (type !== 'Extension' && object['resourceType'] !== type) return;
  const { outermost, steps } = place;
  const path = () => expressionOf(steps);
  if (type === 'Bundle') place.issues.push(...bundleIssues(object, path()));
  if (object['contained'] !== undefined) place.issues.push(...containedIssues(object, path()));
  place.issues.push(...place.conform(object, type, { outermost, steps, environment: place, path }));
}

function beThorough(object: Json, type: string, codings: Codings, place: Place): void {
  const path = () => expressionOf(place.steps);
  codings.found(object, type, path);
  place.issues.push(...thoroughIssues(type, { object, environment: place, path }));
}

function walk(object: Json, type: string, place: Place): void {
  conform(object, type, place);
  if (place.codings) beThorough(object, type, place.codings, place);
  for (const invariant of invariantsOf(type)) check(object, invariant, place);
  const known = stops(type);
  for (const key in object) {
    const stop = known.get(key);
    if (!stop) continue;
    const value = object[key];
    place.steps.push(stop.name);
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) {
        place.steps.push(index);
        visit(value[index], stop, place);
        place.steps.pop();
      }
    } else visit(value, stop, place);
    place.steps.pop();
  }
}

/** Problems between elements of a resource of a known type, and what `conform` finds on the way. */
export function checkTogether(resource: Json, type: string, how: Walk): readonly Issue[] {
  const { conform: conforms, codings, asking } = how;
  const place: Place = {
    conform: conforms,
    codings,
    conformsTo: asking?.conformsTo,
    memberOf: asking?.memberOf,
    resource,
    root: resource,
    resolve: bundleResolver(resource),
    outermost: resource,
    issues: [],
    steps: [type],
  };
  walk(resource, type, place);
  return place.issues;
}
