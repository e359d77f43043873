/**
 * The input of an operation: from a URL, a Parameters resource or a bare resource, checked against the definition.
 * https://hl7.org/fhir/R4/operations.html#request
 */
import type { OperationDefinitionParameter, Parameters, ParametersParameter, Resource } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import type { Request } from '../interactions/interaction.ts';
import { type Member, memberStart, objectsOf } from '../json/members.ts';
import type { Body } from '../reply.ts';
import type { In, Operation } from './operation.ts';
import { fits, fitsText, isResourceParameter } from './parameter-types.ts';

/** One value of a parameter, in whichever of its forms. */
interface Given {
  readonly name: string;
  /** Where it stands, for messages. */
  readonly expression: string;
  readonly type?: string;
  readonly value?: unknown;
  readonly resource?: Body;
  readonly parts?: readonly Given[];
}

/** What shapes any answer and is no operation's own. */
const general = new Set(['_format', '_pretty', '_summary', '_elements', '_page']);

type Definition = Pick<OperationDefinitionParameter, 'name' | 'use' | 'min' | 'max' | 'type' | 'part'>;

/** Reads and checks the input. Throws `invalid` with the expression of what is unknown, missing, too many or of another type. */
export async function readParameters(
  context: Pick<Context, 'validate'>,
  { definition, body, others }: Operation,
  request: Pick<Request, 'params' | 'hasBody' | 'body'>,
): Promise<In> {
  const own = (definition.parameter ?? []).filter(({ use }) => use === 'in');
  const sent = request.hasBody && body === undefined ? await request.body() : undefined;
  const inputs = others === undefined ? own : [...own, ...searchInputs(own, request.params, sent?.resource)];
  const ofUrl = fromUrl(inputs, request.params);
  const ofBody = sent ? fromBody(context, inputs, sent) : [];
  const given = [...ofUrl, ...ofBody];
  if (body === undefined) demandCardinality(inputs, given, 'Parameters');
  return inOf(given);
}

/** A definition of each name that is no parameter of the operation itself: what it means is the search's to say. */
function searchInputs(
  own: readonly Definition[],
  params: URLSearchParams,
  resource: Resource | undefined,
): readonly Definition[] {
  const listed = resource?.resourceType === 'Parameters' && Array.isArray(resource.parameter) ? resource.parameter : [];
  const names = new Set([...params.keys(), ...listed.flatMap(({ name }) => (typeof name === 'string' ? [name] : []))]);
  return [...names]
    .filter((name) => !general.has(name) && !own.some((one) => one.name === name))
    .map((name) => ({ name, use: 'in', min: 0, max: '*', type: 'Element' }) as Definition);
}

function fromUrl(inputs: readonly Definition[], params: URLSearchParams): Given[] {
  return [...params].flatMap(([name, text]): Given[] => {
    const input = inputs.find((one) => one.name === name);
    if (!input && general.has(name)) return [];
    if (!input) throw problem(name, `${JSON.stringify(name)} is no parameter of this operation`);
    if (!fitsText(input.type, text)) {
      throw problem(name, `${JSON.stringify(text)} is no ${input.type ?? 'value'} that a URL can say`);
    }
    return [{ name, expression: name, type: input.type ?? 'string', value: text }];
  });
}

function fromBody(
  { validate }: Pick<Context, 'validate'>,
  inputs: readonly Definition[],
  { resource, text }: Body,
): readonly Given[] {
  if (resource.resourceType !== 'Parameters') {
    const taking = inputs.filter(({ type }) => isResourceParameter(type));
    const exact = taking.filter(({ type }) => type === resource.resourceType);
    const only = exact.length > 0 ? exact : taking;
    const [input] = only;
    if (!input?.name || only.length > 1 || !fits(input.type, resource.resourceType)) {
      const message = `The body is a ${resource.resourceType}; this operation takes Parameters.`;
      throw new FhirError('invalid', message, { expression: ['Parameters.resourceType'] });
    }
    const expression = resource.resourceType;
    return [{ name: input.name, expression, type: resource.resourceType, resource: { resource, text } }];
  }
  const listed = Array.isArray(resource.parameter) ? resource.parameter : [];
  // Resources inside are checked by who uses them.
  const issues = validate(frameOf(resource)).filter(({ severity }) => severity === 'error' || severity === 'fatal');
  if (issues.length > 0) throw new FhirError('invalid', 'The Parameters are not valid.', { issues });
  const start = memberStart(text, text.indexOf('{'), 'parameter');
  const members = start === undefined ? [] : objectsOf(text, start);
  return listed.map((one, at) => givenOf({ inputs, text }, one, members[at] ?? [], `Parameters.parameter[${at}]`));
}

/** The Parameters with a plain value in place of each resource. */
function frameOf(parameters: Parameters): Parameters {
  const plain = (one: ParametersParameter): ParametersParameter => {
    const { resource, part, ...rest } = one;
    return {
      ...rest,
      ...(resource === undefined ? {} : { valueBoolean: true }),
      ...(Array.isArray(part) ? { part: part.map(plain) } : part === undefined ? {} : { part }),
    };
  };
  if (!Array.isArray(parameters.parameter)) return parameters;
  return { ...parameters, parameter: parameters.parameter.map(plain) };
}

interface Reading {
  readonly inputs: readonly Definition[];
  readonly text: string;
}

function givenOf(
  { inputs, text }: Reading,
  parameter: ParametersParameter,
  members: readonly Member[],
  expression: string,
): Given {
  const { name = '', resource, part } = parameter;
  const input = inputs.find((one) => one.name === name);
  if (!input) throw problem(`${expression}.name`, `${JSON.stringify(name)} is no parameter of this operation`);
  if (part) {
    const at = members.find((member) => member.name === 'part')?.start;
    const inside = at === undefined ? [] : objectsOf(text, at);
    const reading = { inputs: input.part ?? [], text };
    const parts = part.map((one, index) => givenOf(reading, one, inside[index] ?? [], `${expression}.part[${index}]`));
    demandCardinality(input.part ?? [], parts, expression);
    return { name, expression, parts };
  }
  if (resource) {
    const span = members.find((member) => member.name === 'resource');
    demandFit(input, resource.resourceType, `${expression}.resource`);
    const own = span ? text.slice(span.start, span.end) : JSON.stringify(resource);
    return { name, expression, type: resource.resourceType, resource: { resource: resource as Resource, text: own } };
  }
  const [key, value] = Object.entries(parameter).find(([member]) => /^value[A-Z]/.test(member)) ?? [];
  if (key === undefined) throw problem(expression, `the parameter ${name} has no value`);
  const type = key.slice('value'.length);
  demandFit(input, type, `${expression}.${key}`);
  return { name, expression, type, value };
}

function demandFit({ name = '', type }: Definition, given: string, expression: string): void {
  if (!fits(type, given))
    throw problem(expression, `the parameter ${name} is a ${type ?? 'list of parts'}, not a ${given}`);
}

function demandCardinality(inputs: readonly Definition[], given: readonly Given[], where: string): void {
  for (const { name = '', min = 0, max = '*' } of inputs.filter(({ use }) => use !== 'out')) {
    const own = given.filter((one) => one.name === name);
    if (own.length < min) throw problem(where, `the parameter ${name} is missing`);
    const extra = max === '*' ? undefined : own[Number(max)];
    if (extra)
      throw problem(extra.expression, `the parameter ${name} is given more than ${max} time${max === '1' ? '' : 's'}`);
  }
}

function problem(expression: string, message: string): FhirError {
  const [first = '', ...rest] = message;
  return new FhirError('invalid', `${first.toUpperCase()}${rest.join('')}.`, { expression: [expression] });
}

function inOf(given: readonly Given[]): In {
  const own = (name: string) => given.filter((one) => one.name === name);
  const valuesOf = (name: string) => own(name).flatMap(({ value }) => (value === undefined ? [] : [value]));
  const texts = (name: string) =>
    valuesOf(name)
      .filter((value) => typeof value !== 'object')
      .map(String);
  const resources = (name: string) => own(name).flatMap(({ resource }) => (resource ? [resource] : []));
  return {
    names: () => [...new Set(given.map(({ name }) => name))],
    one: (name) => texts(name)[0],
    all: texts,
    value: <T>(name: string) => valuesOf(name)[0] as T | undefined,
    values: <T>(name: string) => valuesOf(name) as T[],
    resource: (name) => resources(name)[0],
    resources,
    parts: (name) => own(name).flatMap(({ parts }) => (parts ? [inOf(parts)] : [])),
  };
}
