/** The launcher: a person who is signed in opens an application for a patient, as an EHR would. */
import { type NextFunction, type Request, type Response, Router } from 'express';
import type { BrowserSessions } from '../../auth/browser-session.ts';
import type { Launcher } from '../../auth/launch/launcher.ts';
import { localeOf } from '../../auth/pages.ts';
import { FhirError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { checkCsrf, requireSignedIn, signedInOf } from '../account/require-signed-in.ts';
import { launcherPage, launcherPatientsPage } from '../pages/launcher.ts';
import { fieldsOf, form, formGuard, peerOf } from '../sign-in/forms.ts';
import { guard, showError } from '../sign-in/page-headers.ts';
import { lookingFor } from '../sign-in/patient.ts';

export interface LauncherDeps {
  readonly browser: BrowserSessions;
  readonly launcher: Launcher;
  /** The server's own. */
  readonly origin: string;
  readonly log: Logger;
}

const text = (value: unknown) => (typeof value === 'string' ? value : '');

/** The form ends at the application, so its page's policy has to let forms lead there. */
function targetsOf(launchUrls: readonly string[]): string {
  const origins = launchUrls.flatMap((url) => URL.parse(url)?.origin ?? []).filter((origin) => origin !== 'null');
  return `; form-action 'self' ${[...new Set(origins)].join(' ')}`;
}

/** To be mounted at the root. */
export function launcherRoutes({ browser, launcher, origin, log }: LauncherDeps): Router {
  const router = Router();
  const localeFor = (request: Request) => localeOf(undefined, request.get('accept-language'));
  router.post('/launcher', formGuard(origin), form);
  router.use('/launcher', requireSignedIn(browser));

  router.get('/launcher', async (request, response) => {
    const who = signedInOf(response);
    const locale = localeFor(request);
    const chosen = text(request.query['patient']);
    if (chosen === '') {
      const { query, page } = lookingFor(request.query);
      const found = await launcher.patients(who, query, page, peerOf(request));
      guard(response, "; form-action 'self'");
      response.type('html').send(launcherPatientsPage({ locale, query, found }));
      return;
    }
    const choices = await launcher.choices(who, chosen, peerOf(request));
    guard(response, targetsOf(choices.applications.map(({ launchUrl }) => launchUrl)));
    response.type('html').send(launcherPage({ locale, csrf: who.csrf, ...choices }));
  });

  router.post('/launcher', async (request, response) => {
    checkCsrf(request, response);
    const { client_id: clientId, patient, encounter } = fieldsOf(request);
    const asked = { clientId: text(clientId), patient: text(patient), encounter: text(encounter) };
    const { launchUrl } = await launcher.launch(signedInOf(response), asked, peerOf(request));
    response.set('cache-control', 'no-store').redirect(303, launchUrl);
  });

  router.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof FhirError) || response.headersSent) return next(error);
    const requestId = request.get('x-request-id');
    log.info('the launcher refused', { requestId, status: error.status, reason: error.message });
    return showError(request, response, error);
  });
  return router;
}
