/**
 * What an active SearchParameter must be, beyond its structure, so that resources can be indexed by it.
 * https://hl7.org/fhir/R4/searchparameter.html
 */
import type { SearchParameter as Definition } from '@medplum/fhirtypes';
import type { Issue } from '../../shared/errors.ts';
import { isResourceType } from '../definitions/types.ts';
import { compileExtractor } from '../search/extract-parameter.ts';
import { compilePaths } from '../search/extract-paths.ts';
import { r4Parameters, type SearchParameter, type SearchParameters } from '../search/parameters.ts';
import { baseTypes, parameterOfDefinition } from './posted-parameter.ts';

/** Longer expressions are a mistake or an attack. */
const maxExpression = 10_000;

function issue(expression: string, diagnostics: string, code = 'invalid'): Issue {
  return { severity: 'error', code, diagnostics, expression: [`SearchParameter.${expression}`] };
}

const squeezed = (expression: string) => expression.replaceAll(/\s+/g, '');

/** Whether both find the same values. */
function isSame(one: SearchParameter, other: SearchParameter): boolean {
  return one.type === other.type && squeezed(one.expression) === squeezed(other.expression);
}

function checkCode({ code = '' }: Definition): Issue[] {
  if (/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(code)) return [];
  const rule = 'a letter and then letters, digits, - and _; names with _ in front are the specification’s';
  return [issue('code', `A search URL cannot name the parameter ${JSON.stringify(code)}: it takes ${rule}.`, 'value')];
}

/** Concrete types, and the two that all of them derive from. */
function checkTypes(member: 'base' | 'target', types: readonly string[] = []): Issue[] {
  return types.flatMap((type, at) => {
    const known = isResourceType(type) || type === 'Resource' || type === 'DomainResource';
    return known ? [] : [issue(`${member}[${at}]`, `${type} is no resource type of FHIR R4.`, 'code-invalid')];
  });
}

function checkComponents({ type, component = [] }: Definition, parameters: SearchParameters): Issue[] {
  if (type !== 'composite') return [];
  if (component.length < 2) return [issue('component', 'A composite parameter has two components or more.')];
  return component.flatMap(({ definition = '' }, at) => {
    const where = `component[${at}].definition`;
    const found = parameters.byUrl(definition.replace(/\|.*$/, ''));
    if (!found) return [issue(where, `No search parameter ${definition} is known.`, 'not-found')];
    const simple = found.type !== 'composite' && found.type !== 'special';
    return simple ? [] : [issue(where, `${definition} is a ${found.type} parameter, which cannot be a component.`)];
  });
}

/** A type for which the expression finds nothing that could be indexed is a slip of the pen. */
function checkExpression(parameter: SearchParameter, base: readonly string[], parameters: SearchParameters): Issue[] {
  if (parameter.expression.length > maxExpression) {
    return [issue('expression', `The expression is longer than ${maxExpression} characters.`, 'too-long')];
  }
  const finds = (type: string) =>
    parameter.type === 'composite'
      ? compilePaths(parameter.expression, type).length > 0
      : compileExtractor(type, parameter, parameters) !== undefined;
  let missing: readonly string[];
  try {
    missing = base.filter((one) => !baseTypes([one]).some(finds));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [issue('expression', `${error.message}.`)];
  }
  if (missing.length === 0) return [];
  const found = `finds nothing in ${missing.join(' and ')} that a ${parameter.type} parameter can be searched by`;
  return [issue('expression', `${JSON.stringify(parameter.expression)} ${found}.`)];
}

/** One code of a type is one parameter; a definition that only narrows R4's own, as those of guides do, is at home here. */
function checkTaken(definition: Definition, parameter: SearchParameter, parameters: SearchParameters): Issue[] {
  const others = new Map<string, SearchParameter>();
  for (const type of baseTypes(definition.base ?? [])) {
    const other = parameters.parameter(type, parameter.code);
    if (!other || isSame(other, parameter)) continue;
    const isOwn = r4Parameters.parameter(type, parameter.code) !== undefined;
    const narrows = isOwn && definition.derivedFrom === other.url && other.type === parameter.type;
    const replaces = !isOwn && other.url === parameter.url;
    if (!narrows && !replaces) others.set(type, other);
  }
  const [first] = others;
  if (!first) return [];
  const [type, { url }] = first;
  const message = `The code ${parameter.code} of ${type} means ${url} already; choose another code.`;
  return [issue('code', message, 'duplicate')];
}

/**
 * The problems of a definition that is to take effect; none for one that is not active. `parameters` are those in force.
 */
export function checkSearchParameter(definition: Definition, parameters: SearchParameters): readonly Issue[] {
  if (definition.status !== 'active') return [];
  const { type, expression } = definition;
  if (type === 'special') return [issue('type', 'A special parameter has no meaning that a definition could give it.')];
  if (!expression) return [issue('expression', 'An active search parameter needs an expression.', 'required')];
  const parameter = parameterOfDefinition(definition);
  if (!parameter) return [];
  const narrowsOwn = baseTypes(definition.base ?? []).every((one) => r4Parameters.parameter(one, parameter.code));
  const before = [
    ...(narrowsOwn ? [] : checkCode(definition)),
    ...checkTypes('base', definition.base),
    ...checkTypes('target', definition.target),
    ...checkComponents(definition, parameters),
    ...checkTaken(definition, parameter, parameters),
  ];
  // What is R4's own is read as R4 says; the rest must be readable by what is said here.
  if (before.length > 0 || narrowsOwn) return before;
  return checkExpression(parameter, definition.base ?? [], parameters);
}
