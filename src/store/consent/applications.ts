/** The applications that a person has let in, and how they lose all of it. */
import type { Database } from '../store.ts';
import type { Parties } from './decisions.ts';

export interface Application {
  readonly clientId: string;
  readonly name: string;
  /** Scopes with spaces between them. */
  readonly given: string;
  readonly decidedAt: Date;
  /** When it last got a token; null: never. */
  readonly lastUsedAt: Date | null;
  /** Whether it can go on by itself, without the person signing in again. */
  readonly isOffline: boolean;
}

/** Newest decision first. */
export async function findApplications(db: Database, userId: string): Promise<readonly Application[]> {
  return db.query<Application>({
    text: `select a.client_id as "clientId", c.name, a.given, a.decided_at as "decidedAt", a.last_used_at as "lastUsedAt",
        exists (select 1 from oidc_model t where t.model = 'RefreshToken' and t.account_id = a.user_id::text
          and t.client_id = a.client_id and t.consumed_at is null and t.expires_at > now()
          and t.payload->'expiresWithSession' is distinct from 'true'::jsonb) as "isOffline"
      from app_consent a join oauth_client c using (client_id)
      where a.user_id::text = $1 order by a.decided_at desc, a.client_id`,
    values: [userId],
  });
}

/**
 * Forgets the decision and ends everything that came of it: grants, codes, access and refresh tokens. Answers what had been
 * given to which application, undefined when there was nothing.
 */
export async function removeApplication(
  db: Database,
  { userId, clientId }: Parties,
): Promise<Pick<Application, 'name' | 'given'> | undefined> {
  const [row] = await db.query<Pick<Application, 'name' | 'given'>>({
    text: `delete from app_consent a using oauth_client c
      where a.user_id::text = $1 and a.client_id = $2 and c.client_id = a.client_id returning a.given, c.name`,
    values: [userId, clientId],
  });
  // Grants first, in a statement of their own: see hold-grant.ts.
  for (const which of [`model = 'Grant'`, `model <> 'Session'`]) {
    await db.query({
      text: `delete from oidc_model where account_id = $1 and client_id = $2 and ${which}`,
      values: [userId, clientId],
    });
  }
  return row;
}
