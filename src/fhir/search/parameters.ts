/**
 * The search parameters of R4, for each concrete type those of Resource and DomainResource included.
 * https://hl7.org/fhir/R4/searchparameter-registry.html
 */

import { keep, lazy, readGenerated } from '../definitions/generated.ts';
import { isA, isResourceType } from '../definitions/types.ts';

type SearchParameterType =
  | 'number'
  | 'date'
  | 'string'
  | 'token'
  | 'reference'
  | 'composite'
  | 'quantity'
  | 'uri'
  | 'special';

export interface SearchParameter {
  readonly url: string;
  /** The name in a search URL. */
  readonly code: string;
  readonly type: SearchParameterType;
  readonly expression: string;
  /** Types that a reference parameter may point at; absent: any, or no reference. */
  readonly targets?: readonly string[];
  /** Of a composite: the parameters (by URL) and how each is read from an element of `expression`. */
  readonly components?: readonly { readonly url: string; readonly expression: string }[];
}

interface Distilled extends Omit<SearchParameter, 'expression'> {
  readonly base: readonly string[];
  readonly expression?: string;
}

// Those without an expression (_text, _content, _query) are not read from the resource.
const all = lazy(() =>
  readGenerated<readonly Distilled[]>('search-parameters.json').filter(
    (parameter): parameter is Distilled & { expression: string } => parameter.expression !== undefined,
  ),
);

const byCode: (type: string) => ReadonlyMap<string, SearchParameter> = keep(
  (type: string) =>
    new Map(
      all()
        .filter(({ base }) => base.some((one) => isA(type, one)))
        .map(({ base: _, ...parameter }) => [parameter.code, parameter]),
    ),
);

/** All parameters that resources of a concrete type can be searched by, `_id` and the like included. */
export function searchParameters(type: string): readonly SearchParameter[] {
  return isResourceType(type) ? [...byCode(type).values()] : [];
}

/** The parameter `code` of a concrete type. */
export function searchParameter(type: string, code: string): SearchParameter | undefined {
  return isResourceType(type) ? byCode(type).get(code) : undefined;
}
