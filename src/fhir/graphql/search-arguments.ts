/**
 * Arguments of a list or connection as a search: hyphens are underscores, values of an array are ORed, a comma is no more
 * than a comma. https://hl7.org/fhir/R4/graphql.html#searching
 */
import { FhirError } from '../../shared/errors.ts';
import { r4Parameters, type SearchParameters } from '../search/parameters.ts';
import { textOf, type Value } from './arguments.ts';

/** Parameters of a search that are no criteria, and criteria that are no elements. */
const common = new Set(['_count', '_sort', '_total', '_filter', '_text', '_content', '_list', '_has']);

/** Arguments that are the query's own. */
const own = new Set(['fhirpath', '_reference', '_cursor', 'cursor']);

/** `referrer` is the resource at which the found ones point by the parameter that `_reference` names. */
export function searchParams(
  { type, args }: { readonly type: string; readonly args: ReadonlyMap<string, Value> },
  { parameters = r4Parameters, referrer }: { parameters?: SearchParameters | undefined; referrer: string | undefined },
): URLSearchParams {
  const params = new URLSearchParams();
  const codes = new Map(parameters.parameters(type).map(({ code }) => [code.replaceAll('-', '_'), code]));
  for (const [name, value] of args) {
    if (own.has(name)) continue;
    const code = codes.get(name) ?? (common.has(name) ? name : undefined);
    if (code === undefined)
      throw new FhirError('invalid', `${type} has no search parameter ${name}.`, { expression: [`${type}.${name}`] });
    params.append(code, criterionOf(name, value));
  }
  const reference = args.get('_reference');
  if (referrer === undefined) {
    if (reference !== undefined) throw new FhirError('invalid', '_reference is for lists within a resource.');
    return params;
  }
  if (reference === undefined) throw new FhirError('invalid', `${type}List within a resource needs _reference.`);
  const code = codes.get(textOf('_reference', reference));
  if (code === undefined)
    throw new FhirError('invalid', `${type} has no search parameter ${textOf('_reference', reference)}.`);
  params.append(code, referrer);
  return params;
}

function criterionOf(name: string, value: Value): string {
  if (name === '_filter' || name === '_sort') return textOf(name, value);
  const values = Array.isArray(value) ? (value as readonly Value[]) : [value];
  return values.map((one) => textOf(name, one).replaceAll(',', '\\,')).join(',');
}
