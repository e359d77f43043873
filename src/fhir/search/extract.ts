/**
 * A resource's index rows: what it can be found by.
 * https://hl7.org/fhir/R4/search.html
 */
import type { IndexRow } from '../../store/search/index-row.ts';
import { isResourceType } from '../definitions/types.ts';
import { containedRows } from './extract-contained.ts';
import { compileExtractor, type Extractor } from './extract-parameter.ts';
import { r4Parameters, type SearchParameter, type SearchParameters, type WithParameters } from './parameters.ts';

/** These are columns of the store. */
const columns = new Set(['_id', '_lastUpdated']);

function compileAll(type: string, parameters: SearchParameters): readonly Extractor[] {
  return parameters
    .parameters(type)
    .filter(({ code }) => !columns.has(code))
    .map((parameter) => compileExtractor(type, parameter, parameters))
    .filter((extractor) => extractor !== undefined);
}

/** By the list of a type's parameters, which is another one when they have changed. */
const compiled = new WeakMap<readonly SearchParameter[], readonly Extractor[]>();

function extractors(type: string, parameters: SearchParameters): readonly Extractor[] {
  const own = parameters.parameters(type);
  const before = compiled.get(own);
  if (before) return before;
  const made = compileAll(type, parameters);
  compiled.set(own, made);
  return made;
}

export interface ExtractOptions extends WithParameters {
  /** The server's own FHIR base without a trailing slash: absolute references below it become local ones. */
  readonly base?: string;
}

/**
 * The index rows of a parsed, valid resource, each once. Of an unknown resource type, or of a value that is not what its
 * type wants, there are no rows; nothing is guessed.
 */
export function extract(resource: unknown, { base, parameters = r4Parameters }: ExtractOptions = {}): IndexRow[] {
  const { resourceType: type, contained } = (resource ?? {}) as Outline;
  if (typeof type !== 'string' || !isResourceType(type)) return [];
  const rows = rowsOf(type, resource, base, parameters);
  if (!Array.isArray(contained) || parameters.isPart) return rows;
  const inner = (one: unknown) => rowsOf((one as { readonly resourceType: string }).resourceType, one, base);
  return [...rows, ...containedRows({ type, contained }, rows, inner)];
}

interface Outline {
  readonly resourceType?: unknown;
  readonly contained?: unknown;
}

function rowsOf(
  type: string,
  resource: unknown,
  base: string | undefined,
  parameters: SearchParameters = r4Parameters,
): IndexRow[] {
  const rows: IndexRow[] = [];
  for (const extractor of extractors(type, parameters)) extractor(resource, base, rows);
  return rows;
}
