/**
 * Lets an application in without a page when it asks for none (`prompt=none`) and the person has decided before. A launch has
 * a page in any case: whose record it is about is settled there.
 * https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 */
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Store } from '../../store/store.ts';
import type { PersonAccount } from '../account.ts';
import { grantableScope } from '../granting.ts';
import { resourceScopes } from '../scopes.ts';
import { recallDecision, traceDecision } from './decisions.ts';
import { type Grant, grantOf } from './grant.ts';
import { isAskedEachTime, remembered } from './memory.ts';

const isLaunch = (scope: string) =>
  scope.split(' ').some((word) => word.startsWith('launch')) ||
  resourceScopes(scope).some(({ level }) => level === 'patient');

/** A grant of its own of what the person gave before; undefined where they have to be asked. */
export async function silentGrant(ctx: KoaContextWithOIDC, store: Store, base: string): Promise<Grant | undefined> {
  const { client, account, params, provider } = ctx.oidc;
  const scope = String(params?.['scope'] ?? '');
  if (!client || !account || !params || params['prompt'] !== 'none') return undefined;
  if (isAskedEachTime(client) || isLaunch(scope)) return undefined;
  const { user } = account as PersonAccount;
  const { clientId, clientName = clientId } = client;
  const asked = grantableScope(client, scope);
  const given = remembered(asked, await recallDecision(store, { user, clientId }));
  if (!given || given.length === 0) return undefined;
  const requestId = ctx.get('x-request-id') || undefined;
  await traceDecision(store, { user, clientId, clientName, address: ctx.ip, requestId }, 'remembered', {
    asked,
    given,
  });
  const grant = await grantOf(provider, { accountId: user.id, clientId, base, given });
  params['scope'] = given.join(' ');
  return grant;
}
