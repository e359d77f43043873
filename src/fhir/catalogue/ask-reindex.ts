/** Asks for a reindexing in the background; the job `reindex` (run-reindex.ts) does it. */
import { FhirError } from '../../shared/errors.ts';
import { newId } from '../../shared/id.ts';
import { addReindexJob, openReindexJobs, type ReindexJob, readReindexJob } from '../../store/reindex/reindex-job.ts';
import type { Store } from '../../store/store.ts';
import { isResourceType, resourceTypes } from '../definitions/types.ts';
import { coveringParameters } from '../search/extract-composite.ts';
import { extractorVersion } from '../search/extractor-version.ts';
import { r4Parameters, type SearchParameters, type WithParameters } from '../search/parameters.ts';

export interface AskedReindex {
  /** Resource types; all, when there is none. */
  readonly types: readonly string[];
  /** `Type.code` or canonical URLs; all, when there is none. */
  readonly searchParameters: readonly string[];
  /** Who asks. */
  readonly reason: string;
}

/** `Type.code` of the search parameters that are named; null is all. Throws `invalid` for what none of the types has. */
function paramsOf(
  parameters: SearchParameters,
  types: readonly string[],
  names: readonly string[],
): readonly string[] | null {
  if (names.length === 0) return null;
  const all = types.flatMap((type) =>
    parameters.parameters(type).map((parameter) => ({
      param: `${type}.${parameter.code}`,
      url: parameter.url,
      // Some composites are found by the rows of others.
      of: parameter.type === 'composite' ? coveringParameters(type, parameter) : [parameter],
      type,
    })),
  );
  return names.flatMap((name) => {
    const found = all
      .filter(({ param, url }) => param === name || url === name)
      .flatMap(({ type, of }) => of.map(({ code }) => `${type}.${code}`));
    if (found.length > 0) return found;
    throw new FhirError('invalid', `${JSON.stringify(name)} is no search parameter of these types.`, {
      expression: ['searchParameter'],
    });
  });
}

function isSame(one: readonly string[] | null, other: readonly string[] | null): boolean {
  return JSON.stringify(one && [...one].sort()) === JSON.stringify(other && [...other].sort());
}

/** The job that was asked for already and has not begun, or a new one. Throws `invalid` for unknown types and parameters. */
export async function askReindex(
  { store, parameters = r4Parameters }: WithParameters & { readonly store: Store },
  { types: named, searchParameters, reason }: AskedReindex,
): Promise<ReindexJob> {
  const unknown = named.find((one) => !isResourceType(one));
  if (unknown !== undefined) {
    throw new FhirError('invalid', `${unknown} is no resource type of FHIR R4.`, { expression: ['type'] });
  }
  const wanted = named.length > 0 ? [...new Set(named)] : resourceTypes();
  const params = paramsOf(parameters, wanted, searchParameters);
  const types = params ? wanted.filter((type) => params.some((param) => param.startsWith(`${type}.`))) : wanted;
  return store.transaction(async (inner) => {
    await inner.lock(['reindex plan']);
    const same = (await openReindexJobs(inner)).find(
      (job) => job.state === 'queued' && isSame(job.types, types) && isSame(job.params, params),
    );
    if (same) return same;
    const id = newId();
    const isWhole = params === null && types.length === resourceTypes().length;
    const extractor = isWhole ? extractorVersion : null;
    await addReindexJob(inner, { id, reason, types, params, fingerprints: {}, extractor });
    return (await readReindexJob(inner, id)) as ReindexJob;
  });
}
