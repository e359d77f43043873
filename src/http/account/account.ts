/** The pages of a person's own account, and where a sign-in for one of our pages ends. */
import { type NextFunction, type Request, type Response, Router } from 'express';
import type { PasswordDeps } from '../../auth/accounts/new-password.ts';
import type { BrowserSessions } from '../../auth/browser-session.ts';
import type { Applications } from '../../auth/consent/applications.ts';
import type { FactorDeps } from '../../auth/factors/deps.ts';
import type { Federation } from '../../auth/federation/open-federation.ts';
import { signedInPath } from '../../auth/first-party-client.ts';
import { localeOf } from '../../auth/pages.ts';
import { FhirError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { accountPage } from '../pages/account.ts';
import { onwardPage } from '../pages/federation.ts';
import { form, formGuard, peerOf } from '../sign-in/forms.ts';
import { guard, showError } from '../sign-in/page-headers.ts';
import { applicationRoutes } from './applications.ts';
import { changePasswordRoutes, linkRoutes } from './password.ts';
import { checkCsrf, requireSignedIn, signedInOf } from './require-signed-in.ts';
import { secondFactorRoutes } from './second-factor.ts';
import { sessionRoutes } from './sessions.ts';

export interface AccountRoutesDeps {
  readonly browser: BrowserSessions;
  readonly applications: Applications;
  readonly factors: FactorDeps;
  readonly accounts: PasswordDeps;
  readonly federation: Pick<Federation, 'signOutUrl'>;
  /** The server's own. */
  readonly origin: string;
  readonly log: Logger;
}

/** To be mounted at the root. */
export function accountRoutes(deps: AccountRoutesDeps): Router {
  const { browser, applications, factors, accounts, federation, origin, log } = deps;
  const router = Router();
  const localeFor = (request: Request) => localeOf(undefined, request.get('accept-language'));

  router.get(signedInPath, (request, response) => {
    guard(response, '');
    const { state, error } = request.query;
    const returnTo = browser.returnTo(state);
    if (typeof error === 'string') throw new FhirError('forbidden', 'You did not sign in.');
    if (returnTo === undefined) throw new FhirError('invalid', 'This sign-in was not begun here.');
    response.redirect(303, returnTo);
  });

  router.use(linkRoutes(accounts, origin));
  router.post('/account{/*rest}', formGuard(origin), form);
  router.use('/account', requireSignedIn(browser));
  router.use(changePasswordRoutes(accounts));
  router.use(sessionRoutes(accounts));
  router.use(applicationRoutes(applications));
  router.use(secondFactorRoutes({ browser, factors }));
  router.get('/account', (request, response) => {
    guard(response, "; form-action 'self'");
    const { user, csrf } = signedInOf(response);
    response.type('html').send(accountPage({ locale: localeFor(request), user, csrf }));
  });
  router.post('/account/sign-out', async (request, response) => {
    checkCsrf(request, response);
    const { sessionUid } = signedInOf(response);
    const end = `${origin}/oidc/session/end/success`;
    await browser.signOut(request, response, peerOf(request));
    const upstream = await federation.signOutUrl(sessionUid, end);
    if (upstream === undefined) return response.redirect(303, end);
    // Not a redirect: those after a form are held to the page's form-action, and the provider may lead anywhere.
    guard(response, '');
    response.set('refresh', `0; url=${upstream}`);
    response.type('html').send(onwardPage(localeFor(request), upstream));
  });

  router.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof FhirError) || response.headersSent) return next(error);
    const requestId = request.get('x-request-id');
    log.info('a page of an account was refused', { requestId, status: error.status, reason: error.message });
    return showError(request, response, error);
  });
  return router;
}
