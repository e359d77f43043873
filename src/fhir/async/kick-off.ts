/**
 * Takes a request that is answered later: it is stored and queued in one transaction, so that neither a restart nor a crash
 * loses it. https://hl7.org/fhir/R4/async.html#3.1.6.4
 */
import { FhirError } from '../../shared/errors.ts';
import { newId } from '../../shared/id.ts';
import { countRequests, insertRequest, removeExpiredRequests } from '../../store/async/requests.ts';
import type { Caller } from '../access.ts';
import { audited } from '../audit/audited.ts';
import type { Context } from '../context.ts';
import { outcome } from '../outcome.ts';
import type { Reply } from '../reply.ts';

/** The job's name; its payload is `{ id }`. */
export const asyncJob = 'async-request';

/** How long an answer, or a request without one, is kept; hours. */
export const keptHours = 24;

/** Of one client and person at once: waiting or running, and with answers that wait to be fetched. */
const maxOpen = 8;
const maxKept = 64;

/** Client, person and what they may: what is stored for them is for nobody else, and for no other patient's context. */
export function ownerOf({ clientId, client, userId, rights }: Caller): string {
  return JSON.stringify([clientId ?? client.name, userId ?? null, ...(rights === undefined ? [] : [rights])]);
}

export interface KickOff {
  /** Below the base, as it was asked. */
  readonly url: string;
  /** `askedText` */
  readonly request: string;
  readonly ticket: string;
}

/** The status of what was taken is at `_async/ID`. Throws `throttled`. */
export function kickOff(context: Context, asked: KickOff): Promise<Reply & { readonly location: string }> {
  const id = newId(context.now().getTime());
  const deed = { code: 'operation', action: 'E', query: `_async/${id}: ${asked.url}` } as const;
  const reply = audited(context, deed, async (inner) => {
    await enqueue(inner, id, asked);
    const diagnostics = `The request was taken; its status is at _async/${id}.`;
    const text = JSON.stringify(outcome([{ severity: 'information', code: 'informational', diagnostics }]));
    return { status: 202, text };
  });
  return reply.then((done) => ({ ...done, location: `${context.base}/_async/${id}` }));
}

function enqueue({ store, access, now, base }: Context, id: string, { url, request, ticket }: KickOff): Promise<void> {
  const owner = ownerOf(access.caller);
  const created = now();
  const expires = new Date(created.getTime() + keptHours * 3_600_000);
  return store.transaction(async (inner) => {
    await inner.lock([`async ${owner}`]);
    await removeExpiredRequests(inner.db, created);
    const { open, all } = await countRequests(inner.db, owner);
    if (open >= maxOpen || all >= maxKept) {
      const message = `You have ${open} requests under way and ${all} kept; ${maxOpen} and ${maxKept} are the most. Delete some, or wait.`;
      throw new FhirError('throttled', message, { retryAfter: 30 });
    }
    await insertRequest(inner.db, { id, owner, ticket, url: `${base}/${url}`, request, created, expires });
    await inner.jobs.add({ name: asyncJob, payload: { id } });
  });
}
