/** Links of one use with which a person chooses a password. Only a hash of what is in the link is kept. */
import type { Database } from '../store.ts';

export type LinkPurpose = 'invitation' | 'reset';

export interface Link {
  readonly userId: string;
  readonly purpose: LinkPurpose;
}

/** Takes the place of all links that the person has not used yet. */
export async function saveLink(
  db: Database,
  { userId, purpose, tokenHash, hours }: Link & { readonly tokenHash: string; readonly hours: number },
): Promise<Date> {
  await removeLinks(db, userId);
  const [row] = await db.query<{ expires: Date }>({
    text: `insert into account_link (token_hash, user_id, purpose, expires_at)
      values ($1, $2::uuid, $3, now() + $4::double precision * interval '1 hour') returning expires_at as expires`,
    values: [tokenHash, userId, purpose, hours],
  });
  if (!row) throw new Error('Saving a link gave no row.');
  return row.expires;
}

const columns = `user_id::text as "userId", purpose`;
const good = 'token_hash = $1 and used_at is null and expires_at > now()';

export async function findLink(db: Database, tokenHash: string): Promise<Link | undefined> {
  const [row] = await db.query<Link>({
    text: `select ${columns} from account_link where ${good}`,
    values: [tokenHash],
  });
  return row;
}

/** Uses it up; of several at once one gets it. */
export async function takeLink(db: Database, tokenHash: string): Promise<Link | undefined> {
  const text = `update account_link set used_at = now() where ${good} returning ${columns}`;
  const [row] = await db.query<Link>({ text, values: [tokenHash] });
  return row;
}

/** Those that were not used. */
export async function removeLinks(db: Database, userId: string): Promise<void> {
  await db.query({
    text: 'delete from account_link where user_id = $1::uuid and used_at is null',
    values: [userId],
  });
}

/** Used ones are kept as long as the others: a day is enough to say that a link is gone. */
export async function removeOldLinks(db: Database): Promise<void> {
  await db.query({ text: "delete from account_link where expires_at < now() - interval '1 day'" });
}
