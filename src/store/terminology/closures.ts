/**
 * The closure tables that clients keep here by name.
 * https://hl7.org/fhir/R4/terminology-service.html#closure
 */
import type { Store } from '../store.ts';

export interface ClosureKey {
  /** Who keeps it: another's closure of the same name is another one. */
  readonly owner: string;
  readonly name: string;
}

export interface ClosureCode {
  readonly system: string;
  readonly code: string;
}

export interface ClosurePair {
  readonly system: string;
  readonly child: string;
  readonly parent: string;
}

/** Empties the table, or makes it. */
export async function startClosure(
  { transaction }: Pick<Store, 'transaction'>,
  { owner, name }: ClosureKey,
): Promise<void> {
  await transaction(async ({ db }) => {
    const values = [owner, name];
    await db.query({ text: 'DELETE FROM closure_pair WHERE owner = $1 AND name = $2', values });
    await db.query({ text: 'DELETE FROM closure_code WHERE owner = $1 AND name = $2', values });
    await db.query({
      text: `INSERT INTO closure (owner, name, version) VALUES ($1, $2, 0)
             ON CONFLICT (owner, name) DO UPDATE SET version = 0`,
      values,
    });
  });
}

/** How many closures somebody has. */
export async function countClosures({ db }: Pick<Store, 'db'>, owner: string): Promise<number> {
  const [row] = await db.query<{ total: number }>({
    text: 'SELECT count(*)::int AS total FROM closure WHERE owner = $1',
    values: [owner],
  });
  return row?.total ?? 0;
}

/** The version of the table; undefined when nobody has started it. */
export async function closureVersion(
  { db }: Pick<Store, 'db'>,
  { owner, name }: ClosureKey,
): Promise<number | undefined> {
  const [row] = await db.query<{ version: number }>({
    text: 'SELECT version FROM closure WHERE owner = $1 AND name = $2',
    values: [owner, name],
  });
  return row?.version;
}

/** The pairs that became known after a version, and the version that there is now. */
export function pairsSince(
  { db }: Pick<Store, 'db'>,
  { owner, name }: ClosureKey,
  version: number,
): Promise<ClosurePair[]> {
  return db.query<ClosurePair>({
    text: `SELECT system, child, parent FROM closure_pair WHERE owner = $1 AND name = $2 AND version > $3
            ORDER BY version, system, child, parent`,
    values: [owner, name, version],
  });
}

export interface Growth {
  readonly version: number;
  readonly pairs: readonly ClosurePair[];
}

/**
 * Adds codes. `relate` gives the pairs between the new codes and all codes of the table; only one call at a time works on a
 * table, so that none misses the codes of another. undefined when nobody has started it.
 */
export function growClosure(
  { transaction }: Pick<Store, 'transaction'>,
  { owner, name }: ClosureKey,
  added: readonly ClosureCode[],
  relate: (fresh: readonly ClosureCode[], all: readonly ClosureCode[]) => Promise<readonly ClosurePair[]>,
): Promise<Growth | undefined> {
  return transaction(async ({ db }) => {
    const [table] = await db.query<{ version: number }>({
      text: 'SELECT version FROM closure WHERE owner = $1 AND name = $2 FOR UPDATE',
      values: [owner, name],
    });
    if (!table) return undefined;
    const fresh = await db.query<ClosureCode>({
      text: `INSERT INTO closure_code (owner, name, system, code)
             SELECT $1, $2, * FROM unnest($3::text[], $4::text[]) ON CONFLICT DO NOTHING RETURNING system, code`,
      values: [owner, name, added.map(({ system }) => system), added.map(({ code }) => code)],
    });
    if (fresh.length === 0) return { version: table.version, pairs: [] };
    const all = await db.query<ClosureCode>({
      text: 'SELECT system, code FROM closure_code WHERE owner = $1 AND name = $2',
      values: [owner, name],
    });
    const pairs = await relate(fresh, all);
    const version = table.version + 1;
    await db.query({
      text: `INSERT INTO closure_pair (owner, name, version, system, child, parent)
             SELECT $1, $2, $3, * FROM unnest($4::text[], $5::text[], $6::text[]) ON CONFLICT DO NOTHING`,
      values: [
        owner,
        name,
        version,
        pairs.map(({ system }) => system),
        pairs.map(({ child }) => child),
        pairs.map(({ parent }) => parent),
      ],
    });
    await db.query({
      text: 'UPDATE closure SET version = $3 WHERE owner = $1 AND name = $2',
      values: [owner, name, version],
    });
    return { version, pairs };
  });
}
