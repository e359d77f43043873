/** Read, create and a search at ten times as many resources, again and again: what each decade costs. */
import { creating, creations } from './create.ts';
import { fillRecords } from './ingest.ts';
import { drive } from './load.ts';
import { readers } from './read.ts';
import { commonCode } from './records.ts';
import { median } from './report.ts';
import type { Bench, Side, Suite } from './suite.ts';

const bar = '1.3 a decade';
const clients = 16;

async function timed(bench: Bench, side: (token: string) => Side): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round <= bench.rounds; round += 1) {
    times.push((await drive({ clients, count: Math.ceil(bench.count / 4), ...side(await bench.token()) })).p50);
  }
  return median(times.slice(1));
}

/** The sizes up to `resources`, by tens. */
function sizes(most: number): readonly number[] {
  const found: number[] = [];
  for (let size = 30_000; size <= most; size *= 10) found.push(size);
  return found;
}

export const growthSuite: Suite = async function* (bench) {
  const reading = await readers(bench);
  const next = creations();
  const query = `/fhir/Observation?code=${commonCode}&_sort=-date`;
  const works: Readonly<Record<string, (token: string) => Side>> = {
    read: reading.ours,
    create: (token) => creating(bench.ours, token, next),
    search: (token) => ({
      origin: bench.ours,
      expect: 200,
      shot: () => ({ method: 'GET', path: query, headers: { authorization: `Bearer ${token}` } }),
    }),
  };
  let before: Readonly<Record<string, number>> | undefined;
  for (const size of sizes(bench.resources)) {
    await fillRecords({ ...bench, resources: size });
    const now: Record<string, number> = {};
    for (const [name, side] of Object.entries(works)) now[name] = await timed(bench, side);
    for (const [name, ours] of Object.entries(now)) {
      const floor = before?.[name] ?? ours;
      yield { suite: 'growth', what: `${name} at ${size}`, unit: 'ms at p50', floor, ours, ratio: ours / floor, bar };
    }
    before = now;
  }
};
