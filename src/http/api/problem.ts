/**
 * Errors of the LIVEDOC API: one entry for each field that is wrong.
 * https://www.rfc-editor.org/rfc/rfc9457
 */
import type { NextFunction, Request, Response } from 'express';
import type { z } from 'zod';
import { FhirError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';

export interface FieldError {
  /** `diagnostic_final`, `query.limit`; empty for the whole body. */
  readonly field: string;
  readonly message: string;
}

export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** What a failed parse says; `within` names what was parsed when it is not the body. */
export function invalid({ issues }: z.core.$ZodError, within?: string): FhirError {
  const errors = issues.flatMap((issue) => {
    const path = [...(within === undefined ? [] : [within]), ...issue.path.map(String)];
    // An unknown key is its own field; zod reports all of them as one issue of the object around.
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [undefined];
    return unknown.map((key) => ({
      severity: 'error' as const,
      code: 'invalid',
      diagnostics: key === undefined ? issue.message : `There is no field ${key}.`,
      expression: [[...path, ...(key === undefined ? [] : [key])].join('.')],
    }));
  });
  return new FhirError('invalid', 'The request is not valid.', { issues: errors });
}

export function problemOf(error: FhirError): Problem {
  const errors = error.issues
    .filter(({ expression }) => expression !== undefined)
    .map(({ expression, diagnostics }) => ({ field: expression?.[0] ?? '', message: diagnostics }));
  return {
    type: 'about:blank',
    title: titles[error.status] ?? 'Error',
    status: error.status,
    detail: error.message,
    ...(errors.length > 0 && { errors }),
  };
}

interface BodyError {
  readonly status?: number;
  readonly type?: string;
}

/** What express says of a body that it could not take, in our words. */
function toFhirError(error: unknown): FhirError | undefined {
  if (error instanceof FhirError) return error;
  const { status, type } = (error ?? {}) as BodyError;
  if (type === 'entity.parse.failed') return new FhirError('invalid', 'The body is not JSON.');
  if (type === 'entity.too.large') return new FhirError('tooLarge', 'The body is too long.');
  return status === 400 || status === 415 ? new FhirError('invalid', 'The body cannot be read.') : undefined;
}

/** The last handler of the API: every error that reaches it is a problem document; faults say nothing of themselves. */
export function problems(log: Logger) {
  return (error: unknown, request: Request, response: Response, next: NextFunction): void => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const known = toFhirError(error);
    if (!known) log.error('the LIVEDOC API failed', { error, method: request.method, path: request.path });
    const shown = known ?? new FhirError('fault', 'The server failed; it has kept a note of it.');
    if (shown.status === 401) response.set('www-authenticate', 'Bearer realm="livedoc"');
    if (shown.detail.retryAfter !== undefined) response.set('retry-after', String(shown.detail.retryAfter));
    response
      .status(shown.status)
      .type('application/problem+json')
      .send(JSON.stringify(problemOf(shown)));
  };
}
