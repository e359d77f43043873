/**
 * Errors of the LIVEDOC API: what its shapes find wrong has one entry for each field.
 * https://www.rfc-editor.org/rfc/rfc9457
 */
import type { NextFunction, Request, Response } from 'express';
import type { z } from 'zod';
import { FhirError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { credentialsOf } from '../credentials.ts';
import { logError, problemReply } from '../errors.ts';

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

/** What express says of a body that it could not take; `undefined` when the body is not to blame. */
function ofBody(error: unknown): FhirError | undefined {
  if (error instanceof FhirError) return undefined;
  const { status, type } = (error ?? {}) as { readonly status?: number; readonly type?: string };
  if (type === 'entity.parse.failed') return new FhirError('invalid', 'The body is not JSON.');
  if (type === 'entity.too.large') return new FhirError('tooLarge', 'The body is too long.');
  return status === 400 || status === 415 ? new FhirError('invalid', 'The body cannot be read.') : undefined;
}

/** The last handler of the API: every error that reaches it is a problem document. */
export function problems(log: Logger) {
  return (thrown: unknown, request: Request, response: Response, next: NextFunction): void => {
    if (response.headersSent) {
      next(thrown);
      return;
    }
    const error = ofBody(thrown) ?? thrown;
    const { authorization, requestId } = credentialsOf(request);
    logError(log, error, { method: request.method, path: request.path, requestId });
    const { status, headers, text } = problemReply(error, authorization, requestId);
    response.status(status).set(headers).type('application/problem+json').send(text);
  };
}
