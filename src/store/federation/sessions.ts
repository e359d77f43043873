/** Our browser sessions that began at an identity provider, and how they end when it says so. */
import type { Database } from '../store.ts';
import type { Identity } from './identities.ts';

export interface NewFederatedSession extends Identity {
  /** Of the interaction's uid, until the session is there. */
  readonly signInHash: string;
  readonly providerId: string;
  readonly userId: string;
  readonly sid: string | undefined;
  /** Encrypted by `auth`; for the hint at sign-out. */
  readonly sealedIdToken: Uint8Array | undefined;
}

/** The last answer of the provider in a sign-in is the one that counts. */
export async function saveFederatedSession(db: Database, session: NewFederatedSession, seconds: number): Promise<void> {
  await db.query({
    text: `insert into federated_session
        (sign_in_hash, provider_id, user_id, issuer, subject, sid, sealed_id_token, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7, now() + $8::double precision * interval '1 second')
      on conflict (sign_in_hash) do update set provider_id = excluded.provider_id, user_id = excluded.user_id,
        issuer = excluded.issuer, subject = excluded.subject, sid = excluded.sid,
        sealed_id_token = excluded.sealed_id_token, expires_at = excluded.expires_at`,
    values: [
      session.signInHash,
      session.providerId,
      session.userId,
      session.issuer,
      session.subject,
      session.sid ?? null,
      session.sealedIdToken ?? null,
      seconds,
    ],
  });
}

/** Says which session of ours the sign-in led to, if the person who signed in is the one of the session. */
export async function nameFederatedSession(
  db: Database,
  {
    signInHash,
    sessionUid,
    userId,
  }: { readonly signInHash: string; readonly sessionUid: string; readonly userId: string },
): Promise<void> {
  await db.query({
    name: 'federated-session-name',
    text: `update federated_session set session_uid = $2
      where sign_in_hash = $1 and session_uid is null and user_id::text = $3`,
    values: [signInHash, sessionUid, userId],
  });
}

export interface FederatedSession {
  readonly providerId: string;
  readonly sealedIdToken: Uint8Array | null;
}

/** Where the session that has ended began, by its newest sign-in; what was kept for this is gone with it. */
export async function takeFederatedSession(db: Database, sessionUid: string): Promise<FederatedSession | undefined> {
  const [row] = await db.query<FederatedSession>({
    name: 'federated-session-take',
    text: `with gone as (delete from federated_session where session_uid = $1 returning *)
      select provider_id as "providerId", sealed_id_token as "sealedIdToken" from gone
      where expires_at > now() order by created_at desc limit 1`,
    values: [sessionUid],
  });
  return row;
}

/** Answers false when the token was used before. */
export async function useLogoutToken(
  db: Database,
  { issuer, jti, seconds }: { readonly issuer: string; readonly jti: string; readonly seconds: number },
): Promise<boolean> {
  const rows = await db.query({
    text: `insert into federated_logout as l (issuer, jti, expires_at)
      values ($1, $2, now() + $3::double precision * interval '1 second')
      on conflict (issuer, jti) do update set expires_at = excluded.expires_at where l.expires_at < now() returning 1`,
    values: [issuer, jti, seconds],
  });
  return rows.length === 1;
}

export interface EndedSession {
  readonly userId: string;
  readonly sessionUid: string | null;
}

// Ending a session takes its tokens with it, for those not meant for offline use name it and are judged by it; sign-ins under
// way that have not led to a session yet are taken away by their interaction.
const endText = (where: string) => `
  with ended as (delete from federated_session where ${where} returning user_id, session_uid, sign_in_hash),
  gone as (
    delete from oidc_model m using ended e
    where (m.model = 'Session' and m.uid = e.session_uid)
      or (m.model = 'Interaction' and m.id_hash = e.sign_in_hash))
  select user_id as "userId", session_uid as "sessionUid" from ended`;

/** Ends what began with this upstream session, or without a `sid` everything of the person. */
export async function endFederatedSessions(
  db: Database,
  { issuer, subject, sid }: { readonly issuer: string; readonly subject?: string; readonly sid?: string },
): Promise<readonly EndedSession[]> {
  return db.query<EndedSession>({
    text: endText(`issuer = $1 and ($2::text is null or subject = $2) and ($3::text is null or sid = $3)
      and ($2::text is not null or $3::text is not null)`),
    values: [issuer, subject ?? null, sid ?? null],
  });
}

/** Ends everything that began at a provider. */
export async function endSessionsOfProvider(db: Database, providerId: string): Promise<readonly EndedSession[]> {
  return db.query<EndedSession>({ text: endText('provider_id = $1'), values: [providerId] });
}

/** Ends everything of one account that began at a provider. */
export async function endSessionsOfAccount(
  db: Database,
  providerId: string,
  userId: string,
): Promise<readonly EndedSession[]> {
  return db.query<EndedSession>({ text: endText('provider_id = $1 and user_id = $2'), values: [providerId, userId] });
}
