/** The codes that a coded token parameter ever had, which the dictionary knows. */
import { paramKey } from '../keys.ts';
import type { Database } from '../store.ts';

/** In no order; those that no current resource has any more are among them. `param` is `Type.code`. */
export async function codesInUse(db: Database, param: string): Promise<readonly string[]> {
  const rows = await db.query<{ val: string }>({
    name: 'codes-in-use',
    text: `SELECT DISTINCT d.val FROM dictionary d WHERE d.p = $1 AND d.kind = 'c'`,
    values: [paramKey(param)],
  });
  return rows.map(({ val }) => val);
}
