/** The step in which a person says who they are. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { knownBrowsers } from '../known-browser.ts';
import { signIn } from '../sign-in.ts';
import type { FactorStep } from './factor.ts';
import { type InteractionDeps, type Peer, type Steps, type StepView, text } from './step.ts';

export interface LoginView extends StepView {
  readonly loginHint: string | undefined;
}

interface LoginForm {
  readonly csrf: unknown;
  readonly email: unknown;
  readonly password: unknown;
}

/** undefined: answered by a redirect; otherwise the form is to be shown again. */
export type LoginResult =
  | undefined
  | { readonly kind: 'refused' }
  | { readonly kind: 'wait'; readonly seconds: number };

export interface LoginStep {
  view(request: IncomingMessage, response: ServerResponse): Promise<LoginView>;
  submit(request: IncomingMessage, response: ServerResponse, form: LoginForm, peer: Peer): Promise<LoginResult>;
}

export function loginStep(
  steps: Steps,
  { store, secret, base }: InteractionDeps,
  { afterFirst }: Pick<FactorStep, 'afterFirst'>,
): LoginStep {
  const pepper = secret.derive('pepper');
  const browsers = knownBrowsers(secret, base.startsWith('https:'));
  return {
    async view(request, response) {
      const details = await steps.details(request, response);
      const { login_hint: hint } = details.params;
      return { ...(await steps.viewOf(details)), loginHint: typeof hint === 'string' ? hint : undefined };
    },

    async submit(request, response, { csrf, email, password }, peer) {
      const details = await steps.step(request, response, csrf, 'login');
      const client = await steps.clientOf(details);
      const who = { ...peer, clientName: client.clientName ?? client.clientId, email: text(email) };
      const knownBrowser = browsers.nonceOf(request, who.email);
      const result = await signIn(store, pepper, { ...who, password: text(password), knownBrowser });
      if (result.kind !== 'welcome') return result;
      browsers.remember(request, response, who.email);
      await afterFirst(request, response, details, { user: result.user, amr: ['pwd'] }, peer);
      return undefined;
    },
  };
}
