/** The keys that sign ID tokens. */
import type { Database } from '../store.ts';

export interface StoredKey {
  readonly kid: string;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  /** Encrypted by `auth`; of no use without the secret of the data directory. */
  readonly sealedPrivateJwk: Uint8Array;
}

/** All that are published, the one that signs first. */
export async function findKeys(db: Database): Promise<readonly StoredKey[]> {
  return db.query<StoredKey>({
    text: `select kid, public_jwk as "publicJwk", sealed_private_jwk as "sealedPrivateJwk"
      from oauth_key order by current desc, created_at desc, kid`,
  });
}

const insert = 'insert into oauth_key (kid, public_jwk, sealed_private_jwk, current) values ($1, $2::jsonb, $3, true)';
const valuesOf = ({ kid, publicJwk, sealedPrivateJwk }: StoredKey) => [
  kid,
  JSON.stringify(publicJwk),
  sealedPrivateJwk,
];

/** Adds the first key; when another process was quicker, nothing happens and its key counts. */
export async function insertFirstKey(db: Database, key: StoredKey): Promise<void> {
  await db.query({ text: `${insert} on conflict do nothing`, values: valuesOf(key) });
}

/** Age of the key that signs, in days; undefined when there is none. */
export async function signingKeyAge(db: Database): Promise<number | undefined> {
  const [row] = await db.query<{ readonly days: number }>({
    text: `select extract(epoch from now() - created_at)::float8 / 86400 as days from oauth_key where current`,
  });
  return row?.days;
}

/**
 * Lets `key` sign from now on, within a transaction. Answers false when the one that signs is younger than so many days,
 * as it is for the second of two processes that find it too old at once.
 */
export async function replaceSigningKey(db: Database, key: StoredKey, olderThanDays: number): Promise<boolean> {
  const retired = await db.query({
    text: `update oauth_key set current = false, retired_at = now()
      where current and created_at <= now() - $1::double precision * interval '1 day' returning 1`,
    values: [olderThanDays],
  });
  if (retired.length === 0) return false;
  await db.query({ text: insert, values: valuesOf(key) });
  return true;
}

/** Removes the keys that stopped signing so many seconds ago; answers how many. */
export async function removeRetiredKeys(db: Database, seconds: number): Promise<number> {
  const rows = await db.query({
    text: `delete from oauth_key where retired_at < now() - $1::int * interval '1 second' returning 1`,
    values: [seconds],
  });
  return rows.length;
}

export interface KeyState {
  readonly kid: string;
  readonly current: boolean;
  readonly createdAt: Date;
  readonly retiredAt: Date | null;
}

/** The keys as an administrator sees them. */
export async function listKeys(db: Database): Promise<readonly KeyState[]> {
  return db.query<KeyState>({
    text: `select kid, current, created_at as "createdAt", retired_at as "retiredAt"
      from oauth_key order by current desc, created_at desc, kid`,
  });
}
