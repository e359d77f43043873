/** Which values a token or uri parameter has, each shown by one version that has it: by steps from value to value. */
import { int4s } from '../arrays.ts';
import { paramKey, typeKey } from '../keys.ts';
import { columns, toVersion, type VersionRow } from '../resources/row.ts';
import type { Version } from '../resources/version.ts';
import type { Database } from '../store.ts';

/** Values of one parameter; nobody has so many tags. */
const most = 1000;

/** Each distinct value from the one before, so that a value which a million resources have costs one look. */
function distinct(table: string, column: string): string {
  const least = (after: string) =>
    `SELECT t.${column} FROM ${table} t WHERE t.p = a.p ${after} ORDER BY t.${column} LIMIT 1`;
  return `WITH RECURSIVE values(one) AS (
      (${least('')})
      UNION ALL
      SELECT (${least(`AND t.${column} > s.one`)}) FROM values s WHERE s.one IS NOT NULL
    ) SELECT one FROM values WHERE one IS NOT NULL LIMIT ${most}`;
}

const current = 'NOT EXISTS (SELECT FROM stale x WHERE x.v = t.v)';

const statements = {
  token: `SELECT DISTINCT ON (t.sys) t.v FROM sp_token t WHERE t.p = a.p AND t.code = s.one AND ${current} ORDER BY t.sys, t.v DESC`,
  uri: `SELECT t.v FROM sp_uri t WHERE t.p = a.p AND t.val = s.one AND ${current} ORDER BY t.v DESC LIMIT 1`,
} as const;

/** Current versions that have among them every value of the parameters (`Type.code`) that is in use. */
export async function valuesInUse(
  db: Database,
  kind: 'token' | 'uri',
  params: readonly string[],
): Promise<readonly Version[]> {
  const types = params.map((param) => typeKey(param.slice(0, param.indexOf('.'))));
  const rows = await db.query<VersionRow>({
    name: `${kind}-values-in-use`,
    text: `SELECT ${columns('r')} FROM unnest($1::int4[], $2::int4[]) AS a(p, rtype)
      CROSS JOIN LATERAL (${kind === 'token' ? distinct('sp_token', 'code') : distinct('sp_uri', 'val')}) s
      CROSS JOIN LATERAL (${statements[kind]}) m
      JOIN resource r ON r.rtype = a.rtype AND NOT r.deleted AND r.v = m.v`,
    values: [int4s(params.map(paramKey)), int4s(types)],
  });
  return rows.map(toVersion);
}
