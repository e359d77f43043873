/** Carries out an export as its caller, file by file into the store. https://hl7.org/fhir/uv/bulkdata/STU2/export.html */
import { FhirError } from '../../shared/errors.ts';
import {
  findExport,
  finishExport,
  noteProgress,
  type StoredExport,
  settleWrites,
  startExport,
} from '../../store/bulk/exports.ts';
import type { JobHandler } from '../../store/jobs/job.ts';
import { keptHours } from '../async/kick-off.ts';
import type { RunOptions } from '../async/run.ts';
import type { Context } from '../context.ts';
import { toOutcome } from '../outcome.ts';
import { type Asked, membersOf } from './asked.ts';
import { collect, type Wanted } from './collect.ts';
import { fileWriter } from './write-files.ts';

/** The handler of `bulkJob`. A process that ends in the middle leaves it to another one, which begins anew. */
export function bulkRunner(options: RunOptions): JobHandler {
  const { store, now } = options.context;
  return async ({ id }, signal) => {
    const moment = now();
    const found = await findExport(store.db, String(id), moment);
    // Cancelled, expired or answered.
    if (!found || !(await startExport(store.db, found.id, moment))) return;
    const end = await carryOut(options, found, { asked: JSON.parse(found.request) as Asked, moment, signal });
    if (!end) return;
    const expires = new Date(now().getTime() + keptHours * 3_600_000);
    await finishExport(store.db, found.id, { ...end, now: now(), expires });
  };
}

interface End {
  readonly status: number;
  readonly failure?: string;
}

/** Undefined when nobody waits for it any more. */
async function carryOut({ context, resume }: RunOptions, found: StoredExport, work: Work): Promise<End | undefined> {
  const { address, requestId } = work.asked;
  const caller = { ...(address === undefined ? {} : { address }), ...(requestId === undefined ? {} : { requestId }) };
  try {
    const access = await resume(found.ticket, caller).catch(ended);
    return (await write({ ...context, access }, found, work)) ? { status: 200 } : undefined;
  } catch (error) {
    if (work.signal.aborted) throw error;
    const failure = JSON.stringify(toOutcome(error, requestId));
    if (error instanceof FhirError) return { status: error.status, failure };
    context.log.error('A bulk export failed.', { error, export: found.id });
    return { status: 500, failure };
  }
}

interface Work {
  readonly asked: Asked;
  readonly moment: Date;
  readonly signal: AbortSignal;
}

/** Whether it was waited for to the end. */
async function write(context: Context, { id }: StoredExport, { asked, moment, signal }: Work): Promise<boolean> {
  const { db } = context.store;
  await settleWrites(db);
  const wanted: Wanted = { types: asked.types, since: asked.since, of: await scopeOf(context, asked), until: moment };
  const writer = fileWriter(db, id);
  let done = 0;
  for await (const { versions, seen } of collect(context, wanted)) {
    signal.throwIfAborted();
    for (const version of versions) await writer.add(version);
    done += seen;
    if (!(await noteProgress(db, id, done))) return false;
  }
  await writer.close();
  return true;
}

async function scopeOf(context: Context, { level, group, patients }: Asked): Promise<Wanted['of']> {
  if (level === 'system') return 'system';
  if (group === undefined) return patients ?? 'patients';
  const members = await membersOf(context, group);
  return patients ? members.filter((id) => patients.includes(id)) : members;
}

function ended(error: unknown): never {
  if (!(error instanceof FhirError) || error.kind !== 'unauthenticated') throw error;
  throw new FhirError('forbidden', 'The access that this was asked with has ended before it was carried out.');
}
