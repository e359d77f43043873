/** Whether a grant is still there when its tokens have been saved. */
import type { Database } from '../store.ts';
import { idHash } from './artifact.ts';

/**
 * Waits for whoever is taking the grant away just now. Who takes it away removes the grant first and its tokens after: so
 * tokens that were saved before this says yes are seen and removed, and those it says no to belong to nobody.
 */
export async function isGrantThere(db: Database, grantId: string): Promise<boolean> {
  const rows = await db.query({
    name: 'oidc-hold-grant',
    text: `select 1 from oidc_model where model = 'Grant' and id_hash = $1 for share`,
    values: [idHash(grantId)],
  });
  return rows.length === 1;
}
