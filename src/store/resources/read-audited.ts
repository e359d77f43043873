/** Reads for somebody to see, each with the record of it: one round trip and one commit for both, where two would wait twice. */
import { int8s, texts } from '../arrays.ts';
import { encodeRecord } from '../audit/encode.ts';
import type { AuditRecord } from '../audit/record.ts';
import { resourceKey } from '../keys.ts';
import type { Database } from '../store.ts';
import { columns, toVersion, type VersionRow } from './row.ts';
import type { Version } from './version.ts';

export interface AuditedRead {
  readonly type: string;
  readonly id: string;
  /** Of one entity, which the statement completes to the version that is shown: `Patient/1/_history/3`. */
  readonly record: Omit<AuditRecord, 'entities'>;
  /** A version whose body has one of these texts has no record: whether it is shown at all is still to be seen. */
  readonly unless?: readonly string[] | undefined;
}

/** Whether a read of what has this body has had its record; says what the statement says. */
export function isRecorded(body: string, unless: readonly string[] = []): boolean {
  return !unless.some((text) => body.includes(text));
}

/** Between texts; no text of ours has this character. */
const separator = '\u001f';

/** Stands for the version's digits while the record becomes text; no text of ours has this character. */
const mark = '\u0000';
const markInJson = JSON.stringify(mark).slice(1, -1);

/** The record's text before and after the digits. */
function halves({ type, id, record }: AuditedRead): readonly [string, string] {
  const text = encodeRecord({ ...record, entities: [{ reference: `${type}/${id}/_history/${mark}` }] });
  const at = text.indexOf(markInJson);
  return [text.slice(0, at), text.slice(at + markInJson.length)];
}

const statement = `WITH asked AS (
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[])
      WITH ORDINALITY AS a(rkey, ref, before, after, unless, n)),
  found AS MATERIALIZED (
    SELECT a.n, a.before, a.after, a.unless, ${columns('r')} FROM asked a
    CROSS JOIN LATERAL (SELECT r.* FROM resource r WHERE r.rkey = a.rkey AND r.ref = a.ref OFFSET 0) r),
  appended AS MATERIALIZED (
    SELECT CASE WHEN count(*) > 0 THEN append_audit(array_agg(f.before || f.version || f.after ORDER BY f.n)) END
      FROM found f WHERE NOT f.deleted AND (f.unless = '' OR NOT EXISTS (
        SELECT FROM unnest(string_to_array(f.unless, E'\\x1f')) u WHERE position(u IN f.body) > 0)))
  SELECT f.n, ${columns('f')} FROM appended LEFT JOIN found f ON true`;

/**
 * The current versions, in the order of `reads`. What is there and not deleted has its record, durable when this resolves,
 * but for bodies with a text of `unless`; for the rest there is none.
 */
export async function readAudited(
  db: Database,
  reads: readonly AuditedRead[],
): Promise<readonly (Version | undefined)[]> {
  const both = reads.map(halves);
  const rows = await db.query<VersionRow & { readonly n: string | null }>({
    name: 'read-audited',
    text: statement,
    values: [
      int8s(reads.map(({ type, id }) => resourceKey(type, id))),
      texts(reads.map(({ type, id }) => `${type}/${id}`)),
      texts(both.map(([before]) => before)),
      texts(both.map(([, after]) => after)),
      texts(reads.map(({ unless = [] }) => unless.join(separator))),
    ],
  });
  const found = new Map(rows.map((row) => [Number(row.n), row]));
  return reads.map((_, at) => {
    const row = found.get(at + 1);
    return row && toVersion(row);
  });
}
