/** Which resources are members of a compartment: asked of a few by name, where a search has not asked it of all. */
import { int4s, int8s, texts } from '../arrays.ts';
import { paramKey, resourceKey } from '../keys.ts';
import type { Database } from '../store.ts';

interface Name {
  readonly type: string;
  readonly id: string;
}

const nameOf = ({ type, id }: Name) => `${type}/${id}`;

/**
 * Which of `resources` point, as they are now, at which of `roots` by any of `params` (`Type.code`): their names, by the
 * root's. A deleted one points at nothing.
 */
export async function membersOf(
  db: Database,
  { resources, roots, params }: { resources: readonly Name[]; roots: readonly Name[]; params: readonly string[] },
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const rows = await db.query<{ ref: string; at: number }>({
    name: 'compartment-members',
    text: `SELECT DISTINCT y.ref, o.at::int FROM unnest($1::int8[], $2::text[]) a(rkey, ref)
      JOIN resource y ON y.rkey = a.rkey AND y.ref = a.ref AND NOT y.deleted
      CROSS JOIN unnest($3::int8[]) WITH ORDINALITY o(target, at)
      WHERE EXISTS (SELECT FROM sp_ref z WHERE z.v = y.v AND z.p = ANY ($4::int4[]) AND z.target = o.target OFFSET 0)`,
    values: [
      int8s(resources.map(({ type, id }) => resourceKey(type, id))),
      texts(resources.map(nameOf)),
      int8s(roots.map(({ type, id }) => resourceKey(type, id))),
      int4s(params.map(paramKey)),
    ],
  });
  const found = new Map(roots.map((root) => [nameOf(root), new Set<string>()]));
  for (const { ref, at } of rows) {
    const root = roots[at - 1];
    if (root) found.get(nameOf(root))?.add(ref);
  }
  return found;
}
