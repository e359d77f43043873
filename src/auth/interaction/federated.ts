/**
 * Signing in with a hospital's identity provider, as the first factor of the login step: away to it, and back.
 * https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth, https://www.rfc-editor.org/rfc/rfc9700#section-4.4
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { FhirError } from '../../shared/errors.ts';
import type { User } from '../../store/accounts/users.ts';
import { listIdentityProviders } from '../../store/federation/identity-providers.ts';
import { saveFederatedSession } from '../../store/federation/sessions.ts';
import { saveSignIn, useSignIn } from '../../store/federation/sign-ins.ts';
import { idHash } from '../../store/oidc/artifact.ts';
import type { AccountDeps } from '../accounts.ts';
import { type Away, newAway, openAway, readAway } from '../federation/away.ts';
import { type Person, personOf } from '../federation/claims.ts';
import { accountFor } from '../federation/find-account.ts';
import { addressesOf, findEnabled, openProviderOf } from '../federation/identity-providers.ts';
import { hasSecondFactor } from '../federation/judge-person.ts';
import { isRefusal, type Refusal, refusal, type Why } from '../federation/refusal.ts';
import type { Settings } from '../federation/settings.ts';
import { authorizationUrl, type OpenProvider, redeem, type Told, type UpstreamDeps } from '../federation/upstream.ts';
import { lifetimes } from '../lifetimes.ts';
import type { Details, Peer, Steps, StepView } from './step.ts';

/** A provider on the login page. */
export interface Button {
  readonly id: string;
  readonly name: { readonly fr: string; readonly en: string };
}

/** The page that says why it did not work; undefined: answered by a redirect. */
export type FederatedResult = undefined | { readonly why: Why; readonly view: StepView; readonly name: Button['name'] };

export interface FederatedStep {
  /** The providers that are enabled. */
  buttons(): Promise<readonly Button[]>;
  /** The one that the application asks for (`idp_hint`, or as Keycloak calls it `kc_idp_hint`), when it is enabled. */
  hinted(request: IncomingMessage, response: ServerResponse): Promise<string | undefined>;
  /** Sends the browser to the provider. Throws FhirError `notFound` (sign-in or provider), `conflict` at another step. */
  begin(request: IncomingMessage, response: ServerResponse, id: string, peer: Peer): Promise<FederatedResult>;
  /** Takes what the browser brings from the provider; `query` as it was sent to the callback. */
  comeBack(
    request: IncomingMessage,
    response: ServerResponse,
    asked: { readonly id: string; readonly query: string },
    peer: Peer,
  ): Promise<FederatedResult>;
}

export interface FederatedDeps {
  readonly accounts: AccountDeps;
  readonly upstream: UpstreamDeps;
  /** URL of the server without a trailing slash. */
  readonly publicUrl: string;
  /** Ends the sign-in or asks for the second factor. */
  readonly afterFirst: (
    request: IncomingMessage,
    response: ServerResponse,
    details: Details,
    first: { readonly user: User; readonly amr: readonly string[] },
    peer: Peer,
  ) => Promise<void>;
}

type Exchange = readonly [request: IncomingMessage, response: ServerResponse];

const awaySeconds = 15 * 60;
const sessionSeconds = lifetimes.Session + lifetimes.Interaction;
/** Clocks of two hospitals' machines. */
const skewSeconds = 60;

const text = (value: unknown) => (typeof value === 'string' && value.length <= 500 ? value : undefined);

/** Whether the application wants the person to prove again who they are, and not a session that the provider has. */
function isAgain({ params, prompt }: Details): boolean {
  return params['max_age'] !== undefined || prompt.reasons.includes('login_prompt');
}

/** RFC 8176. What the provider is not trusted for is not repeated. */
function amrOf(settings: Settings, person: Person): readonly string[] {
  if (!hasSecondFactor(settings, person)) return ['fed'];
  const methods = person.amr.filter((method) => /^[\w.:-]{1,40}$/.test(method));
  return [...new Set(['fed', ...methods, 'mfa'])];
}

function isStale(away: Away, { authTime }: Person): boolean {
  return away.isAgain && (authTime === undefined || authTime < away.at - skewSeconds);
}

interface Parts {
  readonly steps: Steps;
  readonly deps: FederatedDeps;
}

interface At {
  readonly details: Details;
  readonly provider: OpenProvider;
}

/** The provider and where the sign-in is. */
async function at({ steps, deps }: Parts, [request, response]: Exchange, id: string): Promise<At> {
  const details = await steps.details(request, response);
  if (details.prompt.name !== 'login') throw new FhirError('conflict', `This sign-in is at ${details.prompt.name}.`);
  const stored = await findEnabled(deps.accounts.store.db, id);
  if (!stored) throw new FhirError('notFound', 'There is no such identity provider.');
  return { details, provider: openProviderOf(deps.accounts.secret, stored) };
}

/** For the person a page, for the log and the trail the reason. */
async function refused(
  { steps, deps }: Parts,
  { details, provider: { id, settings } }: At,
  { refused: why, detail }: Refusal,
  { address, requestId }: Peer,
): Promise<FederatedResult> {
  const { store, log, now } = deps.accounts;
  const view = await steps.viewOf(details);
  log.info('a sign-in with an identity provider was refused', { provider: id, why, detail, requestId });
  await store.audit.append({
    type: 'login-failed',
    subtype: 'login-failed',
    action: 'E',
    outcome: why === 'unavailable' ? '8' : '4',
    outcomeText: `${why}: ${detail}`,
    recorded: now(),
    client: { name: view.clientName },
    address,
    entities: [{ detail: { identity_provider: id } }],
    patients: [],
    ...(requestId === undefined ? {} : { requestId }),
  });
  return { why, view, name: settings.name };
}

/** The state is of this server, provider and browser's sign-in, and has not been used; now it is. */
async function awayOf(
  { store, secret }: AccountDeps,
  { details, provider }: At,
  query: string,
): Promise<Away | Refusal> {
  const sealed = await readAway(store.db, secret, provider.id, new URLSearchParams(query).get('state'));
  if (!sealed) return refusal('stale', 'the state is unknown, used or too old');
  const away = openAway(secret, sealed);
  if (away.uid !== details.uid) return refusal('stale', "the state is of another browser's sign-in");
  const isFirst = await useSignIn(store.db, sealed.stateHash, provider.id);
  return isFirst ? away : refusal('stale', 'the state was used at the same moment');
}

interface Came {
  readonly told: Told;
  readonly person: Person;
}

async function personFrom({ deps }: Parts, provider: OpenProvider, away: Away, query: string): Promise<Came | Refusal> {
  const { redirect_uri: redirectUri } = addressesOf(deps.publicUrl, provider.id);
  const told = await redeem(deps.upstream, provider, { redirectUri, query, proofs: away });
  if (isRefusal(told)) return told;
  const person = personOf(provider.settings, told.idTokenClaims, told.userinfo);
  return isStale(away, person) ? refusal('notFresh', `auth_time is ${person.authTime ?? 'absent'}`) : { told, person };
}

/** What signing out will need. */
async function remember(
  { store, secret }: AccountDeps,
  { details, provider }: At,
  user: User,
  came: Came,
): Promise<void> {
  const { id, settings } = provider;
  const { subject, sid } = came.person;
  const sealedIdToken = settings.logout.upstream ? secret.seal(came.told.idToken, `id token ${id}`) : undefined;
  const whose = { providerId: id, userId: user.id, issuer: settings.issuer, subject, sid };
  await saveFederatedSession(store.db, { signInHash: idHash(details.uid), ...whose, sealedIdToken }, sessionSeconds);
}

async function begin(parts: Parts, exchange: Exchange, id: string, peer: Peer): Promise<FederatedResult> {
  const { accounts, upstream, publicUrl } = parts.deps;
  const here = await at(parts, exchange, id);
  const { details, provider } = here;
  const leaving = { uid: details.uid, isAgain: isAgain(details), at: Math.floor(accounts.now().getTime() / 1000) };
  const { stateHash, away, sealed } = newAway(accounts.secret, id, leaving);
  const url = await authorizationUrl(upstream, provider, {
    ...away,
    redirectUri: addressesOf(publicUrl, id).redirect_uri,
    loginHint: text(details.params['login_hint']),
    uiLocales: text(details.params['ui_locales']),
  });
  if (isRefusal(url)) return refused(parts, here, url, peer);
  await saveSignIn(accounts.store.db, { stateHash, providerId: id, sealed }, awaySeconds);
  exchange[1].writeHead(303, { location: url.href, 'cache-control': 'no-store' }).end();
  return undefined;
}

async function comeBack(
  parts: Parts,
  exchange: Exchange,
  { id, query }: { readonly id: string; readonly query: string },
  peer: Peer,
): Promise<FederatedResult> {
  const { accounts, afterFirst } = parts.deps;
  const here = await at(parts, exchange, id);
  const { details, provider } = here;
  const away = await awayOf(accounts, here, query);
  if (isRefusal(away)) return refused(parts, here, away, peer);
  const came = await personFrom(parts, provider, away, query);
  if (isRefusal(came)) return refused(parts, here, came, peer);
  const { settings } = provider;
  const user = await accountFor(accounts, { providerId: id, settings, person: came.person });
  if (isRefusal(user)) return refused(parts, here, user, peer);
  await remember(accounts, here, user, came);
  await afterFirst(...exchange, details, { user, amr: amrOf(settings, came.person) }, peer);
  return undefined;
}

export function federatedStep(steps: Steps, deps: FederatedDeps): FederatedStep {
  const parts: Parts = { steps, deps };
  const { db } = deps.accounts.store;
  return {
    async buttons() {
      const enabled = (await listIdentityProviders(db)).filter((provider) => provider.enabled);
      return enabled.map(({ id, settings }) => ({ id, name: (settings as Settings).name }));
    },

    async hinted(request, response) {
      const { params } = await steps.details(request, response);
      const hint = text(params['idp_hint']) ?? text(params['kc_idp_hint']);
      return hint === undefined ? undefined : (await findEnabled(db, hint))?.id;
    },

    begin: (request, response, id, peer) => begin(parts, [request, response], id, peer),
    comeBack: (request, response, asked, peer) => comeBack(parts, [request, response], asked, peer),
  };
}
