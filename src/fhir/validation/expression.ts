/**
 * A place in the JSON as the FHIRPath of its element: `/name/0/_family` is `Patient.name[0].family`.
 * https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.expression
 */
import { isResourceType, properties } from '../definitions/types.ts';
import { isObject } from '../fhirpath/collection.ts';

interface Step {
  readonly path: string;
  readonly type: string | undefined;
  readonly value: unknown;
}

function resourceTypeOf(value: unknown): string | undefined {
  const type = isObject(value) ? value['resourceType'] : undefined;
  return typeof type === 'string' && isResourceType(type) ? type : undefined;
}

function child({ path, type, value }: Step, key: string): Step {
  if (Array.isArray(value)) return { path: `${path}[${key}]`, type, value: value[Number(key)] };
  const name = key.startsWith('_') ? key.slice(1) : key;
  const property = properties((type === 'Resource' ? resourceTypeOf(value) : type) ?? '').get(name);
  return {
    path: `${path}.${property?.element.name ?? name}`,
    type: key === name ? property?.type.code : 'Element',
    value: isObject(value) ? value[key] : undefined,
  };
}

/** The expression of the element at a JSON pointer, and its value. `valueQuantity` is `value`. */
export function placeOf(resource: unknown, pointer: string): { readonly path: string; readonly value: unknown } {
  const keys = pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const type = resourceTypeOf(resource);
  let step: Step = { path: type ?? 'Resource', type, value: resource };
  for (const key of keys) step = child(step, key);
  return step;
}
