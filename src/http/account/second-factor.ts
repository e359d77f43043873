/**
 * The pages on which a person looks after their own second factors. Whatever changes them asks for a sign-in of the last
 * minutes, with the second factor where the account has one: an open session found on a desk is not enough.
 */
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { BrowserSessions } from '../../auth/browser-session.ts';
import type { FactorDeps } from '../../auth/factors/deps.ts';
import { addFactor, type Enrolling, newDevice, newKeyOptions, sameDevice } from '../../auth/factors/enrol.ts';
import { dropFactor, factorsOf, hasFactors, newCodes } from '../../auth/factors/manage.ts';
import { isMultiFactor, multiFactor } from '../../auth/factors/methods.ts';
import { ofSession } from '../../auth/factors/reauthenticate.ts';
import { localeOf } from '../../auth/pages.ts';
import { FhirError } from '../../shared/errors.ts';
import { addFactorPage, askPage, codesPage, factorsPage } from '../pages/factor-account.ts';
import { factorTexts } from '../pages/factor-texts.ts';
import { webauthnScriptHash } from '../pages/webauthn-script.ts';
import { fieldsOf, peerOf, textOf } from '../sign-in/forms.ts';
import { guard } from '../sign-in/page-headers.ts';
import { checkCsrf, signedInOf } from './require-signed-in.ts';

export interface SecondFactorDeps {
  readonly browser: BrowserSessions;
  readonly factors: FactorDeps;
}

const home = '/account/second-factor';

/** Age of a sign-in, seconds, at which a page of these may be opened, and its form sent. */
const openSeconds = 300;
const sendSeconds = 900;

const localeFor = (request: Request) => localeOf(undefined, request.get('accept-language'));
const peerFor = (request: Request) => ({ ...peerOf(request), clientName: 'LIVEDOC' });

function enrollingIn(response: Response): Enrolling {
  const { user, sessionUid } = signedInOf(response);
  return { user, boundTo: ofSession(sessionUid) };
}

/** Lets a fresh sign-in with all factors through; a GET without one goes to sign in and comes back. */
function fresh({ browser, factors }: SecondFactorDeps): RequestHandler {
  return async (request, response, next) => {
    const { user, authTime, amr } = signedInOf(response);
    const isMissing = !isMultiFactor(amr) && (await hasFactors(factors, user));
    const age = factors.now().getTime() / 1000 - authTime;
    const isGet = request.method === 'GET';
    if (!isMissing && age <= (isGet ? openSeconds : sendSeconds)) return next();
    if (!isGet) throw new FhirError('unauthenticated', 'Your sign-in is too old for this. Open the page again.');
    const demand = { maxAge: openSeconds, ...(isMissing ? { acrValues: multiFactor } : {}) };
    response.set('cache-control', 'no-store').redirect(303, browser.signInUrl(request.originalUrl, demand));
  };
}

function send(response: Response, page: string, status = 200): void {
  guard(response, "; form-action 'self'", webauthnScriptHash);
  response.status(status).type('html').send(page);
}

function addRoutes(router: Router, deps: SecondFactorDeps): void {
  const { factors } = deps;

  async function showAdd(request: Request, response: Response, sealed?: string): Promise<void> {
    const enrolling = enrollingIn(response);
    const locale = localeFor(request);
    const device = sealed ? sameDevice(factors, enrolling, sealed) : newDevice(factors, enrolling);
    const added = { device, keyOptions: await newKeyOptions(factors, enrolling) };
    const problem = sealed === undefined ? undefined : factorTexts(locale).refused;
    const page = addFactorPage({ locale, csrf: signedInOf(response).csrf }, added, problem);
    send(response, page, sealed === undefined ? 200 : 401);
  }

  router.get(`${home}/add`, fresh(deps), (request, response) => showAdd(request, response));
  router.post(`${home}/add`, fresh(deps), async (request, response) => {
    checkCsrf(request, response);
    const { name, code, sealed, answer } = fieldsOf(request);
    const enrolment = { name: textOf(name), code: textOf(code), sealed: textOf(sealed), attestation: textOf(answer) };
    const result = await addFactor(factors, enrollingIn(response), enrolment, peerFor(request), false);
    if (result.kind === 'refused') return showAdd(request, response, enrolment.sealed);
    if (!result.recoveryCodes) return response.redirect(303, home);
    return send(response, codesPage(localeFor(request), result.recoveryCodes));
  });
}

function changeRoutes(router: Router, deps: SecondFactorDeps): void {
  const { factors } = deps;

  router.get(`${home}/codes`, fresh(deps), (request, response) => {
    const locale = localeFor(request);
    const { renew: title, renewText: text } = factorTexts(locale);
    send(response, askPage({ locale, csrf: signedInOf(response).csrf }, { action: 'codes', title, text }));
  });
  router.post(`${home}/codes`, fresh(deps), async (request, response) => {
    checkCsrf(request, response);
    const codes = await newCodes(factors, signedInOf(response).user, peerFor(request));
    send(response, codesPage(localeFor(request), codes));
  });

  router.get(`${home}/:id/remove`, fresh(deps), async (request, response) => {
    const { user, csrf } = signedInOf(response);
    const locale = localeFor(request);
    const factor = (await factorsOf(factors, user)).factors.find(({ id }) => id === request.params['id']);
    if (!factor) throw new FhirError('notFound', 'There is no such second factor.');
    const asked = { action: `${factor.id}/remove`, title: factorTexts(locale).remove, text: factor.name };
    send(response, askPage({ locale, csrf }, asked));
  });
  router.post(`${home}/:id/remove`, fresh(deps), async (request, response) => {
    checkCsrf(request, response);
    await dropFactor(factors, signedInOf(response).user, String(request.params['id']), peerFor(request));
    response.redirect(303, home);
  });
}

/** To be mounted behind `requireSignedIn` and the reading of forms. */
export function secondFactorRoutes(deps: SecondFactorDeps): Router {
  const router = Router();
  router.get(home, async (request, response) => {
    const view = await factorsOf(deps.factors, signedInOf(response).user);
    send(response, factorsPage({ locale: localeFor(request) }, view));
  });
  addRoutes(router, deps);
  changeRoutes(router, deps);
  return router;
}
