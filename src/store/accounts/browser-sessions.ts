/** The sessions of a person, and what their browsers looked like when they were seen. */
import { removeByAccount } from '../oidc/remove-artifacts.ts';
import type { Database } from '../store.ts';

export interface SeenSession {
  readonly uid: string;
  readonly userId: string;
  readonly userAgent: string;
  readonly address: string;
}

/** Notes that the session is in use; within a minute once, as long as it looks the same. */
export async function noteSession(db: Database, { uid, userId, userAgent, address }: SeenSession): Promise<void> {
  await db.query({
    name: 'browser-session-seen',
    text: `insert into browser_session as s (uid, user_id, user_agent, address)
      select $1, id, $3, $4 from users where id::text = $2
      on conflict (uid) do update set user_id = excluded.user_id, user_agent = excluded.user_agent,
        address = excluded.address, last_seen = now()
      where s.last_seen < now() - interval '1 minute'
        or row(s.user_id, s.user_agent, s.address) is distinct from row(excluded.user_id, excluded.user_agent, excluded.address)`,
    values: [uid, userId, userAgent, address],
  });
}

export interface SessionRow {
  readonly uid: string;
  readonly userAgent: string;
  readonly address: string;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  readonly expires: Date;
  /** How the person proved who they are (RFC 8176). */
  readonly amr: readonly string[];
  /** Names of the applications that were signed in to with it. */
  readonly applications: readonly string[];
}

/** Those that have not ended, the last seen first. */
export function listSessions(db: Database, userId: string): Promise<readonly SessionRow[]> {
  return db.query<SessionRow>({
    text: `select o.uid, coalesce(s.user_agent, '') as "userAgent", coalesce(s.address, '') as address,
        coalesce(s.first_seen, o.created_at) as "firstSeen", coalesce(s.last_seen, o.created_at) as "lastSeen",
        o.expires_at as expires, coalesce(o.payload->'amr', '[]') as amr,
        coalesce((select json_agg(distinct c.name) from oauth_client c
          where o.payload->'authorizations' ? c.client_id), '[]') as applications
      from oidc_model o left join browser_session s on s.uid = o.uid and s.user_id::text = o.account_id
      where o.model = 'Session' and o.account_id = $1 and o.expires_at > now()
      order by "lastSeen" desc`,
    values: [userId],
  });
}

/** Ends one session and everything that was obtained in it, also for offline use. Answers whether there was one. */
export async function endSession(db: Database, userId: string, uid: string): Promise<boolean> {
  const ended = await db.query({
    text: `delete from oidc_model where model = 'Session' and uid = $2 and account_id = $1 returning 1`,
    values: [userId, uid],
  });
  await db.query({
    text: `delete from oidc_model where account_id = $1
      and (payload->>'sessionUid' = $2 or (model = 'Interaction' and payload->'session'->>'uid' = $2))`,
    values: [userId, uid],
  });
  return ended.length === 1;
}

/** Sign-ins that wait for a second factor: the first one is worth nothing any more. */
async function endHalfSignIns(db: Database, userId: string): Promise<void> {
  await db.query({ text: 'delete from half_sign_in where user_id::text = $1', values: [userId] });
}

/** Everything of the account: sessions, sign-ins under way, grants, codes and tokens. */
export async function endAll(db: Database, userId: string): Promise<void> {
  await removeByAccount(db, userId);
  await endHalfSignIns(db, userId);
}

/** Everything of the account but this session, what was obtained in it, and grants, which are nothing without tokens. */
export async function endOtherSessions(db: Database, userId: string, uid: string): Promise<void> {
  await db.query({
    text: `delete from oidc_model where account_id = $1 and model <> 'Grant'
      and not (model = 'Session' and uid = $2) and payload->>'sessionUid' is distinct from $2`,
    values: [userId, uid],
  });
  await endHalfSignIns(db, userId);
}

/** What is known of sessions that are no more. */
export async function removeOldSessions(db: Database): Promise<void> {
  await db.query({
    text: `delete from browser_session s where last_seen < now() - interval '1 hour' and not exists
      (select 1 from oidc_model o where o.model = 'Session' and o.uid = s.uid and o.expires_at > now())`,
  });
}
