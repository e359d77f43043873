/** What a request for tokens may come to: the scopes that its client is registered for, on the one resource server that we are. */
import { type Client, errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import { accessTokenSeconds } from './lifetimes.ts';
import { allowedScope, maximumScopeLength, parseScope, type ResourceScope } from './scopes.ts';

const text = (value: unknown) => (typeof value === 'string' ? value : '');

/** What is asked for: by this request, or by the one whose code or refresh token it brings. */
function askedScope({ oidc }: KoaContextWithOIDC): string {
  const { AuthorizationCode: code, RefreshToken: refresh } = oidc.entities;
  return text(oidc.params?.['scope']) || code?.scope || refresh?.scope || '';
}

/** Persons are behind an app, nobody is behind a backend service. */
function levelsOf(client: Client): readonly ResourceScope['level'][] {
  return client['livedoc_kind'] === 'backend' ? ['system'] : ['user', 'patient'];
}

/** Before any word of it is looked at. */
function demandShort(scope: string): void {
  if (scope.length <= maximumScopeLength) return;
  throw new errors.InvalidScope(`scope is longer than ${maximumScopeLength} characters`, '');
}

/** What of `asked` the client may have at most. */
export function grantableScope(client: Client, asked: string): readonly string[] {
  return allowedScope(asked, text(client['livedoc_scope']), levelsOf(client));
}

const authorizing = new Set(['authorization', 'resume', 'pushed_authorization_request']);

/** Who comes without a launch cannot have its context; an app that asks for both ways of launching gets the other. */
function mayLaunch({ oidc }: KoaContextWithOIDC): boolean {
  return !authorizing.has(oidc.route) || oidc.params?.['launch'] !== undefined;
}

/**
 * The FHIR server as the resource of a request. The words of the request that are more than the client's registration are
 * taken out of it here, because the library checks only the scopes that it knows itself.
 * The answer names OpenID's scopes too: without them the token response would not repeat them.
 */
export function resourceServerFor(
  base: string,
): (ctx: KoaContextWithOIDC, resource: string, client: Client) => ResourceServer {
  return (ctx, resource, client) => {
    if (resource !== base) throw new errors.InvalidTarget('the FHIR base is the only resource of this server');
    const asked = askedScope(ctx);
    demandShort(asked);
    const granted = grantableScope(client, asked).filter((word) => word !== 'launch' || mayLaunch(ctx));
    if (granted.length === 0) throw new errors.InvalidScope('none of the requested scopes is allowed', asked);
    const { params } = ctx.oidc;
    if (params?.['scope']) params['scope'] = granted.join(' ');
    return {
      scope: granted.join(' '),
      audience: base,
      accessTokenFormat: 'opaque',
      accessTokenTTL: accessTokenSeconds,
    };
  };
}

const withoutSlash = (url: string) => url.replace(/\/$/, '');

/**
 * SMART's `aud`: an app says which FHIR server it means to talk to, so that a false one cannot have its tokens. A sign-in
 * that asks for no resources needs none. http://hl7.org/fhir/smart-app-launch/app-launch.html#obtain-authorization-code
 */
export function audienceCheck(base: string): (ctx: KoaContextWithOIDC, value: string | undefined) => void {
  return (ctx, value) => {
    demandShort(text(ctx.oidc.params?.['scope']));
    // What was pushed was judged then; the library keeps it in a JWT, whose own `aud` has taken the place of SMART's.
    if (ctx.oidc.entities.PushedAuthorizationRequest && ctx.oidc.route === 'authorization') return;
    const asksResources = text(ctx.oidc.params?.['scope']).split(' ').some(parseScope);
    if (value === undefined && !asksResources) return;
    if (value !== undefined && withoutSlash(value) === base) return;
    throw new errors.InvalidRequest(`aud must be ${base}`, 400);
  };
}

/** SMART apps keep access while the user is away, or while the session lasts. */
export function issuesRefreshToken(client: Client, scopes: ReadonlySet<string>): boolean {
  return client.grantTypeAllowed('refresh_token') && (scopes.has('offline_access') || scopes.has('online_access'));
}
