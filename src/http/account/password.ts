/** The forms with which a person chooses a password: signed in, or with a link; and asks for a link. */
import { type Request, type Response, Router } from 'express';
import { changePassword } from '../../auth/accounts/change-password.ts';
import { acceptLink, askReset, type OpenLink, openLink, passwordPath } from '../../auth/accounts/links.ts';
import type { PasswordDeps } from '../../auth/accounts/new-password.ts';
import { mayAskReset } from '../../auth/accounts/reset-limits.ts';
import { type Locale, localeOf } from '../../auth/pages.ts';
import { accountPage } from '../pages/account.ts';
import {
  changePasswordPage,
  type FieldProblem,
  forgotAskedPage,
  forgotPage,
  linkDonePage,
  linkGonePage,
  linkPage,
} from '../pages/account-password.ts';
import { type AccountTexts, accountTexts } from '../pages/account-texts.ts';
import { fieldsOf, form, formGuard, peerOf, textOf } from '../sign-in/forms.ts';
import { guard } from '../sign-in/page-headers.ts';
import { checkCsrf, signedInOf } from './require-signed-in.ts';

const localeFor = (request: Request): Locale => localeOf(undefined, request.get('accept-language'));

function send(response: Response, status: number, page: string): void {
  guard(response, "; form-action 'self'");
  response.status(status).type('html').send(page);
}

/** The two new ones as they were typed; a slip of the finger is no try. */
function typedTwice(request: Request): { readonly next: string; readonly isSame: boolean } {
  const { next, repeat } = fieldsOf(request);
  return { next: textOf(next), isSame: textOf(next) === textOf(repeat) };
}

const different = (texts: AccountTexts): FieldProblem => ({ field: 'repeat', text: texts.different });

type Changed = Exclude<Awaited<ReturnType<typeof changePassword>>, { kind: 'done' }>;

function changeProblem(result: Changed, texts: AccountTexts): FieldProblem {
  if (result.kind === 'wrong') return { field: 'current', text: texts.wrongPassword };
  if (result.kind === 'wait') return { field: 'current', text: texts.wait(result.seconds) };
  return { field: 'next', text: texts.problems[result.problem] };
}

/** Below /account: to be mounted after who is signed in was found out and the form was read. */
export function changePasswordRoutes(deps: PasswordDeps): Router {
  const router = Router();
  const show = (request: Request, response: Response, status = 200, problem?: FieldProblem) => {
    const { user, csrf } = signedInOf(response);
    send(response, status, changePasswordPage({ locale: localeFor(request), csrf, email: user.email, problem }));
  };

  router.get('/account/password', (request, response) => show(request, response));

  router.post('/account/password', async (request, response) => {
    checkCsrf(request, response);
    const locale = localeFor(request);
    const texts = accountTexts(locale);
    const { next, isSame } = typedTwice(request);
    if (!isSame) return show(request, response, 400, different(texts));
    const signedIn = signedInOf(response);
    const current = textOf(fieldsOf(request)['current']);
    const result = await changePassword(deps, signedIn, { current, next }, peerOf(request));
    if (result.kind === 'done') return send(response, 200, accountPage({ ...signedIn, locale, note: texts.changed }));
    if (result.kind === 'wait') response.set('retry-after', String(result.seconds));
    const status = { wrong: 403, wait: 429, problem: 422 }[result.kind];
    return show(request, response, status, changeProblem(result, texts));
  });
  return router;
}

/** For who is not signed in; the link is what proves that a form is meant. `origin` is the server's own. */
export function linkRoutes(deps: PasswordDeps, origin: string): Router {
  const router = Router();
  const show = (
    request: Request,
    response: Response,
    link: string,
    { user, purpose }: OpenLink,
    problem?: FieldProblem,
    status = problem ? 422 : 200,
  ) => {
    const view = { link, email: user.email, name: user.prenom, isInvitation: purpose === 'invitation', problem };
    send(response, status, linkPage({ locale: localeFor(request), ...view }));
  };
  const gone = (request: Request, response: Response) =>
    send(response, 410, linkGonePage({ locale: localeFor(request) }));

  router.post(`${passwordPath}{/*rest}`, formGuard(origin), form);

  router.get(passwordPath, async (request, response) => {
    const link = textOf(request.query['link']);
    const open = await openLink(deps, link);
    return open ? show(request, response, link, open) : gone(request, response);
  });

  router.post(passwordPath, async (request, response) => {
    const locale = localeFor(request);
    const texts = accountTexts(locale);
    const link = textOf(fieldsOf(request)['link']);
    const { next, isSame } = typedTwice(request);
    const open = await openLink(deps, link);
    if (!open) return gone(request, response);
    if (!isSame) return show(request, response, link, open, different(texts));
    const result = await acceptLink(deps, { token: link, password: next }, peerOf(request));
    if (result.kind === 'gone') return gone(request, response);
    if (result.kind === 'done') return send(response, 200, linkDonePage({ locale }));
    if (result.kind === 'wait') {
      response.set('retry-after', String(result.seconds));
      return show(request, response, link, open, { field: 'next', text: texts.wait(result.seconds) }, 429);
    }
    return show(request, response, link, open, { field: 'next', text: texts.problems[result.problem] });
  });

  router.get(`${passwordPath}/forgotten`, (request, response) => {
    send(response, 200, forgotPage({ locale: localeFor(request) }));
  });

  router.post(`${passwordPath}/forgotten`, async (request, response) => {
    const locale = localeFor(request);
    const peer = peerOf(request);
    const email = textOf(fieldsOf(request)['email']).slice(0, 254);
    const wait = await mayAskReset(deps.store, peer.address);
    if (wait > 0) {
      response.set('retry-after', String(wait));
      return send(response, 429, forgotPage({ locale, wait }));
    }
    await askReset(deps, email, peer);
    return send(response, 200, forgotAskedPage({ locale }));
  });
  return router;
}
