/**
 * Which of the values of an element are selected: by the value of a part, by FHIRPath, by their place.
 * https://hl7.org/fhir/R4/graphql.html#list
 */
import { FhirError } from '../../shared/errors.ts';
import { isPrimitive, properties } from '../definitions/types.ts';
import { type Collection, truth } from '../fhirpath/collection.ts';
import { compile } from '../fhirpath/compile.ts';
import { child, jsonValue, type Node } from '../json/tree.ts';
import { numberOf, textOf, type Value } from './arguments.ts';

/** Longer expressions are programs. */
const maxExpression = 1000;

export type Evaluate = (node: Node, resource: Node) => Collection;

/** The expression, compiled for a focus of the type. Throws `invalid` for what is no FHIRPath. */
export function fhirpath(expression: string, type: string): Evaluate {
  if (expression.length > maxExpression)
    throw new FhirError('invalid', `An expression has at most ${maxExpression} characters.`);
  try {
    const { run } = compile(expression, [type]);
    return (node, resource) => {
      const whole = jsonValue(resource);
      return run([jsonValue(node)], { resource: whole, root: whole });
    };
  } catch (error) {
    if (error instanceof SyntaxError) throw new FhirError('invalid', error.message);
    throw error;
  }
}

export type Select = (values: readonly Node[], resource: Node) => readonly Node[];

/** What the arguments of an element of the type select. Throws `invalid` for one that it does not have. */
export function selector(type: string, args: ReadonlyMap<string, Value>): Select {
  if (args.size === 0) return (values) => values;
  const tests: ((node: Node, resource: Node) => boolean)[] = [];
  let offset = 0;
  let count = Number.POSITIVE_INFINITY;
  for (const [name, value] of args) {
    if (name === '_offset') offset = numberOf(name, value, 0);
    else if (name === '_count') count = numberOf(name, value, 0);
    else if (name === 'fhirpath') {
      const evaluate = fhirpath(textOf(name, value), type);
      tests.push((node, resource) => truth(evaluate(node, resource)) === true);
    } else tests.push(partIs(type, name, textOf(name, value)));
  }
  return (values, resource) =>
    values.filter((node) => tests.every((test) => test(node, resource))).slice(offset, offset + count);
}

function partIs(type: string, name: string, wanted: string): (node: Node) => boolean {
  const property = properties(type).get(name);
  if (!property)
    throw new FhirError('invalid', `${type} has no field ${name} to choose by.`, { expression: [`${type}.${name}`] });
  if (!isPrimitive(property.type.code))
    throw new FhirError('invalid', `${type}.${name} is no value to choose by; use fhirpath.`);
  return (node) => {
    const part = child(node, name);
    const values = part?.kind === 'array' ? part.items : part ? [part] : [];
    return values.some((one) => one.kind === 'scalar' && said(one.text) === wanted);
  };
}

function said(text: string): string {
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}
