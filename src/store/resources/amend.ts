/**
 * Changes the metadata of a version that is stored already, which makes no new one: for labels by which access is decided,
 * also to superseded versions. https://hl7.org/fhir/R4/resource-operation-meta-add.html
 */
import { paramKey, resourceKey } from '../keys.ts';
import { indexVersions } from '../reindex/index-versions.ts';
import type { IndexRow } from '../search/index-row.ts';
import type { Database } from '../store.ts';
import type { Version } from './version.ts';

export interface Amendment {
  /** As it was read. */
  readonly version: Version;
  readonly body: string;
  /** The search rows of `params` (`Type.code`); of a superseded version there are none. */
  readonly index: readonly IndexRow[];
  readonly params: readonly string[];
}

interface Row {
  readonly rkey: string;
  readonly v: string;
}

/** Only inside a transaction. Whether the version still was what had been read. */
export async function amend(db: Database, { version, body, index, params }: Amendment): Promise<boolean> {
  const { type, id } = version;
  const values = [resourceKey(type, id), `${type}/${id}`, version.version, version.body, body];
  const [current] = await db.query<Row>({ name: 'amend-current', text: update('resource'), values });
  if (current) {
    await indexVersions(db, { versions: [{ ...current, index }], params: params.map(paramKey) });
    return true;
  }
  const [superseded] = await db.query<Row>({ name: 'amend-superseded', text: update('history'), values });
  return superseded !== undefined;
}

function update(table: 'resource' | 'history'): string {
  return `UPDATE ${table} SET body = $5 WHERE rkey = $1 AND ref = $2 AND version = $3 AND body = $4 AND NOT deleted
    RETURNING rkey::text, v::text`;
}
