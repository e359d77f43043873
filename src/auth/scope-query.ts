/**
 * The search parameters that a granular scope may have: those that can be judged on a resource alone, so that reading,
 * writing and searching by the scope mean the same.
 * http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#finer-grained-resource-constraints-using-search-parameters
 */
import { isResourceType } from '../fhir/definitions/types.ts';
import { parseReference } from '../fhir/search/extract-reference.ts';
import { r4Parameters } from '../fhir/search/parameters.ts';

/** `a,b` is either; a comma that belongs to a value is written `\,`. */
export function alternatives(value: string): readonly string[] {
  return value.split(/(?<!\\),/).map((one) => one.replaceAll('\\,', ','));
}

/** More alternatives than this are no scope but a list of data. */
const mostAlternatives = 50;

/** How a value of each judged kind has to look. Without a type, a reference could be to several things at once. */
const forms: Readonly<Record<string, (value: string) => boolean>> = {
  token: (value) => value !== '|',
  uri: (value) => value !== '',
  reference: (value) => parseReference(value)?.base === '' || /^[a-z][a-z0-9+.-]*:\S+$/i.test(value),
};

/** What every type has, for scopes on `*`. */
const common = 'Basic';

/**
 * Whether a parameter without modifier, chain or prefix, of a kind that can be judged, is one of the type (of all types, for
 * `*`), and its values are of its form.
 */
export function isJudgeable(type: string, [name, value]: readonly [name: string, value: string]): boolean {
  if (type === '*' && !name.startsWith('_')) return false;
  const parameter = r4Parameters.parameter(isResourceType(type) ? type : common, name);
  const form = parameter && forms[parameter.type];
  const values = alternatives(value);
  return form !== undefined && values.length <= mostAlternatives && values.every((one) => one !== '' && form(one));
}
