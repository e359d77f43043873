/** Several processes that answer HTTP on one port: each takes its share, none is missed, none outlives the main process. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backendClient } from '../support/backend-client.ts';
import { type LiveServer, startLiveServer } from '../support/live-server.ts';

let folder: string;
let server: LiveServer;
let token: () => Promise<string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livedoc-workers-'));
  // PostgreSQL runs as another account when we are root: it has to get through.
  await chmod(folder, 0o711);
  server = await startLiveServer({ LIVEDOC_DATA_DIR: folder, LIVEDOC_LOG: 'warn', LIVEDOC_WORKERS: '2' });
  token = await backendClient(server, 'system/*.cruds');
});

afterAll(async () => {
  if (server?.process.exitCode === null && server.process.signalCode === null) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A request on a connection of its own, so that it goes to whichever process is next. */
function get(path: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    const sent = request(`${server.origin}${path}`, { agent, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
    });
    sent.on('error', reject);
    // A connection that was on its way to a process that is killed is lost with it; clients ask again.
    sent.setTimeout(3000, () => sent.destroy(new Error('No answer in time.')));
    sent.end();
  });
}

/** The processes that counted something, by the label of their figures. */
async function workers(): Promise<number[]> {
  const { text } = await get('/metrics');
  return [...text.matchAll(/process_uptime_seconds\{process="http-(\d+)"\}/g)].map(([, pid]) => Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    // A process that ended and that nobody has asked about is still listed, as Z.
    return !/^Z/.test(execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }));
  } catch {
    return false;
  }
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await holds()); await sleep(100)) {
    if (Date.now() > end) throw new Error('It did not come about in time.');
  }
}

describe('processes that answer HTTP', () => {
  it('share the port and what each wrote', async () => {
    const authorization = `Bearer ${await token()}`;
    const posted = await fetch(`${server.origin}/fhir/Patient`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/fhir+json' },
      body: JSON.stringify({ resourceType: 'Patient', name: [{ family: 'Lefèbvre' }] }),
    });
    const { id } = (await posted.json()) as { id: string };
    const answers = await Promise.all(Array.from({ length: 8 }, () => get(`/fhir/Patient/${id}`, { authorization })));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(new Set(await workers()).size).toBe(2);
  });

  it('add up what they counted', async () => {
    const count = async () => {
      const { text } = await get('/metrics');
      return Number(/livedoc_http_requests_total\{interaction="healthz",status="200"\} (\d+)/.exec(text)?.[1] ?? 0);
    };
    const before = await count();
    for (let times = 0; times < 6; times += 1) await get('/healthz');
    expect((await count()) - before).toBe(6);
  });

  it('are started again when one is killed, while the other goes on', async () => {
    const [first = 0] = await workers();
    process.kill(first, 'SIGKILL');
    await until(async () => (await get('/healthz').catch(() => ({ status: 0 }))).status === 200);
    await until(async () => {
      const now = await workers().catch((): number[] => []);
      return now.length === 2 && !now.includes(first);
    });
    const authorization = `Bearer ${await token()}`;
    for (let times = 0; times < 6; times += 1) {
      expect((await get('/fhir/Patient?_count=1', { authorization })).status).toBe(200);
    }
  });

  it('end when the main process is killed', async () => {
    const running = await workers();
    expect(running).toHaveLength(2);
    await server.kill();
    await until(() => running.every((pid) => !isAlive(pid)));
  });
});
