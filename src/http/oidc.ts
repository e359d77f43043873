/**
 * Mounts the OpenID provider and shows the pages of a sign-in.
 * http://hl7.org/fhir/smart-app-launch/app-launch.html
 */
import express, { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { InteractionView, LoginResult } from '../auth/interactions.ts';
import type { Auth } from '../auth/open-auth.ts';
import { localeOf } from '../auth/pages.ts';
import { FhirError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { consentPage } from './pages/consent.ts';
import { policy } from './pages/html.ts';
import { loginPage } from './pages/login.ts';
import { providerPages } from './pages/provider-pages.ts';
import { textsFor } from './pages/texts.ts';

export interface OidcDeps {
  readonly auth: Auth;
  readonly log: Logger;
}

const form = express.urlencoded({ extended: false, limit: '64kb', parameterLimit: 200 });

/** The fields of a form; none when the body is something else. */
function fieldsOf(request: Request): Readonly<Record<string, unknown>> {
  return (request.body as Record<string, unknown> | undefined) ?? {};
}

/** The pages must not be framed, kept or sniffed, and tell nobody where the person comes from. */
function guard(response: Response, formTargets: string): void {
  response.set({
    'content-security-policy': `${policy}${formTargets}`,
    'cache-control': 'no-store',
    // Not no-referrer: with it browsers send `Origin: null` with a form of the page itself.
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
}

/** Browsers hold the redirects after a form to its page's form-action, so the application's address has to be in it. */
function formTargets(redirectUri: string): string {
  const url = URL.parse(redirectUri);
  const target = url && (url.protocol === 'http:' || url.protocol === 'https:' ? url.origin : url.protocol);
  return `; form-action 'self' ${target ?? ''}`;
}

/**
 * SMART lets an app send its authorization request as a form; the provider takes it as a URL only (as a form it would have
 * to weaken its cookies). https://hl7.org/fhir/smart-app-launch/app-launch.html#obtain-authorization-code
 */
const authorizeByPost: RequestHandler = (request, _response, next) => {
  // A name that comes twice stays twice, for the provider to refuse.
  const fields = Object.entries(fieldsOf(request)) as [string, string | readonly string[]][];
  const query = new URLSearchParams();
  for (const [name, value] of fields) for (const one of [value].flat()) query.append(name, one);
  request.method = 'GET';
  request.url = `/oidc/auth?${query}`;
  request.originalUrl = request.url;
  delete request.headers['content-type'];
  delete request.headers['content-length'];
  next();
};

function pageFor(request: Request, view: InteractionView, result?: LoginResult): string {
  const locale = localeOf(view.uiLocales, request.get('accept-language'));
  const { csrf, clientName, scopes } = view;
  const common = { locale, action: `/interaction/${view.uid}`, csrf, clientName };
  if (view.prompt === 'consent') return consentPage({ ...common, scopes });
  const texts = textsFor(locale);
  const typed: unknown = fieldsOf(request)['email'];
  const email = typeof typed === 'string' ? typed : (view.loginHint ?? '');
  if (!result) return loginPage({ ...common, email });
  return loginPage({ ...common, email, problem: result.kind === 'wait' ? texts.wait(result.seconds) : texts.refused });
}

/** Forms a minute from one address; a hospital behind one address signs in below this, a program guessing does not. */
const formsAMinute = 300;

/** A form of ours is sent from a page of ours, and not too often. */
function formGuard(origin: string): RequestHandler {
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

function peerOf(request: Request): { address: string; requestId?: string } {
  const requestId = request.get('x-request-id');
  return { address: request.ip ?? '', ...(requestId === undefined ? {} : { requestId }) };
}

function showError(request: Request, response: Response, error: FhirError): void {
  const locale = localeOf(undefined, request.get('accept-language'));
  guard(response, '');
  if (error.detail.retryAfter !== undefined) response.set('retry-after', String(error.detail.retryAfter));
  response
    .status(error.status)
    .type('html')
    .send(providerPages.error({ locale, code: error.kind, description: error.message }));
}

type Interactions = ReturnType<Auth['serve']>['interactions'];

function interactionRoutes(interactions: Interactions, origin: string, log: Logger): Router {
  const router = Router();
  const show = (request: Request, response: Response, view: InteractionView, result?: LoginResult) => {
    guard(response, formTargets(view.redirectUri));
    if (result?.kind === 'wait') response.set('retry-after', String(result.seconds));
    const status = result === undefined ? 200 : result.kind === 'wait' ? 429 : 401;
    response
      .status(status)
      .type('html')
      .send(pageFor(request, view, result));
  };

  router.post('/interaction/:uid/:step', formGuard(origin), form);

  router.get('/interaction/:uid', async (request, response) => {
    show(request, response, await interactions.view(request, response));
  });

  router.post('/interaction/:uid/login', async (request, response) => {
    const view = await interactions.view(request, response);
    const { csrf, email, password } = fieldsOf(request);
    const result = await interactions.login(request, response, { csrf, email, password }, peerOf(request));
    if (result) show(request, response, view, result);
  });

  router.post('/interaction/:uid/consent', async (request, response) => {
    const { csrf, scope = [], decision } = fieldsOf(request);
    if (decision !== 'allow') return interactions.abort(request, response, { csrf });
    const scopes = [scope].flat().filter((word): word is string => typeof word === 'string');
    return interactions.consent(request, response, { csrf, scopes });
  });

  router.post('/interaction/:uid/abort', async (request, response) => {
    const { csrf } = fieldsOf(request);
    await interactions.abort(request, response, { csrf });
  });

  router.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof FhirError) || response.headersSent) return next(error);
    const requestId = request.get('x-request-id');
    log.info('a step of a sign-in was refused', { requestId, status: error.status, reason: error.message });
    return showError(request, response, error);
  });
  return router;
}

/** To be mounted at the server's root: /oidc, /interaction and SMART's discovery document below the FHIR base. */
export function oidc({ auth, log }: OidcDeps): Router {
  const router = Router();
  const { listener, interactions } = auth.serve(providerPages);

  router.get('/fhir/.well-known/smart-configuration', (_request, response) => {
    response.set({ 'access-control-allow-origin': '*', 'cache-control': 'public, max-age=300' });
    response.json(auth.smartConfiguration());
  });
  router.post('/oidc/auth', form, authorizeByPost);
  router.use('/oidc', (request, response) => {
    guard(response, '');
    response.removeHeader('cache-control');
    listener(request, response);
  });
  router.use(interactionRoutes(interactions, new URL(auth.issuer).origin, log));
  return router;
}
