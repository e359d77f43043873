/** Runs a search: the versions of one page, where the next begins, how many there are. https://hl7.org/fhir/R4/search.html */
import { typeKey } from '../keys.ts';
import { toVersion, type VersionRow } from '../resources/row.ts';
import type { Database } from '../store.ts';
import { type Compiling, compile, members } from './compile.ts';
import { type KnownWords, openKnownWords } from './dictionary.ts';
import { type Frequencies, openFrequencies } from './frequency.ts';
import { kinds } from './meta.ts';
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
type Part = Pick<SearchQuery, 'type' | 'where' | 'sort'>;

/** With more types than these, those that nobody ever wrote are left out first. */
const FEW_TYPES = 4;

/** The types of a query; many of all that there are have no resources. */
async function partsOf(db: Database, memory: SearchMemory, query: SearchQuery): Promise<readonly Part[]> {
  const parts = [query, ...(query.also ?? [])];
  if (parts.length <= FEW_TYPES) return parts;
  const rows = await db.query<{ rtype: number }>(
    memory.name({ text: `WITH ${kinds} SELECT rtype FROM kinds`, values: [] }),
  );
  const known = new Set(rows.map(({ rtype }) => rtype));
  return parts.filter(({ type }) => known.has(typeKey(type)));
}

/** The page's rows with one more than asked for, when there are more. */
async function pageOf(
  db: Database,
  { frequencies, name }: SearchMemory,
  query: SearchQuery,
  parts: readonly Part[],
): Promise<Row[]> {
  if (parts.length === 0) return [];
  const { backwards = false } = query;
  const sql = beginSql();
  const compiling: Compiling = { sql, frequency: frequencies.known, dense: frequencies.dense };
  const sort = effective(query.sort);
  const after = query.after === undefined ? undefined : decodePosition(sort, query.after);
  const limit = query.count + 1;
  const columns = ['v', ...sort.map((_, at) => `k${at}`)];
  const pages = parts.map((part) => {
    const conditions = compile(compiling, part.type, part.where);
    const page = planPage(compiling, {
      type: part.type,
      conditions,
      sort: effective(part.sort),
      after,
      backwards,
      limit,
    });
    const p = sql.alias();
    return `SELECT ${columns.map((column) => `${p}.${column}`).join(', ')}, ${sql.bind(typeKey(part.type), 'int4')} AS rtype FROM (${page}) ${p}`;
  });
  const [only] = pages;
  const merged =
    pages.length === 1
      ? only
      : `SELECT u.* FROM (${pages.map((page) => `(${page})`).join(' UNION ALL ')}) u ORDER BY ${orderBy(sort, 'u', backwards)} LIMIT ${limit}`;
  const keys = sort.map((_, at) => `, p.k${at}::text`).join('');
  return db.query<Row>(
    name(
      sql.finish(`WITH page AS MATERIALIZED (${merged})
      SELECT r.v, r.ref, r.version, r.updated, r.op, r.deleted, r.body${keys} FROM page p
      CROSS JOIN LATERAL (SELECT r.* FROM resource r WHERE r.rtype = p.rtype AND NOT r.deleted AND r.v = p.v OFFSET 0) r
      ORDER BY ${orderBy(sort, 'p')}`),
    ),
  );
}

async function totalOf(db: Database, { frequencies, name }: SearchMemory, parts: readonly Part[]): Promise<number> {
  if (parts.length === 0) return 0;
  const sql = beginSql();
  const compiling: Compiling = { sql, frequency: frequencies.known, dense: frequencies.dense };
  const counts = parts.map(({ type, where }) => {
    const m = sql.alias();
    return `(SELECT count(*) FROM (${members(compiling, type, compile(compiling, type, where))}) ${m})`;
  });
  const [row] = await db.query<{ total: string }>(name(sql.finish(`SELECT ${counts.join(' + ')} AS total`)));
  return Number(row?.total ?? 0);
}

/** Whether knowing how frequent each clause is could change the plan. */
function mayChoose({ where, sort }: Part, total: SearchQuery['total']): boolean {
  if (where.length > 1 || total === 'accurate') return where.length > 1;
  const [only] = where;
  if (!only) return false;
  const streams = only.kind === 'token' || only.kind === 'reference';
  return !(streams && recency(sort));
}

/**
 * One page of the current resources that fulfil every clause. Positions (`after`, `next`, `previous`) stay valid while others
 * write: a page goes on after the last row of the one before, whatever was put before it meanwhile. Throws FhirError
 * `invalid` for a position that is not of this order, `busy` when the statement takes longer than the configured limit.
 */
export async function search(db: Database, memory: SearchMemory, query: SearchQuery): Promise<SearchPage> {
  const parts = await Promise.all(
    (await partsOf(db, memory, query)).map(async (part) => ({
      ...part,
      where: await inStoredUnits(db, memory.name, part.where),
    })),
  );
  for (const part of parts) {
    if (mayChoose(part, query.total)) await memory.frequencies.learn(db, memory.name, part.type, part.where);
  }
  const rows = query.count > 0 ? await pageOf(db, memory, query, parts) : [];
  const total = query.total === 'accurate' ? await totalOf(db, memory, parts) : undefined;
  return { ...cut(query, rows), ...(total === undefined ? {} : { total }) };
}

/** The page that the rows are, one of which may be too many, with the positions where it begins and ends. */
function cut({ count, after, backwards = false, sort }: SearchQuery, rows: readonly Row[]): SearchPage {
  const isMore = rows.length > count;
  const shown = isMore ? (backwards ? rows.slice(1) : rows.slice(0, count)) : rows;
  const keys = effective(sort);
  const place = (row: Row | undefined) =>
    row && encodePosition(keys, { v: row.v, keys: keys.map((_, at) => row[`k${at}`] ?? null) });
  const next = isMore || backwards ? place(shown.at(-1)) : undefined;
  const previous = (backwards ? isMore : after !== undefined) ? place(shown[0]) : undefined;
  return {
    versions: shown.map(toVersion),
    ...(next === undefined ? {} : { next }),
    ...(previous === undefined ? {} : { previous }),
  };
}
