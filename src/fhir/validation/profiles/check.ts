/**
 * A value against the tree of a profile. Only what the profile adds is checked; the base has its own check.
 * https://hl7.org/fhir/R4/profiling.html
 */
import type { Issue } from '../../../shared/errors.ts';
import type { Constraint } from '../../definitions/types.ts';
import { equal, isObject } from '../../fhirpath/collection.ts';
import type { Environment } from '../../fhirpath/compile.ts';
import { bindingProblem, listCodes } from '../binding.ts';
import { show } from '../explain.ts';
import { evaluate } from '../invariants.ts';
import { wrongTarget } from '../references.ts';
import type { Profile, Registry } from './registry.ts';
import { type Knowledge, memberTest } from './slices.ts';
import type { Node, ProfileType } from './tree.ts';
import { childrenOf, fits, type Value } from './value.ts';

interface Task {
  readonly registry: Registry;
  readonly profile: Profile;
  readonly environment: Environment;
  readonly issues: Issue[];
}

function report(
  task: Task,
  code: string,
  diagnostics: string,
  path: string,
  severity: Issue['severity'] = 'error',
): void {
  task.issues.push({
    severity,
    code,
    diagnostics: `${diagnostics} (profile ${task.profile.name})`,
    expression: [path],
  });
}

/** A name for messages: `component:region` for a slice. */
const nameOf = (node: Node, slice?: string) => (slice === undefined ? node.name : `${node.name}:${slice}`);

function checkCount(task: Task, node: Node, count: number, path: string, name: string): void {
  const { min, max } = node;
  if (count < min)
    report(task, 'required', `${name} is required at least ${min} time${min === 1 ? '' : 's'}, found ${count}.`, path);
  if (max === 0 && count > 0) report(task, 'structure', `${name} is not allowed.`, path);
  else if (max !== undefined && count > max)
    report(task, 'structure', `${name} is allowed at most ${max} times, found ${count}.`, path);
}

function checkBinding(task: Task, { binding }: Node, { value, path }: Value): void {
  const { strength, valueSet } = binding ?? {};
  if (valueSet === undefined || (strength !== 'required' && strength !== 'extensible')) return;
  const codes = task.registry.codes(valueSet);
  if (!codes) return;
  const isText = typeof value === 'string';
  const known = isText && [...codes.values()].some((set) => set.has(value));
  const problem = isText ? (known ? undefined : value) : isObject(value) ? bindingProblem(value, codes) : undefined;
  if (problem === undefined) return;
  const diagnostics = `Found ${problem}, but the value set ${valueSet} (${strength}) wants one of ${listCodes(codes)}.`;
  report(task, 'code-invalid', diagnostics, path, strength === 'required' ? 'error' : 'warning');
}

function checkTarget(task: Task, types: readonly ProfileType[], { value, path }: Value): void {
  const profiles = types.flatMap(({ targetProfile = [] }) => targetProfile);
  const targets = profiles.map(task.registry.typeOf);
  if (!isObject(value) || targets.length === 0 || targets.includes('Resource')) return;
  const known = targets.filter((target) => target !== undefined);
  if (known.length < targets.length) return;
  const wrong = wrongTarget(value, known, task.environment.root);
  if (wrong === undefined) return;
  report(
    task,
    'value',
    `A reference to ${wrong} is not allowed here, only to ${known.join(', ')}.`,
    `${path}.reference`,
  );
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
  const profiles = fitting.flatMap(({ profile = [] }) => profile).map(task.registry.profile);
  const known = profiles.filter((profile) => profile !== undefined);
  if (known.length === 0 || known.length < profiles.length) return true;
  const attempts = known.map((profile) => problems({ ...task, profile }, value));
  if (!attempts.some((issues) => issues.length === 0)) task.issues.push(...(attempts[0] ?? []));
  return true;
}

/** Whether a profile means `type` by `code`: backbones have their path as type, ids and urls a type of FHIRPath. */
function isNamed(type: string, code: string): boolean {
  return code === type || code === 'Resource' || type.includes('.') || code.startsWith('http://hl7.org/fhirpath/');
}

function checkConstraint(task: Task, constraint: Constraint, { value, type, path }: Value): void {
  const { key, human, severity } = constraint;
  try {
    if (!evaluate(constraint, type, value, task.environment))
      report(task, 'invariant', `${key}: ${human}`, path, severity);
  } catch (error) {
    // The profile is at fault, not the resource: its author shall see it, the writer shall not be stopped.
    if (!(error instanceof SyntaxError)) throw error;
    report(task, 'not-supported', `${key} was not checked: ${error.message}`, path, 'information');
  }
}

function checkContent(task: Task, node: Node, one: Value): void {
  const { value, path } = one;
  const isOfType = checkType(task, node, one);
  for (const constraint of node.constraints) checkConstraint(task, constraint, one);
  if (value === undefined || !isOfType) return;
  if (node.fixed !== undefined && !equal(value, node.fixed)) {
    report(task, 'value', `Must be exactly ${show(node.fixed)}, found ${show(value)}.`, path);
  }
  if (node.pattern !== undefined && !fits(value, node.pattern)) {
    report(task, 'value', `Must have ${show(node.pattern)}, found ${show(value)}.`, path);
  }
  checkBinding(task, node, one);
}

function knowledge(task: Task): Knowledge {
  const { registry } = task;
  return {
    typeOf: registry.typeOf,
    codes: registry.codes,
    conforms: (value, url) => {
      const profile = registry.profile(url);
      return profile !== undefined && problems({ ...task, profile }, value).length === 0;
    },
  };
}

function checkSlices(task: Task, node: Node, values: readonly Value[], path: string): void {
  const left = new Set(values);
  let undecided = false;
  for (const [name, slice] of node.slices) {
    const isMember = memberTest(node, slice, knowledge(task));
    if (!isMember) {
      undecided = true;
      continue;
    }
    const members = values.filter(isMember);
    checkCount(task, slice, members.length, path, nameOf(node, name));
    for (const value of members) {
      left.delete(value);
      checkNode(task, slice, value);
    }
  }
  if (!node.slicing?.closed || undecided) return;
  for (const { path: at } of left)
    report(task, 'structure', `Fits none of the slices ${[...node.slices.keys()].join(', ')}.`, at);
}

function checkNode(task: Task, node: Node, value: Value): void {
  checkContent(task, node, value);
  for (const child of node.children.values()) {
    const values = childrenOf(value, child.name);
    // A child of a type that the value is not of: its type is reported above.
    if (!values) continue;
    const path = `${value.path}.${child.name}`;
    checkCount(task, child, values.length, path, child.name);
    for (const one of values) checkNode(task, child, one);
    if (child.slices.size > 0) checkSlices(task, child, values, path);
  }
}

function problems(task: Task, value: Value): readonly Issue[] {
  const issues: Issue[] = [];
  checkNode({ ...task, issues }, task.profile.tree, value);
  return issues;
}

/** What a profile finds wrong with a value of its type. */
export function checkProfile(
  profile: Profile,
  value: Value,
  registry: Registry,
  environment: Environment,
): readonly Issue[] {
  return problems({ registry, profile, environment, issues: [] }, value);
}
