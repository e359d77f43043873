/** Ties sessions of ours to those at identity providers: when one begins, and when a person signs out. */
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { nameFederatedSession } from '../../store/federation/sessions.ts';
import { idHash } from '../../store/oidc/artifact.ts';
import { type SignOutDeps, upstreamSignOut } from './sign-out.ts';

/** The sign-in has led to a session: its uid is known only now. */
async function name({ store }: SignOutDeps, { oidc, path }: KoaContextWithOIDC): Promise<void> {
  // Of the path: the entity is of the next step by now, where there is one.
  const uid = path.slice(path.lastIndexOf('/') + 1);
  const userId = oidc.result?.login?.accountId;
  const sessionUid = oidc.session?.uid;
  if (userId === undefined || sessionUid === undefined) return;
  await nameFederatedSession(store.db, { signInHash: idHash(uid), sessionUid, userId });
}

/** Signing out leads by way of the provider; but not when one person takes another's place at the browser, who has just come from there. */
async function leadOut(deps: SignOutDeps, ctx: KoaContextWithOIDC): Promise<void> {
  const { session, params } = ctx.oidc;
  const to = ctx.response.get('location');
  if (!session || ctx.status !== 303 || !params?.['logout'] || session.accountId === undefined) return;
  const path = URL.parse(to)?.pathname ?? '';
  if (/\/auth\/[\w-]+$/.test(path) && to.startsWith(ctx.oidc.issuer)) return;
  const upstream = await upstreamSignOut(deps, session.uid, to);
  if (upstream !== undefined) ctx.set('location', upstream);
}

/** To be put around the provider's routes, outside of what else looks at them. */
export function useFederation(provider: Provider, deps: SignOutDeps): void {
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    await next();
    if (ctx.oidc?.route === 'resume') await name(deps, ctx);
    if (ctx.oidc?.route === 'end_session_confirm') await leadOut(deps, ctx);
  });
}
