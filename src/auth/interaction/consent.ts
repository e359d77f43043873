/** The step in which a person says what the application may do; what it comes to is a grant of its own. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import { grantableScope } from '../granting.ts';
import { otherScopes } from '../scopes.ts';
import { type InteractionDeps, type Steps, type StepView, text } from './step.ts';

export interface ConsentView extends StepView {
  /** What may be granted, as it was asked. */
  readonly scopes: readonly string[];
}

interface ConsentForm {
  readonly csrf: unknown;
  /** The scopes whose boxes are ticked. */
  readonly scopes: readonly string[];
}

export interface ConsentStep {
  view(request: IncomingMessage, response: ServerResponse): Promise<ConsentView>;
  submit(request: IncomingMessage, response: ServerResponse, form: ConsentForm): Promise<void>;
}

export function consentStep(steps: Steps, { provider, base }: InteractionDeps): ConsentStep {
  /** Notes in the grant what is given and what refused: what is neither would be asked for again. */
  function decide(grant: InstanceType<Provider['Grant']>, given: readonly string[], asked: readonly string[]): void {
    const refused = asked.filter((scope) => !given.includes(scope));
    const openid = (scopes: readonly string[]) => scopes.filter((scope) => otherScopes.has(scope)).join(' ');
    if (openid(given)) grant.addOIDCScope(openid(given));
    if (openid(refused)) grant.rejectOIDCScope(openid(refused));
    grant.addResourceScope(base, given.join(' '));
    if (refused.length > 0) grant.rejectResourceScope(base, refused.join(' '));
  }

  return {
    async view(request, response) {
      const details = await steps.details(request, response);
      const client = await steps.clientOf(details);
      return { ...(await steps.viewOf(details)), scopes: grantableScope(client, text(details.params['scope'])) };
    },

    async submit(request, response, { csrf, scopes }) {
      const details = await steps.step(request, response, csrf, 'consent');
      const client = await steps.clientOf(details);
      const { accountId } = details.session ?? {};
      const asked = grantableScope(client, text(details.params['scope']));
      const given = asked.filter((scope) => scope === 'openid' || scopes.includes(scope));
      const isNothing = given.length < asked.length && given.every((scope) => scope === 'openid');
      if (accountId === undefined || isNothing) return steps.turnBack(request, response);
      const grant = new provider.Grant({ accountId, clientId: client.clientId });
      decide(grant, given, asked);
      await steps.finish(request, response, { consent: { grantId: await grant.save() } });
    },
  };
}
