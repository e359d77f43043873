/** The registered OAuth clients. */
import type { Database } from '../store.ts';

export interface StoredClient {
  readonly clientId: string;
  readonly name: string;
  readonly kind: 'public' | 'confidential' | 'backend';
  /** SHA-256 of the secret, base64url. */
  readonly secretHash: string | null;
  readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] } | null;
  readonly jwksUri: string | null;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly launchUrl: string | null;
  readonly scope: string;
}

const columns = `client_id as "clientId", name, kind, secret_hash as "secretHash", jwks, jwks_uri as "jwksUri",
  redirect_uris as "redirectUris", post_logout_redirect_uris as "postLogoutRedirectUris", launch_url as "launchUrl", scope`;

/** A client that may be used; a disabled one is as good as unknown. */
export async function findClient(db: Database, clientId: string): Promise<StoredClient | undefined> {
  const [row] = await db.query<StoredClient>({
    name: 'oauth-client',
    text: `select ${columns} from oauth_client where client_id = $1 and disabled_at is null`,
    values: [clientId],
  });
  return row;
}

export async function insertClient(db: Database, client: StoredClient): Promise<void> {
  await db.query({
    text: `insert into oauth_client (client_id, name, kind, secret_hash, jwks, jwks_uri, redirect_uris,
        post_logout_redirect_uris, launch_url, scope) values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10)`,
    values: [
      client.clientId,
      client.name,
      client.kind,
      client.secretHash,
      client.jwks && JSON.stringify(client.jwks),
      client.jwksUri,
      client.redirectUris,
      client.postLogoutRedirectUris,
      client.launchUrl,
      client.scope,
    ],
  });
}

/** Answers whether there was such a client that was not disabled yet. */
export async function disableClient(db: Database, clientId: string): Promise<boolean> {
  const rows = await db.query({
    text: 'update oauth_client set disabled_at = now() where client_id = $1 and disabled_at is null returning 1',
    values: [clientId],
  });
  return rows.length === 1;
}
