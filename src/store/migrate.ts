/** Applies prisma/migrations in order and keeps Prisma's own account of it, so that `prisma migrate deploy` may be used instead. */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Logger } from '../shared/logger.ts';

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

const folder = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** The migrations of this release, oldest first. */
async function listMigrations(from: string = folder): Promise<readonly Migration[]> {
  const entries = await readdir(from, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(join(from, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

const account = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                  varchar(36) PRIMARY KEY NOT NULL,
  checksum            varchar(64) NOT NULL,
  finished_at         timestamptz,
  migration_name      varchar(255) NOT NULL,
  logs                text,
  rolled_back_at      timestamptz,
  started_at          timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
)`;

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
       VALUES ($1, $2, clock_timestamp(), $3, 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK');
    throw new Error(`Migration ${name} failed: ${(cause as Error).message}`, { cause });
  }
}

function check(migration: Migration, applied: ReadonlyMap<string, string>): void {
  if (applied.get(migration.name) === migration.checksum) return;
  throw new Error(
    `Migration ${migration.name} was changed after it had been applied to this database. Restore the file as it was and put the change into a new migration.`,
  );
}

/**
 * Brings `schema` (made when it is absent) to this release. Several servers may start at once: an advisory lock lets one
 * work. Throws an Error when an applied migration's text has changed, or when one fails, which then leaves no trace.
 */
export async function migrate(client: pg.Client, schema: string, log: Logger, from: string = folder): Promise<void> {
  const migrations = await listMigrations(from);
  await client.query('SELECT pg_advisory_lock(hashtext($1))', [`livedoc migrate ${schema}`]);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(schema)}`);
  await client.query("SELECT set_config('search_path', $1, false)", [pg.escapeIdentifier(schema)]);
  await client.query(account);
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    'SELECT migration_name, checksum FROM _prisma_migrations WHERE rolled_back_at IS NULL AND finished_at IS NOT NULL',
  );
  const applied = new Map(rows.map((row) => [row.migration_name, row.checksum]));
  for (const migration of migrations) {
    if (applied.has(migration.name)) check(migration, applied);
    else {
      log.info('applying a migration', { migration: migration.name, schema });
      await apply(client, migration);
    }
  }
}
