/** Forms of the server's own pages: what they carry, where they may come from, and how many a minute. */
import express, { type Request, type RequestHandler } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { FhirError } from '../../shared/errors.ts';

export const form: RequestHandler = express.urlencoded({ extended: false, limit: '64kb', parameterLimit: 1000 });

/** The fields of a form; none when the body is something else. */
export function fieldsOf(request: Request): Readonly<Record<string, unknown>> {
  return (request.body as Record<string, unknown> | undefined) ?? {};
}

/** The text of a field; empty for one that is missing or comes twice. */
export const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

/** Forms a minute from one address; a hospital behind one address signs in below this, a program guessing does not. */
const formsAMinute = 300;

/** A form of ours is sent from a page of ours, and not too often. */
export function formGuard(origin: string): RequestHandler {
  const limiter = new RateLimiterMemory({ points: formsAMinute, duration: 60 });
  return async (request, _response, next) => {
    const from = request.get('origin');
    if (from !== undefined && from !== origin) {
      throw new FhirError('forbidden', 'The form was sent from another site.');
    }
    await limiter.consume(request.ip ?? '').catch((rejected: { readonly msBeforeNext?: number }) => {
      const retryAfter = Math.ceil((rejected.msBeforeNext ?? 1000) / 1000);
      throw new FhirError('throttled', `Too many forms. Try again in ${retryAfter} s.`, { retryAfter });
    });
    next();
  };
}

/** Where a request comes from, for the audit trail. */
export function peerOf(request: Request): { address: string; requestId?: string } {
  const requestId = request.get('x-request-id');
  return { address: request.ip ?? '', ...(requestId === undefined ? {} : { requestId }) };
}
