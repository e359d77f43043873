/**
 * What every step of a sign-in stands on: whose browser it is, where the sign-in is, and how it goes on or ends.
 * https://github.com/panva/node-oidc-provider/blob/main/docs/README.md#user-flows
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Client, errors, type InteractionResults, type Provider } from 'oidc-provider';
import { FhirError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Store } from '../../store/store.ts';
import type { FactorDeps } from '../factors/deps.ts';
import type { PersonAccess } from '../launch/person-access.ts';
import { isSame } from '../same.ts';
import { type Secret, sign } from '../secret.ts';

export interface InteractionDeps {
  readonly provider: Provider;
  readonly store: Store;
  readonly secret: Secret;
  /** The FHIR base. */
  readonly base: string;
  readonly factors: FactorDeps;
  readonly log: Logger;
  readonly personAccess: PersonAccess;
}

/** Where the form was sent from, for the audit trail. */
export interface Peer {
  readonly address: string;
  readonly requestId?: string | undefined;
}

/** A sign-in under way, as the provider keeps it. */
export type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

/** What every page of a sign-in shows or sends back. */
export interface StepView {
  readonly uid: string;
  /** The step that the sign-in is at: `login`, `consent`, ... */
  readonly prompt: string;
  readonly clientName: string;
  /** To be sent back in the form. */
  readonly csrf: string;
  readonly uiLocales: unknown;
  /** Where the browser goes in the end: the page's policy has to allow forms to lead there. */
  readonly redirectUri: string;
}

export interface Steps {
  /** The sign-in of this browser. Throws FhirError `notFound` when it is over, or not this browser's. */
  details(request: IncomingMessage, response: ServerResponse): Promise<Details>;
  /**
   * The same for a form that was sent. Throws FhirError `forbidden` for a form that is not of this sign-in, `conflict` when
   * the sign-in is not at `prompt`.
   */
  step(request: IncomingMessage, response: ServerResponse, csrf: unknown, prompt?: string): Promise<Details>;
  /** What the page of any step shows. */
  viewOf(details: Details): Promise<StepView>;
  /** The application that the person signs in for. Throws FhirError `notFound` when it was removed meanwhile. */
  clientOf(details: Details): Promise<Client>;
  /**
   * Answers by a redirect to the next step or the application. `result` is added to what earlier steps gave; with
   * `isFirst` it takes their place.
   */
  finish(
    request: IncomingMessage,
    response: ServerResponse,
    result: InteractionResults,
    isFirst?: boolean,
  ): Promise<void>;
  /** Ends the sign-in with an OAuth error for the application. */
  turnBack(request: IncomingMessage, response: ServerResponse, why?: string): Promise<void>;
}

/** The text of a field or parameter; empty for anything else. */
export const text = (value: unknown) => (typeof value === 'string' ? value : '');

async function detailsOf(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<Details> {
  try {
    return await provider.interactionDetails(request, response);
  } catch (error) {
    if (!(error instanceof errors.SessionNotFound)) throw error;
    throw new FhirError('notFound', 'This sign-in has ended or was begun in another browser.', { cause: error });
  }
}

export function stepsOf({ provider, secret }: InteractionDeps): Steps {
  const csrfKey = secret.derive('csrf');
  const csrfOf = ({ uid, cid }: Details) => sign(csrfKey, `${uid} ${cid}`);

  async function clientOf(details: Details): Promise<Client> {
    const client = await provider.Client.find(text(details.params['client_id']));
    if (!client) throw new FhirError('notFound', 'The application is not registered any more.');
    return client;
  }

  const finish: Steps['finish'] = (request, response, result, isFirst = false) =>
    provider.interactionFinished(request, response, result, { mergeWithLastSubmission: !isFirst });

  return {
    clientOf,
    finish,
    details: (request, response) => detailsOf(provider, request, response),

    async step(request, response, csrf, prompt) {
      const details = await detailsOf(provider, request, response);
      if (!isSame(csrf, csrfOf(details))) throw new FhirError('forbidden', 'The form is not one of this server.');
      if (prompt !== undefined && details.prompt.name !== prompt) {
        throw new FhirError('conflict', `This sign-in is at ${details.prompt.name}.`);
      }
      return details;
    },

    async viewOf(details) {
      const client = await clientOf(details);
      const { params, prompt, uid } = details;
      return {
        uid,
        prompt: prompt.name,
        clientName: client.clientName ?? client.clientId,
        csrf: csrfOf(details),
        uiLocales: params['ui_locales'],
        redirectUri: text(params['redirect_uri']),
      };
    },

    turnBack: (request, response, why = 'the person turned back') =>
      finish(request, response, { error: 'access_denied', error_description: why }, true),
  };
}
