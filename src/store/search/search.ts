/** Runs a search: the versions of one page, where the next begins, how many there are. https://hl7.org/fhir/R4/search.html */
import { toVersion, type VersionRow } from '../resources/row.ts';
import type { Database } from '../store.ts';
import { type Compiling, compile, members } from './compile.ts';
import { type KnownWords, openKnownWords } from './dictionary.ts';
import { type Frequencies, openFrequencies } from './frequency.ts';
import { currentOf } from './meta.ts';
import { type Naming, openNaming } from './naming.ts';
import { effective, orderBy, recency } from './order.ts';
import { planPage } from './plan.ts';
import { decodePosition, encodePosition } from './position.ts';
import type { SearchPage, SearchQuery } from './query.ts';
import { beginSql } from './sql.ts';
import { inStoredUnits } from './units.ts';

/** What searches share: how frequent clauses are, and which statements have been prepared. */
export interface SearchMemory {
  readonly frequencies: Frequencies;
  readonly name: Naming;
  /** What the dictionary has: shared by all writes. */
  readonly words: KnownWords;
}

export function openSearchMemory(): SearchMemory {
  return { frequencies: openFrequencies(), name: openNaming(), words: openKnownWords() };
}

type Row = VersionRow & Readonly<Record<`k${number}`, string | null>>;

/** The page's rows with one more than asked for, when there are more. */
async function pageOf(db: Database, { frequencies, name }: SearchMemory, query: SearchQuery): Promise<Row[]> {
  const { type, where, count } = query;
  const sql = beginSql();
  const compiling: Compiling = { sql, frequency: frequencies.known, dense: frequencies.dense };
  const sort = effective(query.sort);
  const after = query.after === undefined ? undefined : decodePosition(sort, query.after);
  const conditions = compile(compiling, type, where);
  const page = planPage(compiling, { type, conditions, sort, after, limit: count + 1 });
  const keys = sort.map((_, at) => `, p.k${at}::text`).join('');
  return db.query<Row>(
    name(
      sql.finish(`WITH page AS MATERIALIZED (${page})
      SELECT r.v, r.ref, r.version, r.updated, r.op, r.deleted, r.body${keys} FROM page p
      CROSS JOIN LATERAL (SELECT r.* FROM ${currentOf(sql, type)('r')} AND r.v = p.v OFFSET 0) r
      ORDER BY ${orderBy(sort, 'p')}`),
    ),
  );
}

async function totalOf(
  db: Database,
  { frequencies, name }: SearchMemory,
  { type, where }: SearchQuery,
): Promise<number> {
  const sql = beginSql();
  const compiling: Compiling = { sql, frequency: frequencies.known, dense: frequencies.dense };
  const all = members(compiling, type, compile(compiling, type, where));
  const [row] = await db.query<{ total: string }>(name(sql.finish(`SELECT count(*) AS total FROM (${all}) m`)));
  return Number(row?.total ?? 0);
}

/** Whether knowing how frequent each clause is could change the plan. */
function mayChoose({ where, sort, total }: SearchQuery): boolean {
  if (where.length > 1 || total === 'accurate') return where.length > 1;
  const [only] = where;
  if (!only) return false;
  const streams = only.kind === 'token' || only.kind === 'reference';
  return !(streams && recency(sort));
}

/**
 * One page of the current resources that fulfil every clause. Positions (`after`, `next`) stay valid while others write: a
 * page goes on after the last row of the one before, whatever was put before it meanwhile. Throws FhirError `invalid`
 * for a position that is not of this order, `busy` when the statement takes longer than the configured limit.
 */
export async function search(db: Database, memory: SearchMemory, asked: SearchQuery): Promise<SearchPage> {
  const query = { ...asked, where: await inStoredUnits(db, memory.name, asked.where) };
  if (mayChoose(query)) await memory.frequencies.learn(db, memory.name, query.type, query.where);
  const rows = query.count > 0 ? await pageOf(db, memory, query) : [];
  const total = query.total === 'accurate' ? await totalOf(db, memory, query) : undefined;
  const shown = rows.slice(0, query.count);
  const last = shown.at(-1);
  const sort = effective(query.sort);
  return {
    versions: shown.map(toVersion),
    ...(total === undefined ? {} : { total }),
    ...(last && rows.length > shown.length
      ? { next: encodePosition(sort, { v: last.v, keys: sort.map((_, at) => last[`k${at}`] ?? null) }) }
      : {}),
  };
}
