/** PostgreSQL's settings for a machine that it shares with this server. https://www.postgresql.org/docs/18/runtime-config.html */
import { totalmem } from 'node:os';

const MIB = 1024 * 1024;

/** Settings scaled to the machine's memory, in PostgreSQL's units. Durability is never traded: fsync and synchronous_commit stay on. */
export function serverSettings(memory: number = totalmem()): Readonly<Record<string, string>> {
  const quarter = Math.floor(memory / MIB / 4);
  return {
    // Above 1 GiB the operating system's cache does as well, and the neural network needs the memory.
    shared_buffers: `${Math.max(64, Math.min(1024, quarter))}MB`,
    effective_cache_size: `${Math.max(128, quarter * 2)}MB`,
    // Several processes of ours, each with a pool, and whoever administers the database beside them.
    max_connections: '200',
    work_mem: '16MB',
    maintenance_work_mem: '128MB',
    wal_buffers: '32MB',
    // Rare checkpoints: each makes the following writes of every page carry the whole page.
    max_wal_size: '4GB',
    min_wal_size: '512MB',
    checkpoint_timeout: '15min',
    random_page_cost: '1.1',
    // Statements are short; compiling them or sharing them among workers costs more than it gives on few cores.
    jit: 'off',
    max_parallel_workers_per_gather: '0',
    autovacuum_naptime: '20s',
    log_min_messages: 'warning',
    listen_addresses: '',
  };
}
