/**
 * Runs a request that was put off, as its caller, and keeps the answer.
 * https://hl7.org/fhir/R4/async.html
 */
import { FhirError } from '../../shared/errors.ts';
import { finishRequest, type StoredRequest, startRequest } from '../../store/async/requests.ts';
import type { JobHandler } from '../../store/jobs/job.ts';
import type { Access, Caller } from '../access.ts';
import type { Context } from '../context.ts';
import { type Match, match, perform } from '../interactions/perform.ts';
import { toOutcome } from '../outcome.ts';
import type { Reply } from '../reply.ts';
import { readAsked } from './asked.ts';
import { keptHours } from './kick-off.ts';

export interface RunOptions {
  /** Without an access: each request has its caller's. */
  readonly context: Omit<Context, 'access'>;
  /** The access that a ticket stands for, now. Throws `unauthenticated` when it has none any more. */
  readonly resume: (ticket: string, caller: Pick<Caller, 'address' | 'requestId'>) => Promise<Access>;
}

/** The handler of `asyncJob`. Whatever comes of the request is its answer; it rejects only when that cannot be kept. */
export function asyncRunner({ context, resume }: RunOptions): JobHandler {
  return async ({ id }) => {
    const started = await startRequest(context.store.db, String(id), context.now());
    // Cancelled, expired or answered.
    if (!started) return;
    const { status, text } = await answer({ context, resume }, started.request, started.again);
    const expires = new Date(context.now().getTime() + keptHours * 3_600_000);
    await finishRequest(context.store.db, String(id), { status, answer: text, expires });
  };
}

async function answer(options: RunOptions, stored: StoredRequest, again: boolean): Promise<Reply> {
  const { context, resume } = options;
  const { method, path, caller, request } = readAsked(stored.request);
  try {
    const found = match(method, path);
    // Nobody knows how far a process got that died in the middle: what only looks is looked at again.
    if (again && writes(found.interaction)) throw interrupted();
    const access = await resume(stored.ticket, caller).catch(ended);
    return await perform({ ...context, access }, found, request);
  } catch (error) {
    const { requestId } = caller;
    if (!(error instanceof FhirError)) context.log.error('A request that was put off failed.', { error, requestId });
    const text = JSON.stringify(toOutcome(error, requestId));
    return { status: error instanceof FhirError ? error.status : 500, text };
  }
}

function writes({ code, action }: Match['interaction']): boolean {
  return code === 'transaction' || action === 'C' || action === 'U' || action === 'D';
}

function interrupted(): FhirError {
  const message =
    'The server stopped while it worked on this request. It may have been carried out: look before you send it again.';
  return new FhirError('fault', message);
}

function ended(error: unknown): never {
  if (!(error instanceof FhirError) || error.kind !== 'unauthenticated') throw error;
  throw new FhirError('forbidden', 'The access that this was asked with has ended before it was carried out.');
}
