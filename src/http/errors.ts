/**
 * The one place where what was thrown becomes an answer: OperationOutcome below the FHIR base, problem+json elsewhere.
 * https://hl7.org/fhir/R4/http.html#Status-Codes, https://www.rfc-editor.org/rfc/rfc9457
 */
import { STATUS_CODES } from 'node:http';
import { toOutcome } from '../fhir/outcome.ts';
import { FhirError, kinds } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';

export interface ErrorReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

function statusOf(error: unknown): number {
  return error instanceof FhirError ? error.status : kinds.fault[0];
}

function headersOf(error: unknown, authorization: string | undefined): Record<string, string> {
  if (!(error instanceof FhirError)) return {};
  const { retryAfter, challenge, dpopNonce } = error.detail;
  return {
    // https://www.rfc-editor.org/rfc/rfc6750#section-3: without a token no error code, it was just not there.
    ...(error.kind === 'unauthenticated'
      ? { 'WWW-Authenticate': challenge ?? (authorization === undefined ? 'Bearer' : 'Bearer error="invalid_token"') }
      : {}),
    ...(dpopNonce === undefined ? {} : { 'DPoP-Nonce': dpopNonce }),
    ...(retryAfter !== undefined || error.status === 503 ? { 'Retry-After': String(retryAfter ?? 5) } : {}),
  };
}

/** An error below the FHIR base. */
export function outcomeReply(error: unknown, authorization: string | undefined, requestId: string): ErrorReply {
  const text = JSON.stringify(toOutcome(error, requestId));
  return { status: statusOf(error), headers: headersOf(error, authorization), text };
}

/** An error elsewhere: `application/problem+json`, with one entry of `errors` for each field that is wrong. */
export function problemReply(error: unknown, authorization: string | undefined, requestId: string): ErrorReply {
  const status = statusOf(error);
  const known = error instanceof FhirError ? error : undefined;
  const fields = (known?.issues ?? []).filter(({ expression }) => expression !== undefined);
  const problem = {
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    code: known?.kind ?? 'fault',
    detail: known ? known.message : `The server failed. Request ${requestId} is in the log.`,
    ...(fields.length > 0
      ? {
          errors: fields.map(({ expression, diagnostics }) => ({ field: expression?.join(', '), detail: diagnostics })),
        }
      : {}),
    requestId,
  };
  return { status, headers: headersOf(error, authorization), text: JSON.stringify(problem) };
}

/** What the client did is noted, what we did is reported with its stack. */
export function logError(log: Logger, error: unknown, fields: Readonly<Record<string, unknown>>): void {
  const status = statusOf(error);
  if (status >= 500) log.error('A request failed.', { ...fields, status, error });
  else log.info('A request was refused.', { ...fields, status, reason: (error as FhirError).message });
}
