/** History of an instance, a type or the whole system, newest first. https://hl7.org/fhir/R4/http.html#history */
import { FhirError } from '../../shared/errors.ts';
import { resourceKey, typeKey } from '../keys.ts';
import type { Database, HistoryPage, HistoryRange } from '../store.ts';
import { columns, toVersion, type VersionRow } from './row.ts';

interface Scope {
  /** Of both tables, with $1 and $2. */
  readonly condition: string;
  readonly order: 'version' | 'v';
  readonly values: readonly unknown[];
}

function scopeOf({ type, id }: HistoryRange): Scope {
  if (type === undefined) return { condition: '$1::int IS NULL AND $2::int IS NULL', order: 'v', values: [null, null] };
  if (id === undefined)
    return { condition: 't.rtype = $1 AND $2::int IS NULL', order: 'v', values: [typeKey(type), null] };
  return {
    condition: 't.rkey = $1 AND t.ref = $2',
    order: 'version',
    values: [resourceKey(type, id), `${type}/${id}`],
  };
}

function positionOf(after: string | undefined): string | null {
  if (after === undefined) return null;
  if (/^\d{1,18}$/.test(after)) return after;
  throw new FhirError('invalid', 'The page link is not one that this server gave.');
}

/**
 * One page. With `since`, versions of transactions that older ones may still overtake are left for the next poll, so
 * that a poller who goes on from the newest time it saw misses none.
 */
export async function history(db: Database, range: HistoryRange): Promise<HistoryPage> {
  const { condition, order, values } = scopeOf(range);
  const since = range.since === undefined ? null : Date.parse(range.since);
  const settled = since !== null && order === 'v' ? 'AND t.xid < pg_snapshot_xmin(pg_current_snapshot())' : '';
  const within = `${condition} AND ($3::bigint IS NULL OR t.updated >= $3) ${settled}`;
  const part = (table: string) =>
    `(SELECT ${columns('t')} FROM ${table} t WHERE ${within} AND ($4::bigint IS NULL OR t.${order} < $4)
      ORDER BY t.${order} DESC LIMIT $5)`;
  const [rows, counts] = await Promise.all([
    db.query<VersionRow>({
      text: `SELECT * FROM (${part('resource')} UNION ALL ${part('history')}) t ORDER BY ${order} DESC LIMIT $5`,
      values: [...values, since, positionOf(range.after), range.count + 1],
    }),
    db.query<{ total: string }>({
      text: `SELECT (SELECT count(*) FROM resource t WHERE ${within}) + (SELECT count(*) FROM history t WHERE ${within}) AS total`,
      values: [...values, since],
    }),
  ]);
  const page = rows.slice(0, range.count);
  const last = page.at(-1);
  return {
    versions: page.map(toVersion),
    total: Number(counts[0]?.total ?? 0),
    ...(rows.length > page.length && last ? { next: String(last[order]) } : {}),
  };
}
