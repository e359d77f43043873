/** The applications that the person signed in has let in: seen and taken back. */
import { type Request, Router } from 'express';
import type { Applications } from '../../auth/consent/applications.ts';
import { localeOf } from '../../auth/pages.ts';
import { applicationsPage } from '../pages/applications.ts';
import { peerOf } from '../sign-in/forms.ts';
import { guard } from '../sign-in/page-headers.ts';
import { checkCsrf, signedInOf } from './require-signed-in.ts';

/** To be mounted at the root, after who is signed in was found out and the form was read. */
export function applicationRoutes(applications: Applications): Router {
  const router = Router();

  router.get('/account/applications', async (request, response) => {
    const { user, csrf } = signedInOf(response);
    const locale = localeOf(undefined, request.get('accept-language'));
    guard(response, "; form-action 'self'");
    const list = await applications.list(user.id);
    response.type('html').send(applicationsPage({ locale, csrf, applications: list }));
  });

  router.post('/account/applications/:clientId/withdraw', async (request: Request<{ clientId: string }>, response) => {
    checkCsrf(request, response);
    const { user } = signedInOf(response);
    await applications.withdraw({ user, clientId: request.params.clientId, ...peerOf(request) });
    response.redirect(303, '/account/applications');
  });
  return router;
}
