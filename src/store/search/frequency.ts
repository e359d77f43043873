/**
 * How many versions fulfil a clause, counted up to a limit and remembered for a while: the planner of a search drives from
 * the rarest clause, and PostgreSQL's statistics cannot tell which that is for pairs of parameter and value.
 */
import type { Database } from '../store.ts';
import { compile, type Frequency } from './compile.ts';
import type { Condition } from './condition.ts';
import type { Naming } from './naming.ts';
import type { Clause } from './query.ts';
import { beginSql } from './sql.ts';

/** About the square root of (a page of 20 in 500,000): where listing all and walking until a page is full cost the same. */
const DENSE = 3000;
const LIFETIME_MS = 60_000;
const MOST_REMEMBERED = 20_000;

export interface Frequencies {
  /** From this count on a clause is said to find many. */
  readonly dense: number;
  /** What is known now; no more than `dense` is ever counted. */
  readonly known: Frequency;
  /** Those whose frequency could be known and is not. */
  unknown(conditions: readonly Condition[]): readonly Condition[];
  /** What a search has found out about a condition by trying. */
  remember(condition: Condition, count: number): void;
  /** Counts what is not known yet, in one round trip. */
  learn(db: Database, name: Naming, type: string, where: readonly Clause[]): Promise<void>;
}

interface Asked {
  readonly db: Database;
  readonly name: Naming;
  readonly type: string;
  readonly where: readonly Clause[];
}

interface Entry {
  readonly count: number;
  readonly until: number;
}

export function openFrequencies(dense = DENSE, now: () => number = Date.now): Frequencies {
  const entries = new Map<string, Entry>();

  function known({ key, most }: Condition): number | undefined {
    if (most !== undefined || key === undefined) return most;
    const entry = entries.get(key);
    return entry && entry.until > now() ? entry.count : undefined;
  }

  function remember(key: string, count: number): void {
    if (entries.size >= MOST_REMEMBERED) entries.clear();
    entries.set(key, { count, until: now() + LIFETIME_MS });
  }

  /** Counts those of the chosen conditions that are not known yet, in one round trip. */
  async function count(
    { db, name, type, where }: Asked,
    choose: (condition: Condition) => readonly Condition[],
  ): Promise<readonly Condition[]> {
    const sql = beginSql();
    const conditions = compile({ sql, dense, frequency: known }, type, where);
    const asked: string[] = [];
    const counts: string[] = [];
    for (const condition of conditions.flatMap(choose)) {
      const { key, list } = condition;
      if (key === undefined || !list || known(condition) !== undefined) continue;
      asked.push(key);
      counts.push(`(SELECT count(*) FROM (SELECT FROM (${list()}) x LIMIT ${dense}) y)::int`);
    }
    if (asked.length === 0) return conditions;
    const [row] = await db.query<{ counts: number[] }>(
      name(sql.finish(`SELECT ARRAY[${counts.join(', ')}] AS counts`)),
    );
    for (const [at, key] of asked.entries()) remember(key, row?.counts[at] ?? dense);
    return conditions;
  }

  /** What lies within something rare is as rare. */
  function bound({ key, within = [] }: Condition): void {
    const least = Math.min(...within.map((inner) => known(inner) ?? dense));
    if (key !== undefined && least < dense) remember(key, least);
  }

  return {
    dense,
    known,
    unknown: (conditions) =>
      conditions.filter((condition) => condition.list && condition.key !== undefined && known(condition) === undefined),
    remember({ key }, count) {
      if (key !== undefined) remember(key, count);
    },
    async learn(db, name, type, where) {
      const asked = { db, name, type, where };
      if (where.some(({ kind }) => kind === 'has')) {
        for (const condition of await count(asked, ({ within = [] }) => within)) bound(condition);
      }
      await count(asked, (condition) => [condition]);
    },
  };
}
