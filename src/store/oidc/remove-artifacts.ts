/** Takes OAuth state away: by id, with its grant, with its account or client, or because it has expired. */
import type { Database } from '../store.ts';
import { idHash } from './artifact.ts';

export async function removeArtifact(db: Database, model: string, id: string): Promise<void> {
  await db.query({
    name: 'oidc-remove',
    text: 'delete from oidc_model where model = $1 and id_hash = $2',
    values: [model, idHash(id)],
  });
}

export async function removeByGrant(db: Database, model: string, grantId: string): Promise<void> {
  await db.query({
    name: 'oidc-remove-grant',
    text: 'delete from oidc_model where model = $1 and grant_id = $2',
    values: [model, grantId],
  });
}

/** Everything of one account: sessions, sign-ins under way, grants, codes and tokens. */
export async function removeByAccount(db: Database, accountId: string): Promise<void> {
  await db.query({ text: 'delete from oidc_model where account_id = $1', values: [accountId] });
}

/** What one client has of a session and would lose with it: not what is for offline use. */
export async function removeOfSession(
  db: Database,
  {
    sessionUid,
    accountId,
    clientId,
  }: { readonly sessionUid: string; readonly accountId: string; readonly clientId: string },
): Promise<void> {
  await db.query({
    text: `delete from oidc_model where account_id = $1 and client_id = $2 and payload->>'sessionUid' = $3
      and payload->'expiresWithSession' = 'true'::jsonb`,
    values: [accountId, clientId, sessionUid],
  });
}

/** What applications hold for the account, now or to come; its sessions stay, so each has to ask again. */
export async function removeTokensByAccount(db: Database, accountId: string): Promise<void> {
  await db.query({
    text: `delete from oidc_model where account_id = $1
      and model in ('AccessToken', 'RefreshToken', 'AuthorizationCode')`,
    values: [accountId],
  });
}

export async function removeByClient(db: Database, clientId: string): Promise<void> {
  await db.query({ text: 'delete from oidc_model where client_id = $1', values: [clientId] });
}

/** Removes what has expired, at most `limit` rows so that no statement is long; answers how many. */
export async function removeExpired(db: Database, limit: number): Promise<number> {
  const rows = await db.query({
    text: `delete from oidc_model where (model, id_hash) in
      (select model, id_hash from oidc_model where expires_at < now() limit $1 for update skip locked) returning 1`,
    values: [limit],
  });
  return rows.length;
}
