/**
 * The addresses of requests that are answered later: `_async/ID` and `_async/ID/result`.
 * https://hl7.org/fhir/R4/async.html
 */
import { asyncResult, asyncStatus, cancelAsync, type Status } from '../fhir/async/status.ts';
import type { Context } from '../fhir/context.ts';
import type { Reply } from '../fhir/reply.ts';
import { FhirError } from '../shared/errors.ts';

const address = /^_async\/([^/]+)(\/result)?$/;

export interface AsyncAddress {
  readonly id: string;
  readonly isResult: boolean;
}

/** Undefined for any other path. */
export function asyncAddress(path: string): AsyncAddress | undefined {
  const [, id, result] = address.exec(path) ?? [];
  return id === undefined ? undefined : { id, isResult: result !== undefined };
}

/** The methods of such an address. */
export function asyncMethods({ isResult }: AsyncAddress): readonly string[] {
  return isResult ? ['GET'] : ['GET', 'DELETE'];
}

export interface AsyncAnswer {
  readonly reply: Reply;
  readonly headers: Readonly<Record<string, string>>;
  readonly isManifest: boolean;
}

/** `form` is what a finished request is told in. Throws `methodNotAllowed` and `notFound`. */
export async function answerAsync(
  context: Context,
  method: string,
  { id, isResult }: AsyncAddress,
  form: 'manifest' | 'bundle',
): Promise<AsyncAnswer> {
  if (!asyncMethods({ id, isResult }).includes(method)) {
    throw new FhirError('methodNotAllowed', `${method} is not for _async/${id}.`);
  }
  if (method === 'DELETE') return plain(await cancelAsync(context, id));
  if (isResult) return plain(await asyncResult(context, id));
  const { reply, isManifest = false, ...rest } = await asyncStatus(context, id, form);
  return { reply, isManifest, headers: headersOf(rest) };
}

/** An answer that is all there is to say. */
export function plain(reply: Reply): AsyncAnswer {
  return { reply, headers: {}, isManifest: false };
}

/** How far it is, or until when it is kept. */
export function headersOf({ progress, expires }: Omit<Status, 'reply'>): Readonly<Record<string, string>> {
  if (progress) return { 'X-Progress': progress.text, 'Retry-After': String(progress.retryAfter) };
  return expires ? { Expires: expires.toUTCString() } : {};
}
