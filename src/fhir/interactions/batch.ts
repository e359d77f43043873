/**
 * FHIR batch: each entry for itself, with its own outcome.
 * https://hl7.org/fhir/R4/http.html#transaction
 */
import { STATUS_CODES } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { FhirError } from '../../shared/errors.ts';
import { newId } from '../../shared/id.ts';
import type { Context } from '../context.ts';
import { toOutcome } from '../outcome.ts';
import type { Body, Reply } from '../reply.ts';
import { type BundleEntry, bundleText } from '../search/bundle.ts';
import { type Entry, inEntry, readEntries } from './entries.ts';

export interface BatchRequest {
  readonly body: Body;
  readonly returns?: 'minimal' | 'representation' | 'OperationOutcome' | undefined;
  /** Runs one entry as the request that it is. */
  readonly perform: (context: Context, entry: Entry) => Promise<Reply>;
}

/** Runs the entries one after the other; an entry that fails changes nothing and hinders no other. */
export async function batch(context: Context, { body, returns, perform }: BatchRequest): Promise<Reply> {
  const entries: BundleEntry[] = [];
  for (const entry of readEntries(context, body)) {
    await setImmediate();
    entries.push(await answer(context, entry, returns, perform));
  }
  const id = newId(context.now().getTime());
  return { status: 200, text: bundleText({ type: 'batch-response', id }, entries), code: 'batch' };
}

async function answer(
  context: Context,
  entry: Entry,
  returns: BatchRequest['returns'],
  perform: BatchRequest['perform'],
): Promise<BundleEntry> {
  try {
    const reply = await perform(context, entry);
    const showsText = reply.text !== undefined && (entry.method === 'GET' || returns === 'representation');
    return {
      ...(showsText ? { resource: reply.text as string } : {}),
      response: responseOf(context.base, entry, reply),
    };
  } catch (error) {
    const located = inEntry(entry.at, error, entry.body?.resource);
    if (!(located instanceof FhirError)) context.log.error('A batch entry failed.', { error, entry: entry.at });
    const status = located instanceof FhirError ? located.status : 500;
    const outcome = JSON.stringify(toOutcome(located, context.access.caller.requestId));
    return { response: { status: statusText(status), outcome } };
  }
}

function statusText(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`.trim();
}

function responseOf(base: string, { method }: Entry, { status, version }: Reply): NonNullable<BundleEntry['response']> {
  if (!version) return { status: statusText(status) };
  const isWrite = method === 'POST' || method === 'PUT';
  const location = `${base}/${version.type}/${version.id}/_history/${version.version}`;
  return {
    status: statusText(status),
    ...(isWrite ? { location } : {}),
    etag: `W/"${version.version}"`,
    lastModified: version.updated,
  };
}
