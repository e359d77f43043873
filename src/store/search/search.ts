/** Runs a search: the versions of one page, and where the next begins. */
import { FhirError } from '../../shared/errors.ts';
import { typeKey } from '../keys.ts';
import { columns, toVersion, type VersionRow } from '../resources/row.ts';
import type { Database } from '../store.ts';
import type { SearchPage, SearchQuery } from './query.ts';

export async function search(db: Database, query: SearchQuery): Promise<SearchPage> {
  if (query.where.length > 0) throw new FhirError('unsupported', 'Search by parameters is not there yet.');
  const rows = await db.query<VersionRow>({
    text: `SELECT ${columns('r')} FROM resource r WHERE r.rtype = $1 AND NOT r.deleted ORDER BY r.v DESC LIMIT $2`,
    values: [typeKey(query.type), query.count + 1],
  });
  return { versions: rows.slice(0, query.count).map(toVersion) };
}
