/** R4's search parameters and the posted ones together. */
import { isResourceType } from '../definitions/types.ts';
import { r4Parameters, type SearchParameter, type SearchParameters } from '../search/parameters.ts';
import type { PostedParameter } from './posted-parameter.ts';

/** A posted parameter as it is for one type. */
export interface Effective {
  /** `Type.code`. */
  readonly param: string;
  readonly type: string;
  readonly posted: PostedParameter;
}

/** In the same order in every process: of one URL the newest wins, of one code the one with the smallest id. */
function inOrder(a: PostedParameter, b: PostedParameter): number {
  if (a.url === b.url && a.updated !== b.updated) return a.updated > b.updated ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

/**
 * What the posted parameters add: for each type and code one of them. What R4 has by that code stays R4's, so that what
 * access is narrowed by, and what compartments are made of, never changes its meaning.
 */
export function effective(posted: readonly PostedParameter[]): readonly Effective[] {
  const found = new Map<string, Effective>();
  for (const one of [...posted].sort(inOrder)) {
    for (const type of one.types) {
      const param = `${type}.${one.parameter.code}`;
      if (found.has(param) || r4Parameters.parameter(type, one.parameter.code)) continue;
      found.set(param, { param, type, posted: one });
    }
  }
  return [...found.values()];
}

interface State {
  /** The number of this state in this process. */
  readonly version: number;
  /** The number of the posted parameters' state in the database. */
  readonly generation: number;
  /** `Type.code` of what all resources are indexed by. */
  readonly indexed: ReadonlySet<string>;
}

/** The parameters of R4 and `added`; types without posted ones keep R4's own lists. */
export function mergedParameters(
  added: readonly Effective[],
  { version, generation, indexed }: State,
): SearchParameters {
  const byType = new Map<string, Map<string, SearchParameter>>();
  for (const { param, type, posted } of added) {
    const { parameter } = posted;
    const of = byType.get(type) ?? new Map(r4Parameters.parameters(type).map((own) => [own.code, own]));
    byType.set(type, of.set(parameter.code, indexed.has(param) ? parameter : { ...parameter, indexing: true }));
  }
  const lists = new Map([...byType].map(([type, own]) => [type, [...own.values()]]));
  const byUrl = new Map(added.map(({ posted }) => [posted.url, posted.parameter]));
  return {
    version,
    generation,
    parameters: (type) => lists.get(type) ?? r4Parameters.parameters(type),
    parameter: (type, code) =>
      isResourceType(type) ? (byType.get(type)?.get(code) ?? r4Parameters.parameter(type, code)) : undefined,
    byUrl: (url) => r4Parameters.byUrl(url) ?? byUrl.get(url),
  };
}
