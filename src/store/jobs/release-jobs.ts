/**
 * Frees the jobs of processes that died. A worker is alive as long as its process holds an advisory lock of its name, which
 * PostgreSQL lets go the moment the process's connection ends, also by kill -9; the queue's own time limit is four hours.
 */
import pg from 'pg';

/** Parts our locks from everybody else's in the database. */
const lockClass = 0x4c44_4f43;

export interface Attendance {
  /** Says that this process runs the worker. */
  enter(workerId: string): Promise<void>;
  /** Makes the jobs of dead workers free to be taken; resolves with how many workers were dead. */
  releaseDead(): Promise<number>;
  close(): Promise<void>;
}

/** Opens the one connection whose life stands for the process's. `lost` is called when it breaks: others may then take its jobs. */
export async function openAttendance(
  databaseUrl: string,
  jobsSchema: string,
  lost: (error: Error) => void,
): Promise<Attendance> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'livedoc jobs',
    options: `-c search_path=${jobsSchema} -c statement_timeout=10000`,
  });
  await client.connect();
  client.on('error', lost);
  const mine = new Set<string>();
  return {
    async enter(workerId) {
      mine.add(workerId);
      await client.query('SELECT pg_advisory_lock($1, hashtext($2))', [lockClass, workerId]);
    },
    async releaseDead() {
      const { rows } = await client.query<{ locked_by: string; is_dead: boolean }>(
        `SELECT locked_by, pg_try_advisory_lock($1, hashtext(locked_by)) AS is_dead
           FROM (SELECT DISTINCT locked_by FROM _private_jobs WHERE locked_by IS NOT NULL) AS workers
          WHERE locked_by <> ALL ($2)`,
        [lockClass, [...mine]],
      );
      const dead = rows.filter((row) => row.is_dead).map((row) => row.locked_by);
      if (dead.length === 0) return 0;
      await client.query('SELECT force_unlock_workers($1)', [dead]);
      await client.query('SELECT pg_advisory_unlock($1, hashtext(id)) FROM unnest($2::text[]) AS id', [
        lockClass,
        dead,
      ]);
      return dead.length;
    },
    close: () => client.end(),
  };
}
