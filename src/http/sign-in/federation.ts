/**
 * What identity providers and the browsers that they send ask for, outside of a sign-in's own paths: each provider has
 * addresses of its own.
 */
import { type NextFunction, type Request, type Response, Router } from 'express';
import type { Federation } from '../../auth/federation/open-federation.ts';
import { localeOf } from '../../auth/pages.ts';
import { FhirError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { refusedPage } from '../pages/federation.ts';
import { providerPages } from '../pages/provider-pages.ts';
import { queryOf, statusOf } from './federated.ts';
import { fieldsOf, form, peerOf } from './forms.ts';
import { guard } from './page-headers.ts';

const locale = (request: Request) => localeOf(undefined, request.get('accept-language'));

/** No provider's answer to a browser is longer. */
const longestQuery = 8000;

/**
 * The sign-in's cookie is kept to its own path, so that the browser is sent there with what it brought; whose sign-in it is, is
 * judged there by the cookie.
 */
async function callback(
  { signInOf }: Federation,
  request: Request<{ idp: string }>,
  response: Response,
): Promise<void> {
  const query = queryOf(request);
  const { idp } = request.params;
  const uid = query.length > longestQuery ? undefined : await signInOf(idp, request.query['state']);
  guard(response, '');
  if (uid === undefined) {
    response
      .status(statusOf('stale'))
      .type('html')
      .send(refusedPage({ locale: locale(request), why: 'stale' }));
    return;
  }
  response.redirect(303, `/interaction/${encodeURIComponent(uid)}/federated/${idp}/return?${query}`);
}

async function frontchannel(
  federation: Federation,
  request: Request<{ idp: string }>,
  response: Response,
): Promise<void> {
  const { idp } = request.params;
  const { iss, sid } = request.query;
  await federation.frontchannel(idp, { iss, sid }, peerOf(request));
  const origin = await federation.originOf(idp);
  response.removeHeader('x-frame-options');
  response.set({
    'content-security-policy': `default-src 'none'; frame-ancestors ${origin ?? "'none'"}`,
    'cache-control': 'no-store',
  });
  response.type('text').send('');
}

/** To be mounted at the root: everything below /federation. */
export function federationRoutes(federation: Federation, log: Logger): Router {
  const router = Router();
  router.get('/federation/:idp/callback', (request, response) => callback(federation, request, response));
  router.get('/federation/:idp/frontchannel-logout', (request, response) =>
    frontchannel(federation, request, response),
  );
  router.get('/federation/:idp/jwks', async (request, response) => {
    response.set('cache-control', 'public, max-age=300').type('application/jwk-set+json');
    response.send(JSON.stringify(await federation.jwks(request.params.idp)));
  });
  router.get('/federation/:idp/signed-out', (request, response) => {
    const to = federation.signedOutTarget(request.params.idp, request.query['state']);
    guard(response, '');
    if (to === undefined) response.type('html').send(providerPages.loggedOut({ locale: locale(request) }));
    else response.redirect(303, to);
  });
  // Section 2.8 of Back-Channel Logout: errors as JSON, nothing to be kept.
  router.post('/federation/:idp/backchannel-logout', form, async (request: Request<{ idp: string }>, response) => {
    response.set('cache-control', 'no-store');
    await federation.backchannel(request.params.idp, fieldsOf(request)['logout_token'], peerOf(request));
    response.status(200).end();
  });
  router.use('/federation', (error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof FhirError) || response.headersSent) return next(error);
    const requestId = request.get('x-request-id');
    log.info('an identity provider was refused', { requestId, status: error.status, reason: error.message, error });
    const code = error.status < 500 ? 'invalid_request' : 'temporarily_unavailable';
    return response.status(error.status).json({ error: code, error_description: error.message });
  });
  return router;
}
