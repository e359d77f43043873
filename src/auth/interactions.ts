/**
 * The steps of a sign-in that a person takes: login, consent, or turning back. `http` draws the pages and reads the forms.
 * https://github.com/panva/node-oidc-provider/blob/main/docs/README.md#user-flows
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Client, errors, type InteractionResults, type Provider } from 'oidc-provider';
import { FhirError } from '../shared/errors.ts';
import type { Store } from '../store/store.ts';
import { grantableScope } from './granting.ts';
import { otherScopes } from './scopes.ts';
import { type Secret, sign } from './secret.ts';
import { signIn } from './sign-in.ts';

export interface InteractionView {
  readonly uid: string;
  readonly prompt: 'login' | 'consent';
  readonly clientName: string;
  /** What may be granted, as it was asked. */
  readonly scopes: readonly string[];
  /** To be sent back in the form. */
  readonly csrf: string;
  readonly uiLocales: unknown;
  readonly loginHint: string | undefined;
  /** Where the browser goes in the end: the page's policy has to allow forms to lead there. */
  readonly redirectUri: string;
}

interface LoginForm {
  readonly csrf: unknown;
  readonly email: unknown;
  readonly password: unknown;
}

interface ConsentForm {
  readonly csrf: unknown;
  /** The scopes whose boxes are ticked. */
  readonly scopes: readonly string[];
}

interface Peer {
  readonly address: string;
  readonly requestId?: string | undefined;
}

/** undefined: answered by a redirect; otherwise the form is to be shown again. */
export type LoginResult =
  | undefined
  | { readonly kind: 'refused' }
  | { readonly kind: 'wait'; readonly seconds: number };

export interface Interactions {
  /** Throws FhirError `notFound` when the sign-in is over, or not this browser's. */
  view(request: IncomingMessage, response: ServerResponse): Promise<InteractionView>;
  login(request: IncomingMessage, response: ServerResponse, form: LoginForm, peer: Peer): Promise<LoginResult>;
  consent(request: IncomingMessage, response: ServerResponse, form: ConsentForm): Promise<void>;
  abort(request: IncomingMessage, response: ServerResponse, form: { readonly csrf: unknown }): Promise<void>;
}

export interface InteractionDeps {
  readonly provider: Provider;
  readonly store: Store;
  readonly secret: Secret;
  /** The FHIR base. */
  readonly base: string;
}

const text = (value: unknown) => (typeof value === 'string' ? value : '');

function isSame(given: unknown, expected: string): boolean {
  const [a, b] = [Buffer.from(text(given)), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

async function detailsOf(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<Details> {
  try {
    return await provider.interactionDetails(request, response);
  } catch (error) {
    if (!(error instanceof errors.SessionNotFound)) throw error;
    throw new FhirError('notFound', 'This sign-in has ended or was begun in another browser.', { cause: error });
  }
}

async function clientOf(provider: Provider, details: Details): Promise<Client> {
  const client = await provider.Client.find(text(details.params['client_id']));
  if (!client) throw new FhirError('notFound', 'The application is not registered any more.');
  return client;
}

export function interactionsOf({ provider, store, secret, base }: InteractionDeps): Interactions {
  const csrfKey = secret.derive('csrf');
  const pepper = secret.derive('pepper');
  const csrfOf = ({ uid, cid }: Details) => sign(csrfKey, `${uid} ${cid}`);

  /** Notes in the grant what is given and what refused: what is neither would be asked for again. */
  function decide(grant: InstanceType<Provider['Grant']>, given: readonly string[], asked: readonly string[]): void {
    const refused = asked.filter((scope) => !given.includes(scope));
    const openid = (scopes: readonly string[]) => scopes.filter((scope) => otherScopes.has(scope)).join(' ');
    if (openid(given)) grant.addOIDCScope(openid(given));
    if (openid(refused)) grant.rejectOIDCScope(openid(refused));
    grant.addResourceScope(base, given.join(' '));
    if (refused.length > 0) grant.rejectResourceScope(base, refused.join(' '));
  }

  /** The interaction of the request, at the step that the form belongs to. */
  async function step(request: IncomingMessage, response: ServerResponse, csrf: unknown, prompt?: string) {
    const details = await detailsOf(provider, request, response);
    if (!isSame(csrf, csrfOf(details))) throw new FhirError('forbidden', 'The form is not one of this server.');
    if (prompt !== undefined && details.prompt.name !== prompt) {
      throw new FhirError('conflict', `This sign-in is at ${details.prompt.name}.`);
    }
    return details;
  }

  const finish = (request: IncomingMessage, response: ServerResponse, result: InteractionResults, isFirst: boolean) =>
    provider.interactionFinished(request, response, result, { mergeWithLastSubmission: !isFirst });
  const turnBack = (request: IncomingMessage, response: ServerResponse) =>
    finish(request, response, { error: 'access_denied', error_description: 'the person turned back' }, true);

  return {
    async view(request, response) {
      const details = await detailsOf(provider, request, response);
      const client = await clientOf(provider, details);
      const { params, prompt, uid } = details;
      return {
        uid,
        prompt: prompt.name === 'login' ? 'login' : 'consent',
        clientName: client.clientName ?? client.clientId,
        scopes: grantableScope(client, text(params['scope'])),
        csrf: csrfOf(details),
        uiLocales: params['ui_locales'],
        loginHint: typeof params['login_hint'] === 'string' ? params['login_hint'] : undefined,
        redirectUri: text(params['redirect_uri']),
      };
    },

    async login(request, response, { csrf, email, password }, peer) {
      const details = await step(request, response, csrf, 'login');
      const client = await clientOf(provider, details);
      const result = await signIn(store, pepper, {
        ...peer,
        email: text(email),
        password: text(password),
        clientName: client.clientName ?? client.clientId,
      });
      if (result.kind !== 'welcome') return result;
      await finish(request, response, { login: { accountId: result.user.id, amr: ['pwd'] } }, true);
      return undefined;
    },

    async consent(request, response, { csrf, scopes }) {
      const details = await step(request, response, csrf, 'consent');
      const client = await clientOf(provider, details);
      const { accountId } = details.session ?? {};
      const asked = grantableScope(client, text(details.params['scope']));
      const given = asked.filter((scope) => scope === 'openid' || scopes.includes(scope));
      const isNothing = given.length < asked.length && given.every((scope) => scope === 'openid');
      if (accountId === undefined || isNothing) return turnBack(request, response);
      const grant = new provider.Grant({ accountId, clientId: client.clientId });
      decide(grant, given, asked);
      await finish(request, response, { consent: { grantId: await grant.save() } }, false);
    },

    async abort(request, response, { csrf }) {
      await step(request, response, csrf);
      await turnBack(request, response);
    },
  };
}
