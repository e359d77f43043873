/**
 * Which steps a sign-in needs, in their order.
 * https://github.com/panva/node-oidc-provider/blob/main/docs/README.md#interactionspolicy
 */
import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';

/** Signs in again whoever has a session for an account that may not sign in any more. */
export function policy(): interactionPolicy.DefaultPolicy {
  const prompts = interactionPolicy.base();
  const isGone = (ctx: KoaContextWithOIDC) =>
    ctx.oidc.session?.accountId !== undefined && ctx.oidc.entities.Account === undefined;
  prompts
    .get('login')
    ?.checks.add(new interactionPolicy.Check('account_gone', 'the account is not active', 'login_required', isGone));
  return prompts;
}
