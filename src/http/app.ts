/** The HTTP server's request listener: the FHIR base first and lean, then Express with everything else. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import { FhirError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { credentialsOf } from './credentials.ts';
import { logError, problemReply } from './errors.ts';
import { type FhirDeps, fhir } from './fhir.ts';
import { type HealthDeps, health } from './health.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { type ProxySettings, peerNoter, trustOf } from './peer.ts';
import { type Parts, routes } from './routes.ts';

export interface AppDeps extends Omit<FhirDeps, 'metrics'> {
  readonly ready: HealthDeps['ready'];
  readonly routers: Parts;
  readonly metrics?: Metrics;
  /** Whose word on a client's address and certificate is taken; nobody's by default. */
  readonly proxies?: ProxySettings;
}

const noProxies: ProxySettings = { trusted: [], certificateHeader: 'client-cert' };

/** Makes the listener; it opens no port, so that tests can call it. */
export function createApp({ metrics = createMetrics(), proxies = noProxies, ...deps }: AppDeps): RequestListener {
  const note = peerNoter(proxies);
  const answerFhir = fhir({ ...deps, metrics });
  const rest = others(deps, metrics, proxies);
  return (request, response) => {
    note(request);
    const url = request.url ?? '/';
    // SMART's discovery is below the FHIR base, but no FHIR.
    if (isBelow(url, '/fhir') && !url.startsWith('/fhir/.well-known/')) answerFhir(request, response, url.slice(5));
    else rest(request, response);
  };
}

function isBelow(url: string, path: string): boolean {
  const after = url.charAt(path.length);
  return url.startsWith(path) && (after === '' || after === '/' || after === '?');
}

function others(deps: Omit<AppDeps, 'metrics' | 'proxies'>, metrics: Metrics, { trusted }: ProxySettings): Express {
  const { authenticate, ready, routers, log } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', trusted.length > 0 && trustOf(trusted));
  app.use(identify(metrics));
  app.use(helmet({ strictTransportSecurity: deps.base.startsWith('https:') }));
  for (const { path, part } of routes(routers, health({ authenticate, ready, metrics }))) if (part) app.use(path, part);
  app.use((request) => {
    throw new FhirError('notFound', `There is nothing at ${request.path}.`);
  });
  app.use(problems(log));
  return app;
}

/** Gives each request its id, so that every part finds the same one in the header, and counts it when it is answered. */
function identify(metrics: Metrics): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    const { requestId } = credentialsOf(request);
    request.headers['x-request-id'] = requestId;
    response.set('X-Request-Id', requestId);
    const [, part = ''] = request.path.split('/');
    const name = [
      'oidc',
      'interaction',
      'account',
      'password',
      'federation',
      'dicomweb',
      'api',
      'healthz',
      'readyz',
      'metrics',
    ].includes(part)
      ? part
      : 'none';
    response.on('finish', () => metrics.observe(name, response.statusCode, (performance.now() - started) / 1000));
    next();
  };
}

/** Errors that Express's own parsers throw have a status and may be shown; anything else unknown is a fault. */
function known(error: unknown): unknown {
  if (error instanceof FhirError || !(error instanceof Error)) return error;
  const { status, expose } = error as Error & { readonly status?: number; readonly expose?: boolean };
  if (!expose || status === undefined) return error;
  const kind = status === 413 ? 'tooLarge' : status === 415 ? 'unsupportedMedia' : 'invalid';
  return new FhirError(kind, error.message, { cause: error });
}

function problems(log: Logger): ErrorRequestHandler {
  return (thrown: unknown, request: IncomingMessage & { path: string }, response: ServerResponse, next) => {
    const error = known(thrown);
    const { authorization, requestId } = credentialsOf(request);
    logError(log, error, { requestId, method: request.method, path: request.path });
    if (response.headersSent) {
      next(error);
      return;
    }
    const { status, headers, text } = problemReply(error, authorization, requestId);
    response.writeHead(status, { ...headers, 'Content-Type': 'application/problem+json' });
    response.end(text);
  };
}
