/** Where registered clients send browsers. */
import type { Database } from '../store.ts';

/** Each redirect URI of the clients that may be used, once. */
export async function findRedirectUris(db: Database): Promise<readonly string[]> {
  const rows = await db.query<{ uri: string }>({
    name: 'oauth-redirect-uris',
    text: `select distinct unnest(redirect_uris) as uri from oauth_client
      where disabled_at is null and approved_at is not null`,
  });
  return rows.map(({ uri }) => uri);
}
