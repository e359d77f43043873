/** PostgreSQL may take a connection away at any moment (a restart, an administrator): what was under way fails, nothing else. */
import { describe, expect, it } from 'vitest';
import { withStore } from '../support/store.ts';

const opened = withStore();

/** Ends every other connection to this database. */
async function terminateOthers(): Promise<void> {
  await opened.store.db.query({
    text: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
  });
}

describe('a connection that PostgreSQL ends', () => {
  it('fails the transaction that holds it, and the next one works', async () => {
    const lost = opened.store.transaction(async (inner) => {
      await inner.db.query({ text: 'SELECT 1' });
      await terminateOthers();
      await inner.db.query({ text: 'SELECT 2' });
      await inner.db.query({ text: 'SELECT 3' });
    });
    await expect(lost).rejects.toMatchObject({ kind: 'busy' });
    const rows = await opened.store.transaction((inner) => inner.db.query<{ n: number }>({ text: 'SELECT 3 AS n' }));
    expect(rows).toEqual([{ n: 3 }]);
  });

  it('fails the query that waits on it, and the next one works', async () => {
    const waiting = opened.store.db.query({ text: 'SELECT pg_sleep(20)' });
    const refused = expect(waiting).rejects.toMatchObject({ name: 'FhirError' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await terminateOthers();
    await refused;
    expect(await opened.store.resources.read('Patient', 'none')).toBeUndefined();
  });
});
