/** Many searches by a single token of one parameter, in one round trip: the criteria of a large transaction. */
import { int4s, int8s } from '../arrays.ts';
import { paramKey, systemKey, typeKey, valueKey } from '../keys.ts';
import { columns, toVersion, type VersionRow } from '../resources/row.ts';
import type { Version } from '../resources/version.ts';
import type { Database } from '../store.ts';
import type { TokenSearch } from './query.ts';

/** The newest two current resources of each value, in the order of the values. */
export async function findTokens(
  db: Database,
  { type, param, values }: TokenSearch,
): Promise<readonly (readonly Version[])[]> {
  const rows = await db.query<VersionRow & { readonly n: string }>({
    name: 'find-tokens',
    text: `SELECT a.n, ${columns('r')} FROM unnest($1::int8[], $2::int4[]) WITH ORDINALITY AS a(code, sys, n)
           CROSS JOIN LATERAL (
             SELECT DISTINCT t.v FROM sp_token t JOIN resource c ON c.rtype = $4 AND NOT c.deleted AND c.v = t.v
              WHERE t.p = $3 AND t.code = a.code AND t.sys = a.sys ORDER BY t.v DESC LIMIT 2) f
           JOIN resource r ON r.rtype = $4 AND NOT r.deleted AND r.v = f.v ORDER BY a.n`,
    values: [
      int8s(values.map(({ code }) => valueKey(code))),
      int4s(values.map(({ system }) => systemKey(system))),
      paramKey(param),
      typeKey(type),
    ],
  });
  const found = values.map((): Version[] => []);
  for (const row of rows) found[Number(row.n) - 1]?.push(toVersion(row));
  return found;
}
