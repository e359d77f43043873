/** Runs a search: the versions of one page, where the next begins, how many there are. https://hl7.org/fhir/R4/search.html */
import { typeKey } from '../keys.ts';
import { columns, toVersion, type VersionRow } from '../resources/row.ts';
import type { Database } from '../store.ts';
import { type Compiling, compile, rarest } from './compile.ts';
import type { Condition } from './condition.ts';
import { type KnownWords, openKnownWords } from './dictionary.ts';
import { type Frequencies, openFrequencies } from './frequency.ts';
import { kinds } from './meta.ts';
import { type Naming, openNaming } from './naming.ts';
import { effective, orderBy, recency } from './order.ts';
import { isAlong, planPage } from './plan.ts';
import { decodePosition, encodePosition, type Position } from './position.ts';
import type { Clause, SearchPage, SearchQuery } from './query.ts';
import { openSnapshots, type Snapshots } from './snapshots.ts';
import { beginSql } from './sql.ts';
import { isTallied, openTallies, type Tallies } from './tally.ts';
import { asksForText } from './text.ts';
import { readTexts } from './texts.ts';
import { exactTotal, roughTotal } from './total.ts';
import { type Trial, trialOf } from './trial.ts';
import { inStoredUnits } from './units.ts';

/** What searches share: how frequent clauses are, and which statements have been prepared. */
export interface SearchMemory {
  readonly frequencies: Frequencies;
  readonly name: Naming;
  /** What the dictionary has: shared by all writes. */
  readonly words: KnownWords;
  readonly snapshots: Snapshots;
  /** What was counted: exact totals are kept up. */
  readonly tallies: Tallies;
  /** For what must not be undone with the transaction in which a search is made; absent: the search's own connection. */
  readonly shared?: Database;
}

export function openSearchMemory(shared?: Database): SearchMemory {
  const snapshots = openSnapshots();
  return {
    frequencies: openFrequencies(),
    name: openNaming(),
    words: openKnownWords(),
    snapshots,
    tallies: openTallies(snapshots),
    ...(shared ? { shared } : {}),
  };
}

type Row = VersionRow &
  Readonly<Record<`k${number}`, string | null>> & {
    /** What the statement saw. */
    readonly snapshot: string;
    /** Deleted since the first page. */
    readonly gone: boolean;
    /** Of a trial. */
    readonly found?: number;
  };
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

interface Asked {
  readonly parts: readonly Part[];
  readonly after: Position | undefined;
}

/** The page's rows with one more than asked for, when there are more. */
async function pageOf(db: Database, memory: SearchMemory, query: SearchQuery, asked: Asked): Promise<readonly Row[]> {
  const { frequencies, name } = memory;
  const { parts, after } = asked;
  if (parts.length === 0) return [];
  const { backwards = false } = query;
  const sql = beginSql(after?.snapshot);
  const compiling: Compiling = { sql, frequency: frequencies.known, dense: frequencies.dense };
  const sort = effective(query.sort);
  const limit = query.count + 1;
  const places = ['v', ...sort.map((_, at) => `k${at}`)];
  const compiled = parts.map((part) => ({ part, conditions: compile(compiling, part.type, part.where) }));
  const [one] = compiled;
  const trial =
    one && learnsAlong(query, parts) ? await openTrial(db, memory, { query, ...one, compiling }) : undefined;
  const pages = compiled.map(({ part, conditions }) => {
    const page = planPage(compiling, {
      type: part.type,
      conditions: trial?.conditions ?? conditions,
      sort: effective(part.sort),
      after,
      backwards,
      limit,
    });
    const p = sql.alias();
    return `SELECT ${places.map((place) => `${p}.${place}`).join(', ')}, ${sql.bind(typeKey(part.type), 'int4')} AS rtype FROM (${page}) ${p}`;
  });
  const [only] = pages;
  const merged =
    pages.length === 1
      ? only
      : `SELECT u.* FROM (${pages.map((page) => `(${page})`).join(' UNION ALL ')}) u ORDER BY ${orderBy(sort, 'u', backwards)} LIMIT ${limit}`;
  const keys = sort.map((_, at) => `, p.k${at}::text`).join('');
  const rows = `page p CROSS JOIN LATERAL (${after ? pastRow : currentRow} OFFSET 0) r`;
  const shown = `r.v, r.ref, r.version, r.updated, r.op, r.deleted, r.body, r.gone${keys}, pg_current_snapshot()::text AS snapshot`;
  const found = await db.query<Row>(
    name(
      sql.finish(
        trial
          ? `WITH ${trial.listed}, page AS MATERIALIZED (${merged}) SELECT n.found, ${shown}
              FROM (SELECT ${trial.found} AS found) n LEFT JOIN (${rows}) ON TRUE ORDER BY ${orderBy(sort, 'p')}`
          : `WITH page AS MATERIALIZED (${merged}) SELECT ${shown} FROM ${rows} ORDER BY ${orderBy(sort, 'p')}`,
      ),
    ),
  );
  if (!trial) return found;
  const count = found[0]?.found ?? 0;
  const isMuch = count >= trial.enough;
  frequencies.remember(trial.untried, isMuch ? Math.max(count, frequencies.dense) : count);
  if (isMuch) return pageOf(db, memory, query, asked);
  return found.filter(({ v }) => v !== null);
}

/** Fewer than it would take to find out about another condition. */
const FEW = 200;

/** A page of one type whose plan depends on one condition that is not known; what else has to be known is counted first. */
async function openTrial(
  db: Database,
  { frequencies, name }: SearchMemory,
  { query: { backwards = false, total }, part, conditions, compiling }: Choice,
): Promise<Trial | undefined> {
  if (!mayChoose(part, total, backwards)) return undefined;
  const sort = effective(part.sort);
  const matter = backwards ? conditions : conditions.filter((condition) => !isAlong(sort, condition));
  const [untried, ...more] = frequencies.unknown(matter);
  if (untried && (more.length > 0 || untried.within)) {
    await frequencies.learn(db, name, part.type, part.where);
    return undefined;
  }
  // What is known to be very few is driven from, whatever else there is.
  const driver = rarest(conditions, frequencies.known);
  if (driver && (frequencies.known(driver) ?? FEW) < FEW) return undefined;
  return trialOf(compiling, conditions, untried, isPoll(part, backwards) ? FEW : frequencies.dense);
}

/** What was written lately, newest first: when there is some of it, a walk finds it at its beginning. */
function isPoll({ where: [only, ...more], sort }: Part, backwards: boolean): boolean {
  if (only?.kind !== 'updated' || more.length > 0 || backwards || recency(sort) !== 'descending') return false;
  return only.any.length === 1 && only.any.every(({ prefix }) => prefix === 'gt' || prefix === 'ge' || prefix === 'sa');
}

interface Choice {
  readonly query: SearchQuery;
  readonly part: Part;
  readonly conditions: readonly Condition[];
  readonly compiling: Compiling;
}

const currentRow = 'SELECT r.*, false AS gone FROM resource r WHERE r.rtype = p.rtype AND NOT r.deleted AND r.v = p.v';
/** As the snapshot had it; what has been deleted since is shown to nobody, but keeps its place. */
const row = (t: string) => `SELECT ${columns(t)}`;
const pastRow = `${row('r')}, false AS gone FROM resource r WHERE r.rtype = p.rtype AND NOT r.deleted AND r.v = p.v
  UNION ALL ${row('h')}, r.deleted AS gone FROM history h JOIN resource r ON r.rkey = h.rkey WHERE h.rtype = p.rtype AND h.v = p.v`;

async function totalOf(
  db: Database,
  { frequencies, name, tallies, shared }: SearchMemory,
  { parts, after, exact }: Asked & { readonly exact: boolean },
): Promise<number> {
  let total = 0;
  for (const { type, where } of parts) {
    const sql = beginSql(after?.snapshot);
    const compiling: Compiling = { sql, frequency: frequencies.known, dense: frequencies.dense };
    const conditions = compile(compiling, type, where);
    const counting = (exact ? exactTotal : roughTotal)(compiling, type, conditions);
    // Within a transaction there may be what nobody else sees.
    if (exact && !after && db === shared && isTallied(where)) {
      total += await tallies.total(db, name, { compiling, type, where, conditions, counting });
      continue;
    }
    const [row] = await db.query<{ total: string }>(name(sql.finish(`SELECT ${counting} AS total`)));
    total += Number(row?.total ?? 0);
  }
  return total;
}

/** Whether the statement of the page finds out by itself how frequent a clause is. */
function learnsAlong({ count, total }: SearchQuery, parts: readonly Part[]): boolean {
  return parts.length === 1 && total === 'none' && count > 0;
}

/** Whether knowing how frequent each clause is could change the plan. */
function mayChoose({ where, sort }: Part, total: SearchQuery['total'], backwards = false): boolean {
  if (total === 'estimate' && where.length > 0) return true;
  if (total === 'accurate') return where.length > 1;
  const [key] = effective(sort);
  const along = (clause: Clause) => clause.kind === 'date' && clause.param === key?.param && clause.any.length === 1;
  // What is a range of the order itself is walked along, however much it finds.
  if (!backwards && where.every(along)) return false;
  if (where.length > 1) return true;
  const [only] = where;
  if (!only) return false;
  const streams =
    only.kind === 'reference' || (only.kind === 'token' && only.any.every(({ code }) => code !== undefined));
  return !(streams && recency(sort));
}

/**
 * One page of the current resources that fulfil every clause. Further pages (`after`) are those of the same moment as the
 * first: whatever is written meanwhile, none is repeated or left out, and each is served as it was, but not when it has been
 * deleted since. Throws FhirError `invalid` for a position that is not of this order, `gone` for one that is too old,
 * `busy` when the statement takes longer than the configured limit.
 */
export async function search(db: Database, memory: SearchMemory, query: SearchQuery): Promise<SearchPage> {
  if (asksForText([query.where, query.also])) await readTexts(db);
  const parts = await Promise.all(
    (await partsOf(db, memory, query)).map(async (part) => ({
      ...part,
      where: await inStoredUnits(db, memory.name, part.where),
    })),
  );
  for (const part of learnsAlong(query, parts) ? [] : parts) {
    if (!mayChoose(part, query.total, query.backwards)) continue;
    await memory.frequencies.learn(db, memory.name, part.type, part.where);
  }
  const after = query.after === undefined ? undefined : decodePosition(effective(query.sort), query.after, Date.now());
  const rows = query.count > 0 ? await pageOf(db, memory, query, { parts, after }) : [];
  const exact = query.total === 'accurate';
  const total = query.total === 'none' ? undefined : await totalOf(db, memory, { parts, after, exact });
  const snapshot = after?.snapshot ?? rows[0]?.snapshot ?? '';
  const page = cut(query, rows, snapshot);
  if (page.next !== undefined || page.previous !== undefined)
    await memory.snapshots.hold(memory.shared ?? db, snapshot);
  return { ...page, ...(total === undefined ? {} : { total }) };
}

/** The page that the rows are, one of which may be too many, with the positions where it begins and ends. */
function cut(
  { count, after, backwards = false, sort }: SearchQuery,
  rows: readonly Row[],
  snapshot: string,
): SearchPage {
  const isMore = rows.length > count;
  const shown = isMore ? (backwards ? rows.slice(1) : rows.slice(0, count)) : rows;
  const keys = effective(sort);
  const place = (row: Row | undefined) =>
    row &&
    encodePosition(keys, { v: row.v, snapshot, at: Date.now(), keys: keys.map((_, at) => row[`k${at}`] ?? null) });
  const next = isMore || backwards ? place(shown.at(-1)) : undefined;
  const previous = (backwards ? isMore : after !== undefined) ? place(shown[0]) : undefined;
  return {
    versions: shown.filter(({ gone }) => !gone).map(toVersion),
    ...(next === undefined ? {} : { next }),
    ...(previous === undefined ? {} : { previous }),
  };
}
