/** Whose a refresh token is. */
import type { Database } from '../store.ts';
import { idHash } from './artifact.ts';

/** The public client that the token was given to; undefined for a token of nobody, or of a client that proves itself. */
export async function findRefreshingClient(db: Database, token: string): Promise<string | undefined> {
  const [row] = await db.query<{ clientId: string }>({
    name: 'oidc-refreshing-client',
    text: `select c.client_id as "clientId" from oidc_model t join oauth_client c on c.client_id = t.client_id
      where t.model = 'RefreshToken' and t.id_hash = $1 and c.kind = 'public' and c.disabled_at is null`,
    values: [idHash(token)],
  });
  return row?.clientId;
}
