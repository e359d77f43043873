/** `$reindex`: makes what resources are found by anew, in the background, or at once for one resource. */
import { FhirError } from '../../shared/errors.ts';
import { newId } from '../../shared/id.ts';
import { resourceKey } from '../../store/keys.ts';
import { indexVersions } from '../../store/reindex/index-versions.ts';
import { addReindexJob, openReindexJobs, type ReindexJob, readReindexJob } from '../../store/reindex/reindex-job.ts';
import { storedVersion } from '../../store/reindex/reindex-steps.ts';
import { indexOf } from '../catalogue/reindex-batch.ts';
import type { Context } from '../context.ts';
import { isResourceType, resourceTypes } from '../definitions/types.ts';
import { gone, mayShow, notFound } from '../interactions/guard.ts';
import type { Reply } from '../reply.ts';
import { coveringParameters } from '../search/extract-composite.ts';
import { extractorVersion } from '../search/extractor-version.ts';
import { r4Parameters, type SearchParameters } from '../search/parameters.ts';
import type { Call, Operation } from './operation.ts';
import { parametersReply } from './parameters-out.ts';
import { reindexDefinition } from './reindex-definitions.ts';
import { demandReindex, reindexReply } from './reindex-status.ts';

export const reindex: Operation = { definition: reindexDefinition, permissions: [], action: 'E', run };

async function run(context: Context, call: Call): Promise<Reply> {
  demandReindex(context.access);
  if (call.id !== '') return ofInstance(context, call);
  const types = typesOf(call);
  const params = paramsOf(context.parameters ?? r4Parameters, types, call.parameters.all('searchParameter'));
  const scope = params ? types.filter((type) => params.some((param) => param.startsWith(`${type}.`))) : types;
  return reindexReply(await enqueue(context, scope, params));
}

/** Of the URL, of the parameters, or all. */
function typesOf({ type, parameters }: Call): readonly string[] {
  const named = parameters.all('type');
  const unknown = named.find((one) => !isResourceType(one));
  if (unknown !== undefined) {
    throw new FhirError('invalid', `${unknown} is no resource type of FHIR R4.`, { expression: ['type'] });
  }
  if (type === '') return named.length > 0 ? [...new Set(named)] : resourceTypes();
  if (named.some((one) => one !== type)) {
    throw new FhirError('invalid', `The URL is for ${type} alone.`, { expression: ['type'] });
  }
  return [type];
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

/** The one that is asked for already, or a new one. */
async function enqueue(
  { store, access }: Context,
  types: readonly string[],
  params: readonly string[] | null,
): Promise<ReindexJob> {
  return store.transaction(async (inner) => {
    await inner.lock(['reindex plan']);
    const same = (await openReindexJobs(inner)).find(
      (job) => job.state === 'queued' && isSame(job.types, types) && isSame(job.params, params),
    );
    if (same) return same;
    const id = newId();
    const isWhole = params === null && types.length === resourceTypes().length;
    const { user, client } = access.caller;
    const reason = `asked for by ${user?.name ?? client.name ?? 'a client'}`;
    const extractor = isWhole ? extractorVersion : null;
    await addReindexJob(inner, { id, reason, types, params, fingerprints: {}, extractor });
    return (await readReindexJob(inner, id)) as ReindexJob;
  });
}

function isSame(one: readonly string[] | null, other: readonly string[] | null): boolean {
  return JSON.stringify(one && [...one].sort()) === JSON.stringify(other && [...other].sort());
}

/** Whether what the resource is found by differed from what it should be found by is in the answer. */
async function ofInstance(context: Context, { type, id }: Call): Promise<Reply> {
  const { store, access, base, parameters = r4Parameters } = context;
  const version = await store.resources.read(type, id);
  if (!version || (!version.deleted && !mayShow(access, 'r', version))) throw notFound(`${type}/${id}`);
  if (version.deleted) throw gone(`${type}/${id}`);
  const stored = await storedVersion(store, resourceKey(type, id));
  const versions = await indexOf(stored ? [stored] : [], { parameters, base });
  const { current, changed } = await store.transaction(({ db }) => indexVersions(db, { versions }));
  if (current === 0) throw new FhirError('conflict', `${type}/${id} was changed meanwhile, and indexed with that.`);
  return parametersReply([
    { name: 'status', valueCode: 'completed' },
    { name: 'done', valueDecimal: current },
    { name: 'changed', valueDecimal: changed },
  ]);
}
