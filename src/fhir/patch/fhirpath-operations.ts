/**
 * The operations that a Parameters resource holds as a FHIRPath Patch.
 * https://hl7.org/fhir/R4/fhirpatch.html
 */
import { FhirError } from '../../shared/errors.ts';
import type { Expression } from '../fhirpath/parse.ts';
import { child, jsonValue, parseTree } from '../json/tree.ts';
import type { Body } from '../reply.ts';
import { parsePath } from './locate.ts';
import { nameOf, type Part, partsOf } from './patch-value.ts';

const types = ['add', 'insert', 'delete', 'replace', 'move'] as const;

export interface FhirPathOperation {
  readonly type: (typeof types)[number];
  readonly path: Expression;
  /** The path as it came. */
  readonly text: string;
  /** Of add: the name of the new element. */
  readonly name?: string;
  readonly value?: Part;
  readonly index?: number;
  readonly source?: number;
  readonly destination?: number;
  /** `Parameters.parameter[1]`, for messages. */
  readonly at: string;
}

/** More would hold up everybody else. */
const maxOperations = 500;

const allowed = new Set(['type', 'path', 'name', 'value', 'index', 'source', 'destination']);

/** The operations in their order. Throws `invalid` with the expression of what is wrong. */
export function parseOperations({ text }: Body): readonly FhirPathOperation[] {
  const parameters = child(parseTree(text), 'parameter');
  const items = parameters?.kind === 'array' ? parameters.items : [];
  if (items.length > maxOperations) {
    throw new FhirError('tooLarge', `The patch has ${items.length} operations; ${maxOperations} are taken at once.`);
  }
  return items.map((node, index) => operationOf({ node, at: `Parameters.parameter[${index}]` }));
}

function invalid(at: string, message: string): FhirError {
  return new FhirError('invalid', message, { expression: [at] });
}

function operationOf(parameter: Part): FhirPathOperation {
  const { at } = parameter;
  if (nameOf(parameter) !== 'operation') throw invalid(at, 'Every parameter of a FHIRPath Patch is named operation.');
  const parts = new Map<string, Part>();
  for (const part of partsOf(parameter)) {
    const name = nameOf(part);
    if (!allowed.has(name)) throw invalid(part.at, `An operation has no part ${JSON.stringify(name)}.`);
    if (parts.has(name)) throw invalid(part.at, `The part ${name} is given twice.`);
    parts.set(name, part);
  }
  const asked = textOf(parts.get('type'));
  const type = types.find((one) => one === asked);
  if (!type) throw invalid(parts.get('type')?.at ?? at, `The type of an operation is one of ${types.join(', ')}.`);
  const text = textOf(parts.get('path'));
  if (text === undefined) throw invalid(at, 'The operation has no path.');
  const operation = { type, text, at, path: pathOf(text, parts.get('path')?.at ?? at) };
  return { ...operation, ...detailsOf(type, parts, at) };
}

function pathOf(text: string, at: string): Expression {
  try {
    return parsePath(text);
  } catch (error) {
    throw error instanceof FhirError ? invalid(at, error.message) : error;
  }
}

const needed: Readonly<Record<FhirPathOperation['type'], readonly string[]>> = {
  add: ['name', 'value'],
  insert: ['index', 'value'],
  delete: [],
  replace: ['value'],
  move: ['source', 'destination'],
};

function detailsOf(
  type: FhirPathOperation['type'],
  parts: ReadonlyMap<string, Part>,
  at: string,
): Partial<FhirPathOperation> {
  const details: Record<string, unknown> = {};
  for (const name of needed[type]) {
    const part = parts.get(name);
    if (!part) throw invalid(at, `An operation of type ${type} needs ${name}.`);
    details[name] = name === 'value' ? part : name === 'name' ? textOf(part) : numberOf(part);
    if (details[name] === undefined) throw invalid(part.at, `${name} is a string.`);
  }
  return details;
}

/** The string or code of a part. */
function textOf(part: Part | undefined): string | undefined {
  const value = part && primitiveOf(part);
  return typeof value === 'string' ? value : undefined;
}

function numberOf(part: Part): number {
  const value = primitiveOf(part);
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw invalid(part.at, `${nameOf(part)} is an integer from 0 on.`);
}

function primitiveOf({ node }: Part): unknown {
  const found = node.kind === 'object' ? node.members.find(({ name }) => /^value[A-Z]/.test(name)) : undefined;
  return found?.value.kind === 'scalar' ? jsonValue(found.value) : undefined;
}
