/** A row of `resource` or `history` and the version that it is. */
import type { Version } from './version.ts';

export interface VersionRow {
  readonly v: string;
  readonly ref: string;
  readonly version: number;
  readonly updated: string;
  readonly op: string;
  readonly deleted: boolean;
  readonly body: string;
}

/** The columns of VersionRow; `t` is the alias of the table. */
export function columns(t: string): string {
  return ['v', 'ref', 'version', 'updated', 'op', 'deleted', 'body'].map((name) => `${t}.${name}`).join(', ');
}

const ops: Readonly<Record<string, Version['op']>> = { c: 'create', u: 'update', d: 'delete' };

export function toVersion(row: VersionRow): Version {
  const slash = row.ref.indexOf('/');
  return {
    type: row.ref.slice(0, slash),
    id: row.ref.slice(slash + 1),
    version: row.version,
    updated: new Date(Number(row.updated)).toISOString(),
    deleted: row.deleted,
    op: ops[row.op] as Version['op'],
    body: row.body,
  };
}
