/** Requests that are answered later outlive the process, and are carried out by whichever is there. https://hl7.org/fhir/R4/async.html */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { backendClient } from '../support/backend-client.ts';
import { type LiveServer, startLiveServer } from '../support/live-server.ts';

let folder: string;
let server: LiveServer | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livedoc-async-'));
  // PostgreSQL runs as another account when we are root: it has to get through.
  await chmod(folder, 0o711);
});
afterAll(async () => {
  if (server?.process.exitCode === null) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

it('a transaction that was put off is carried out once, and its answer survives kill -9', {
  timeout: 120_000,
}, async () => {
  const env = { LIVEDOC_DATA_DIR: folder, LIVEDOC_LOG: 'warn', LIVEDOC_WORKERS: '2' };
  const first = await startLiveServer(env);
  server = first;
  const token = await backendClient(first, 'system/*.cruds');
  const entry = [{ resource: { resourceType: 'Device' }, request: { method: 'POST', url: 'Device' } }];
  const taken = await fetch(`${first.origin}/fhir`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await token()}`,
      'content-type': 'application/fhir+json',
      prefer: 'respond-async',
    },
    body: JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }),
  });
  expect(taken.status).toBe(202);
  const { pathname } = new URL(taken.headers.get('content-location') as string);
  await first.kill();

  server = await startLiveServer({ ...env, LIVEDOC_HTTP_PORT: new URL(first.origin).port });
  const ask = async (path: string) =>
    fetch(`${first.origin}${path}`, { headers: { authorization: `Bearer ${await token()}` } });
  let status = await ask(pathname);
  for (let tries = 0; status.status === 202 && tries < 300; tries++) {
    await sleep(200);
    status = await ask(pathname);
  }
  // Killed while it was being carried out, it says so; else it was carried out, before or after.
  const { total } = (await (await ask('/fhir/Device?_summary=count')).json()) as { total: number };
  if (status.status === 200) expect(total).toBe(1);
  else
    expect([status.status, await status.text()]).toEqual([500, expect.stringContaining('may have been carried out')]);
  expect(total).toBeLessThanOrEqual(1);
});
