/** What SMART needs around the provider's own handling: before it, a prompt; after it, a header and the audit trail. */
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { noteSession } from '../store/accounts/browser-sessions.ts';
import type { AuditRecord } from '../store/audit/record.ts';
import { noteUse } from '../store/consent/decisions.ts';
import { isGrantThere } from '../store/oidc/hold-grant.ts';
import { removeByGrant, removeOfSession } from '../store/oidc/remove-artifacts.ts';
import type { Store } from '../store/store.ts';
import type { PersonAccount } from './account.ts';
import { userAgentOf } from './accounts/device.ts';
import { personAgent } from './agents.ts';
import { askForOfflineAccess } from './consent/prompt.ts';
import { launchMembers } from './launch/launches.ts';
import { nameRefreshingClient } from './public-refresh.ts';

type Told = Pick<AuditRecord, 'type' | 'subtype' | 'action' | 'outcome'> & { readonly outcomeText?: string };

function recordOf(ctx: KoaContextWithOIDC, told: Told): AuditRecord {
  const { Client: client, Account: account } = ctx.oidc.entities;
  const user = (account as PersonAccount | undefined)?.user;
  const requestId = ctx.get('x-request-id');
  const clientId = client?.clientId;
  return {
    ...told,
    recorded: new Date(),
    client: { name: client?.clientName ?? 'unknown client' },
    ...(user ? { user: personAgent(user) } : {}),
    address: ctx.ip,
    entities: clientId ? [{ detail: { client_id: clientId } }] : [],
    patients: [],
    ...(requestId ? { requestId } : {}),
  };
}

interface Answer {
  readonly error?: string;
  readonly error_description?: string;
}

/** A token given or refused; the event is in the trail before the answer leaves. */
function tokenEvent(ctx: KoaContextWithOIDC): Told {
  const subtype = String(ctx.oidc.params?.['grant_type'] ?? 'token');
  if (ctx.status < 400) return { type: 'token', subtype, action: 'E', outcome: '0' };
  const { error = '', error_description: description = '' } = (ctx.body ?? {}) as Answer;
  const outcome = ctx.status < 500 ? '4' : '8';
  return { type: 'token', subtype, action: 'E', outcome, outcomeText: `${error} ${description}`.trim() };
}

function eventOf(ctx: KoaContextWithOIDC): Told | undefined {
  switch (ctx.oidc?.route) {
    case 'token':
      return tokenEvent(ctx);
    case 'revocation':
      return ctx.status < 400 ? { type: 'token', subtype: 'revocation', action: 'E', outcome: '0' } : undefined;
    default:
      return undefined;
  }
}

/** Sign-outs name the person by the session that ended, because the request itself loads no account. */
async function signOutEvent(ctx: KoaContextWithOIDC, findUser: FindUser): Promise<AuditRecord | undefined> {
  const accountId = ctx.oidc?.session?.accountId;
  const isEnd = ctx.oidc?.route === 'end_session_confirm' && ctx.status === 303 && ctx.oidc.params?.['logout'];
  if (!isEnd || accountId === undefined) return undefined;
  const account = await findUser(accountId);
  const record = recordOf(ctx, { type: 'logout', subtype: 'logout', action: 'E', outcome: '0' });
  return account ? { ...record, user: personAgent(account.user) } : record;
}

/** Tokens that were made while their grant was taken away go with it, and are not given. */
async function endWithdrawn(ctx: KoaContextWithOIDC, { db }: Store): Promise<void> {
  const grantId = ctx.oidc?.entities.Grant?.jti;
  if (ctx.oidc?.route !== 'token' || ctx.status !== 200 || grantId === undefined) return;
  if (await isGrantThere(db, grantId)) return;
  for (const model of ['AccessToken', 'RefreshToken']) await removeByGrant(db, model, grantId);
  ctx.status = 400;
  ctx.body = { error: 'invalid_grant', error_description: 'grant request is invalid' };
}

/** A person sees when an application last got a token. */
async function noteTokenUse({ oidc, status }: KoaContextWithOIDC, { db }: Store): Promise<void> {
  const { Client: client, Account: account } = oidc?.entities ?? {};
  if (oidc?.route !== 'token' || status !== 200 || !client || !account) return;
  await noteUse(db, { userId: account.accountId, clientId: client.clientId });
}

/** RFC 6749, 5.2 has a code of its own for a grant that the client is not registered for; the library calls it a bad request. */
function nameForbiddenGrant(ctx: KoaContextWithOIDC): void {
  const { Client: client } = ctx.oidc.entities;
  const answer = (ctx.body ?? {}) as Answer;
  const grant = ctx.oidc.params?.['grant_type'];
  if (ctx.status !== 400 || answer.error !== 'invalid_request' || !client || typeof grant !== 'string') return;
  if (!client.grantTypeAllowed(grant)) ctx.body = { ...answer, error: 'unauthorized_client' };
}

function completeTokenAnswer(ctx: KoaContextWithOIDC): void {
  nameForbiddenGrant(ctx);
  // The library sends cache-control alone; SMART asks for both.
  ctx.set('pragma', 'no-cache');
  // http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#launch-context-arrives-with-your-access_token
  if (ctx.status === 200)
    ctx.body = { ...(ctx.body as object), ...launchMembers(ctx.oidc.entities.AccessToken?.extra) };
}

/** A person sees where they are signed in. */
async function noteBrowser(ctx: KoaContextWithOIDC, { db }: Store): Promise<void> {
  const { route, session } = ctx.oidc ?? {};
  if ((route !== 'authorization' && route !== 'resume') || session?.accountId === undefined) return;
  const { uid, accountId: userId } = session;
  await noteSession(db, { uid, userId, address: ctx.ip, userAgent: userAgentOf(ctx.get('user-agent')) });
}

/** Whoever signs out of one application only ends what it has of the session, in all of its launches. */
async function endApplication(ctx: KoaContextWithOIDC, store: Store): Promise<void> {
  const { session, client, params } = ctx.oidc ?? {};
  const isLeft = ctx.oidc?.route === 'end_session_confirm' && ctx.status === 303 && !params?.['logout'];
  if (!isLeft || !client || session?.accountId === undefined) return;
  const { uid: sessionUid, accountId } = session;
  await removeOfSession(store.db, { sessionUid, accountId, clientId: client.clientId });
}

type FindUser = (accountId: string) => Promise<PersonAccount | undefined>;

/** Puts it around the provider's routes. */
export function useMiddleware(provider: Provider, store: Store, findUser: FindUser): void {
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    askForOfflineAccess(ctx);
    await nameRefreshingClient(ctx, store.db);
    await next();
    if (ctx.oidc?.route === 'token') completeTokenAnswer(ctx);
    await endWithdrawn(ctx, store);
    await noteTokenUse(ctx, store);
    await noteBrowser(ctx, store);
    await endApplication(ctx, store);
    const told = eventOf(ctx);
    const record = told ? recordOf(ctx, told) : await signOutEvent(ctx, findUser);
    if (record) await store.audit.append(record);
  });
}
