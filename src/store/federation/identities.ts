/** Which account a person of an identity provider has, and whom administrators expect to come. */
import type { UserRole } from '../accounts/users.ts';
import type { Database } from '../store.ts';

/** An identifier that an account can be expected by. */
export type ExpectedBy = 'email' | 'rpps' | 'adeli';

export interface Identity {
  readonly issuer: string;
  readonly subject: string;
}

/** The account's id. */
export async function findLinked(db: Database, { issuer, subject }: Identity): Promise<string | undefined> {
  const [row] = await db.query<{ userId: string }>({
    name: 'federated-identity',
    text: `update federated_identity set last_used_at = now() where issuer = $1 and subject = $2
      returning user_id as "userId"`,
    values: [issuer, subject],
  });
  return row?.userId;
}

/** False when the account has another identity of this issuer, or the identity another account. */
export async function linkIdentity(
  db: Database,
  { issuer, subject, userId, by }: Identity & { readonly userId: string; readonly by: string },
): Promise<boolean> {
  const rows = await db.query({
    text: `insert into federated_identity (issuer, subject, user_id, linked_by, last_used_at)
      values ($1, $2, $3, $4, now()) on conflict do nothing returning 1`,
    values: [issuer, subject, userId, by],
  });
  return rows.length === 1;
}

/** Takes the account's identities of this issuer away, and what it is expected by there; answers how many. */
export async function unlinkIdentity(
  db: Database,
  { issuer, providerId, userId }: { readonly issuer: string; readonly providerId: string; readonly userId: string },
): Promise<number> {
  const rows = await db.query({
    text: `with expected as (delete from federated_expectation where provider_id = $2 and user_id = $3 returning 1),
        linked as (delete from federated_identity where issuer = $1 and user_id = $3 returning 1)
      select 1 from expected union all select 1 from linked`,
    values: [issuer, providerId, userId],
  });
  return rows.length;
}

export interface Expectation {
  readonly providerId: string;
  readonly kind: ExpectedBy;
  readonly value: string;
}

/** Notes whom the account is for; an identifier that is expected for another account is given to this one. */
export async function expectIdentity(
  db: Database,
  { providerId, kind, value, userId }: Expectation & { readonly userId: string },
): Promise<void> {
  await db.query({
    text: `insert into federated_expectation (provider_id, kind, value, user_id) values ($1, $2, $3, $4)
      on conflict (provider_id, kind, value) do update set user_id = excluded.user_id, created_at = now()`,
    values: [providerId, kind, value, userId],
  });
}

/** The accounts that are expected by any of these, each once. */
export async function findExpected(
  db: Database,
  providerId: string,
  identifiers: readonly Omit<Expectation, 'providerId'>[],
): Promise<readonly string[]> {
  const rows = await db.query<{ userId: string }>({
    text: `select distinct e.user_id as "userId" from federated_expectation e
      join unnest($2::text[], $3::text[]) as given (kind, value) on e.kind = given.kind and e.value = given.value
      where e.provider_id = $1`,
    values: [providerId, identifiers.map(({ kind }) => kind), identifiers.map(({ value }) => value)],
  });
  return rows.map(({ userId }) => userId);
}

/** An expectation is met once. */
export async function forgetExpected(db: Database, providerId: string, userId: string): Promise<void> {
  await db.query({
    text: 'delete from federated_expectation where provider_id = $1 and user_id = $2',
    values: [providerId, userId],
  });
}

export interface LinkedAccount {
  readonly email: string;
  readonly role: UserRole;
  readonly status: string;
  /** Null while the person has not come yet. */
  readonly subject: string | null;
  readonly expectedBy: string | null;
  readonly lastUsedAt: Date | null;
}

/** Who has signed in with the provider or is expected to, for an administrator to look at; at most 1000. */
export async function listLinked(
  db: Database,
  { id, issuer }: { readonly id: string; readonly issuer: string },
): Promise<readonly LinkedAccount[]> {
  return db.query<LinkedAccount>({
    text: `select u.email, u.role, u.status, i.subject, null as "expectedBy", i.last_used_at as "lastUsedAt"
        from federated_identity i join users u on u.id = i.user_id where i.issuer = $2
      union all
      select u.email, u.role, u.status, null, e.kind || ' ' || e.value, null
        from federated_expectation e join users u on u.id = e.user_id where e.provider_id = $1
      order by 1 limit 1000`,
    values: [id, issuer],
  });
}
