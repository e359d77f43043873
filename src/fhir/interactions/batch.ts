/**
 * FHIR batch: each entry for itself, with its own outcome.
 * https://hl7.org/fhir/R4/http.html#transaction
 */
import { setImmediate } from 'node:timers/promises';
import { FhirError } from '../../shared/errors.ts';
import { newId } from '../../shared/id.ts';
import type { Context } from '../context.ts';
import { outcome, toOutcome } from '../outcome.ts';
import type { Body, Reply } from '../reply.ts';
import { type BundleEntry, bundleText } from '../search/bundle.ts';
import { type Entry, eachEntry, inEntry } from './entries.ts';
import { isNotModified, responseOf, statusText } from './entry-response.ts';

export interface BatchRequest {
  readonly body: Body;
  readonly returns?: 'minimal' | 'representation' | 'OperationOutcome' | undefined;
  /** Runs one entry as the request that it is. */
  readonly perform: (context: Context, entry: Entry) => Promise<Reply>;
}

/** Runs the entries one after the other; an entry that fails changes nothing and hinders no other. */
export async function batch(context: Context, { body, returns, perform }: BatchRequest): Promise<Reply> {
  const entries: BundleEntry[] = [];
  for (const read of eachEntry(context, body)) {
    await setImmediate();
    entries.push(await answer(context, { at: entries.length, read }, returns, perform));
  }
  const id = newId(context.now().getTime());
  return { status: 200, text: bundleText({ type: 'batch-response', id }, entries), code: 'batch' };
}

async function answer(
  context: Context,
  { at, read }: { readonly at: number; readonly read: () => Entry },
  returns: BatchRequest['returns'],
  perform: BatchRequest['perform'],
): Promise<BundleEntry> {
  let entry: Entry | undefined;
  try {
    entry = read();
    const reply = await perform(context, entry);
    return replied(context, entry, reply, returns);
  } catch (error) {
    const located = inEntry(at, error, entry?.body?.resource);
    if (!(located instanceof FhirError)) context.log.error('A batch entry failed.', { error, entry: at });
    const status = located instanceof FhirError ? located.status : 500;
    const said = JSON.stringify(toOutcome(located, context.access.caller.requestId));
    return { response: { status: statusText(status), outcome: said } };
  }
}

function replied(context: Context, entry: Entry, reply: Reply, returns: BatchRequest['returns']): BundleEntry {
  const isGet = entry.method === 'GET';
  if (isGet && isNotModified(entry, reply)) {
    return { response: responseOf(context.base, entry, { ...reply, status: 304 }) };
  }
  // What is no version of a resource is an operation's result.
  const isAsked = isGet || returns === 'representation' || !reply.version;
  const shows = reply.text !== undefined && isAsked && entry.method !== 'HEAD';
  const says = !isGet && returns === 'OperationOutcome';
  const response = responseOf(context.base, entry, reply);
  return {
    ...(shows ? { resource: reply.text } : {}),
    response: says ? { ...response, outcome: JSON.stringify(outcome(reply.warnings ?? [])) } : response,
  };
}
