/** The accounts of persons. */
import type { Database } from '../store.ts';

export type UserRole = 'MEDECIN' | 'PERSONNEL' | 'ADMINISTRATEUR';
export type UserStatus = 'ACTIVE' | 'INACTIVE' | 'SUSPENDED';

export interface User {
  readonly id: string;
  /** In lower case. */
  readonly email: string;
  /** Null for who has none: invited, or signed in by another identity provider. */
  readonly passwordHash: string | null;
  readonly nom: string;
  readonly prenom: string;
  readonly role: UserRole;
  readonly status: UserStatus;
  readonly practitionerId: string;
}

const columns = `id, email, password_hash as "passwordHash", nom, prenom, role, status, practitioner_id as "practitionerId"`;

export async function findUserByEmail(db: Database, email: string): Promise<User | undefined> {
  const [row] = await db.query<User>({
    name: 'user-by-email',
    text: `select ${columns} from users where email = $1`,
    values: [email.toLowerCase()],
  });
  return row;
}

export async function findUser(db: Database, id: string): Promise<User | undefined> {
  const [row] = await db.query<User>({
    name: 'user-by-id',
    text: `select ${columns} from users where id::text = $1`,
    values: [id],
  });
  return row;
}

/** Throws FhirError `conflict` when the email has an account. */
export async function insertUser(db: Database, user: User): Promise<void> {
  await db.query({
    text: `insert into users (id, email, password_hash, nom, prenom, role, status, practitioner_id)
      values ($1, $2, $3, $4, $5, $6::role, $7::status, $8)`,
    values: [
      user.id,
      user.email,
      user.passwordHash,
      user.nom,
      user.prenom,
      user.role,
      user.status,
      user.practitionerId,
    ],
  });
}

export async function hasUsers(db: Database): Promise<boolean> {
  const rows = await db.query({ text: 'select 1 from users limit 1' });
  return rows.length > 0;
}

export async function updateStatus(db: Database, id: string, status: UserStatus): Promise<void> {
  await db.query({
    text: 'update users set status = $2::status, updated_at = now() where id::text = $1',
    values: [id, status],
  });
}

export async function recordSignIn(db: Database, id: string): Promise<void> {
  await db.query({ text: 'update users set last_login = now() where id::text = $1', values: [id] });
}

/** Keeps the same password as another hash. */
export async function rehashPassword(db: Database, id: string, newHash: string): Promise<void> {
  await db.query({ text: 'update users set password_hash = $2 where id::text = $1', values: [id, newHash] });
}

export async function updateRole(db: Database, id: string, role: UserRole): Promise<void> {
  await db.query({
    text: 'update users set role = $2::role, updated_at = now() where id::text = $1',
    values: [id, role],
  });
}

/** The person's names and address. Throws FhirError `conflict` when the address has another account. */
export async function updatePerson(
  db: Database,
  id: string,
  { email, nom, prenom }: Pick<User, 'email' | 'nom' | 'prenom'>,
): Promise<void> {
  await db.query({
    text: 'update users set email = $2, nom = $3, prenom = $4, updated_at = now() where id::text = $1',
    values: [id, email, nom, prenom],
  });
}

/** Whether an administrator other than this one can sign in. */
export async function hasOtherAdministrator(db: Database, id: string): Promise<boolean> {
  const rows = await db.query({
    text: `select 1 from users where role = 'ADMINISTRATEUR' and status = 'ACTIVE' and id::text <> $1 limit 1`,
    values: [id],
  });
  return rows.length > 0;
}
