/** The login step's page and form. */
import type { Request, Response } from 'express';
import type { Button } from '../../auth/interaction/federated.ts';
import type { Interactions } from '../../auth/interaction/interactions.ts';
import type { LoginResult, LoginView } from '../../auth/interaction/login.ts';
import { providerButtons } from '../pages/federation.ts';
import { loginPage } from '../pages/login.ts';
import { textsFor } from '../pages/texts.ts';
import { fieldsOf, peerOf } from './forms.ts';
import { frameOf, type StepPages, showPage } from './step-pages.ts';

/** What the page shows: of the person, and the identity providers. */
interface Shown {
  readonly view: LoginView;
  readonly buttons: readonly Button[];
}

function pageFor(request: Request, { view, buttons }: Shown, result: LoginResult): string {
  const frame = frameOf(request, view);
  const texts = textsFor(frame.locale);
  const typed: unknown = fieldsOf(request)['email'];
  const email = typeof typed === 'string' ? typed : (view.loginHint ?? '');
  const shown = { ...frame, email, providers: providerButtons(frame.locale, frame.action, buttons) };
  if (!result) return loginPage(shown);
  return loginPage({ ...shown, problem: result.kind === 'wait' ? texts.wait(result.seconds) : texts.refused });
}

function show(request: Request, response: Response, shown: Shown, result?: LoginResult): void {
  if (result?.kind === 'wait') response.set('retry-after', String(result.seconds));
  const status = result === undefined ? 200 : result.kind === 'wait' ? 429 : 401;
  showPage(response, shown.view, pageFor(request, shown, result), status);
}

/** `showSecond` answers instead when the sign-in is at its second factor, and says so. */
export function loginPages(
  { login, federated }: Pick<Interactions, 'login' | 'federated'>,
  showSecond: (request: Request, response: Response) => Promise<boolean>,
): StepPages {
  return {
    prompt: 'login',
    async show(request, response) {
      if (await showSecond(request, response)) return;
      // Who was sent back by the provider chooses; there is nothing to ask twice.
      const hinted = request.query['choose'] ? undefined : await federated.hinted(request, response);
      const view = await login.view(request, response);
      if (hinted !== undefined) return response.redirect(303, `/interaction/${view.uid}/federated/${hinted}`);
      show(request, response, { view, buttons: await federated.buttons() });
    },
    routes(router) {
      router.post('/interaction/:uid/login', async (request, response) => {
        const view = await login.view(request, response);
        const { csrf, email, password } = fieldsOf(request);
        const result = await login.submit(request, response, { csrf, email, password }, peerOf(request));
        if (result) show(request, response, { view, buttons: await federated.buttons() }, result);
      });
    },
  };
}
