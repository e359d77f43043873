/**
 * Structure and values of a resource, by ajv compiled from the definitions: each type at its first use.
 */
import { Ajv, type ErrorObject, type SchemaValidateFunction, type ValidateFunction } from 'ajv';
import { keep } from '../definitions/generated.ts';
import { isResourceType } from '../definitions/types.ts';
import { codesOf } from '../definitions/value-sets.ts';
import { bindingProblem } from './binding.ts';
import { elementCheck } from './element.ts';
import { formats } from './primitives.ts';
import { schemaOf } from './schema.ts';

type Json = Readonly<Record<string, unknown>>;
type Context = Parameters<ValidateFunction>[1];
type Check = SchemaValidateFunction & ((data: unknown, context?: Context) => boolean);

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Runs `check` and hands its problems to ajv as errors of `keyword`. */
function reporting(keyword: string, check: (data: Json, report: (problem: object) => void) => void): Check {
  const validate: Check = (data: unknown) => {
    if (!isJson(data)) return true;
    let problems: Partial<ErrorObject>[] | undefined;
    check(data, (params) => {
      problems ??= [];
      problems.push({ keyword, params });
    });
    if (!problems) return true;
    validate.errors = problems;
    return false;
  };
  return validate;
}

function elementKeyword(type: string): Check {
  const check = elementCheck(type);
  // ajv overwrites `schema` and `data` of such errors on their way out, so all that is needed goes into params.
  return reporting('fhirElement', (data, report) => check(data, (problem) => report({ type, problem })));
}

function bindingKeyword(valueSet: string): Check {
  return reporting('fhirBinding', (data, report) => {
    const codes = codesOf(valueSet);
    const problem = codes && bindingProblem(data, codes);
    if (problem !== undefined) report({ valueSet, problem });
  });
}

type ValidatorOf = (type: string) => ValidateFunction;

/** Validates a complex value by the schema of its type. */
function typeKeyword(type: string, validatorOf: ValidatorOf): Check {
  const validate: Check = (data: unknown, context?: Context) => {
    const inner = validatorOf(type);
    if (inner(data, context)) return true;
    validate.errors = inner.errors ?? [];
    return false;
  };
  return validate;
}

/** Validates a resource inside another by its own type, wherever `resourceType` leads. */
function resourceKeyword(validatorOf: ValidatorOf): Check {
  const validate: Check = (data: unknown, context?: Context) => {
    const type = isJson(data) ? data['resourceType'] : undefined;
    if (typeof type === 'string' && isResourceType(type)) {
      const inner = validatorOf(type);
      if (inner(data, context)) return true;
      validate.errors = inner.errors ?? [];
    } else validate.errors = [{ keyword: 'fhirType', params: { type } }];
    return false;
  };
  return validate;
}

/** Of each type a validator; with `all`, it goes on after the first problem and tells about each. */
export function structureValidators(all: boolean): (type: string) => ValidateFunction {
  const ajv = new Ajv({
    allErrors: all,
    verbose: all,
    messages: false,
    allowUnionTypes: true,
    strictSchema: true,
    addUsedSchema: false,
    // ajv's optimiser takes more time than it saves here: half of the compilation of a type.
    code: { optimize: false },
  });
  for (const [name, { test }] of Object.entries(formats)) ajv.addFormat(name, { type: 'string', validate: test });
  ajv.addVocabulary(['fhirValueSet']);
  ajv.addKeyword({ keyword: 'fhirElement', type: 'object', compile: elementKeyword });
  ajv.addKeyword({ keyword: 'fhirBinding', compile: bindingKeyword });
  const validatorOf = keep((type: string): ValidateFunction => ajv.compile(schemaOf(type)));
  ajv.addKeyword({
    keyword: 'fhirType',
    compile: (type: string) => (type === 'Resource' ? resourceKeyword(validatorOf) : typeKeyword(type, validatorOf)),
  });
  return validatorOf;
}
