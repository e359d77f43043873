/** Liveness, readiness and metrics, for whoever keeps the server running. */
import type { IncomingMessage } from 'node:http';
import { type RequestHandler, Router } from 'express';
import type { Access } from '../fhir/access.ts';
import { FhirError } from '../shared/errors.ts';
import { type Credentials, credentialsOf } from './credentials.ts';
import type { Metrics } from './metrics.ts';
import { peerOf } from './peer.ts';

export interface HealthDeps {
  /** Each part that requests need, and what keeps it from working; undefined is well. */
  readonly ready: () => Promise<Readonly<Record<string, string | undefined>>>;
  readonly metrics: Metrics;
  readonly authenticate: (credentials: Credentials) => Promise<Access>;
}

/** Longer than this a part that does not answer is not ready. */
const patience = 5000;

/** /healthz, /readyz and /metrics. */
export function health(deps: HealthDeps): Router {
  const router = Router();
  const unkept: RequestHandler = (_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  };
  router.get('/healthz', unkept, (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', unkept, async (_request, response) => {
    const parts = await withPatience(deps.ready());
    const isReady = Object.values(parts).every((problem) => problem === undefined);
    const said = Object.fromEntries(Object.entries(parts).map(([part, problem]) => [part, problem ?? 'ok']));
    response.status(isReady ? 200 : 503).json({ status: isReady ? 'ok' : 'not ready', ...said });
  });
  router.get('/metrics', unkept, async (request, response) => {
    await demandOperator(deps, request);
    response.type('text/plain; version=0.0.4; charset=utf-8').send(await deps.metrics.text());
  });
  return router;
}

/** Figures tell of the work that is done here: for the machine itself, and for administrators. */
async function demandOperator({ authenticate }: HealthDeps, request: IncomingMessage): Promise<void> {
  const { headers } = request;
  // A proxy on this machine that is not known as one has a local address too, but speaks for somebody else.
  const isForwarded = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
  const isLocal = /^(::1|127\.|::ffff:127\.)/.test(peerOf(request).address ?? '');
  if (isLocal && !isForwarded && headers.authorization === undefined) return;
  const access = await authenticate(credentialsOf(request));
  if (!access.mayUse('accounts')) throw new FhirError('forbidden', 'Metrics are for administrators.');
}

async function withPatience(parts: ReturnType<HealthDeps['ready']>): ReturnType<HealthDeps['ready']> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Readonly<Record<string, string>>>((resolve) => {
    timer = setTimeout(resolve, patience, { checks: `no answer in ${patience} ms` });
  });
  try {
    return await Promise.race([parts, late]);
  } catch (error) {
    return { checks: error instanceof Error ? error.message : 'failed' };
  } finally {
    clearTimeout(timer);
  }
}
