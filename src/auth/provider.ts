/**
 * The OpenID provider and OAuth server: oidc-provider, configured for SMART on FHIR.
 * http://hl7.org/fhir/smart-app-launch/, https://openid.net/specs/openid-connect-core-1_0.html
 */
import type { JWK } from 'jose';
import { type Configuration, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Logger } from '../shared/logger.ts';
import type { User } from '../store/accounts/users.ts';
import { saveArtifactOnce } from '../store/oidc/save-artifact.ts';
import type { Database } from '../store/store.ts';
import { findAccount } from './account.ts';
import { adapterOn } from './adapter.ts';
import type { CertificateOf } from './certificates.ts';
import { checkAssertion } from './client-assertion.ts';
import { authMethods, signingAlgorithms } from './client-checks.ts';
import { keySetsOf } from './client-jwks.ts';
import { ownMetadata } from './client-metadata.ts';
import { secretHash } from './clients.ts';
import type { Grant } from './consent/grant.ts';
import { takeBackPrompt } from './consent/prompt.ts';
import { proofAlgorithms } from './dpop-proof.ts';
import { multiFactor, singleFactor } from './factors/methods.ts';
import { firstPartyClient, firstPartyClientId } from './first-party-client.ts';
import { audienceCheck, issuesRefreshToken, resourceServerFor } from './granting.ts';
import { guardedFetch } from './guarded-fetch.ts';
import { policy } from './interaction/policy.ts';
import type { Launches } from './launch/launches.ts';
import { lifetimes } from './lifetimes.ts';
import { originOf } from './origins.ts';
import { localeOf, type Pages } from './pages.ts';
import { introspectionScope } from './scopes.ts';
import { isFapi, senderConstraints } from './sender-constraints.ts';
import { bindToSessions } from './session-binding.ts';

export interface ProviderDeps {
  readonly db: Database;
  /** `http://localhost:8080/oidc` */
  readonly issuer: string;
  /** The FHIR base. */
  readonly base: string;
  readonly keys: readonly JWK[];
  readonly cookieKey: string;
  readonly pages: Pages;
  /** Hosts inside the hospital whose key sets may be fetched. */
  readonly trustedHosts: readonly string[];
  readonly certificateOf: CertificateOf;
  /** 32 bytes of which the nonces for DPoP are made, the same in all processes. */
  readonly nonceKey: Buffer;
  /** Whether applications may register themselves. */
  readonly registers: boolean;
  readonly launches: Launches;
  /** Whether the account signs in with two factors. */
  readonly needsSecondFactor: (user: Pick<User, 'id' | 'role'>) => Promise<boolean>;
  /** What a request without pages gets by an earlier decision; see `silentGrant`. */
  readonly silentGrant: (ctx: KoaContextWithOIDC) => Promise<Grant | undefined>;
  readonly log: Logger;
}

const locale = (ctx: KoaContextWithOIDC) =>
  localeOf(ctx.oidc.params?.['ui_locales'] ?? ctx.query['ui_locales'], ctx.get('accept-language'));

function features({ base, pages, nonceKey, certificateOf }: ProviderDeps): NonNullable<Configuration['features']> {
  const off = { enabled: false } as const;
  return {
    devInteractions: off,
    ...senderConstraints(nonceKey, certificateOf),
    // Access tokens are for the FHIR server, and the claims are in the ID token.
    userinfo: off,
    clientCredentials: { enabled: true },
    introspection: {
      enabled: true,
      // A client may ask about its own tokens; to ask about those of others it is registered for it.
      allowedPolicy: (_ctx, client, token) =>
        token.clientId === client.clientId || String(client['livedoc_scope']).split(' ').includes(introspectionScope),
    },
    revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => base,
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource, client) => {
        takeBackPrompt(ctx);
        return resourceServerFor(base)(ctx, resource, client);
      },
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource(ctx, form) {
        ctx.body = pages.logout({ locale: locale(ctx), form, clientName: ctx.oidc.client?.clientName });
      },
      postLogoutSuccessSource(ctx) {
        ctx.type = 'html';
        ctx.body = pages.loggedOut({ locale: locale(ctx) });
      },
    },
  };
}

/** Our own pages ask nobody for consent to be shown. */
async function firstPartyGrant(
  ctx: KoaContextWithOIDC,
  base: string,
): Promise<InstanceType<Provider['Grant']> | undefined> {
  const { account, provider } = ctx.oidc;
  if (!account) return undefined;
  const own = { accountId: account.accountId, clientId: firstPartyClientId, expiresIn: lifetimes.AuthorizationCode };
  const grant = new provider.Grant(own);
  grant.addOIDCScope('openid');
  grant.addResourceScope(base, 'openid');
  await grant.save();
  return grant;
}

/**
 * Over https browsers hold cookies of these names to this host, or at least to TLS; those of a sign-in have its path.
 * https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3
 */
function cookieNames(issuer: string): NonNullable<NonNullable<Configuration['cookies']>['names']> {
  if (!issuer.startsWith('https:')) return {};
  return { session: '__Host-session', interaction: '__Secure-interaction', resume: '__Secure-resume' };
}

function configuration(deps: ProviderDeps): Configuration {
  const { base, db, issuer, launches } = deps;
  const fetch = guardedFetch(deps.trustedHosts);
  return {
    adapter: adapterOn(db, keySetsOf(db, fetch, deps.log)),
    clients: [firstPartyClient(new URL(deps.issuer).origin)],
    jwks: { keys: deps.keys },
    cookies: { keys: [deps.cookieKey], names: cookieNames(deps.issuer) },
    features: features(deps),
    // It is ours: the library's knows neither SMART's scopes nor clients that wait.
    discovery: deps.registers ? { registration_endpoint: `${issuer}/reg` } : {},
    responseTypes: ['code'],
    pkce: { required: () => true },
    acrValues: [singleFactor, multiFactor],
    scopes: ['openid', 'offline_access'],
    claims: {
      openid: ['sub', 'auth_time', 'amr', 'acr'],
      fhirUser: ['fhirUser'],
      profile: ['name', 'family_name', 'given_name'],
    },
    conformIdTokenClaims: false,
    clientAuthMethods: [...authMethods],
    enabledJWA: {
      clientAuthSigningAlgValues: [...signingAlgorithms],
      idTokenSigningAlgValues: ['RS256'],
      dPoPSigningAlgValues: [...proofAlgorithms],
    },
    extraClientMetadata: { properties: ownMetadata },
    // With the hints an application says by which identity provider of the hospital to sign in.
    extraParams: { aud: audienceCheck(base), launch: launches.check, idp_hint: null, kc_idp_hint: null },
    ttl: lifetimes,
    // A bound one of a client with a key of its own is of no use to a thief, and FAPI 2.0 wants it to stay.
    rotateRefreshToken: ({ oidc }) => !isFapi(oidc.client),
    allowOmittingSingleRegisteredRedirectUri: false,
    acceptQueryParamAccessTokens: false,
    issueRefreshToken: (_ctx, client, source) => issuesRefreshToken(client, source.scopes),
    expiresWithSession: (_ctx, source) => !source.scopes.has('offline_access'),
    // A grant of an earlier launch is never used again: its patient may be another one.
    async loadExistingGrant(ctx) {
      if (ctx.oidc.client?.clientId === firstPartyClientId) return firstPartyGrant(ctx, base);
      const grantId = ctx.oidc.result?.consent?.grantId;
      return grantId === undefined ? deps.silentGrant(ctx) : ctx.oidc.provider.Grant.find(grantId);
    },
    findAccount: (_ctx, sub) => findAccount(db, base, sub),
    extraTokenClaims: async (ctx, token) => ({
      ...('grantId' in token && token.grantId !== undefined ? await launches.members(token.grantId) : {}),
      ...(token.scopes.has('fhirUser') ? { fhirUser: ctx.oidc.entities.Account?.['fhirUser'] } : {}),
    }),
    assertJwtClientAuthClaimsAndHeader: (_ctx, claims, header, client) =>
      checkAssertion(claims, header, client, { issuer }),
    // Introspection is for resource servers, and those are no pages in a browser.
    clientBasedCORS: (ctx, origin, client) =>
      ctx.oidc.route !== 'introspection' && (client.redirectUris ?? []).some((uri) => originOf(uri) === origin),
    fetch: (input, init) => fetch(input instanceof Request ? input.url : input, init),
    interactions: {
      policy: policy(deps),
      url: (_ctx, { uid }) => new URL(`${new URL('.', deps.issuer).pathname}interaction/${uid}`, deps.issuer).pathname,
    },
    renderError(ctx, out) {
      const { error, error_description: description } = out;
      ctx.type = 'html';
      ctx.body = deps.pages.error({ locale: locale(ctx), code: error, description });
    },
  };
}

/** Makes the provider; its own pages come from `pages` when they are shown. */
export function createProvider(deps: ProviderDeps): Provider {
  const provider = new Provider(deps.issuer, configuration(deps));
  // What it sees of host, protocol and address is what `open-auth` writes into the request, never what a client claims.
  provider.proxy = true;
  // Secrets are compared by their hash, for that is what the database has.
  const compare = provider.Client.prototype.compareClientSecret;
  provider.Client.prototype.compareClientSecret = function hashed(actual: string) {
    return compare.call(this, secretHash(actual));
  };
  // What may come once is decided by one statement of the database, for assertions and proofs alike.
  provider.ReplayDetection.unique = (issuer, jti, exp) => {
    const expiresIn = exp - Date.now() / 1000;
    return saveArtifactOnce(deps.db, { model: 'ReplayDetection', id: `${issuer} ${jti}`, payload: {}, expiresIn });
  };
  bindToSessions(provider);
  provider.on('server_error', (_ctx, error) => deps.log.error('the OpenID provider failed', { error }));
  return provider;
}
