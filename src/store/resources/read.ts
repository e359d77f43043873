/** Reads of current and of named versions by key. */
import { int8s } from '../arrays.ts';
import { resourceKey } from '../keys.ts';
import type { Database } from '../store.ts';
import { columns, toVersion, type VersionRow } from './row.ts';
import type { Version } from './version.ts';

export interface Target {
  readonly type: string;
  readonly id: string;
}

/** The current versions, in the order of `targets`, in one round trip. */
export async function readMany(db: Database, targets: readonly Target[]): Promise<readonly (Version | undefined)[]> {
  if (targets.length === 0) return [];
  const rows = await db.query<VersionRow>({
    name: 'read-resources',
    text: `SELECT ${columns('r')} FROM resource r WHERE r.rkey = ANY ($1)`,
    values: [int8s(targets.map(({ type, id }) => resourceKey(type, id)))],
  });
  // By reference and not by key: two resources might share a key.
  const found = new Map(rows.map((row) => [row.ref, toVersion(row)]));
  return targets.map(({ type, id }) => found.get(`${type}/${id}`));
}

/** One version, current or superseded. */
export async function readVersion(db: Database, { type, id }: Target, version: number): Promise<Version | undefined> {
  const [row] = await db.query<VersionRow>({
    name: 'read-version',
    text: `SELECT ${columns('r')} FROM resource r WHERE r.rkey = $1 AND r.ref = $2 AND r.version = $3
           UNION ALL SELECT ${columns('h')} FROM history h WHERE h.rkey = $1 AND h.ref = $2 AND h.version = $3`,
    values: [resourceKey(type, id), `${type}/${id}`, version],
  });
  return row && toVersion(row);
}

/** Which of the resources are there and not deleted, in the order of `targets`. */
export async function present(db: Database, targets: readonly Target[]): Promise<readonly boolean[]> {
  if (targets.length === 0) return [];
  const rows = await db.query<{ readonly ref: string }>({
    name: 'present-resources',
    text: 'SELECT r.ref FROM resource r WHERE r.rkey = ANY ($1) AND NOT r.deleted',
    values: [int8s(targets.map(({ type, id }) => resourceKey(type, id)))],
  });
  const found = new Set(rows.map(({ ref }) => ref));
  return targets.map(({ type, id }) => found.has(`${type}/${id}`));
}
