/** Where the person is signed in: seen and ended. */
import { type Request, Router } from 'express';
import type { PasswordDeps } from '../../auth/accounts/new-password.ts';
import { sessionsOf, signOut, type WhichSessions } from '../../auth/accounts/sessions.ts';
import { personAgent } from '../../auth/agents.ts';
import { localeOf } from '../../auth/pages.ts';
import { sessionsPage } from '../pages/account-sessions.ts';
import { peerOf } from '../sign-in/forms.ts';
import { guard } from '../sign-in/page-headers.ts';
import { checkCsrf, signedInOf } from './require-signed-in.ts';

/** To be mounted at the root, after who is signed in was found out and the form was read. */
export function sessionRoutes({ store }: Pick<PasswordDeps, 'store'>): Router {
  const router = Router();

  router.get('/account/sessions', async (request, response) => {
    const { user, sessionUid, csrf } = signedInOf(response);
    const locale = localeOf(undefined, request.get('accept-language'));
    guard(response, "; form-action 'self'");
    const sessions = await sessionsOf(store, { id: user.id });
    response.type('html').send(sessionsPage({ locale, csrf, sessions, own: sessionUid }));
  });

  const end = async (request: Request, { user }: ReturnType<typeof signedInOf>, which: WhichSessions) => {
    const actor = { client: { name: 'LIVEDOC' }, user: personAgent(user), ...peerOf(request) };
    await signOut(store, { id: user.id }, which, actor);
  };

  router.post('/account/sessions/end-others', async (request, response) => {
    checkCsrf(request, response);
    const signedIn = signedInOf(response);
    await end(request, signedIn, { but: signedIn.sessionUid });
    response.redirect(303, '/account/sessions');
  });

  router.post('/account/sessions/:uid/end', async (request: Request<{ uid: string }>, response) => {
    checkCsrf(request, response);
    await end(request as unknown as Request, signedInOf(response), { uid: request.params.uid });
    response.redirect(303, '/account/sessions');
  });
  return router;
}
