/** The server as processes: how long it takes to start, how much memory it has, who waits behind a large Bundle. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { startLiveServer } from '../support/live-server.ts';
import { drive } from './load.ts';
import { readers } from './read.ts';
import { record } from './records.ts';
import { median } from './report.ts';
import { fhirHeaders, type Suite } from './suite.ts';

const MIB = 1024;

interface Process {
  readonly pid: number;
  readonly command: string;
  /** MiB. */
  readonly memory: number;
}

/** A process and its descendants, PostgreSQL's aside. */
export function family(root: number): readonly Process[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [])
    .map(([, pid, parent, command = '']) => ({ pid: Number(pid), parent: Number(parent), command }));
  const found = new Set([root]);
  for (const { pid, parent } of rows) if (found.has(parent)) found.add(pid);
  return rows
    .filter(({ pid, command }) => found.has(pid) && !/postgres/.test(command))
    .map(({ pid, command }) => {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const kib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
      return { pid, command: /([a-z-]+)\.js/.exec(command)?.[1] ?? command, memory: kib / MIB };
    });
}

/** What the server's processes hold now: to be run after `ingest` and `search`. */
export const memorySuite: Suite = async function* (bench) {
  const most = 400;
  for (const { command, memory } of family(bench.server.process.pid ?? 0)) {
    yield {
      suite: 'memory',
      what: command,
      unit: 'MiB',
      floor: most,
      ours: memory,
      ratio: most / memory,
      bar: command === 'reader-process' ? '' : '1.0',
    };
  }
  await Promise.resolve();
};

/** From the start of the process to `LIVEDOC ready`, on the database that is there; the floor is a connection to PostgreSQL. */
export const startSuite: Suite = async function* (bench) {
  const times: number[] = [];
  for (let round = 0; round < bench.rounds; round += 1) {
    const begin = performance.now();
    const other = await startLiveServer(bench.settings);
    const ready = await fetch(`${other.origin}/readyz`);
    times.push(performance.now() - begin);
    if (!ready.ok) throw new Error(`/readyz answered ${ready.status}.`);
    await other.stop();
  }
  const begin = performance.now();
  const client = new pg.Client({ connectionString: bench.settings['DATABASE_URL'] });
  await client.connect();
  const floor = performance.now() - begin;
  await client.end();
  const limit = 3000;
  yield {
    suite: 'start',
    what: 'to /readyz, PostgreSQL running',
    unit: 'ms',
    floor,
    ours: median(times),
    ratio: limit / median(times),
    bar: '3 s: 1.0',
  };
};

/** Reads by 8 clients alone, and while two others send Bundles of 3,000 entries one after the other. */
export const fairnessSuite: Suite = async function* (bench) {
  const { ours } = await readers(bench);
  const large = (n: number) => {
    const bundles = Array.from({ length: 10 }, (_, at) => record(20_000 + n * 10 + at).bundle);
    const entries = bundles.map((bundle) => bundle.slice(bundle.indexOf('[') + 1, bundle.lastIndexOf(']')));
    return `{"resourceType":"Bundle","type":"transaction","entry":[${entries.join(',')}]}`;
  };
  const load = { clients: 8, count: bench.count };
  const alone = await drive({ ...load, ...ours(await bench.token()) });
  let busy = true;
  let sent = 0;
  const sender = async () => {
    while (busy) {
      sent += 1;
      const headers = fhirHeaders(await bench.token());
      const answer = await fetch(`${bench.ours}/fhir`, { method: 'POST', headers, body: large(sent) });
      if (!answer.ok) throw new Error(`A Bundle was answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
      await answer.arrayBuffer();
    }
  };
  // Settled, so that what the readers run into is what is told.
  const senders = Promise.allSettled([sender(), sender()]);
  const beside = await drive({ ...load, count: bench.count * 2, ...ours(await bench.token()) }).finally(() => {
    busy = false;
  });
  for (const one of await senders) if (one.status === 'rejected') throw one.reason;
  const limit = 100;
  yield {
    suite: 'fairness',
    what: `reads beside ${sent} Bundles of 3,000; floor: alone`,
    unit: 'ms at p99',
    floor: alone.p99,
    ours: beside.p99,
    ratio: limit / beside.p99,
    bar: '100 ms: 1.0',
    p50: beside.p50,
    p99: beside.p99,
  };
};
