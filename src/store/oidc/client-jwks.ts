/** Key sets that clients have by URL: the last good copy of each, for all processes. */
import type { Database } from '../store.ts';

export interface KeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

export interface StoredKeySet {
  /** Null when it never came. */
  readonly jwks: KeySet | null;
  /** It may be used without asking again. */
  readonly isFresh: boolean;
  /** It may be used while the URL is down. */
  readonly isUsable: boolean;
  /** What was wrong at the last try; null when it went well. */
  readonly problem: string | null;
}

export async function findKeySet(db: Database, url: string): Promise<StoredKeySet | undefined> {
  const [row] = await db.query<StoredKeySet>({
    name: 'client-jwks',
    text: `select jwks, fresh_until > now() as "isFresh", stale_until > now() as "isUsable", problem
      from client_jwks where url = $1`,
    values: [url],
  });
  return row;
}

/** Answers whether the URL may be asked now: of all processes, once in so many seconds. */
export async function claimTry(db: Database, url: string, seconds: number): Promise<boolean> {
  const rows = await db.query({
    text: `insert into client_jwks as held (url, tried_at) values ($1, now())
      on conflict (url) do update set tried_at = now()
      where held.tried_at <= now() - $2::double precision * interval '1 second' returning 1`,
    values: [url, seconds],
  });
  return rows.length === 1;
}

export interface FetchedKeySet {
  readonly url: string;
  /** Null: the answer must not be stored. */
  readonly jwks: KeySet | null;
  readonly freshSeconds: number;
  readonly staleSeconds: number;
}

export async function saveKeySet(db: Database, fetched: FetchedKeySet): Promise<void> {
  await db.query({
    text: `insert into client_jwks (url, jwks, fresh_until, stale_until, tried_at) values ($1, $2::jsonb,
        now() + $3::int * interval '1 second', now() + $4::int * interval '1 second', now())
      on conflict (url) do update set jwks = excluded.jwks, fresh_until = excluded.fresh_until,
        stale_until = excluded.stale_until, tried_at = now(), problem = null`,
    values: [fetched.url, fetched.jwks && JSON.stringify(fetched.jwks), fetched.freshSeconds, fetched.staleSeconds],
  });
}

/** Notes a failed try; the last good copy stays. */
export async function saveKeySetProblem(db: Database, url: string, problem: string): Promise<void> {
  await db.query({
    text: `insert into client_jwks (url, problem, tried_at) values ($1, $2, now())
      on conflict (url) do update set problem = excluded.problem, tried_at = now()`,
    values: [url, problem],
  });
}

/** Removes the copies of URLs that no client has any more. */
export async function removeUnusedKeySets(db: Database): Promise<void> {
  await db.query({
    text: 'delete from client_jwks where not exists (select 1 from oauth_client where jwks_uri = client_jwks.url)',
  });
}
