/**
 * A value against the tree of a profile. Only what the profile adds is checked; the base has its own check.
 * https://hl7.org/fhir/R4/profiling.html
 */
import type { Issue } from '../../../shared/errors.ts';
import { isResourceType } from '../../definitions/types.ts';
import { isObject } from '../../fhirpath/collection.ts';
import type { Environment } from '../../fhirpath/environment.ts';
import { checkContent, errorsOf, type Run, report, type Task } from './content.ts';
import type { Ask, Profile } from './known.ts';

import { type Node, nodeAt } from './tree.ts';
import { childrenOf, type Value } from './value.ts';

function checkCount(task: Task, { min, max }: Node, count: number, path: string, name: string): void {
  if (count < min)
    report(task, 'required', `${name} is required at least ${min} time${min === 1 ? '' : 's'}, found ${count}.`, path);
  if (max === 0 && count > 0) report(task, 'structure', `${name} is not allowed.`, path);
  else if (max !== undefined && count > max)
    report(task, 'structure', `${name} is allowed at most ${max} times, found ${count}.`, path);
}

function ask(task: Task): Ask {
  const { environment } = task;
  return {
    environment,
    conforms: (value, url) => {
      const profile = task.run.registry.profile(url);
      if (!profile) return task.run.registry.typeOf(url) === value.type;
      return profile.type === value.type && errorsOf(task.problems(profile, value, environment)).length === 0;
    },
  };
}

/** What is in none of the slices `named` goes into `@default`, when the profile has one. */
const rest = '@default';

/** Each value with the slices that it fits. */
function sorted(task: Task, node: Node, values: readonly Value[]) {
  const asking = ask(task);
  const members = [...node.slices]
    .filter(([name]) => name !== rest)
    .map(([name, slice]) => [name, task.profile.member(node, slice)] as const);
  const others = node.slices.has(rest) ? [rest] : [];
  const found = new Map<Value, readonly string[]>();
  for (const value of values) {
    const own = members.filter(([, isMember]) => isMember?.(value, asking)).map(([name]) => name);
    found.set(value, own.length > 0 ? own : others);
  }
  return { found, undecided: members.some(([, isMember]) => !isMember) };
}

function checkOrder(task: Task, node: Node, found: ReadonlyMap<Value, readonly string[]>): void {
  const names = [...node.slices.keys()];
  let last = -1;
  for (const [{ path }, [name]] of found) {
    if (name === undefined) continue;
    const at = names.indexOf(name);
    if (at < last) report(task, 'structure', `The slice ${name} must come before ${names[last]}.`, path);
    last = Math.max(at, last);
  }
}

function checkUnsliced(task: Task, node: Node, found: ReadonlyMap<Value, readonly string[]>): void {
  const { rules } = node.slicing ?? {};
  const names = [...node.slices.keys()].join(', ');
  let others = false;
  for (const [{ path }, own] of found) {
    if (own.length === 0 && rules === 'closed') report(task, 'structure', `Fits none of the slices ${names}.`, path);
    if (own.length > 0 && others && rules === 'openAtEnd')
      report(task, 'structure', `What is in none of the slices ${names} must come after them.`, path);
    others ||= own.length === 0;
  }
}

function checkSlices(task: Task, node: Node, values: readonly Value[], path: string): void {
  const { found, undecided } = sorted(task, node, values);
  for (const [name, slice] of node.slices) {
    const members = values.filter((value) => found.get(value)?.includes(name));
    if (name !== rest && !task.profile.member(node, slice)) continue;
    checkCount(task, slice, members.length, path, `${node.name}:${name}`);
    for (const value of members) checkNode(task, slice, value);
    if (slice.slices.size > 0) checkSlices(task, slice, members, path);
  }
  if (undecided) return;
  if (node.slicing?.ordered) checkOrder(task, node, found);
  checkUnsliced(task, node, found);
}

/** In a resource inside another, %resource is another one. */
function inside(task: Task, { name }: Node, { value, type }: Value): Task {
  if (!isResourceType(type) || !isObject(value)) return task;
  const root = name === 'contained' ? task.environment.root : value;
  return { ...task, environment: { ...task.environment, resource: value, root } };
}

/** A choice whose slicing is closed has no other types than those of its slices. */
function checkChoice(task: Task, child: Node, node: Node, values: readonly Value[]): void {
  if (child.slicing?.rules !== 'closed' || child.slices.size > 0) return;
  for (const { type, path } of values) {
    const own = child.name + type.charAt(0).toUpperCase() + type.slice(1);
    if (!node.children.has(own)) report(task, 'structure', `${own} is none of the slices of ${child.name}[x].`, path);
  }
}

function checkChild(task: Task, node: Node, child: Node, value: Value): void {
  const values = childrenOf(value, child.name);
  // A child of a type that the value is not of: its type is reported elsewhere.
  if (!values) return;
  const path = `${value.path}.${child.name}`;
  checkCount(task, child, values.length, path, child.name);
  for (const one of values) checkNode(inside(task, child, one), child, one);
  if (child.slices.size > 0) checkSlices(task, child, values, path);
  checkChoice(task, child, node, values);
}

function checkNode(task: Task, node: Node, value: Value): void {
  checkContent(task, node, value);
  for (const child of node.children.values()) checkChild(task, node, child, value);
  const other = node.contentReference && nodeAt(task.profile.tree, node.contentReference.slice(1));
  if (other && other !== node) for (const child of other.children.values()) checkChild(task, other, child, value);
}

function problems(run: Run, profile: Profile, value: Value, environment: Environment): readonly Issue[] {
  const { url, definition } = profile;
  const key = `${url}|${definition.version} ${value.path}`;
  const known = run.done.get(value.value) ?? new Map<string, readonly Issue[]>();
  if (isObject(value.value)) run.done.set(value.value, known);
  const before = known.get(key);
  if (before) return before;
  known.set(key, []);
  const issues: Issue[] = [];
  const inner: Task['problems'] = (other, one, own) => problems(run, other, one, own);
  checkNode({ run, profile, environment, issues, problems: inner }, profile.tree, value);
  known.set(key, issues);
  return issues;
}

/** What a profile finds wrong with a value of its type. */
export function checkProfile(profile: Profile, value: Value, run: Run, environment: Environment): readonly Issue[] {
  return problems(run, profile, value, environment);
}
