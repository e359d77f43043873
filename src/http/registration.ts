/**
 * The endpoint at which applications register themselves, where the installation allows it.
 * https://www.rfc-editor.org/rfc/rfc7591#section-3, https://www.rfc-editor.org/rfc/rfc7592#section-2
 */
import express, { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Registrant, Registration } from '../auth/client-registration.ts';
import { RegistrationError } from '../auth/registration-request.ts';
import type { Logger } from '../shared/logger.ts';
import { credentialsOf } from './credentials.ts';
import { logError } from './errors.ts';

/** Requests a minute from one address: nobody registers by the dozen. */
const requestsAMinute = 20;

const json = express.json({ limit: '64kb', type: ['application/json', 'application/*+json'] });

function registrantOf(request: Request): Registrant {
  const { authorization, address, requestId } = credentialsOf(request);
  return { authorization, requestId, ...(address === undefined ? {} : { address }) };
}

function limited(): RequestHandler {
  const limiter = new RateLimiterMemory({ points: requestsAMinute, duration: 60 });
  return async (request, response, next) => {
    try {
      await limiter.consume(credentialsOf(request).address ?? '');
    } catch (rejected) {
      const { msBeforeNext = 1000 } = rejected as { readonly msBeforeNext?: number };
      response.set('retry-after', String(Math.ceil(msBeforeNext / 1000)));
      throw new RegistrationError('temporarily_unavailable', 'Too many requests. Try again later.', 429);
    }
    next();
  };
}

/** What Express's parser could not take is the client's fault too. */
function known(error: unknown): RegistrationError | undefined {
  if (error instanceof RegistrationError) return error;
  const { status, expose } = (error ?? {}) as { readonly status?: number; readonly expose?: boolean };
  if (!expose || status === undefined) return undefined;
  const words = status === 413 ? 'The body is too long.' : 'The body cannot be read as JSON.';
  return new RegistrationError('invalid_client_metadata', words);
}

function refuse(log: Logger) {
  return (thrown: unknown, request: Request, response: Response, next: NextFunction): void => {
    const error = known(thrown);
    const { requestId } = credentialsOf(request);
    if (!error || response.headersSent) {
      if (!response.headersSent) response.status(500).json({ error: 'server_error' });
      logError(log, thrown, { requestId, method: request.method, path: request.originalUrl });
      if (response.headersSent) next(thrown);
      return;
    }
    log.info('a registration was refused', { requestId, status: error.status, reason: error.message });
    if (error.status === 401) response.set('www-authenticate', `Bearer error="${error.code}"`);
    response.status(error.status).json({ error: error.code, error_description: error.message });
  };
}

/** To be mounted at the path of the endpoint. */
export function registrationRoutes(registration: Registration, log: Logger): Router {
  const router = Router();
  router.use((_request, response, next) => {
    response.set({ 'cache-control': 'no-store', pragma: 'no-cache' });
    next();
  }, limited());
  const idOf = (request: Request) => String(request.params['id'] ?? '');
  router.post('/', json, async (request, response) => {
    response.status(201).json(await registration.register(request.body, registrantOf(request)));
  });
  router.get('/:id', async (request, response) => {
    response.json(await registration.read(idOf(request), registrantOf(request)));
  });
  router.put('/:id', json, async (request, response) => {
    response.json(await registration.update(idOf(request), request.body, registrantOf(request)));
  });
  router.delete('/:id', async (request, response) => {
    await registration.remove(idOf(request), registrantOf(request));
    response.status(204).end();
  });
  router.use((request, response) => {
    response
      .status(405)
      .set('allow', request.path === '/' ? 'POST' : 'GET, PUT, DELETE')
      .end();
  });
  router.use(refuse(log));
  return router;
}
