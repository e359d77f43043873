/**
 * OpenID grants `offline_access` only to who asks for `prompt=consent`; SMART apps never do, and would get no refresh token.
 * So it is asked in their place, as long as the library looks for it, and taken back after: whether a person is asked again
 * is decided by what they have decided before. https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess
 */
import type { KoaContextWithOIDC } from 'oidc-provider';

const words = (value: unknown) => (typeof value === 'string' ? value.split(' ').filter(Boolean) : []);

/** Where this is noted for as long as the request lasts. */
const key = 'consentAskedForOfflineAccess';

/** Before the library reads the request. */
export function askForOfflineAccess(ctx: KoaContextWithOIDC): void {
  const prompts = words(ctx.query['prompt']);
  const isOffline = words(ctx.query['scope']).includes('offline_access');
  if (ctx.path !== '/auth' || !isOffline || prompts.includes('none') || prompts.includes('consent')) return;
  ctx.query = { ...ctx.query, prompt: [...prompts, 'consent'].join(' ') };
  ctx.state[key] = true;
}

const pushing = 'pushed_authorization_request';

/**
 * The same for a request that was pushed (RFC 9126): what it asks for is known only once the library has read it. It is kept
 * with the word twice, which says the same and tells that it is ours.
 */
export function askForPushedOfflineAccess(ctx: KoaContextWithOIDC): void {
  const { params, route } = ctx.oidc;
  const prompts = words(params?.['prompt']);
  if (!params || route !== pushing || !words(params['scope']).includes('offline_access')) return;
  if (prompts.includes('none') || prompts.includes('consent')) return;
  params['prompt'] = [...prompts, 'consent', 'consent'].join(' ');
}

/** After the library has looked for it, and before it decides which pages to show. */
export function takeBackPrompt(ctx: KoaContextWithOIDC): void {
  const { params, route } = ctx.oidc;
  const prompts = words(params?.['prompt']);
  const isOurs = ctx.state[key] === true || prompts.filter((word) => word === 'consent').length > 1;
  if (!isOurs || !params || route === pushing) return;
  const own = prompts.filter((word) => word !== 'consent');
  params['prompt'] = own.length > 0 ? own.join(' ') : undefined;
}
