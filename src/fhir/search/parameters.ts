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
  /** What a posted definition allows less of than its type has; absent: all of it. */
  readonly limits?: Limits;
  /** Posted, and not all resources are indexed by it yet: it finds nothing until they are. */
  readonly indexing?: true;
}

/** https://hl7.org/fhir/R4/searchparameter-definitions.html#SearchParameter.multipleOr and those after it. */
export interface Limits {
  /** False: one value only, no comma. */
  readonly multipleOr?: false;
  /** False: once only. */
  readonly multipleAnd?: false;
  readonly comparators?: readonly string[];
  readonly modifiers?: readonly string[];
  /** Parameters that may be chained to it. */
  readonly chains?: readonly string[];
}

interface Distilled extends Omit<SearchParameter, 'expression'> {
  readonly base: readonly string[];
  readonly expression?: string;
}

/** Searched in the whole text of resources: they have no expression. https://hl7.org/fhir/R4/search.html#text */
const textParameters: ReadonlySet<string> = new Set(['_text', '_content']);

/** Whether the parameter asks for words of the resource's text. */
export function isFullText({ code }: SearchParameter): boolean {
  return textParameters.has(code);
}

// Of those without an expression only these are search parameters of a resource; _query is none.
const all = lazy(() =>
  readGenerated<readonly Distilled[]>('search-parameters.json').flatMap(({ expression, ...parameter }) => {
    if (expression !== undefined) return [{ ...parameter, expression }];
    return textParameters.has(parameter.code) ? [{ ...parameter, expression: '' }] : [];
  }),
);

const byCode: (type: string) => ReadonlyMap<string, SearchParameter> = keep(
  (type: string) =>
    new Map(
      all()
        .filter(({ base }) => base.some((one) => isA(type, one)))
        .map(({ base: _, ...parameter }) => [parameter.code, parameter]),
    ),
);

/** What resources can be searched by: R4's own parameters, and those that were posted. */
export interface SearchParameters {
  /** The number of the state that is seen; another one when they have changed. */
  readonly version: number;
  /** All of a concrete type, `_id` and the like included: the same list as long as none of them has changed. */
  parameters(type: string): readonly SearchParameter[];
  parameter(type: string, code: string): SearchParameter | undefined;
  /** By canonical URL, of any type. */
  byUrl(url: string): SearchParameter | undefined;
  /** The number of the posted parameters' state; it travels with what was indexed by it. 1: there are none. */
  readonly generation: number;
  /** Whether these are only some of those of their types; what is contained is indexed by all of them at once. */
  readonly isPart?: true;
}

const byUrl = lazy(() => new Map(all().map(({ base: _, ...parameter }) => [parameter.url, parameter])));
const listed: (type: string) => readonly SearchParameter[] = keep((type: string) => [...byCode(type).values()]);
const none: readonly SearchParameter[] = [];

/** R4's own and no others. */
export const r4Parameters: SearchParameters = {
  version: 0,
  parameters: (type) => (isResourceType(type) ? listed(type) : none),
  parameter: (type, code) => (isResourceType(type) ? byCode(type).get(code) : undefined),
  byUrl: (url) => byUrl().get(url),
  generation: 1,
};

/** The parameter `code` of a type, among those of `where`. */
export function parameterOf(
  { parameters = r4Parameters }: WithParameters,
  type: string,
  code: string,
): SearchParameter | undefined {
  return parameters.parameter(type, code);
}

/** What carries the search parameters that hold where it is; absent: R4's own. */
export interface WithParameters {
  readonly parameters?: SearchParameters | undefined;
}
