/** The step in which a person says what the application may do; what it comes to is a grant of its own. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Client } from 'oidc-provider';
import { FhirError } from '../../shared/errors.ts';
import { findUser } from '../../store/accounts/users.ts';
import { type Deciding, keepDecision, recallDecision, traceDecision } from '../consent/decisions.ts';
import { grantOf } from '../consent/grant.ts';
import { isAskedEachTime, remembered } from '../consent/memory.ts';
import { givenOf, isRefusal, type Offer, offersFor } from '../consent/narrowing.ts';
import { grantableScope } from '../granting.ts';
import { type Details, type InteractionDeps, type Peer, type Steps, type StepView, text } from './step.ts';

interface ConsentView extends StepView {
  /** What may be given: each word that was asked, with the narrower ones that may take its place. */
  readonly offers: readonly Offer[];
}

interface ConsentForm {
  readonly csrf: unknown;
  /** The scopes whose boxes are ticked. */
  readonly scopes: readonly string[];
}

export interface ConsentStep {
  /** Goes on without a page where the person has decided about all of this before; answers whether it did. */
  recall(request: IncomingMessage, response: ServerResponse, peer: Peer): Promise<boolean>;
  view(request: IncomingMessage, response: ServerResponse): Promise<ConsentView>;
  submit(request: IncomingMessage, response: ServerResponse, form: ConsentForm, peer: Peer): Promise<void>;
  /** The person gives nothing. */
  refuse(
    request: IncomingMessage,
    response: ServerResponse,
    form: Pick<ConsentForm, 'csrf'>,
    peer: Peer,
  ): Promise<void>;
}

/** A request that was asked of one person by one application. */
interface Asking {
  readonly details: Details;
  readonly client: Client;
  readonly asked: readonly string[];
  readonly who: Deciding;
}

export function consentStep(steps: Steps, { provider, base, store }: InteractionDeps): ConsentStep {
  const askedOf = (client: Client, { params }: Details) => grantableScope(client, text(params['scope']));

  async function requestOf(details: Details, peer: Peer): Promise<Asking> {
    const client = await steps.clientOf(details);
    const user = await findUser(store.db, details.session?.accountId ?? '');
    if (!user) throw new FhirError('notFound', 'Nobody is signed in for this any more.');
    const { clientId, clientName = clientId } = client;
    return { details, client, asked: askedOf(client, details), who: { user, clientId, clientName, ...peer } };
  }

  /** The grant of these words, and no word of the request is left but these: neither code nor refresh token has more. */
  async function grant({ details, who: { user, clientId } }: Asking, given: readonly string[]): Promise<string> {
    const { jti } = await grantOf(provider, { accountId: user.id, clientId, base, given });
    details.params['scope'] = given.join(' ');
    await details.persist();
    return jti;
  }

  async function turnAway(request: IncomingMessage, response: ServerResponse, { asked, who }: Asking): Promise<void> {
    await traceDecision(store, who, 'refused', { asked, given: [] });
    return steps.turnBack(request, response);
  }

  return {
    async recall(request, response, peer) {
      const details = await steps.details(request, response);
      if (details.prompt.name !== 'consent' || text(details.params['prompt']).split(' ').includes('consent'))
        return false;
      const own = await requestOf(details, peer);
      const { client, asked, who } = own;
      const given = isAskedEachTime(client) ? undefined : remembered(asked, await recallDecision(store, who));
      if (!given || isRefusal(offersFor(asked), given)) return false;
      const grantId = await grant(own, given);
      await traceDecision(store, who, 'remembered', { asked, given });
      await steps.finish(request, response, { consent: { grantId } });
      return true;
    },

    async view(request, response) {
      const details = await steps.details(request, response);
      const client = await steps.clientOf(details);
      return { ...(await steps.viewOf(details)), offers: offersFor(askedOf(client, details)) };
    },

    async submit(request, response, { csrf, scopes }, peer) {
      const own = await requestOf(await steps.step(request, response, csrf, 'consent'), peer);
      const { asked, who } = own;
      const offers = offersFor(asked);
      const given = givenOf(offers, new Set(scopes));
      if (isRefusal(offers, given)) return turnAway(request, response, own);
      const grantId = await grant(own, given);
      await keepDecision(store, who, { asked, given });
      await steps.finish(request, response, { consent: { grantId } });
    },

    async refuse(request, response, { csrf }, peer) {
      await turnAway(request, response, await requestOf(await steps.step(request, response, csrf, 'consent'), peer));
    },
  };
}
