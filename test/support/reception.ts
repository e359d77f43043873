/** Everything that receiving needs, on a fresh database and an empty folder. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { DimseLimits } from '../../src/dicom/net/acceptor.ts';
import { type DimseServer, listenDimse } from '../../src/dicom/net/scp.ts';
import { admitPeer, receiveDimse } from '../../src/imaging/receive-dimse.ts';
import type { ReceiveOptions } from '../../src/imaging/reception.ts';
import { silent } from '../../src/shared/logger.ts';
import { type FileBlobs, fileBlobs } from '../../src/store/blobs/file-blobs.ts';
import { withStore } from './store.ts';

export interface TestReception {
  readonly options: ReceiveOptions & { readonly blobs: FileBlobs };
  /** How many rows a query gives. */
  count(from: string, values?: readonly unknown[]): Promise<number>;
  /** Names of the files under a folder of the object store, without notes of what is held for a sweep. */
  files(under: 'incoming' | 'sha256'): Promise<string[]>;
  listen(limits?: Partial<DimseLimits>): Promise<DimseServer>;
}

/** Called at the top of a test file; an instance may have 1 MiB. */
export function withReception(): TestReception {
  const test = withStore();
  const servers: DimseServer[] = [];
  let folder: string;
  let blobs: FileBlobs;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'livedoc-objects-'));
    blobs = await fileBlobs({ folder, minFreeMib: 0 });
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close({ drainSeconds: 0 })));
    await rm(folder, { recursive: true });
  });
  const reception: TestReception = {
    get options() {
      return { store: test.store, blobs, log: silent, now: () => new Date(), maxInstanceBytes: 1_048_576 };
    },
    async count(from, values = []) {
      const [row] = await test.store.db.query<{ n: number }>({
        text: `SELECT count(*)::int AS n FROM ${from}`,
        values,
      });
      return row?.n ?? 0;
    },
    async files(under) {
      const entries = await readdir(join(folder, under), { recursive: true, withFileTypes: true }).catch(() => []);
      return entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.held')).map((entry) => entry.name);
    },
    async listen(limits = {}) {
      const server = await listenDimse({
        host: '127.0.0.1',
        port: 0,
        aeTitle: 'LIVEDOC',
        mayAssociate: admitPeer(test.store),
        onStore: receiveDimse(reception.options),
        log: silent,
        limits,
      });
      servers.push(server);
      return server;
    },
  };
  return reception;
}
