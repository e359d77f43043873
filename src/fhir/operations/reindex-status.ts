/** `$reindex-status` and `$reindex-cancel`: what becomes of reindexing, for administrators. */
import type { ParametersParameter } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import { cancelReindexJob, listReindexJobs, type ReindexJob, readReindexJob } from '../../store/reindex/reindex-job.ts';
import type { Access } from '../access.ts';
import type { Context } from '../context.ts';
import { resourceTypes } from '../definitions/types.ts';
import { notFound } from '../interactions/guard.ts';
import type { Reply } from '../reply.ts';
import type { Call, Operation } from './operation.ts';
import { parametersReply } from './parameters-out.ts';
import { reindexCancelDefinition, reindexStatusDefinition } from './reindex-definitions.ts';

/** Throws `forbidden` but for administrators, and systems that may change what the server searches by. */
export function demandReindex({ may, caller }: Access): void {
  const isAdministrator = caller.userId === undefined || caller.role === 'ADMINISTRATEUR';
  if (isAdministrator && may('u', 'SearchParameter')) return;
  throw new FhirError('forbidden', 'Only administrators may reindex.');
}

const number = (name: string, value: string | number | null): ParametersParameter[] =>
  value === null ? [] : [{ name, valueDecimal: Number(value) }];
const instant = (name: string, value: Date | null): ParametersParameter[] =>
  value === null ? [] : [{ name, valueInstant: value.toISOString() }];

/** Versions a second since the job began, also over times in which no process worked on it. */
function rate({ started, updated, finished, done }: ReindexJob): number | null {
  if (!started) return null;
  const seconds = ((finished ?? updated).getTime() - started.getTime()) / 1000;
  return seconds > 0 ? Math.round(Number(done) / seconds) : null;
}

/** None stands for all of them. */
function typesOf({ types }: ReindexJob): readonly string[] {
  return types.length === resourceTypes().length ? [] : types;
}

/** A job as parameters. */
function reindexParameters(job: ReindexJob): ParametersParameter[] {
  return [
    { name: 'job', valueId: job.id },
    { name: 'status', valueCode: job.state },
    { name: 'reason', valueString: job.reason },
    ...typesOf(job).map((type) => ({ name: 'type', valueCode: type })),
    ...(job.params ?? []).map((param) => ({ name: 'searchParameter', valueString: param })),
    ...number('total', job.total),
    ...number('done', job.done),
    ...number('verified', job.verified),
    ...number('changed', job.changed),
    ...number('perSecond', rate(job)),
    ...instant('created', job.created),
    ...instant('started', job.started),
    ...instant('updated', job.updated),
    ...instant('finished', job.finished),
    ...(job.problem === null ? [] : [{ name: 'problem', valueString: job.problem }]),
  ];
}

/** 202 with the status' address while the job is not done. https://hl7.org/fhir/R4/async.html */
export function reindexReply(job: ReindexJob): Reply {
  const reply = parametersReply(reindexParameters(job));
  if (job.state !== 'queued' && job.state !== 'running') return reply;
  const progress = job.total === null ? job.state : `${job.done} of ${job.total}`;
  return { ...reply, status: 202, later: { at: `$reindex-status?job=${job.id}`, progress } };
}

async function jobOf({ store }: Context, { parameters }: Call): Promise<ReindexJob> {
  const id = parameters.one('job') ?? '';
  const job = await readReindexJob(store, id);
  if (!job) throw notFound(`Reindexing ${id}`);
  return job;
}

/** Versions shown of the list. */
const SHOWN = 50;

export const reindexStatus: Operation = {
  definition: reindexStatusDefinition,
  permissions: [],
  action: 'E',
  async run(context, call) {
    demandReindex(context.access);
    if (call.parameters.one('job') !== undefined) return reindexReply(await jobOf(context, call));
    const jobs = await listReindexJobs(context.store, SHOWN);
    return parametersReply(jobs.map((job) => ({ name: 'reindex', part: reindexParameters(job) })));
  },
};

export const reindexCancel: Operation = {
  definition: reindexCancelDefinition,
  permissions: [],
  action: 'E',
  alone: true,
  async run(context, call) {
    demandReindex(context.access);
    const job = await jobOf(context, call);
    if (!(await cancelReindexJob(context.store, job.id))) {
      throw new FhirError('conflict', `Reindexing ${job.id} is ${job.state}.`);
    }
    return parametersReply(reindexParameters(await jobOf(context, call)));
  },
};
