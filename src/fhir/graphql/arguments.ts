/**
 * Arguments, variables and directives of a query as plain values.
 * https://spec.graphql.org/October2021/#sec-Language.Arguments, https://hl7.org/fhir/R4/graphql.html#flattening
 */
import type { DirectiveNode, FieldNode, OperationDefinitionNode, SelectionNode, ValueNode } from 'graphql';
import { FhirError } from '../../shared/errors.ts';

export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };
export type Variables = ReadonlyMap<string, Value | undefined>;

/** The variables that the operation declares, with their defaults; throws for one that is missing. */
export function variablesOf(
  { variableDefinitions = [] }: OperationDefinitionNode,
  given: Readonly<Record<string, unknown>>,
): Variables {
  const found = new Map<string, Value | undefined>();
  for (const { variable, type, defaultValue } of variableDefinitions) {
    const name = variable.name.value;
    const own = Object.hasOwn(given, name) ? (given[name] as Value) : undefined;
    const value = own ?? (defaultValue ? saidBy(defaultValue, new Map()) : own);
    if (type.kind === 'NonNullType' && (value === undefined || value === null)) {
      throw new FhirError('invalid', `The variable $${name} is missing.`);
    }
    found.set(name, value);
  }
  return found;
}

/** What a value says; undefined for a variable that has none. */
function saidBy(node: ValueNode, variables: Variables): Value | undefined {
  switch (node.kind) {
    case 'Variable': {
      const name = node.name.value;
      if (!variables.has(name)) throw new FhirError('invalid', `The variable $${name} is not declared.`);
      return variables.get(name);
    }
    case 'NullValue':
      return null;
    case 'ListValue':
      return node.values.map((one) => saidBy(one, variables) ?? null);
    case 'ObjectValue':
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, saidBy(value, variables) ?? null]));
    case 'IntValue':
    case 'FloatValue':
      return Number(node.value);
    default:
      return node.value;
  }
}

/** The arguments that have a value, by name. */
export function argumentsOf(
  { arguments: all = [] }: Pick<FieldNode | DirectiveNode, 'arguments'>,
  variables: Variables,
): ReadonlyMap<string, Value> {
  const found = new Map<string, Value>();
  for (const { name, value } of all) {
    const said = saidBy(value, variables);
    if (found.has(name.value)) throw new FhirError('invalid', `The argument ${name.value} is given twice.`);
    if (said !== undefined && said !== null) found.set(name.value, said);
  }
  return found;
}

/** The text of an argument that is a string, a number, a boolean or a word. */
export function textOf(name: string, value: Value): string {
  if (typeof value !== 'object' || value === null) return String(value);
  throw new FhirError('invalid', `The argument ${name} is one value, no list or object.`);
}

/** A number from `least` on. */
export function numberOf(name: string, value: Value, least: number): number {
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= least) return number;
  throw new FhirError('invalid', `The argument ${name} is a whole number from ${least} on.`);
}

export interface Directives {
  readonly flatten: boolean;
  readonly first: boolean;
  readonly singleton: boolean;
  /** FHIRPath whose result the name is extended by. */
  readonly slice: string | undefined;
}

const shaping = new Set(['flatten', 'first', 'singleton', 'slice']);

/** Whether `@skip` and `@include` leave the selection in. Throws for directives that are not known. */
export function isIncluded({ directives = [], kind }: SelectionNode, variables: Variables): boolean {
  return directives.every((directive) => {
    const name = directive.name.value;
    if (name !== 'skip' && name !== 'include') {
      if (kind === 'Field' && shaping.has(name)) return true;
      throw new FhirError('invalid', `The directive @${name} is not known here.`);
    }
    const condition = argumentsOf(directive, variables).get('if');
    if (typeof condition !== 'boolean') throw new FhirError('invalid', `@${name} needs if: true or false.`);
    return condition === (name === 'include');
  });
}

/** How a field wants its place in the answer. */
export function directivesOf({ directives = [] }: FieldNode, variables: Variables): Directives {
  const named = (name: string) => directives.find((directive) => directive.name.value === name);
  const slice = named('slice');
  const given = slice && argumentsOf(slice, variables);
  const path = given?.get('path') ?? given?.get('fhirpath');
  if (slice && typeof path !== 'string') throw new FhirError('invalid', '@slice needs a path, which is FHIRPath.');
  return {
    flatten: named('flatten') !== undefined,
    first: named('first') !== undefined,
    singleton: named('singleton') !== undefined,
    slice: typeof path === 'string' ? path : undefined,
  };
}
