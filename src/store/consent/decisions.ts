/** What persons have decided about applications, one row a person and application. */
import type { Database } from '../store.ts';

export interface StoredDecision {
  /** Scopes with spaces between them: what it was about. */
  readonly asked: string;
  /** What was given of it, or narrower. */
  readonly given: string;
}

export interface Parties {
  readonly userId: string;
  readonly clientId: string;
}

export async function findDecision(db: Database, { userId, clientId }: Parties): Promise<StoredDecision | undefined> {
  const [row] = await db.query<StoredDecision>({
    name: 'app-consent',
    text: 'select asked, given from app_consent where user_id::text = $1 and client_id = $2',
    values: [userId, clientId],
  });
  return row;
}

/** Takes the place of what was decided before. */
export async function saveDecision(
  db: Database,
  { userId, clientId }: Parties,
  { asked, given }: StoredDecision,
): Promise<void> {
  await db.query({
    text: `insert into app_consent (user_id, client_id, asked, given) values ($1::uuid, $2, $3, $4)
      on conflict (user_id, client_id) do update
      set asked = excluded.asked, given = excluded.given, decided_at = now()`,
    values: [userId, clientId, asked, given],
  });
}

/** Notes that the application got a token just now. Once a minute is enough, and saves the writes of the rest. */
export async function noteUse(db: Database, { userId, clientId }: Parties): Promise<void> {
  await db.query({
    name: 'app-consent-use',
    text: `update app_consent set last_used_at = now() where user_id::text = $1 and client_id = $2
      and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
    values: [userId, clientId],
  });
}
