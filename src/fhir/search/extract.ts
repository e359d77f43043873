/**
 * A resource's index rows: what it can be found by.
 * https://hl7.org/fhir/R4/search.html
 */
import type { IndexRow } from '../../store/search/index-row.ts';
import { keep } from '../definitions/generated.ts';
import { isResourceType } from '../definitions/types.ts';
import { compileExtractor, type Extractor } from './extract-parameter.ts';
import { searchParameters } from './parameters.ts';

/** These are columns of the store. */
const columns = new Set(['_id', '_lastUpdated']);

const extractors: (type: string) => readonly Extractor[] = keep((type: string) =>
  searchParameters(type)
    .filter(({ code }) => !columns.has(code))
    .map((parameter) => compileExtractor(type, parameter))
    .filter((extractor) => extractor !== undefined),
);

/**
 * The index rows of a parsed, valid resource, each once. `base` is the server's own FHIR base without a trailing slash:
 * absolute references below it become local ones. Of an unknown resource type, or of a value that is not what its type
 * wants, there are no rows; nothing is guessed.
 */
export function extract(resource: unknown, { base }: { readonly base?: string } = {}): IndexRow[] {
  const type = (resource as { readonly resourceType?: unknown } | null)?.resourceType;
  if (typeof type !== 'string' || !isResourceType(type)) return [];
  const rows: IndexRow[] = [];
  for (const extractor of extractors(type)) extractor(resource, base, rows);
  return rows;
}
