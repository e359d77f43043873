/**
 * ajv's errors as issues that a person can act on.
 * https://hl7.org/fhir/R4/valueset-issue-type.html
 */
import type { ErrorObject } from 'ajv';
import type { Issue } from '../../shared/errors.ts';
import { properties } from '../definitions/types.ts';
import { codesOf } from '../definitions/value-sets.ts';
import { listCodes } from './binding.ts';
import type { ElementProblem } from './element.ts';
import { placeOf } from './expression.ts';
import { formats } from './primitives.ts';
import { xhtmlProblem } from './xhtml.ts';

interface Explanation {
  readonly code: string;
  readonly diagnostics: string;
  /** Appended to the expression of the object. */
  readonly below?: string;
}

/** A value, short enough to be read in a message. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `the ${typeof value} ${show(value)}`;
}

const wanted: Readonly<Record<string, string>> = {
  object: 'an object',
  array: 'an array',
  boolean: 'true or false (without quotes)',
  integer: 'a whole number (without quotes)',
  number: 'a number (without quotes)',
  string: 'a string',
};

/** `data` is the value at the error's place: the error's own is overwritten by the objects around it. */
type Explain = (error: ErrorObject, data: unknown) => Explanation;

function wrongType({ params }: ErrorObject, data: unknown): Explanation {
  const types = [params['type']]
    .flat()
    .filter((type) => type !== 'null')
    .map((type) => wanted[type] ?? type);
  const isValue = !types.includes('an object') && !types.includes('an array') && typeof data !== 'object';
  return {
    code: isValue ? 'value' : 'structure',
    diagnostics: `Expected ${types.join(' or ')} but found ${kindOf(data)}.`,
  };
}

function wrongFormat({ params }: ErrorObject, data: unknown): Explanation {
  const name = String(params['format']);
  const reason = name === 'xhtml' ? xhtmlProblem(String(data)) : `expected ${formats[name]?.wanted}`;
  return { code: 'value', diagnostics: `${show(data)} is not a valid ${name}: ${reason}.` };
}

function wrongCode({ parentSchema }: ErrorObject, data: unknown): Explanation {
  const url = String(parentSchema?.['fhirValueSet']);
  const codes = listCodes(codesOf(url) ?? new Map());
  const code = typeof data === 'string' ? 'code-invalid' : 'structure';
  return { code, diagnostics: `${show(data)} is not in the value set ${url} (required): expected one of ${codes}.` };
}

function wrongBinding({ params }: ErrorObject): Explanation {
  const { valueSet, problem } = params;
  const codes = listCodes(codesOf(valueSet) ?? new Map());
  const diagnostics = `Found ${problem}, but the value set ${valueSet} (required) wants one of ${codes}.`;
  return { code: 'code-invalid', diagnostics };
}

function outOfRange({ params }: ErrorObject, data: unknown): Explanation {
  return { code: 'value', diagnostics: `${show(data)} must be ${params['comparison']} ${params['limit']}.` };
}

function wrongResource({ params }: ErrorObject): Explanation {
  const { type } = params;
  const diagnostics =
    typeof type === 'string' ? `Unknown resourceType ${show(type)}.` : 'A resource must have its type in resourceType.';
  return { code: 'structure', diagnostics, below: 'resourceType' };
}

/** `valueUrl` where value[x] may be a Quantity or a string. */
function choiceHint(type: string, name: string): string {
  const choice = [...properties(type).values()].find(
    ({ element }) => element.choice && name.startsWith(element.name) && /^[A-Z]/.test(name.slice(element.name.length)),
  );
  if (!choice) return '';
  const { element } = choice;
  return ` ${element.name}[x] may be ${element.types.map(({ code }) => code).join(', ')}.`;
}

function wrongElement({ params }: ErrorObject): Explanation {
  const { type, problem } = params as { readonly type: string; readonly problem: ElementProblem };
  switch (problem.kind) {
    case 'unknown':
      return {
        code: 'structure',
        diagnostics: `Unknown element ${show(problem.name)} in ${type}.${choiceHint(type, problem.name)}`,
        below: problem.name,
      };
    case 'required':
      return {
        code: 'required',
        diagnostics: `${type}.${problem.name}${problem.choice ? '[x]' : ''} is required.`,
        below: problem.name,
      };
    case 'choice': {
      const diagnostics = `Only one of ${problem.keys.join(' and ')} may be present: ${problem.name}[x] has one type.`;
      return { code: 'structure', diagnostics, below: problem.name };
    }
    case 'null': {
      const diagnostics = `null stands for a value that only _${problem.name} holds, but there is none at this place.`;
      return { code: 'structure', diagnostics, below: `${problem.name}[${problem.index}]` };
    }
    case 'lengths': {
      const diagnostics = `${problem.name} and _${problem.name} must be arrays of one length, padded with null.`;
      return { code: 'structure', diagnostics, below: problem.name };
    }
    case 'bare': {
      const diagnostics = `_${problem.name} has no extension, and there is no value beside it.`;
      const place = problem.index === undefined ? problem.name : `${problem.name}[${problem.index}]`;
      return { code: 'structure', diagnostics, below: place };
    }
    case 'empty':
      return { code: 'structure', diagnostics: 'An element must have a value or children, and an id alone is none.' };
  }
}

const explanations: Readonly<Record<string, Explain>> = {
  type: wrongType,
  format: wrongFormat,
  enum: wrongCode,
  minimum: outOfRange,
  maximum: outOfRange,
  minItems: () => ({ code: 'structure', diagnostics: 'An array must not be empty: leave the element out.' }),
  maxItems: ({ params }) => ({ code: 'structure', diagnostics: `At most ${params['limit']} may be present.` }),
  fhirElement: wrongElement,
  fhirBinding: wrongBinding,
  fhirType: wrongResource,
};

const unexplained: Explain = ({ keyword }) => ({
  code: 'invalid',
  diagnostics: `Does not fulfil the rule ${keyword}.`,
});

/** The issue of an ajv error. */
export function explain(resource: unknown, error: ErrorObject): Issue {
  const { path: at, value } = placeOf(resource, error.instancePath);
  const explanation = explanations[error.keyword] ?? unexplained;
  const { code, diagnostics, below } = explanation(error, value);
  return { severity: 'error', code, diagnostics, expression: [below === undefined ? at : `${at}.${below}`] };
}
