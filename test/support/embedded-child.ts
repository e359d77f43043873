/** A process that starts the embedded PostgreSQL of its argument, says so, and stops it some time after SIGINT, as a server that drains. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { silent } from '../../src/shared/logger.ts';
import { startEmbedded } from '../../src/store/embedded.ts';

const embedded = await startEmbedded({ dataDir: process.argv[2] ?? '', log: silent });
const client = new pg.Client({ connectionString: embedded.url });
// PostgreSQL is killed under it in one of the tests.
client.on('error', () => {});
await client.connect();
await client.query('CREATE TABLE IF NOT EXISTS kept (at timestamptz DEFAULT clock_timestamp())');
await client.query('INSERT INTO kept DEFAULT VALUES');
const alive = setInterval(() => {}, 1000);
process.once('SIGINT', async () => {
  await sleep(500);
  await client.query('INSERT INTO kept DEFAULT VALUES');
  await client.end();
  await embedded.stop();
  process.stdout.write('stopped\n');
  clearInterval(alive);
});
process.stdout.write('started\n');
