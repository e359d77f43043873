/**
 * Which values a parameter of an operation takes.
 * https://hl7.org/fhir/R4/operationdefinition-definitions.html#OperationDefinition.parameter.type
 */
import { isResourceType } from '../definitions/types.ts';
import { formats } from '../validation/primitives.ts';

/** Types that clients write one for the other; what is meant is plain. */
const alike: readonly ReadonlySet<string>[] = [
  new Set(['string', 'markdown', 'code', 'id', 'uri', 'url', 'canonical', 'oid', 'uuid']),
  new Set(['integer', 'unsignedInt', 'positiveInt', 'decimal']),
  new Set(['date', 'dateTime', 'instant']),
];

const numbers: Readonly<Record<string, RegExp>> = {
  boolean: /^(?:true|false)$/,
  integer: /^[+-]?\d{1,10}$/,
  unsignedInt: /^\d{1,10}$/,
  positiveInt: /^[1-9]\d{0,9}$/,
  decimal: /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/,
};

const anything = new Set(['Any', 'Element', 'Type', '*']);

/** Whether the parameter takes a resource. */
export function isResourceParameter(type: string | undefined): boolean {
  return (
    type === 'Any' || type === 'Resource' || type === 'DomainResource' || (type !== undefined && isResourceType(type))
  );
}

/** Whether a parameter of a type takes what was given: a resource's type, or what stands after `value`. */
export function fits(type: string | undefined, given: string): boolean {
  if (type === undefined) return false;
  if (anything.has(type) || type === given) return true;
  if (isResourceType(given)) return type === 'Resource' || type === 'DomainResource';
  const lower = `${given.charAt(0).toLowerCase()}${given.slice(1)}`;
  return type === lower || alike.some((kinds) => kinds.has(type) && kinds.has(lower));
}

/** Whether the text of a URL is a value of the primitive type. */
export function fitsText(type: string | undefined, text: string): boolean {
  if (type === undefined || isResourceParameter(type)) return false;
  if (anything.has(type)) return true;
  const number = Object.hasOwn(numbers, type) ? numbers[type] : undefined;
  if (number) return number.test(text);
  return Object.hasOwn(formats, type) && formats[type]?.test(text) === true;
}
