/**
 * What has become of a request that was put off: only who asked for it may know.
 * https://hl7.org/fhir/R4/async.html
 */
import { STATUS_CODES } from 'node:http';
import { FhirError } from '../../shared/errors.ts';
import { newId } from '../../shared/id.ts';
import { findRequest, removeRequest, type StoredRequest } from '../../store/async/requests.ts';
import { audited } from '../audit/audited.ts';
import type { Context } from '../context.ts';
import type { Reply } from '../reply.ts';
import { bundleText } from '../search/bundle.ts';
import { ownerOf } from './kick-off.ts';

export interface Status {
  readonly reply: Reply;
  /** Not finished: a word for people, and after how many seconds to ask again. */
  readonly progress?: { readonly text: string; readonly retryAfter: number };
  /** Until when the answer is kept. */
  readonly expires?: Date;
  /** Not a resource, but the JSON of R4's manifest. */
  readonly isManifest?: boolean;
}

function audit(context: Context, id: string, action: 'R' | 'D', run: () => Promise<Reply>): Promise<Reply> {
  return audited(context, { code: 'operation', action, query: `_async/${id}` }, run);
}

/** Throws `notFound` alike for what never was, has expired, was cancelled, or is somebody else's. */
async function own({ store, access, now }: Context, id: string): Promise<StoredRequest> {
  const found = await findRequest(store.db, id, now());
  if (!found || found.owner !== ownerOf(access.caller)) throw new FhirError('notFound', `_async/${id} is not known.`);
  return found;
}

/**
 * The status; when there is an answer, in the words of R4 (`manifest`: where it is, or the error itself), or as later
 * releases have it: a Bundle with the whole answer. https://hl7.org/fhir/R5/async-bundle.html
 */
export async function asyncStatus(context: Context, id: string, form: 'manifest' | 'bundle'): Promise<Status> {
  let found: StoredRequest | undefined;
  await audit(context, id, 'R', async () => {
    found = await own(context, id);
    return { status: 200 };
  });
  // `audit` has thrown when there is none.
  const request = found as StoredRequest;
  const { status, expires } = request;
  if (status === null) return { reply: { status: 202 }, progress: progressOf(context, request) };
  if (form === 'bundle') return { reply: { status: 200, text: bundleOf(context, request, status) }, expires };
  if (status >= 400) return { reply: replyOf(request, status), expires };
  return { reply: { status: 200, text: manifestOf(context, request) }, expires, isManifest: true };
}

/** The answer itself, as it would have been at once. */
export function asyncResult(context: Context, id: string): Promise<Reply> {
  return audit(context, id, 'R', async () => {
    const found = await own(context, id);
    if (found.status === null) throw new FhirError('notFound', `_async/${id} has no result yet.`);
    return replyOf(found, found.status);
  });
}

/** Cancels, or throws the answer away: 202. What is being carried out goes on to its end, but nobody gets its answer. */
export function cancelAsync(context: Context, id: string): Promise<Reply> {
  return audit(context, id, 'D', async () => {
    await own(context, id);
    await removeRequest(context.store.db, id, ownerOf(context.access.caller));
    return { status: 202 };
  });
}

function progressOf({ now }: Context, { created, started }: StoredRequest): NonNullable<Status['progress']> {
  const seconds = Math.max(0, Math.round((now().getTime() - (started ?? created).getTime()) / 1000));
  // Short ones are asked for soon, long ones seldom.
  const retryAfter = Math.min(30, 1 + Math.floor(seconds / 5));
  return { text: `${started ? 'running' : 'waiting'} for ${seconds} s`, retryAfter };
}

function replyOf({ answer }: StoredRequest, status: number): Reply {
  return answer === null ? { status } : { status, text: answer };
}

function bundleOf({ now }: Context, { answer }: StoredRequest, status: number): string {
  const head = { type: 'batch-response', id: newId(now().getTime()), updated: now().toISOString() } as const;
  const response = { status: `${status} ${STATUS_CODES[status] ?? ''}`.trim() };
  const isError = status >= 400 && answer !== null;
  const resource = answer === null || isError ? {} : { resource: answer };
  return bundleText(head, [{ ...resource, response: isError ? { ...response, outcome: answer } : response }]);
}

/** https://hl7.org/fhir/R4/async.html: where the answer is to be had. */
function manifestOf({ base }: Context, { id, url, created, answer }: StoredRequest): string {
  const type = answer === null ? undefined : (JSON.parse(answer) as { resourceType?: string }).resourceType;
  return JSON.stringify({
    transactionTime: created.toISOString(),
    request: url,
    requiresAccessToken: true,
    output: type === undefined ? [] : [{ type, url: `${base}/_async/${id}/result` }],
    error: [],
  });
}
