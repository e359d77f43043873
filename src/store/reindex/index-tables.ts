/** The statement that brings the search rows of some versions to what they should be, touching only those that differ. */

type Kind = 'int4' | 'int8' | 'float8' | 'text';

interface Column {
  readonly name: string;
  /** As it is sent. */
  readonly sent: Kind;
  /** What is stored of it; the column as it was sent unless told. */
  readonly stored?: (sent: string) => string;
}

interface Table {
  readonly name: string;
  /** After `n` and `p`, in the order in which `indexColumns` has them. */
  readonly columns: readonly Column[];
}

const columns = (sent: Kind, ...names: readonly string[]): Column[] => names.map((name) => ({ name, sent }));

/** In the order of `indexColumns`. */
export const indexTables: readonly Table[] = [
  {
    name: 'sp_token',
    columns: [
      ...columns('int8', 'code'),
      ...columns('int4', 'sys'),
      ...columns('text', 'val'),
      ...columns('int4', 'label'),
    ],
  },
  { name: 'sp_ref', columns: [...columns('int8', 'target'), ...columns('int4', 'label')] },
  { name: 'sp_str', columns: [...columns('text', 'val'), ...columns('int8', 'exact')] },
  {
    name: 'sp_date',
    columns: [...columns('int8', 'lo', 'hi'), { name: 'alone', sent: 'int4', stored: (sent) => `${sent} = 1` }],
  },
  { name: 'sp_qty', columns: [...columns('int4', 'unit', 'sys'), ...columns('float8', 'lo', 'hi')] },
  { name: 'sp_uri', columns: columns('text', 'val') },
  {
    name: 'sp_comp',
    columns: [
      ...columns('int8', 'a'),
      ...columns('int4', 'asys'),
      ...columns('int8', 'k', 'hi'),
      ...columns('int4', 'sys', 'unit', 'spoken'),
      ...columns('text', 'val'),
      { name: 'rest', sent: 'text', stored: (sent) => `${sent}::bigint[]` },
    ],
  },
  { name: 'sp_pos', columns: columns('float8', 'lat', 'lon') },
];

/** The parameters before those of the tables: versions (rkeys, vs), search parameters (p), job. */
const BEFORE = 4;

function parts(
  { name, columns: own }: Table,
  first: number,
): { readonly ctes: readonly string[]; readonly used: number } {
  const sent: readonly Column[] = [...columns('int4', 'n', 'p'), ...own];
  const arrays = sent.map(({ sent: type }, at) => `$${first + at}::${type}[]`).join(', ');
  const names = ['v', 'p', ...own.map((column) => column.name)];
  const listed = (alias: string) => names.map((column) => `${alias}.${column}`).join(', ');
  const stored = own.map(({ name: column, stored: of = String }) => `${of(`t.${column}`)} AS ${column}`);
  const same = names.map((column) => {
    const isKey = column === 'v' || column === 'p';
    return `x.${column} ${isKey ? '=' : 'IS NOT DISTINCT FROM'} s.${column}`;
  });
  const scope = 's.v = ANY (ARRAY(SELECT v FROM w)) AND ($3::int4[] IS NULL OR s.p = ANY ($3))';
  return {
    used: sent.length,
    ctes: [
      `new_${name} AS MATERIALIZED (SELECT w.v, t.p, ${stored.join(', ')}
        FROM unnest(${arrays}) AS t(${sent.map((column) => column.name).join(', ')}) JOIN w ON w.n = t.n)`,
      `gone_${name} AS (DELETE FROM ${name} s WHERE ${scope}
        AND NOT EXISTS (SELECT FROM new_${name} x WHERE ${same.join(' AND ')}) RETURNING 1)`,
      `put_${name} AS (INSERT INTO ${name} (${names.join(', ')}) (SELECT ${listed('x')} FROM new_${name} x
        EXCEPT ALL SELECT ${listed('s')} FROM ${name} s WHERE ${scope}) RETURNING 1)`,
    ],
  };
}

function build(): string {
  const ctes: string[] = [];
  let first = BEFORE + 1;
  for (const table of indexTables) {
    const { ctes: own, used } = parts(table, first);
    ctes.push(...own);
    first += used;
  }
  const word = ['int4', 'text', 'int8', 'int4', 'int4', 'text', 'text'].map((type, at) => `$${first + at}::${type}[]`);
  const counts = indexTables.flatMap(({ name }) => [
    `(SELECT count(*) FROM gone_${name})`,
    `(SELECT count(*) FROM put_${name})`,
  ]);
  // Versions that were superseded meanwhile are left out: whoever did it has indexed the new one. The others stay current until
  // this is committed, so that no row can outlive its version's (janitor.ts).
  return `WITH w AS MATERIALIZED (
      SELECT r.rkey, r.v, k.n FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS k(rkey, v, n)
        JOIN resource r ON r.rkey = k.rkey AND r.v = k.v AND NOT r.deleted ORDER BY r.rkey FOR SHARE OF r),
    marked AS (INSERT INTO reindexed SELECT $4::bigint, v FROM w WHERE $4 IS NOT NULL ON CONFLICT DO NOTHING),
    named AS (INSERT INTO dictionary (p, kind, code, label, sys, name, val)
      SELECT p, kind::"char", code, label, sys, name, val FROM unnest(${word.join(', ')}) AS t(p, kind, code, label, sys, name, val)
       WHERE NOT EXISTS (SELECT FROM dictionary d WHERE d.p = t.p AND d.kind = t.kind::"char" AND d.code = t.code
                         AND d.label = t.label AND d.sys = t.sys AND d.name = t.name)),
    ${ctes.join(',\n    ')}
    SELECT (SELECT count(*) FROM w)::int AS current, (${counts.join(' + ')})::int AS changed`;
}

/**
 * Parameters: keys and versions, the search parameters whose rows are judged (null: all), the job that marks the versions
 * (null: none), then `indexColumns` and `wordColumns`.
 */
export const indexStatement: string = build();
