/**
 * What is in the files of a bulk export: one moment, what Consents leave, so many resources each, and nothing twice.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consent, Patient, Resource } from '@medplum/fhirtypes';
import { beforeAll, expect, it } from 'vitest';
import { systemAccess } from '../../../src/auth/system-access.ts';
import { collect } from '../../../src/fhir/bulk/collect.ts';
import { bulkJob } from '../../../src/fhir/bulk/kick-off.ts';
import { fileWriter } from '../../../src/fhir/bulk/write-files.ts';
import { silent } from '../../../src/shared/logger.ts';
import { insertExport, settleWrites } from '../../../src/store/bulk/exports.ts';
import { insertChunk, insertFile, listFiles, readChunks } from '../../../src/store/bulk/files.ts';
import { backendToken, type Key, makeKey } from '../../support/smart-client.ts';
import { withSmartServer } from '../../support/smart-server.ts';

const smart = withSmartServer();
const scope = 'system/*.rs';
let key: Key;
let token: string;

beforeAll(async () => {
  key = await makeKey('ES384');
  const { clientId } = await smart.server.register({ name: 'Bulk', kind: 'backend', jwks: key.jwks, scope });
  const { body } = await backendToken(smart.server.origin, { clientId, key, scope });
  token = String(body['access_token']);
}, 60_000);

const get = (url: string) => fetch(url, { headers: { authorization: `Bearer ${token}` } });

interface Output {
  readonly url: string;
  readonly type: string;
  readonly count: number;
}

async function outputOf(location: string): Promise<readonly Output[]> {
  for (let tries = 0; tries < 200; tries += 1) {
    const answer = await get(location);
    if (answer.status === 200) return ((await answer.json()) as { output: readonly Output[] }).output;
    expect(answer.status).toBe(202);
    await sleep(50);
  }
  throw new Error('The export does not end.');
}

async function kickOff(path: string): Promise<string> {
  const taken = await smart.server.request(path, token, { headers: { prefer: 'respond-async' } });
  expect(taken.status).toBe(202);
  return taken.headers.get('content-location') ?? '';
}

const textOf = async (output: readonly Output[]) =>
  (await Promise.all(output.map(async ({ url }) => (await get(url)).text()))).join('');

async function idsAt(until: Date): Promise<readonly string[]> {
  const { parts, base } = smart.server;
  const access = systemAccess('test');
  const context = {
    ...parts,
    access,
    base,
    now: () => new Date(),
    log: silent,
    parameters: parts.catalogue.parameters,
  };
  const wanted = { types: ['Patient'], since: undefined, of: 'system', until } as const;
  const found: string[] = [];
  for await (const { versions } of collect(context, wanted)) {
    found.push(...versions.map(({ id, body }) => `${id} ${(JSON.parse(body) as Patient).language}`));
  }
  return found.filter((one) => one.startsWith('moment')).sort();
}

it('has nothing that was written after the moment, and what was changed since as it was then', async () => {
  const patient = (id: string, language: string): Resource => ({ resourceType: 'Patient', id, language });
  await smart.server.put(patient('moment-1', 'fr'));
  await smart.server.put(patient('moment-2', 'fr'));
  const moment = new Date();
  await sleep(5);
  await smart.server.put(patient('moment-1', 'en'));
  await smart.server.put(patient('moment-3', 'en'));
  expect(await idsAt(moment)).toEqual(['moment-1 fr', 'moment-2 fr']);
  expect(await idsAt(new Date())).toEqual(['moment-1 en', 'moment-2 fr', 'moment-3 en']);
});

it('waits for what is being written at the moment', async () => {
  const { store } = smart.server.parts;
  let isCommitted = false;
  const writing = store.transaction(async ({ db }) => {
    await db.query({ text: 'SELECT pg_current_xact_id()' });
    await sleep(600);
    isCommitted = true;
  });
  await sleep(50);
  await settleWrites(store.db);
  expect(isCommitted).toBe(true);
  await writing;
});

it('leaves out what a Consent closes to the client', async () => {
  const act = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
  const consent: Consent = {
    resourceType: 'Consent',
    id: 'elodie',
    status: 'active',
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: 'Patient/elodie' },
    dateTime: '2026-11-01',
    policyRule: { coding: [{ system: act, code: 'OPTOUT' }] },
    provision: { type: 'deny' },
  };
  const before = await textOf(await outputOf(await kickOff('/Patient/$export')));
  expect(before).toContain('"elodie-pulse"');
  await smart.server.put(consent);
  await sleep(500);
  const after = await textOf(await outputOf(await kickOff('/Patient/$export')));
  expect(after).toContain('"awa-pulse"');
  expect([after.includes('elodie-pulse'), after.includes('elodie-1')]).toEqual([false, false]);
});

it('begins anew after a process that died, without what that had written', async () => {
  const { store } = smart.server.parts;
  const location = await kickOff('/Patient/$export?_type=Patient');
  const whole = await textOf(await outputOf(location));
  const first = location.slice(location.lastIndexOf('/') + 1);
  await store.db.query({
    text: `INSERT INTO bulk_export (id, owner, ticket, url, request, created_at, started_at, done, expires_at)
           SELECT 'again', owner, ticket, url, request, created_at, created_at, 7, expires_at FROM bulk_export WHERE id = $1`,
    values: [first],
  });
  await insertChunk(store.db, 'again', { number: 1, part: 0, body: '{"half":true}\n' });
  await insertFile(store.db, 'again', { number: 1, type: 'Patient', count: 1, patients: [] });
  await store.jobs.add({ name: bulkJob, payload: { id: 'again' }, queue: bulkJob });
  const again = await textOf(await outputOf(`${smart.server.base}/_export/again`));
  expect(again.split('\n').sort()).toEqual(whole.split('\n').sort());
});

it('splits a type at 10,000 resources, in chunks of whole lines', async () => {
  const { db } = smart.server.parts.store;
  const created = new Date();
  const expires = new Date(created.getTime() + 60_000);
  await insertExport(db, { id: 'long', owner: 'x', ticket: 'x', url: 'x', request: '{}', created, expires });
  const writer = fileWriter(db, 'long');
  const version = { type: 'Patient', version: 1, updated: '', deleted: false, op: 'create' } as const;
  const body = JSON.stringify({ resourceType: 'Patient', language: 'x'.repeat(100) });
  for (let n = 0; n < 10_001; n += 1) await writer.add({ ...version, id: `p${n}`, body });
  await writer.close();
  expect(await listFiles(db, 'long')).toEqual([
    { number: 1, type: 'Patient', count: 10_000 },
    { number: 2, type: 'Patient', count: 1 },
  ]);
  let chunks = 0;
  let lines = 0;
  for await (const chunk of readChunks(db, 'long', 1)) {
    expect(chunk.endsWith('\n')).toBe(true);
    chunks += 1;
    lines += chunk.split('\n').length - 1;
  }
  expect([lines, chunks > 1]).toEqual([10_000, true]);
});
