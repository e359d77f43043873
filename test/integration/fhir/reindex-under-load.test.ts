/** Reindexing of many resources while others write and the process that does it is killed: what is said to be done is done. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Parameters, Patient } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemAccess } from '../../../src/auth/system-access.ts';
import { type Catalogue, openCatalogue } from '../../../src/fhir/catalogue/open-catalogue.ts';
import type { Context } from '../../../src/fhir/context.ts';
import { writeOf } from '../../../src/fhir/interactions/prepare.ts';
import { update } from '../../../src/fhir/interactions/update.ts';
import { bodyOf } from '../../../src/fhir/json/body.ts';
import { silent } from '../../../src/shared/logger.ts';
import { type OpenStore, openStore } from '../../../src/store/open.ts';
import { withServer } from '../../support/server.ts';

const server = withServer();
const PATIENTS = 10_000;
const VALUES = 50;

let other: OpenStore;
let otherCatalogue: Catalogue;
const children: ChildProcess[] = [];

const patient = (id: string, value: number) =>
  bodyOf({ resourceType: 'Patient', id, multipleBirthInteger: value } as Patient);
const idOf = (at: number) => `p${at}`;

function contextOf(store: OpenStore, { parameters }: Catalogue): Context {
  const access = systemAccess('test');
  return { store, access, validate: () => [], now: () => new Date(), base: server.base, log: silent, parameters };
}

beforeAll(async () => {
  other = await openStore({
    databaseUrl: server.databaseUrl,
    schema: server.schema,
    queryTimeoutSeconds: 20,
    log: silent,
  });
  otherCatalogue = await openCatalogue({ store: other, log: silent });
  const context = contextOf(other, otherCatalogue);
  for (let at = 0; at < PATIENTS; at += 500) {
    const ids = Array.from({ length: 500 }, (_, index) => at + index);
    const writes = ids.map((n) =>
      writeOf(context, { op: 'create', id: idOf(n), body: patient(idOf(n), n % VALUES), expect: 'absent' }),
    );
    await other.resources.write(writes);
  }
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await otherCatalogue?.close();
  await other?.close();
});

function startReindexing(): ChildProcess {
  const { databaseUrl, schema, base } = server;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'test/support/reindexing-child.ts', databaseUrl, schema, base],
    { stdio: 'inherit' },
  );
  children.push(child);
  return child;
}

/** Updates, creates and deletes in another process of the server's until told to stop; resolves with how often. */
function writing(): { stop(): Promise<number> } {
  const context = contextOf(other, otherCatalogue);
  let goesOn = true;
  let count = 0;
  async function loop(lane: number): Promise<void> {
    while (goesOn) {
      const n = Math.floor(Math.random() * PATIENTS * 1.05);
      const id = idOf(n);
      if (count++ % 20 === lane) {
        const expectAny = { op: 'delete', type: 'Patient', id, body: ['', ''], expect: 'any', index: [] } as const;
        await other.resources.write([{ ...expectAny, updated: new Date().toISOString() }]);
      } else {
        await update(context, { type: 'Patient', id, body: patient(id, Math.floor(Math.random() * VALUES)) });
      }
    }
  }
  const loops = [0, 1, 2].map(loop);
  return {
    async stop() {
      goesOn = false;
      await Promise.all(loops);
      return count;
    },
  };
}

async function job(): Promise<Record<string, unknown>> {
  const listed = (await server.request('GET', '/$reindex-status')).as<Parameters>();
  const [first] = listed.parameter ?? [];
  return Object.fromEntries(first?.part?.map(({ name, ...value }) => [name, Object.values(value)[0]]) ?? []);
}

/** What a search for each value finds, and what it should, by looking at every resource. */
async function compare(): Promise<{ found: string[][]; expected: string[][] }> {
  const rows = await server.store.db.query<{ body: string }>({
    text: `SELECT body FROM resource WHERE ref LIKE 'Patient/%' AND NOT deleted`,
  });
  const expected: string[][] = Array.from({ length: VALUES }, () => []);
  for (const { body } of rows) {
    const { id, multipleBirthInteger } = JSON.parse(body) as Patient;
    expected[multipleBirthInteger ?? 0]?.push(id ?? '');
  }
  const found: string[][] = [];
  for (let value = 0; value < VALUES; value++) {
    const page = await server.store.search({
      type: 'Patient',
      where: [
        { kind: 'quantity', param: 'Patient.born-as', any: [{ prefix: 'eq', low: value - 0.5, high: value + 0.5 }] },
      ],
      sort: [],
      count: 2000,
      total: 'none',
    });
    found.push(page.versions.map(({ id }) => id));
  }
  return { found: found.map((ids) => ids.toSorted()), expected: expected.map((ids) => ids.toSorted()) };
}

describe('reindexing', () => {
  it('finishes after kill -9 and under writes, and finds exactly what a full scan finds', async () => {
    const writes = writing();
    const body = {
      resourceType: 'SearchParameter',
      url: 'http://example.org/SearchParameter/born-as',
      name: 'BornAs',
      status: 'active',
      description: 'The place among siblings.',
      code: 'born-as',
      base: ['Patient'],
      type: 'number',
      expression: 'Patient.multipleBirth.ofType(integer)',
    };
    expect((await server.request('POST', '/SearchParameter', { body })).status).toBe(201);
    const first = startReindexing();
    await expect
      .poll(async () => Number((await job())['done'] ?? 0), { timeout: 30_000, interval: 20 })
      .toBeGreaterThan(500);
    first.kill('SIGKILL');
    const killed = await job();
    expect(killed).toMatchObject({ status: 'running' });
    startReindexing();
    await expect.poll(async () => (await job())['status'], { timeout: 60_000, interval: 50 }).toBe('completed');
    const completed = await job();
    // It went on from where the first was: not everything was looked at twice.
    expect(Number(completed['done'])).toBeLessThan(Number(completed['total']) * 1.05);
    expect(await writes.stop()).toBeGreaterThan(100);
    await expect.poll(async () => server.store.db.query({ text: 'SELECT FROM unindexed' })).toEqual([]);
    const { found, expected } = await compare();
    expect(found).toEqual(expected);
    const ghosts = await server.store.db.query({
      text: `SELECT FROM sp_qty s WHERE NOT EXISTS (SELECT FROM resource r WHERE r.v = s.v AND NOT r.deleted)
               AND NOT EXISTS (SELECT FROM stale t WHERE t.v = s.v)`,
    });
    expect(ghosts).toEqual([]);
  }, 120_000);
});
