/** Marks a code or token as used. */
import type { Database } from '../store.ts';
import { idHash } from './artifact.ts';

/** Answers whether this call is the one that used it: of many at once, in any number of processes, exactly one is. */
export async function consumeArtifact(db: Database, model: string, id: string): Promise<boolean> {
  const rows = await db.query({
    name: 'oidc-consume',
    text: `update oidc_model set consumed_at = now()
      where model = $1 and id_hash = $2 and consumed_at is null returning 1`,
    values: [model, idHash(id)],
  });
  return rows.length === 1;
}
