/**
 * What R4's own extensions limit an answer to: lengths, ranges, digits, expressions, media types, sizes, targets of references.
 * https://hl7.org/fhir/R4/questionnaire-profiles.html#extensions
 */
import { FhirError } from '../../../shared/errors.ts';
import { compare, isObject, type Json } from '../../fhirpath/collection.ts';
import { typeOfReference } from '../../search/extract-reference.ts';
import { matching } from '../../terminology/regex.ts';
import { canonical, ucumSystem } from '../../terminology/ucum.ts';
import { show } from '../explain.ts';
import { choiceOf, type Question } from './form.ts';

const homes = ['http://hl7.org/fhir/StructureDefinition/', 'http://hl7.org/fhir/uv/sdc/StructureDefinition/'];

/** The values of an extension of the question. */
export function limitsOf({ extension }: Question, name: string): readonly unknown[] {
  return extension
    .filter(({ url }) => homes.some((home) => url === home + name))
    .map((one) => choiceOf(one, 'value')?.value);
}

type Limit = (value: unknown, limit: unknown) => string | undefined;

const text = (value: unknown) => (typeof value === 'string' ? value : undefined);

/** What is compared of a Quantity whose limit is a plain number. */
const plain = (value: unknown) => (isObject(value) ? value['value'] : value);

/** A Quantity in base units; undefined: it has no unit of UCUM to be compared by. */
function measured(quantity: Json) {
  const { system, code, value } = quantity;
  return system === ucumSystem && typeof code === 'string' && typeof value === 'number'
    ? canonical(value, code)
    : undefined;
}

function quantityProblem(value: unknown, limit: Json, op: '>=' | '<='): string | undefined {
  const [given, wanted] = [isObject(value) ? measured(value) : undefined, measured(limit)];
  if (!given || !wanted || given.unit !== wanted.unit)
    return `The answer cannot be compared with ${show(limit)}, because the units have no common measure.`;
  return compare(op, given.value, wanted.value) ? undefined : rangeText(op, limit);
}

const rangeText = (op: '>=' | '<=', limit: unknown) =>
  `The answer must be at ${op === '>=' ? 'least' : 'most'} ${show(limit)}.`;

const range =
  (op: '>=' | '<='): Limit =>
  (value, limit) => {
    if (isObject(limit)) return quantityProblem(value, limit, op);
    return compare(op, plain(value), limit) === false ? rangeText(op, limit) : undefined;
  };

function digitsOf(value: unknown): number {
  const [, digits = ''] = String(plain(value)).split('.');
  return digits.length;
}

function matches(value: string, expression: string): boolean | undefined {
  try {
    return matching(expression, [value])[0];
  } catch (error) {
    // The form is at fault, not the answer.
    if (error instanceof FhirError) return undefined;
    throw error;
  }
}

function sizeOf(value: unknown): number | undefined {
  if (!isObject(value)) return undefined;
  const { data, size } = value;
  const decoded = typeof data === 'string' ? Buffer.byteLength(data, 'base64') : undefined;
  return decoded ?? (typeof size === 'number' ? size : undefined);
}

const limits: Readonly<Record<string, Limit>> = {
  minLength: (value, least) => {
    const given = text(value);
    return given !== undefined && given.length < Number(least)
      ? `The answer has ${given.length} characters, ${least} are wanted at least.`
      : undefined;
  },
  minValue: range('>='),
  maxValue: range('<='),
  'sdc-questionnaire-minQuantity': range('>='),
  'sdc-questionnaire-maxQuantity': range('<='),
  maxDecimalPlaces: (value, most) =>
    digitsOf(value) > Number(most) ? `The answer may have ${most} digits after the point.` : undefined,
  regex: (value, expression) => {
    const given = text(value);
    return given !== undefined && matches(given, String(expression)) === false
      ? `The answer must be of the form ${show(expression)}.`
      : undefined;
  },
  maxSize: (value, most) => {
    const size = sizeOf(value);
    return size !== undefined && size > Number(most)
      ? `The attachment has ${size} bytes, ${most} are allowed.`
      : undefined;
  },
};

/** Limits of which one is enough. */
function choiceProblem(question: Question, value: unknown): string | undefined {
  const types = limitsOf(question, 'mimeType');
  const type = isObject(value) ? value['contentType'] : undefined;
  if (types.length > 0 && type !== undefined && !types.includes(type)) {
    return `The attachment is ${show(type)}, allowed are ${types.join(', ')}.`;
  }
  const targets = limitsOf(question, 'questionnaire-referenceResource');
  const target = targets.length > 0 ? typeOfReference(value) : undefined;
  if (target === undefined || targets.includes(target)) return undefined;
  return `A reference to ${target} is not allowed here, only to ${targets.join(', ')}.`;
}

function unitProblem(question: Question, { system, code }: Json): string | undefined {
  const units = limitsOf(question, 'questionnaire-unitOption').filter(isObject);
  if (units.length === 0 || units.some((unit) => unit['code'] === code && unit['system'] === system)) return undefined;
  return `The unit is none of ${units.map((unit) => show(unit['code'])).join(', ')}.`;
}

/** What is wrong with the value of one answer. */
export function limitProblems(question: Question, value: unknown): readonly string[] {
  const { maxLength, type } = question;
  const given = typeof value === 'object' ? undefined : String(value);
  const found = Object.entries(limits).flatMap(([name, limit]) =>
    limitsOf(question, name).map((wanted) => limit(value, wanted)),
  );
  const isLong = maxLength !== undefined && given !== undefined && given.length > maxLength;
  const long = isLong ? `The answer has ${given.length} characters, ${maxLength} are allowed.` : undefined;
  const unit = type === 'quantity' && isObject(value) ? unitProblem(question, value) : undefined;
  return [long, ...found, choiceProblem(question, value), unit].filter((problem) => problem !== undefined);
}
