/** The registered OAuth clients. */
import type { Database } from '../store.ts';

type ClientKind = 'public' | 'confidential' | 'backend';

export interface StoredClient {
  readonly clientId: string;
  readonly name: string;
  readonly kind: ClientKind;
  /** SHA-256 of the secret, base64url. */
  readonly secretHash: string | null;
  readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] } | null;
  readonly jwksUri: string | null;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly launchUrl: string | null;
  readonly scope: string;
  /** Null: what follows from kind, secret and keys. */
  readonly authMethod: string | null;
  readonly signingAlg: string | null;
  /** One `tls_client_auth_*` member of RFC 8705. */
  readonly tlsSubject: Readonly<Record<string, string>> | null;
  readonly dpop: boolean;
  readonly mtls: boolean;
  readonly par: boolean;
  readonly fapi: boolean;
  /** What it says of itself for people: members of RFC 7591 such as `client_uri` and `contacts`. */
  readonly about: Readonly<Record<string, unknown>>;
}

/** A client with where it stands. */
export interface ClientRow extends StoredClient {
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Null while it waits for an administrator. */
  readonly approvedAt: Date | null;
  readonly disabledAt: Date | null;
  readonly registrationHash: string | null;
}

const fields = `client_id as "clientId", name, kind, secret_hash as "secretHash", jwks, jwks_uri as "jwksUri",
  redirect_uris as "redirectUris", post_logout_redirect_uris as "postLogoutRedirectUris", launch_url as "launchUrl", scope,
  auth_method as "authMethod", signing_alg as "signingAlg", tls_subject as "tlsSubject", dpop, mtls, par, fapi, about`;
const columns = `${fields}, created_at as "createdAt", updated_at as "updatedAt", approved_at as "approvedAt",
  disabled_at as "disabledAt", registration_hash as "registrationHash"`;

/** The client wherever it stands: waiting and disabled ones too. */
export async function findClientRow(db: Database, clientId: string): Promise<ClientRow | undefined> {
  const [row] = await db.query<ClientRow>({
    name: 'oauth-client-row',
    text: `select ${columns} from oauth_client where client_id = $1`,
    values: [clientId],
  });
  return row;
}

/** The same, and nobody else changes it until the transaction ends. */
export async function lockClientRow(db: Database, clientId: string): Promise<ClientRow | undefined> {
  const [row] = await db.query<ClientRow>({
    text: `select ${columns} from oauth_client where client_id = $1 for update`,
    values: [clientId],
  });
  return row;
}

/** A client that may be used; one that is disabled or waits is as good as unknown. */
export async function findClient(db: Database, clientId: string): Promise<StoredClient | undefined> {
  const [row] = await db.query<StoredClient>({
    name: 'oauth-client',
    text: `select ${fields} from oauth_client where client_id = $1 and disabled_at is null and approved_at is not null`,
    values: [clientId],
  });
  return row;
}

/** All of them, oldest first, at most `limit` after the one with the id `after`. */
export async function listClientRows(
  db: Database,
  { limit, after = '' }: { readonly limit: number; readonly after?: string },
): Promise<readonly ClientRow[]> {
  return db.query<ClientRow>({
    text: `select ${columns} from oauth_client where client_id > $1 order by client_id limit $2`,
    values: [after, limit],
  });
}

const json = (value: unknown) => (value === null ? null : JSON.stringify(value));

/** In the order of `written`. */
const valuesOf = (client: StoredClient): unknown[] => [
  client.clientId,
  client.name,
  client.kind,
  client.secretHash,
  json(client.jwks),
  client.jwksUri,
  client.redirectUris,
  client.postLogoutRedirectUris,
  client.launchUrl,
  client.scope,
  client.authMethod,
  client.signingAlg,
  json(client.tlsSubject),
  client.dpop,
  client.mtls,
  client.par,
  client.fapi,
  JSON.stringify(client.about),
];
const written = `client_id, name, kind, secret_hash, jwks, jwks_uri, redirect_uris, post_logout_redirect_uris, launch_url,
  scope, auth_method, signing_alg, tls_subject, dpop, mtls, par, fapi, about`;
const placed = '$1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, $11, $12, $13::jsonb, $14, $15, $16, $17, $18::jsonb';

/** With `waits` it cannot be used before `approveClient`. */
export async function insertClient(
  db: Database,
  client: StoredClient,
  {
    waits = false,
    registrationHash = null,
  }: { readonly waits?: boolean; readonly registrationHash?: string | null } = {},
): Promise<void> {
  await db.query({
    text: `insert into oauth_client (${written}, approved_at, registration_hash)
      values (${placed}, case when $19 then null else now() end, $20)`,
    values: [...valuesOf(client), waits, registrationHash],
  });
}

/** Puts the client in the place of the one with its id. */
export async function updateClient(db: Database, client: StoredClient): Promise<void> {
  await db.query({
    text: `update oauth_client set (${written}, updated_at) = row(${placed}, now()) where client_id = $1`,
    values: valuesOf(client),
  });
}

async function changed(db: Database, text: string, values: readonly unknown[]): Promise<boolean> {
  return (await db.query({ text: `${text} returning 1`, values })).length === 1;
}

/** Answers whether there was such a client that was not disabled yet. */
export async function disableClient(db: Database, clientId: string): Promise<boolean> {
  const text = 'update oauth_client set disabled_at = now() where client_id = $1 and disabled_at is null';
  return changed(db, text, [clientId]);
}

/** Answers whether there was such a client that was disabled. */
export async function enableClient(db: Database, clientId: string): Promise<boolean> {
  const text = 'update oauth_client set disabled_at = null where client_id = $1 and disabled_at is not null';
  return changed(db, text, [clientId]);
}

/** Answers whether there was such a client that waited. */
export async function approveClient(db: Database, clientId: string): Promise<boolean> {
  const text = 'update oauth_client set approved_at = now() where client_id = $1 and approved_at is null';
  return changed(db, text, [clientId]);
}

/** Keeps the client from being used until it is approved again. */
export async function putBackToWaiting(db: Database, clientId: string): Promise<void> {
  const text = 'update oauth_client set approved_at = null where client_id = $1';
  await db.query({ text, values: [clientId] });
}

/** Answers whether there was such a client. */
export async function deleteClient(db: Database, clientId: string): Promise<boolean> {
  return changed(db, 'delete from oauth_client where client_id = $1', [clientId]);
}

/** Whether one more client may wait for an administrator: fewer than `limit` do. Within the transaction that adds it. */
export async function mayWait(db: Database, limit: number): Promise<boolean> {
  // One at a time counts, so that many at once do not all find the last place free.
  await db.query({ text: `select pg_advisory_xact_lock(hashtext('livedoc waiting clients'))` });
  const [row] = await db.query<{ readonly waiting: number }>({
    text: 'select count(*)::int as waiting from oauth_client where approved_at is null',
  });
  return (row?.waiting ?? 0) < limit;
}

/** Removes clients that nobody approved in so many days; answers their ids. */
export async function removeNeverApproved(db: Database, days: number): Promise<readonly string[]> {
  const rows = await db.query<{ readonly clientId: string }>({
    text: `delete from oauth_client where approved_at is null and created_at < now() - $1::int * interval '1 day'
      returning client_id as "clientId"`,
    values: [days],
  });
  return rows.map(({ clientId }) => clientId);
}
