/**
 * What a profile asks of one value: type, fixed value, pattern, range, length, codes, constraints.
 * https://hl7.org/fhir/R4/elementdefinition.html
 */
import type { Issue } from '../../../shared/errors.ts';
import { type Constraint, isA } from '../../definitions/types.ts';
import type { Codes } from '../../definitions/value-sets.ts';
import { compare, equal, isObject } from '../../fhirpath/collection.ts';
import type { Environment } from '../../fhirpath/environment.ts';
import { resolveReference } from '../../fhirpath/resolve.ts';
import { bindingProblem, listCodes } from '../binding.ts';
import { show } from '../explain.ts';
import { evaluate } from '../invariants.ts';
import { wrongTarget } from '../references.ts';
import type { ProfileType } from './definition.ts';
import type { Profile, Registry } from './known.ts';
import type { Node } from './tree.ts';
import { fits, type Value } from './value.ts';

/** A code whose value set cannot be listed here: a terminology service may know. */
export interface OpenCode {
  readonly valueSet: string;
  readonly strength: 'required' | 'extensible';
  /** A code, Coding, CodeableConcept or Quantity. */
  readonly value: unknown;
  readonly path: string;
  readonly profile?: string;
}

/** What one validation has found out, for all of its profiles. */
export interface Run {
  readonly registry: Registry;
  readonly openCodes: OpenCode[] | undefined;
  /** By value and by profile and place; empty while it is being looked at, so that what leads back to itself ends. */
  readonly done: Map<unknown, Map<string, readonly Issue[]>>;
}

export interface Task {
  readonly run: Run;
  readonly profile: Profile;
  readonly environment: Environment;
  readonly issues: Issue[];
  /** What another profile finds wrong with a value. */
  readonly problems: (profile: Profile, value: Value, environment: Environment) => readonly Issue[];
}

export function report(
  task: Task,
  code: string,
  diagnostics: string,
  path: string,
  severity: Issue['severity'] = 'error',
): void {
  const expression = [path];
  task.issues.push({ severity, code, diagnostics: `${diagnostics} (profile ${task.profile.name})`, expression });
}

const maxValueSetExtension = 'http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet';

/** The value sets that a value must, or should, be of. */
function* bindings({ binding }: Node): Generator<readonly [valueSet: string, strength: OpenCode['strength']]> {
  const { strength, valueSet, extension = [] } = binding ?? {};
  if (valueSet !== undefined && (strength === 'required' || strength === 'extensible')) yield [valueSet, strength];
  for (const { url, valueCanonical } of extension) {
    if (url === maxValueSetExtension && typeof valueCanonical === 'string') yield [valueCanonical, 'required'];
  }
}

/** What keeps a value out of a set; undefined: nothing does. */
function codeProblem(value: unknown, codes: Codes): string | undefined {
  if (isObject(value)) return bindingProblem(value, codes);
  if (typeof value !== 'string') return undefined;
  return [...codes.values()].some((set) => set.has(value)) ? undefined : value;
}

function checkBinding(task: Task, node: Node, { value, path }: Value): void {
  const { registry, openCodes } = task.run;
  for (const [valueSet, strength] of bindings(node)) {
    const codes = registry.codes(valueSet);
    if (!codes) openCodes?.push({ valueSet, strength, value, path, profile: task.profile.name });
    const problem = codes && codeProblem(value, codes);
    if (!codes || problem === undefined) continue;
    const diagnostics = `Found ${problem}, but the value set ${valueSet} (${strength}) wants one of ${listCodes(codes)}.`;
    report(task, 'code-invalid', diagnostics, path, strength === 'required' ? 'error' : 'warning');
  }
}

/** How a reference leads to its target. */
function aggregationOf(text: string, { environment }: Task): string {
  if (text.startsWith('#')) return 'contained';
  return resolveReference(text, environment) === undefined ? 'referenced' : 'bundled';
}

function checkAggregation(task: Task, types: readonly ProfileType[], { value, path }: Value): void {
  const text = isObject(value) ? value['reference'] : undefined;
  if (typeof text !== 'string' || types.some(({ aggregation }) => !aggregation?.length)) return;
  const actual = aggregationOf(text, task);
  const wanted = types.flatMap(({ aggregation = [] }) => aggregation);
  if (wanted.includes(actual) || types.length === 0) return;
  report(task, 'structure', `The reference must be ${wanted.join(' or ')}, this one is ${actual}.`, path);
}

function checkTarget(task: Task, types: readonly ProfileType[], reference: Value): void {
  checkAggregation(task, types, reference);
  const { value, path } = reference;
  const { registry } = task.run;
  const urls = types.flatMap(({ targetProfile = [] }) => targetProfile);
  const targets = urls.map(registry.typeOf);
  if (!isObject(value) || urls.length === 0 || targets.includes(undefined)) return;
  const known = targets.filter((target) => target !== undefined);
  const wrong = targets.includes('Resource') ? undefined : wrongTarget(value, known, task.environment);
  if (wrong !== undefined) {
    report(
      task,
      'value',
      `A reference to ${wrong} is not allowed here, only to ${known.join(', ')}.`,
      `${path}.reference`,
    );
    return;
  }
  checkResolved(task, urls, reference);
}

/** A target that is at hand fulfils one of the profiles that the reference may lead to. */
function checkResolved(task: Task, urls: readonly string[], { value, path }: Value): void {
  const target = resolveReference(value, task.environment);
  if (!isObject(target)) return;
  const type = String(target['resourceType']);
  const profiles = urls.map(task.run.registry.profile);
  // Any resource of a base type will do.
  if (urls.some((url, at) => !profiles[at] && isA(type, task.run.registry.typeOf(url) ?? ''))) return;
  const fitting = profiles.filter((profile) => profile?.type === type);
  const one: Value = { value: target, type, path: type };
  const isContained = isObject(value) && String(value['reference']).startsWith('#');
  const environment = { ...task.environment, resource: target, ...(isContained ? {} : { root: target }) };
  const attempts = fitting.map((profile) => profile && errorsOf(task.problems(profile, one, environment)));
  if (attempts.length === 0 || attempts.some((errors) => errors?.length === 0)) return;
  const reasons = (attempts[0] ?? []).map(({ diagnostics, expression }) => `${expression?.[0]}: ${diagnostics}`);
  const diagnostics = `The target fulfils none of ${urls.join(', ')}: ${reasons.slice(0, 3).join(' ')}`;
  report(task, 'structure', diagnostics, path);
}

export function errorsOf(issues: readonly Issue[]): readonly Issue[] {
  return issues.filter(({ severity }) => severity === 'error' || severity === 'fatal');
}

/** Whether a profile means `type` by `code`: backbones have their path as type, ids and urls a type of FHIRPath. */
function isNamed(type: string, code: string): boolean {
  if (code === type || code === 'Resource' || type.includes('.')) return true;
  return code.startsWith('http://hl7.org/fhirpath/') || isA(type, code);
}

/** Whether the type is one that the element may have; what else is wrong with it is reported. */
function checkType(task: Task, { types }: Node, value: Value): boolean {
  const fitting = types?.filter(({ code }) => isNamed(value.type, code)) ?? [];
  if (types?.length && fitting.length === 0) {
    const wanted = types.map(({ code }) => code).join(' or ');
    report(task, 'structure', `The type must be ${wanted}, not ${value.type}.`, value.path);
    return false;
  }
  if (value.type === 'Reference') checkTarget(task, fitting, value);
  const urls = fitting.flatMap(({ profile = [] }) => profile);
  const known = urls.map(task.run.registry.profile).filter((profile) => profile !== undefined);
  if (known.length === 0 || known.length < urls.length || fitting.some(({ profile }) => !profile?.length)) return true;
  const attempts = known.map((profile) => task.problems(profile, value, task.environment));
  if (attempts.some((issues) => errorsOf(issues).length === 0)) return true;
  if (known.length > 1) report(task, 'structure', `Fulfils none of ${urls.join(', ')}.`, value.path);
  task.issues.push(...(attempts[0] ?? []));
  return true;
}

function checkConstraint(task: Task, constraint: Constraint, { value, type, path }: Value): void {
  const { key, human, severity, expression } = constraint;
  if (expression === undefined || expression === '') return;
  try {
    if (!evaluate(constraint, type, value, task.environment))
      report(task, 'invariant', `${key}: ${human}`, path, severity);
  } catch (error) {
    // The profile is at fault, not the resource: its author shall see it, the writer shall not be stopped.
    if (!(error instanceof SyntaxError)) throw error;
    report(task, 'not-supported', `${key} was not checked: ${error.message}`, path, 'information');
  }
}

function checkRange(task: Task, { minValue, maxValue, maxLength }: Node, { value, path }: Value): void {
  if (minValue !== undefined && compare('>=', value, minValue) === false) {
    report(task, 'value', `Must be at least ${show(minValue)}, found ${show(value)}.`, path);
  }
  if (maxValue !== undefined && compare('<=', value, maxValue) === false) {
    report(task, 'value', `Must be at most ${show(maxValue)}, found ${show(value)}.`, path);
  }
  if (maxLength !== undefined && typeof value === 'string' && value.length > maxLength) {
    report(task, 'too-long', `May have ${maxLength} characters, found ${value.length}.`, path);
  }
}

export function checkContent(task: Task, node: Node, one: Value): void {
  const { value, path } = one;
  const isOfType = checkType(task, node, one);
  for (const constraint of node.constraints) checkConstraint(task, constraint, one);
  if (!isOfType) return;
  if (node.fixed !== undefined && !equal(value, node.fixed)) {
    report(task, 'value', `Must be exactly ${show(node.fixed)}, found ${show(value)}.`, path);
  }
  if (node.pattern !== undefined && !fits(value, node.pattern)) {
    report(task, 'value', `Must have ${show(node.pattern)}, found ${show(value)}.`, path);
  }
  if (value === undefined) return;
  checkRange(task, node, one);
  checkBinding(task, node, one);
}
