/** History of an instance, of types or of the whole system. https://hl7.org/fhir/R4/http.html#history */
import { FhirError } from '../../shared/errors.ts';
import type { Database, HistoryPage, HistoryRange } from '../store.ts';
import { historyCount, historyRows, type Stretch } from './history-rows.ts';
import { toVersion, type VersionRow } from './row.ts';

/** A page looks at so many versions at most, however few of them may be shown; it is short then, and has a next one. */
const MOST_LOOKED_AT = 20_000;
/** Rows looked at together when not every one may be shown. */
const AT_ONCE = 200;

function positionOf(after: string | undefined): string | null {
  if (after === undefined) return null;
  if (/^\d{1,18}$/.test(after)) return after;
  throw new FhirError('invalid', 'The page link is not one that this server gave.');
}

interface Gathered {
  readonly rows: VersionRow[];
  /** Where the looking stopped before the end. */
  readonly stopped: VersionRow | undefined;
}

/** The versions of a page in the direction of the walk, and one more when there is one. */
async function gather(db: Database, range: HistoryRange, start: Omit<Stretch, 'limit'>): Promise<Gathered> {
  const wanted = range.count + 1;
  const limit = range.shows ? Math.max(wanted, AT_ONCE) : wanted;
  const rows: VersionRow[] = [];
  let { position } = start;
  for (let looked = 0; looked < MOST_LOOKED_AT; looked += limit) {
    const found = await historyRows(db, range, { ...start, position, limit });
    const shown = range.shows ? await range.shows(found.map(toVersion)) : undefined;
    rows.push(...found.filter((_, at) => shown?.[at] ?? true));
    const last = found.at(-1);
    if (found.length < limit || !last) return { rows: rows.slice(0, wanted), stopped: undefined };
    if (rows.length >= wanted) return { rows: rows.slice(0, wanted), stopped: undefined };
    position = placeOf(range, last);
    if (looked + limit >= MOST_LOOKED_AT) return { rows, stopped: last };
  }
  return { rows, stopped: undefined };
}

function placeOf({ id }: HistoryRange, row: VersionRow): string {
  return id === undefined ? row.v : String(row.version);
}

/**
 * One page. Positions stay valid while others write: versions keep their places. With `since`, and oldest first, versions
 * of transactions that older ones may still overtake are left for the next poll, so that a poller who goes on from
 * the newest time it saw misses none. Throws FhirError `invalid` for a position that the store never gave.
 */
export async function history(db: Database, range: HistoryRange): Promise<HistoryPage> {
  const { count, backwards = false, ascending = false } = range;
  const position = positionOf(range.after);
  const counts = range.shows || range.total === 'none' ? undefined : historyCount(db, range);
  const walked = count > 0 ? gather(db, range, { position, ascending: ascending !== backwards }) : nothing;
  const [{ rows, stopped }, total] = await Promise.all([walked, counts]);
  const shown = rows.slice(0, count);
  const end = rows.length > count ? shown.at(-1) : stopped;
  const onwards = end && placeOf(range, end);
  if (backwards) shown.reverse();
  const first = shown[0];
  const last = shown.at(-1);
  const next = backwards ? last && placeOf(range, last) : onwards;
  const previous = backwards ? onwards : position !== null && first ? placeOf(range, first) : undefined;
  return {
    versions: shown.map(toVersion),
    ...(total === undefined ? {} : { total }),
    ...(next === undefined ? {} : { next }),
    ...(previous === undefined ? {} : { previous }),
  };
}

const nothing: Promise<Gathered> = Promise.resolve({ rows: [], stopped: undefined });
