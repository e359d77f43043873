/** On a hundred thousand resources, one page costs few reads, whether its clauses find much or little. */
import { beforeAll, describe, expect, it } from 'vitest';
import { key64, paramKey, resourceKey, systemKey, typeKey } from '../../src/store/keys.ts';
import { openNaming } from '../../src/store/search/naming.ts';
import type { Clause, SearchQuery, SortKey } from '../../src/store/search/query.ts';
import { openSearchMemory, search } from '../../src/store/search/search.ts';
import type { Database } from '../../src/store/store.ts';
import { withStore } from '../support/store.ts';

const context = withStore();

const PATIENTS = 5000;
const OBSERVATIONS = 100_000;

/** Straight into the tables: what is measured is reading, and writing so much through the store takes a minute. */
beforeAll(async () => {
  const { db } = context.store;
  const run = (text: string, values: readonly unknown[] = []) => db.query({ text, values });
  const patients = Array.from({ length: PATIENTS }, (_, at) => resourceKey('Patient', `p${at}`));
  const codes = Array.from({ length: 100 }, (_, at) => key64(`code${at}`));
  const insert = `INSERT INTO resource (rkey, v, updated, rtype, version, op, deleted, ref, body)`;
  await run(
    `${insert} SELECT k, n, n * 1000, $2::int, 1, 'c', false, 'Patient/p' || (n - 1), '{}' FROM unnest($1::bigint[]) WITH ORDINALITY AS t(k, n)`,
    [patients, typeKey('Patient')],
  );
  await run(
    `${insert} SELECT n, n + ${PATIENTS}, n * 1000, $1::int, 1, 'c', false, 'Observation/o' || n, '{}' FROM generate_series(1, ${OBSERVATIONS}) n`,
    [typeKey('Observation')],
  );
  await run(
    `INSERT INTO sp_token (p, code, v, sys, val)
     SELECT $1::int, CASE WHEN n % 10 < 4 THEN ($3::bigint[])[1] ELSE ($3::bigint[])[2 + n * 7 % 99] END, n + ${PATIENTS}, $4::int, 'x' FROM generate_series(1, ${OBSERVATIONS}) n
     UNION ALL SELECT $2::int, ($3::bigint[])[1 + (n % 50 = 0)::int], n + ${PATIENTS}, $4::int, 'x' FROM generate_series(1, ${OBSERVATIONS}) n`,
    [paramKey('Observation.code'), paramKey('Observation.status'), codes, systemKey('s')],
  );
  await run(
    `INSERT INTO sp_ref (p, target, v) SELECT $1::int, ($2::bigint[])[1 + (n * 13 % ${PATIENTS})], n + ${PATIENTS} FROM generate_series(1, ${OBSERVATIONS}) n`,
    [paramKey('Observation.subject'), patients],
  );
  await run(
    `INSERT INTO sp_date (p, lo, hi, v, alone) SELECT $1::int, n::bigint * 7919 % ${OBSERVATIONS} * 3600000, n::bigint * 7919 % ${OBSERVATIONS} * 3600000, n + ${PATIENTS}, true FROM generate_series(1, ${OBSERVATIONS}) n`,
    [paramKey('Observation.date')],
  );
  await run(
    `INSERT INTO sp_qty (p, unit, sys, lo, hi, v) SELECT $1::int, $2::int, 0, n % 1000, n % 1000, n + ${PATIENTS} FROM generate_series(1, ${OBSERVATIONS}) n`,
    [paramKey('Observation.value-quantity'), systemKey('mg')],
  );
  await run(
    `INSERT INTO sp_str (p, val, exact, v) SELECT $1::int, 'name' || lpad((n * 7919 % ${PATIENTS})::text, 5, '0'), 1, n FROM generate_series(1, ${PATIENTS}) n`,
    [paramKey('Patient.name')],
  );
  await run(
    `INSERT INTO sp_token (p, code, v, sys, val) SELECT $1::int, k, n, $3::int, 'x' FROM unnest($2::bigint[]) WITH ORDINALITY AS t(k, n)`,
    [paramKey('Patient.identifier'), Array.from({ length: PATIENTS }, (_, at) => key64(`mr${at}`)), systemKey('mr')],
  );
  for (const table of ['resource', 'sp_token', 'sp_ref', 'sp_date', 'sp_qty', 'sp_str', 'stale']) {
    await run(`VACUUM ANALYZE ${table}`);
  }
}, 120_000);

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly Plan[];
}

function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

interface Cost {
  readonly found: number;
  /** 8 KiB pages touched by all statements. */
  readonly pages: number;
  readonly scans: readonly string[];
}

const name = openNaming();

async function costOf(query: SearchQuery): Promise<Cost> {
  const { db } = context.store;
  let pages = 0;
  const scans: string[] = [];
  const explaining: Database = {
    async query<Row>(statement: Parameters<Database['query']>[0]) {
      const { text, values } = statement;
      const [row] = await db.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>({
        text: `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
        ...(values ? { values } : {}),
      });
      const plan = row?.['QUERY PLAN'][0].Plan as Plan;
      pages += (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
      for (const node of nodesOf(plan)) if (node['Node Type'] === 'Seq Scan') scans.push(node['Relation Name'] ?? '?');
      return db.query<Row>(statement);
    },
  };
  const page = await search(explaining, { ...openSearchMemory(), name }, query);
  return { found: page.versions.length, pages, scans };
}

const hours = (from: number, to: number) => ({ low: from * 3_600_000, high: to * 3_600_000 });
const code = (one: string, param = 'Observation.code'): Clause => ({ kind: 'token', param, any: [{ code: one }] });
const date = (prefix: 'ge' | 'lt', hour: number): Clause => ({
  kind: 'date',
  param: 'Observation.date',
  any: [{ prefix, ...hours(hour, hour) }],
});
const subject: Clause = { kind: 'reference', param: 'Observation.subject', any: [{ type: 'Patient', id: 'p73' }] };
const identifier: Clause = { kind: 'token', param: 'Patient.identifier', any: [{ code: 'mr77', system: 'mr' }] };
const byDate: SortKey = { param: 'Observation.date', kind: 'date', descending: true };

const shapes: readonly (readonly [string, Partial<SearchQuery>, found: number])[] = [
  ['everything', {}, 20],
  ['a common code', { where: [code('code0')] }, 20],
  ['a code that nothing has', { where: [code('nothing')] }, 0],
  ['a common code, by date', { where: [code('code0')], sort: [byDate] }, 20],
  ['everything, by date', { sort: [byDate] }, 20],
  ['a patient and a common code, by date', { where: [subject, code('code0')], sort: [byDate] }, 20],
  ['two common codes', { where: [code('code0'), code('code0', 'Observation.status')] }, 20],
  ['a rare and a common code', { where: [code('code1', 'Observation.status'), code('code0')] }, 20],
  ['a short period, by date', { where: [date('ge', 50_000), date('lt', 50_010)], sort: [byDate] }, 10],
  ['a long period, by date', { where: [date('ge', 20_000), date('lt', 90_000)], sort: [byDate] }, 20],
  ['a long period', { where: [date('ge', 20_000), date('lt', 90_000)] }, 20],
  [
    'a chain to an identifier',
    { where: [{ kind: 'chain', param: 'Observation.subject', targets: [{ type: 'Patient', where: [identifier] }] }] },
    20,
  ],
  [
    'a large quantity',
    {
      where: [
        {
          kind: 'quantity',
          param: 'Observation.value-quantity',
          any: [{ prefix: 'gt', low: 998, high: 998, code: 'mg' }],
        },
      ],
    },
    20,
  ],
  [
    'everything but a common code',
    { where: [{ kind: 'token', param: 'Observation.code', any: [{ code: 'code0' }], not: true }] },
    20,
  ],
  ['what was updated last', { where: [{ kind: 'updated', any: [{ prefix: 'ge', ...hours(27.77, 27.77) }] }] }, 20],
  ['everything since the beginning', { where: [{ kind: 'updated', any: [{ prefix: 'ge', low: 0, high: 0 }] }] }, 20],
  ['patients by name', { type: 'Patient', sort: [{ param: 'Patient.name', kind: 'string', descending: false }] }, 20],
  [
    'patients by the beginning of a name',
    { type: 'Patient', where: [{ kind: 'string', param: 'Patient.name', any: ['name0'], match: 'starts' }] },
    20,
  ],
  [
    'patients with a rare observation',
    {
      type: 'Patient',
      where: [{ kind: 'has', type: 'Observation', param: 'Observation.subject', where: [code('code5')] }],
    },
    20,
  ],
];

describe('a page', () => {
  it.each(shapes)('of %s reads no table through', async (_, shape, found) => {
    const cost = await costOf({ type: 'Observation', where: [], sort: [], count: 20, total: 'none', ...shape });
    expect(cost.scans).toEqual([]);
    expect(cost.found).toBe(found);
    // A table read through is thousands of pages; a thousand matches looked at one by one are some thousands, too.
    expect(cost.pages).toBeLessThan(16_000);
  });

  const value = (low: number): Clause => ({
    kind: 'quantity',
    param: 'Observation.value-quantity',
    any: [{ prefix: 'gt', low, high: low, code: 'mg' }],
  });
  it.each([
    ['a value that few have', value(998), 20],
    ['a value that nobody has', value(5000), 0],
    ['a date that most have', date('ge', 20_000), 20],
  ])('of %s reads little more than it shows', async (_, clause, found) => {
    const sort: SortKey[] = clause.kind === 'date' ? [byDate] : [];
    const cost = await costOf({ type: 'Observation', where: [clause], sort, count: 20, total: 'none' });
    expect(cost.found).toBe(found);
    expect(cost.pages).toBeLessThan(400);
  });
});
