/** The login step's page and form. */
import type { Request, Response } from 'express';
import type { LoginResult, LoginStep, LoginView } from '../../auth/interaction/login.ts';
import { loginPage } from '../pages/login.ts';
import { textsFor } from '../pages/texts.ts';
import { fieldsOf, peerOf } from './forms.ts';
import { frameOf, type StepPages, showPage } from './step-pages.ts';

function pageFor(request: Request, view: LoginView, result: LoginResult): string {
  const frame = frameOf(request, view);
  const texts = textsFor(frame.locale);
  const typed: unknown = fieldsOf(request)['email'];
  const email = typeof typed === 'string' ? typed : (view.loginHint ?? '');
  if (!result) return loginPage({ ...frame, email });
  return loginPage({ ...frame, email, problem: result.kind === 'wait' ? texts.wait(result.seconds) : texts.refused });
}

function show(request: Request, response: Response, view: LoginView, result?: LoginResult): void {
  if (result?.kind === 'wait') response.set('retry-after', String(result.seconds));
  const status = result === undefined ? 200 : result.kind === 'wait' ? 429 : 401;
  showPage(response, view, pageFor(request, view, result), status);
}

/** `showSecond` answers instead when the sign-in is at its second factor, and says so. */
export function loginPages(
  login: LoginStep,
  showSecond: (request: Request, response: Response) => Promise<boolean>,
): StepPages {
  return {
    prompt: 'login',
    async show(request, response) {
      if (await showSecond(request, response)) return;
      show(request, response, await login.view(request, response));
    },
    routes(router) {
      router.post('/interaction/:uid/login', async (request, response) => {
        const view = await login.view(request, response);
        const { csrf, email, password } = fieldsOf(request);
        const result = await login.submit(request, response, { csrf, email, password }, peerOf(request));
        if (result) show(request, response, view, result);
      });
    },
  };
}
