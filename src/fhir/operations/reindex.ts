/** `$reindex`: makes what resources are found by anew, in the background, or at once for one resource. */
import { FhirError } from '../../shared/errors.ts';
import { resourceKey } from '../../store/keys.ts';
import { indexVersions } from '../../store/reindex/index-versions.ts';
import { storedVersion } from '../../store/reindex/reindex-steps.ts';
import { askReindex } from '../catalogue/ask-reindex.ts';
import { indexOf } from '../catalogue/reindex-batch.ts';
import type { Context } from '../context.ts';
import { gone, notFound } from '../interactions/guard.ts';
import { mayShow } from '../interactions/visible.ts';
import type { Reply } from '../reply.ts';
import { r4Parameters } from '../search/parameters.ts';
import type { Call, Operation } from './operation.ts';
import { parametersReply } from './parameters-out.ts';
import { reindexDefinition } from './reindex-definitions.ts';
import { demandReindex, reindexReply } from './reindex-status.ts';

export const reindex: Operation = { definition: reindexDefinition, permissions: [], action: 'E', alone: true, run };

async function run(context: Context, call: Call): Promise<Reply> {
  demandReindex(context.access);
  if (call.id !== '') return ofInstance(context, call);
  const { user, client } = context.access.caller;
  const job = await askReindex(context, {
    types: typesOf(call),
    searchParameters: call.parameters.all('searchParameter'),
    reason: `asked for by ${user?.name ?? client.name ?? 'a client'}`,
  });
  return reindexReply(job);
}

/** Of the URL, or of the parameters. */
function typesOf({ type, parameters }: Call): readonly string[] {
  const named = parameters.all('type');
  if (type === '') return named;
  if (named.every((one) => one === type)) return [type];
  throw new FhirError('invalid', `The URL is for ${type} alone.`, { expression: ['type'] });
}

/** How many search rows were not as they should be is in the answer. */
async function ofInstance(context: Context, { type, id }: Call): Promise<Reply> {
  const { store, base, parameters = r4Parameters } = context;
  const version = await store.resources.read(type, id);
  if (!version || (!version.deleted && !(await mayShow(context, 'r', version)))) throw notFound(`${type}/${id}`);
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
