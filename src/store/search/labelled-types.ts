/** Of which types there may be resources with certain codes of `_security`, so that a search of any other need not ask. */
import { paramKey, systemKey, valueKey } from '../keys.ts';
import type { Database } from '../store.ts';

export interface LabelledType {
  readonly type: string;
  readonly code: string;
}

/** Superseded versions count too: it is about what may be, not about what is. */
export async function labelledTypes(
  db: Database,
  types: readonly string[],
  { system, codes }: { readonly system: string; readonly codes: readonly string[] },
): Promise<readonly LabelledType[]> {
  const asked = types.flatMap((type) => codes.map((code) => ({ type, code })));
  const rows = await db.query<{ readonly n: number }>({
    text: `SELECT a.n::int AS n FROM unnest($1::int[], $2::bigint[]) WITH ORDINALITY AS a(p, code, n)
           WHERE EXISTS (SELECT FROM sp_token t WHERE t.p = a.p AND t.code = a.code AND t.sys = $3)`,
    values: [
      asked.map(({ type }) => paramKey(`${type}._security`)),
      asked.map(({ code }) => String(valueKey(code))),
      systemKey(system),
    ],
  });
  return rows.flatMap(({ n }) => asked[n - 1] ?? []);
}
