/** Which reference parameters point at a resource at all: asked before each type of a compartment is searched. */
import { int4s } from '../arrays.ts';
import { paramKey, resourceKey } from '../keys.ts';
import type { Database } from '../store.ts';

/** Those of `params` (`Type.code`) by which something points, or did in a superseded version, at the resource. */
export async function pointingParams(
  db: Database,
  { type, id }: { readonly type: string; readonly id: string },
  params: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ n: string }>({
    name: 'pointing-params',
    text: `SELECT a.n FROM unnest($1::int4[]) WITH ORDINALITY a(p, n)
      WHERE EXISTS (SELECT 1 FROM sp_ref r WHERE r.p = a.p AND r.target = $2)`,
    values: [int4s(params.map(paramKey)), resourceKey(type, id)],
  });
  return new Set(rows.map(({ n }) => params[Number(n) - 1] ?? ''));
}
