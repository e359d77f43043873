/** The server as a process: it drains on SIGTERM, and what it acknowledged survives kill -9. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFilm } from '../../src/demo/film.ts';
import { instanceOf } from '../../src/dicom/net/instance-file.ts';
import { associate } from '../../src/dicom/net/scu.ts';
import { readPhantomStatistics } from '../../src/imaging/phantom-statistics.ts';
import { backendClient } from '../support/backend-client.ts';
import { type LiveServer, livedoc, startLiveServer } from '../support/live-server.ts';

/** The closing figures of docs/performance.md are of 200; a test run has fewer, to stay short. */
const pushes = Number(process.env['KILL_PUSHES'] ?? '24');
const killAfter = Math.ceil(pushes / 2);
const calling = 'MODALITY_1';

let folder: string;
let server: LiveServer | undefined;
const env = () => ({ LIVEDOC_DATA_DIR: folder, LIVEDOC_LOG: 'warn' });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livedoc-process-'));
  // PostgreSQL runs as another account when we are root: it has to get through.
  await chmod(folder, 0o711);
});

afterAll(async () => {
  if (server?.process.exitCode === null) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function films(count: number): Promise<readonly Buffer[]> {
  const statistics = await readPhantomStatistics('models/chest-phantom');
  return Array.from({ length: count }, (_, seed) => {
    const patient = {
      id: `P${seed % 7}`,
      issuer: 'KILL',
      name: `Nom${seed % 7}^Zoé`,
      birthDate: '1980-05-06',
      sex: 'F',
    } as const;
    return makeFilm({
      statistics,
      patient,
      accession: `A${seed}`,
      taken: new Date(),
      seed,
      lesions: 'none',
      size: 256,
    });
  });
}

/** Pushes until all are sent or the peer is gone; the SOP Instance UIDs that were acknowledged. */
async function push(port: number, files: readonly Buffer[], each: (acknowledged: number) => void): Promise<string[]> {
  const acknowledged: string[] = [];
  const [first] = files.map(instanceOf);
  if (!first) return acknowledged;
  const context = { abstractSyntax: first.sopClass, transferSyntaxes: [first.transferSyntax] };
  try {
    const association = await associate({ host: '127.0.0.1', port, calling, called: 'LIVEDOC', contexts: [context] });
    for (const file of files) {
      const instance = instanceOf(file);
      const { status } = await association.store(instance);
      if (status === 0) acknowledged.push(instance.sopInstance);
      each(acknowledged.length);
    }
    await association.release();
  } catch {
    // The server was killed: what it had acknowledged by then is what counts.
  }
  return acknowledged;
}

async function search(
  origin: string,
  token: string,
  query: string,
): Promise<{ total: number; entry?: { resource: unknown }[] }> {
  const response = await fetch(`${origin}/fhir/${query}`, { headers: { authorization: `Bearer ${token}` } });
  expect(response.status).toBe(200);
  return (await response.json()) as { total: number };
}

/** The SOP Instance UIDs of all ImagingStudies, as often as they are in them. */
async function filed(origin: string, token: string): Promise<readonly string[]> {
  const studies = await search(origin, token, 'ImagingStudy?_count=1000');
  return (studies.entry ?? []).flatMap(({ resource }) =>
    (resource as { series: { instance: { uid: string }[] }[] }).series.flatMap((series) =>
      series.instance.map(({ uid }) => uid),
    ),
  );
}

const missing = (wanted: readonly string[], there: readonly string[]) => wanted.filter((uid) => !there.includes(uid));

describe('the server as a process', () => {
  it('exits 0 on SIGTERM, and PostgreSQL with it', { timeout: 120_000 }, async () => {
    const one = await startLiveServer(env());
    const ready = await fetch(`${one.origin}/readyz`);
    expect(ready.status).toBe(200);
    expect(await one.stop()).toBe(0);
    await expect(fetch(`${one.origin}/readyz`)).rejects.toThrow();
  });

  it('has and reads every acknowledged instance after kill -9, none twice', { timeout: 300_000 }, async () => {
    const killed = await startLiveServer(env());
    await livedoc(killed.env, 'pacs', 'add', '--ae-title', calling, '--host', '127.0.0.1', '--port', '104');
    const token = await backendClient(killed, 'system/*.rs');
    const files = await films(pushes);
    let dying: Promise<void> | undefined;
    const before = await push(killed.dimsePort, files, (count) => {
      if (count === killAfter) dying = killed.kill();
    });
    await dying;
    expect(before.length).toBeGreaterThanOrEqual(killAfter);

    server = await startLiveServer({ ...env(), LIVEDOC_HTTP_PORT: new URL(killed.origin).port });
    const { origin } = server;
    // Before anything is sent again: a second copy would hide that the first was lost.
    const isRead = { timeout: 240_000, interval: 500 };
    await expect.poll(async () => missing(before, await filed(origin, await token())), isRead).toEqual([]);

    // The sender does what PACS do: it sends everything again of which it is not sure.
    const after = await push(server.dimsePort, files, () => undefined);
    expect(after).toHaveLength(pushes);
    await expect
      .poll(async () => (await search(origin, await token(), 'DiagnosticReport?_summary=count')).total, {
        timeout: 240_000,
        interval: 1000,
      })
      .toBe(pushes);

    const uids = [...(await filed(origin, await token()))];
    expect(uids.sort()).toEqual([...after].sort());
    expect((await search(origin, await token(), 'Patient?_summary=count')).total).toBe(Math.min(7, pushes));
  });
});
