/** Accounts as an administrator looks for them. */
import type { Database } from '../store.ts';
import type { UserRole, UserStatus } from './users.ts';

export interface UserRow {
  readonly id: string;
  readonly email: string;
  readonly nom: string;
  readonly prenom: string;
  readonly role: UserRole;
  readonly status: UserStatus;
  readonly practitionerId: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly lastLogin: Date | null;
  /** When the person asked for a new password that no administrator has given yet. */
  readonly resetAskedAt: Date | null;
  readonly hasPassword: boolean;
}

const columns = `id::text, email, nom, prenom, role, status, practitioner_id as "practitionerId", created_at as "createdAt",
  updated_at as "updatedAt", last_login as "lastLogin", reset_asked_at as "resetAskedAt",
  password_hash is not null as "hasPassword"`;

export interface UserQuery {
  /** Part of the address or of a name. */
  readonly q?: string | undefined;
  readonly role?: UserRole | undefined;
  readonly status?: UserStatus | undefined;
  /** Those that ask for a new password, or those that do not. */
  readonly resetAsked?: boolean | undefined;
  readonly count: number;
  /** The address after which the page begins. */
  readonly after?: string | undefined;
}

/** By address; one more than `count` when there are more. */
export function searchUsers(db: Database, query: UserQuery): Promise<readonly UserRow[]> {
  const { q, role, status, resetAsked, count, after } = query;
  return db.query<UserRow>({
    text: `select ${columns} from users where ($1::text is null
        or position(lower($1) in email) > 0 or position(lower($1) in lower(nom || ' ' || prenom || ' ' || nom)) > 0)
      and ($2::text is null or role = $2::role) and ($3::text is null or status = $3::status)
      and ($4::boolean is null or (reset_asked_at is not null) = $4) and ($5::text is null or email > $5)
      order by email limit $6`,
    values: [q ?? null, role ?? null, status ?? null, resetAsked ?? null, after ?? null, count + 1],
  });
}

export async function readUser(db: Database, id: string): Promise<UserRow | undefined> {
  const [row] = await db.query<UserRow>({ text: `select ${columns} from users where id::text = $1`, values: [id] });
  return row;
}
