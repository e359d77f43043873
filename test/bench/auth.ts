/**
 * What authorization costs: of a request with a known token, as a share of the read that it belongs to; and of searches under
 * a granular scope and in a patient's context, against the same searches by who sees everything.
 */
import { readFileSync } from 'node:fs';
import { accessOf } from '../../src/auth/access.ts';
import { authenticator } from '../../src/auth/authenticate.ts';
import { systemAccess } from '../../src/auth/system-access.ts';
import type { Access, Caller } from '../../src/fhir/access.ts';
import { isUnrestricted } from '../../src/fhir/interactions/guard.ts';
import { search } from '../../src/fhir/interactions/search.ts';
import { extract } from '../../src/fhir/search/extract.ts';
import { silent } from '../../src/shared/logger.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { fillRecords } from './ingest.ts';
import { drive } from './load.ts';
import { family } from './process.ts';
import { readers } from './read.ts';
import { commonCode } from './records.ts';
import { type Figure, median } from './report.ts';
import type { Bench, Suite } from './suite.ts';

const authentications = 100_000;
const reads = 12_000;
const rounds = 60;

/** Seconds of processor time that the server's own processes have spent; Linux counts hundredths. */
function spent(bench: Bench): number {
  const ticks = family(bench.server.process.pid ?? 0).map(({ pid }) => {
    const [, after = ''] = /\) ([^\n]*)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    const fields = after.split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) / 100;
}

/** Microseconds of the server's processor time for a read. */
async function costOfRead(bench: Bench): Promise<number> {
  const { ours } = await readers(bench);
  const load = { clients: 16, count: reads };
  await drive({ ...load, ...ours(await bench.token()) });
  const side = ours(await bench.token());
  const before = spent(bench);
  await drive({ ...load, ...side });
  return ((spent(bench) - before) * 1e6) / reads;
}

/** Microseconds of processor time from the header to the answer whether a Patient may be read. */
async function costOfAuthorization(bench: Bench, store: Store): Promise<number> {
  const base = `${bench.ours}/fhir`;
  const confirm = () => Promise.resolve(undefined);
  const { authenticate, cache } = authenticator(store.db, base, (resource) => extract(resource, { base }), confirm);
  cache.remember(true);
  const authorization = `Bearer ${await bench.token()}`;
  const once = async () => {
    const access = await authenticate({ authorization, address: '127.0.0.1', requestId: 'bench' });
    return access.may('r', 'Patient') && isUnrestricted(access, 'r', 'Patient');
  };
  for (let at = 0; at < authentications / 10; at += 1) await once();
  const before = process.cpuUsage();
  for (let at = 0; at < authentications; at += 1) if (!(await once())) throw new Error('The token gives nothing.');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / authentications;
}

/** Milliseconds of the same search by both, in turn. */
async function compared(
  contextOf: (access: Access) => Parameters<typeof search>[0],
  what: string,
  floor: { readonly access: Access; readonly query: string },
  ours: { readonly access: Access; readonly query: string },
): Promise<Figure> {
  const times: [number[], number[]] = [[], []];
  const run = async ({ access, query }: typeof floor): Promise<number> => {
    const began = performance.now();
    const { text = '' } = await search(contextOf(access), { type: 'Observation', params: new URLSearchParams(query) });
    if (!text.includes('"entry"')) throw new Error(`${query} finds nothing.`);
    return performance.now() - began;
  };
  for (let round = 0; round < rounds; round += 1) {
    const [first, second] = [await run(floor), await run(ours)];
    // The first rounds learn what is frequent, and prepare statements.
    if (round >= 10) times[0].push(first);
    if (round >= 10) times[1].push(second);
  }
  const [before, after] = [median(times[0]), median(times[1])];
  return {
    suite: 'auth',
    what,
    unit: 'ms at p50',
    floor: before,
    ours: after,
    ratio: after / before,
    bar: 'at most 1.3',
  };
}

const client = { name: 'bench' };
const category = 'http://terminology.hl7.org/CodeSystem/observation-category';
const everything = systemAccess('bench');

function granted(scope: string, more: Partial<Caller> = {}): Access {
  return accessOf({ client, ...more }, scope, (resource) => extract(resource));
}

/** A patient of one of the large records. */
async function somePatient(bench: Bench): Promise<string> {
  const text = `select replace(ref, 'Patient/', '') as id from livedoc.resource r where ref like 'Patient/%' and exists (
    select from livedoc.resource o where o.ref like 'Encounter/%' and o.body like '%"' || r.ref || '"%') limit 1`;
  const { rows } = await bench.database.query<{ id: string }>(text);
  return rows[0]?.id ?? '';
}

async function* searches(bench: Bench, store: Store): AsyncGenerator<Figure> {
  const patient = await somePatient(bench);
  const contextOf = (access: Access) => ({
    ...{ store, access, validate: () => [], now: () => new Date(), base: `${bench.ours}/fhir`, log: silent },
  });
  const vital = granted(`system/Observation.rs?category=${category}|vital-signs`);
  const two = granted(
    `system/Observation.rs?category=${category}|vital-signs system/Observation.rs?category=${category}|laboratory`,
  );
  const inContext = granted('patient/*.rs', { userId: 'u', role: 'MEDECIN', patient });
  const narrow = granted(`patient/Observation.rs?category=${category}|vital-signs`, {
    ...{ userId: 'u', role: 'MEDECIN', patient },
  });
  const cases: readonly (readonly [string, Access, string, string?])[] = [
    ['a category; code, 36 % of all', vital, `code=http://loinc.org|${commonCode}`],
    ['a category; code, by date', vital, `code=${commonCode}&_sort=-date`],
    ['two categories; code, 36 % of all', two, `code=http://loinc.org|${commonCode}`],
    ["a category; a patient's, by date", vital, `patient=${patient}&_sort=-date`],
    ['a patient in context; all, newest first', inContext, '_count=20', `patient=${patient}&_count=20`],
    ["a patient in context; a patient's, by date", inContext, `patient=${patient}&_sort=-date`],
    ["a patient in context; a patient's code", inContext, `patient=${patient}&code=${commonCode}`],
    ["a category of a patient in context; a patient's, by date", narrow, `patient=${patient}&_sort=-date`],
  ];
  for (const [what, access, query, unrestricted = query] of cases) {
    yield await compared(contextOf, what, { access: everything, query: unrestricted }, { access, query });
  }
}

export const authSuite: Suite = async function* (bench) {
  const databaseUrl = bench.settings['DATABASE_URL'] ?? '';
  const store = await openStore({ databaseUrl, schema: 'livedoc', queryTimeoutSeconds: 60, log: silent });
  try {
    const [read, authorization] = [await costOfRead(bench), await costOfAuthorization(bench, store)];
    yield {
      suite: 'auth',
      what: 'a request with a known token; floor: our read',
      unit: 'µs of processor time',
      floor: read,
      ours: authorization,
      ratio: authorization / read,
      bar: 'at most 0.05',
    };
    await fillRecords(bench);
    yield* searches(bench, store);
  } finally {
    await store.close();
  }
};
