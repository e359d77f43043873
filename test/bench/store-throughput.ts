/**
 * The store alone (no HTTP, no validation) against bare prepared statements through `pg` on the same PostgreSQL:
 * reads, reads with an audit record each, creates with search rows and an audit record each. `npx tsx test/bench/store-throughput.ts`
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { newId } from '../../src/shared/id.ts';
import { silent } from '../../src/shared/logger.ts';
import type { AuditRecord } from '../../src/store/audit/record.ts';
import { startEmbedded } from '../../src/store/embedded.ts';
import { openStore } from '../../src/store/open.ts';
import type { Write } from '../../src/store/resources/write.ts';
import type { IndexRow } from '../../src/store/search/index-row.ts';

const ROUND_MS = Number(process.env['ROUND_MS'] ?? 1500);
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);

const now = new Date().toISOString();
const loinc = 'http://loinc.org';

function indexOf(id: string, patient: string): IndexRow[] {
  const at = Date.now();
  return [
    { kind: 'token', param: 'Observation.status', system: 'http://hl7.org/fhir/observation-status', code: 'final' },
    {
      kind: 'token',
      param: 'Observation.category',
      system: 'http://terminology.hl7.org/category',
      code: 'vital-signs',
    },
    { kind: 'token', param: 'Observation.code', system: loinc, code: '8867-4' },
    { kind: 'token', param: 'Observation.combo-code', system: loinc, code: '8867-4' },
    { kind: 'token', param: 'Observation.identifier', system: 'urn:x', code: id },
    { kind: 'reference', param: 'Observation.subject', target: { type: 'Patient', id: patient } },
    { kind: 'reference', param: 'Observation.patient', target: { type: 'Patient', id: patient } },
    { kind: 'reference', param: 'Observation.encounter', target: { type: 'Encounter', id: patient } },
    { kind: 'date', param: 'Observation.date', low: at, high: at },
    { kind: 'quantity', param: 'Observation.value-quantity', low: 72, high: 72, system: 'urn:ucum', code: '/min' },
    {
      kind: 'quantity',
      param: 'Observation.combo-value-quantity',
      low: 72,
      high: 72,
      system: 'urn:ucum',
      code: '/min',
    },
  ];
}

function bodyOf(id: string, patient: string): readonly [string, string] {
  return [
    `{"resourceType":"Observation","id":"${id}","meta":{"versionId":"`,
    `","lastUpdated":"${now}"},"text":{"status":"generated","div":"<div>${'Heart rate 72 per minute. '.repeat(20)}</div>"},"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/category","code":"vital-signs"}]}],"code":{"coding":[{"system":"${loinc}","code":"8867-4","display":"Heart rate"}]},"subject":{"reference":"Patient/${patient}"},"encounter":{"reference":"Encounter/${patient}"},"effectiveDateTime":"${now}","valueQuantity":{"value":72.0,"unit":"/min","system":"urn:ucum","code":"/min"}}`,
  ];
}

function recordOf(reference: string): AuditRecord {
  return {
    type: 'rest',
    subtype: 'read',
    action: 'R',
    outcome: '0',
    recorded: new Date(),
    user: { reference: 'Practitioner/018f', name: 'Awa Diop', role: 'MEDECIN' },
    client: { name: 'bench', reference: 'Device/1' },
    address: '127.0.0.1',
    entities: [{ reference }],
    patients: ['Patient/p1'],
    requestId: newId(),
  };
}

type Work = () => Promise<unknown>;

/** Processor time of this process and of all PostgreSQL processes, microseconds: says the same on a busy machine. */
function processorTime(): { node: number; postgres: number } {
  const { user, system } = process.cpuUsage();
  let ticks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      if (!stat.includes('(postgres)')) continue;
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {}
  }
  return { node: user + system, postgres: ticks * 10_000 };
}

interface Rate {
  readonly perSecond: number;
  readonly node: number;
  readonly postgres: number;
}

async function rate(clients: number, work: Work): Promise<Rate> {
  const before = processorTime();
  const until = performance.now() + ROUND_MS;
  const began = performance.now();
  let done = 0;
  const client = async () => {
    while (performance.now() < until) {
      await work();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const after = processorTime();
  return {
    perSecond: (done * 1000) / (performance.now() - began),
    node: (after.node - before.node) / done,
    postgres: (after.postgres - before.postgres) / done,
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

async function compare(name: string, clients: number, floor: Work, ours: Work): Promise<void> {
  const pairs: [Rate, Rate][] = [];
  for (let round = 0; round < ROUNDS; round++) pairs.push([await rate(clients, floor), await rate(clients, ours)]);
  const ratio = median(pairs.map(([a, b]) => b.perSecond / a.perSecond));
  const of = (at: 0 | 1, figure: keyof Rate) => Math.round(median(pairs.map((pair) => pair[at][figure])));
  const figures = (at: 0 | 1) => ({
    perSecond: of(at, 'perSecond'),
    node: of(at, 'node'),
    postgres: of(at, 'postgres'),
  });
  console.log(JSON.stringify({ name, clients, ratio: Number(ratio.toFixed(2)), floor: figures(0), ours: figures(1) }));
}

const dataDir = await mkdtemp(join(process.env['BENCH_DIR'] ?? tmpdir(), 'livedoc-bench-'));
const embedded = await startEmbedded({ dataDir, log: silent });
try {
  const store = await openStore({ databaseUrl: embedded.url, schema: 'livedoc', queryTimeoutSeconds: 20, log: silent });
  const pool = new pg.Pool({ connectionString: embedded.url, max: 10 });
  pool.on('error', () => {});
  await pool.query('CREATE TABLE floor (key text PRIMARY KEY, body text)');
  const ids: string[] = [];
  const write = (id: string): Write => ({
    op: 'create',
    type: 'Observation',
    id,
    body: bodyOf(id, `p${ids.length % 1000}`),
    updated: now,
    expect: 'absent',
    index: indexOf(id, `p${ids.length % 1000}`),
  });
  for (let batch = 0; batch < 20; batch++) {
    const fresh = Array.from({ length: 500 }, () => newId());
    await store.resources.write(fresh.map(write));
    for (const id of fresh) {
      ids.push(id);
      await pool.query({
        name: 'i',
        text: 'INSERT INTO floor VALUES ($1, $2)',
        values: [id, bodyOf(id, 'p1').join('1')],
      });
    }
  }
  const any = () => ids[Math.floor(Math.random() * ids.length)] as string;
  const bareRead: Work = () =>
    pool.query({ name: 'r', text: 'SELECT body FROM floor WHERE key = $1', values: [any()] });
  const bareInsert: Work = () => {
    const id = newId();
    return pool.query({
      name: 'i',
      text: 'INSERT INTO floor VALUES ($1, $2)',
      values: [id, bodyOf(id, 'p1').join('1')],
    });
  };
  for (const clients of [1, 16, 64]) {
    await compare('read', clients, bareRead, () => store.resources.read('Observation', any()));
    await compare('read with audit', clients, bareRead, async () => {
      const id = any();
      await store.resources.read('Observation', id);
      await store.audit.append(recordOf(`Observation/${id}`));
    });
    await compare('create with audit', clients, bareInsert, () => {
      const id = newId();
      return store.resources.write([write(id)], { audit: [recordOf(`Observation/${id}`)] });
    });
  }
  await pool.end();
  await store.close();
} finally {
  await embedded.stop();
  await rm(dataDir, { recursive: true, force: true });
}
