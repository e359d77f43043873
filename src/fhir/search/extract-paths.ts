/**
 * Search expressions compiled to paths: straight walks through the JSON that know the FHIR type of what they end at.
 * https://hl7.org/fhir/R4/searchparameter-definitions.html#SearchParameter.expression
 */
import { type ElementDefinition, isA, isResourceType, properties } from '../definitions/types.ts';
import { isObject, truth } from '../fhirpath/collection.ts';
import { compile } from '../fhirpath/compile.ts';
import { type Expression, parse } from '../fhirpath/parse.ts';
import { parseReference, typeOfReference } from './extract-reference.ts';

type Visit = (from: unknown, found: (value: unknown) => void) => void;

export interface Path {
  /** The FHIR type of the values. */
  readonly type: string;
  /** The element that they are values of, for its binding. */
  readonly element?: ElementDefinition;
  readonly visit: Visit;
}

const self: Visit = (from, found) => found(from);

/** A null in an array is a primitive that has only an extension. */
function each(values: readonly unknown[], emit: (value: unknown) => void): void {
  for (const value of values) if (value !== null) emit(value);
}

function step(parent: Path, name: string): Path[] {
  const found: Path[] = [];
  for (const { json, element, type } of properties(parent.type).values()) {
    if (element.name !== name && json !== name) continue;
    found.push({
      type: type.code,
      element,
      visit: (from, emit) =>
        parent.visit(from, (object) => {
          const value = (object as Readonly<Record<string, unknown>>)[json];
          if (Array.isArray(value)) each(value, emit);
          else if (value !== undefined && value !== null) emit(value);
        }),
    });
  }
  return found;
}

function filter(path: Path, test: (value: unknown, from: unknown) => boolean): Path {
  return { ...path, visit: (from, found) => path.visit(from, (value) => test(value, from) && found(value)) };
}

function nth(path: Path, wanted: number): Path {
  return {
    ...path,
    visit: (from, found) => {
      let at = 0;
      path.visit(from, (value) => at++ === wanted && found(value));
    },
  };
}

/** `resolve() is Patient`: told from the reference, or what is contained, since all else that it points at may be anywhere. */
function resolvedType(criteria: Expression): string | undefined {
  if (criteria.kind !== 'type' || criteria.op !== 'is' || criteria.on.kind !== 'call') return undefined;
  return criteria.on.name === 'resolve' ? criteria.type : undefined;
}

/** The type of what a reference names within the resource. */
function typeOfContained(reference: unknown, from: unknown): unknown {
  if (!isObject(reference) || !isObject(from) || !Array.isArray(from['contained'])) return undefined;
  const { reference: text } = reference;
  if (typeof text !== 'string' || !text.startsWith('#')) return undefined;
  const one = from['contained'].find((held: unknown) => isObject(held) && held['id'] === text.slice(1));
  return isObject(one) ? one['resourceType'] : undefined;
}

/** Of what a reference points at, only the type and the id are known: enough for `resolve() is Patient` within more. */
const resolve = (reference: string): unknown => {
  const target = parseReference(reference);
  return target && { resourceType: target.type, id: target.id };
};

function where(path: Path, criteria: Expression): Path {
  const target = resolvedType(criteria);
  if (target !== undefined)
    return filter(path, (value, from) => (typeOfReference(value) ?? typeOfContained(value, from)) === target);
  const { run } = compile(criteria, [path.type]);
  return filter(path, (value) => truth(run([value], { resource: undefined, root: undefined, resolve })) === true);
}

function ofType(paths: readonly Path[], asked: string): Path[] {
  // R4's own code-value-date says DateTime.
  const type = asked === 'DateTime' ? 'dateTime' : asked;
  return paths.flatMap((path) => {
    if (path.type === type) return [path];
    if (path.type !== 'Resource' || !isResourceType(type)) return [];
    const matching = filter(path, (value) => isObject(value) && value['resourceType'] === type);
    return [{ ...matching, type }];
  });
}

/** The value of `extension(url)`'s argument. */
function hasUrl(url: unknown): (value: unknown) => boolean {
  return (value) => isObject(value) && value['url'] === url;
}

type Call = (paths: Path[], argument: Expression | undefined) => Path[] | undefined;

const narrow: Call = (paths, argument) => (argument?.kind === 'member' ? ofType(paths, argument.name) : undefined);

const calls: Readonly<Record<string, Call>> = {
  as: narrow,
  ofType: narrow,
  where: (paths, criteria) => criteria && paths.map((path) => where(path, criteria)),
  first: (paths) => paths.map((path) => nth(path, 0)),
  extension: (paths, url) => {
    if (url?.kind !== 'literal') return undefined;
    return paths.flatMap((path) => step(path, 'extension')).map((path) => filter(path, hasUrl(url.value)));
  },
};

function member({ on, name }: Expression & { kind: 'member' }, root: Path): Path[] | undefined {
  if (on) return pathsOf(on, root)?.flatMap((path) => step(path, name));
  if (isA(root.type, name)) return [root];
  // A branch for another type: `Patient.name | Person.name` evaluated for a Patient.
  return isResourceType(name) ? [] : step(root, name);
}

/** undefined: more than a path; only the evaluator can tell. */
function pathsOf(expression: Expression, root: Path): Path[] | undefined {
  switch (expression.kind) {
    case 'member':
      return member(expression, root);
    case 'call': {
      const apply = Object.hasOwn(calls, expression.name) ? calls[expression.name] : undefined;
      const paths = expression.on && pathsOf(expression.on, root);
      return paths && apply?.(paths, expression.args[0]);
    }
    case 'type': {
      const paths = expression.op === 'as' ? pathsOf(expression.on, root) : undefined;
      return paths && ofType(paths, expression.type);
    }
    case 'index': {
      const { on, index } = expression;
      return index.kind === 'literal' ? pathsOf(on, root)?.map((path) => nth(path, Number(index.value))) : undefined;
    }
    case 'binary': {
      if (expression.op !== '|') return undefined;
      const left = pathsOf(expression.left, root);
      const right = pathsOf(expression.right, root);
      return left && right && [...left, ...right];
    }
    default:
      return undefined;
  }
}

/** JavaScript's type of an evaluated value as a FHIR type. */
function evaluatedType(value: unknown): string {
  return typeof value === 'boolean' ? 'boolean' : typeof value === 'number' ? 'decimal' : 'string';
}

function evaluated(expression: Expression, type: string): Path[] {
  const { run, types } = compile(expression, [type]);
  const evaluate: Visit = (from, found) => each(run([from], { resource: from, root: from, resolve }), found);
  if (types?.length === 1) return [{ type: types[0] as string, visit: evaluate }];
  return ['boolean', 'decimal', 'string'].map((name) => ({
    type: name,
    visit: (from, found) => evaluate(from, (value) => evaluatedType(value) === name && found(value)),
  }));
}

/** The paths of an expression in resources of `type`. Throws a SyntaxError for what is no FHIRPath. */
export function compilePaths(expression: string, type: string): readonly Path[] {
  const tree = parse(expression);
  return pathsOf(tree, { type, visit: self }) ?? evaluated(tree, type);
}
