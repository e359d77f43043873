/** Transactions of 300 resources, against the same texts as one multi-row INSERT each. */
import { drive } from './load.ts';
import { readers } from './read.ts';
import { encounters, perRecord, record } from './records.ts';
import { median } from './report.ts';
import { type Bench, fhirHeaders, type Side, type Suite } from './suite.ts';

/** Resources a second for each read a second of the floor. */
const bar = 0.25;
const perRound = 12;

/** Records are numbered on, so that none is sent twice. */
function counter(from: number): () => number {
  let next = from;
  return () => next++;
}

function transactions(origin: string, token: string, next: () => number): Side {
  const headers = fhirHeaders(token);
  return { origin, expect: 200, shot: () => ({ method: 'POST', path: '/fhir', headers, body: record(next()).bundle }) };
}

function inserts(origin: string, next: () => number): Side {
  return {
    origin,
    expect: 201,
    shot: () => ({ method: 'POST', path: '/many', body: JSON.stringify(record(next()).texts) }),
  };
}

/** Sends records until the server holds so many resources; returns how many of them were sent in all. */
export async function fillRecords(bench: Bench): Promise<number> {
  const held = 'select count(*) as resources, count(*) filter (where ref like $1) as records from livedoc.resource';
  const found = await bench.database.query<{ resources: string; records: string }>(held, ['Encounter/%']);
  const [{ resources, records } = { resources: 0, records: 0 }] = found.rows;
  // Each record has as many Encounters.
  const before = Math.floor(Number(records) / encounters);
  const missing = Math.max(0, Math.ceil((bench.resources - Number(resources)) / perRecord));
  const next = counter(firstOfFill + before);
  for (let sent = 0; sent < missing; sent += 64) {
    const count = Math.min(64, missing - sent);
    await drive({ clients: 4, count, ...transactions(bench.ours, await bench.token(), next) });
  }
  // What autovacuum does within minutes of an import.
  if (missing > 0) await bench.database.query('vacuum analyze');
  return before + missing;
}

/** Above the records of `ingest`. */
export const firstOfFill = 10_000;

export const ingestSuite: Suite = async function* (bench) {
  const reading = await readers(bench);
  const next = counter(0);
  for (const clients of [1, 4]) {
    const rounds: { floor: number; read: number; ours: number; p99: number }[] = [];
    for (let round = 0; round <= bench.rounds; round += 1) {
      const read = await drive({ clients: 16, count: bench.count, ...reading.floor });
      const floor = await drive({ clients, count: perRound, ...inserts(bench.floor, next) });
      const ours = await drive({ clients, count: perRound, ...transactions(bench.ours, await bench.token(), next) });
      const perSecond = (requests: number) => requests * perRecord;
      rounds.push({
        floor: perSecond(floor.perSecond),
        read: read.perSecond,
        ours: perSecond(ours.perSecond),
        p99: ours.p99,
      });
    }
    const over = (key: keyof (typeof rounds)[number]) => median(rounds.slice(1).map((one) => one[key]));
    const shared = { suite: 'ingest', unit: 'resources/s', ours: over('ours'), p99: over('p99') };
    const who = `${clients} client${clients === 1 ? '' : 's'}`;
    yield {
      ...shared,
      what: `${who}, floor: reads/s`,
      floor: over('read'),
      ratio: over('ours') / over('read'),
      bar: `${bar}`,
    };
    yield {
      ...shared,
      what: `${who}, floor: INSERT`,
      floor: over('floor'),
      ratio: over('ours') / over('floor'),
      bar: '',
    };
  }
};
