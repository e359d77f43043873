/** What one process closes, every process closes within a second: https://hl7.org/fhir/R4/consent.html */
import type { Consent, Patient, Resource } from '@medplum/fhirtypes';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followRestrictions, type Veils } from '../../../src/auth/consents/follow.ts';
import { systemAccess } from '../../../src/auth/system-access.ts';
import { update } from '../../../src/fhir/interactions/update.ts';
import { bodyOf } from '../../../src/fhir/json/body.ts';
import { silent } from '../../../src/shared/logger.ts';
import { type OpenStore, openStore } from '../../../src/store/open.ts';
import { withStore } from '../../support/store.ts';

const context = withStore();
const base = 'http://localhost/fhir';
let other: OpenStore;
let here: Veils;
let there: Veils;

const follow = (store: OpenStore) =>
  followRestrictions({ store, base, breakers: new Set(['MEDECIN']), purposes: new Map(), log: silent });

async function put(resource: Resource): Promise<void> {
  const { store } = context;
  const { resourceType: type, id = '' } = resource;
  const given = { store, access: systemAccess('test'), validate: () => [], now: () => new Date(), base, log: silent };
  await update(given, { type, id, body: bodyOf(resource) });
}

const consent = (status: Consent['status'], policy = 'OPTOUT'): Consent => ({
  resourceType: 'Consent',
  id: 'c',
  status,
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
  category: [{ text: 'privacy' }],
  patient: { reference: 'Patient/p' },
  policyRule: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: policy }] },
});
const patient = (security: NonNullable<Patient['meta']>['security']): Patient => ({
  resourceType: 'Patient',
  id: 'q',
  ...(security ? { meta: { security } } : {}),
});
const restricted = [{ system: 'https://livedoc.health/fhir/CodeSystem/restriction', code: 'restricted' }];

const medecin = { role: 'MEDECIN', practitioner: 'Practitioner/me', clientId: 'app' } as const;
const hides = (veils: Veils, id: string) => veils.of(medecin, [])?.hides('r', { resourceType: 'Patient', id }) ?? false;
const soon = { timeout: 1000, interval: 5 };

beforeAll(async () => {
  const { databaseUrl, schema } = context;
  other = await openStore({ databaseUrl, schema, queryTimeoutSeconds: 20, log: silent });
  await put(consent('active'));
  [here, there] = await Promise.all([follow(context.store), follow(other)]);
});
afterAll(async () => {
  await Promise.all([here?.close(), there?.close()]);
  await other?.close();
});

describe('a process', () => {
  it('begins with what is there', () => expect([hides(here, 'p'), hides(there, 'p')]).toEqual([true, true]));

  it('has closed and opened before its own write is answered, and another within a second', async () => {
    await put(consent('inactive'));
    expect(hides(here, 'p')).toBe(false);
    await expect.poll(() => hides(there, 'p'), soon).toBe(false);
    await put(consent('active'));
    expect(hides(here, 'p')).toBe(true);
    await expect.poll(() => hides(there, 'p'), soon).toBe(true);
  });

  it('hears of labels of Patients that come and go', async () => {
    await put(patient(restricted));
    await expect.poll(() => [hides(here, 'q'), hides(there, 'q')], soon).toEqual([true, true]);
    await put(patient(undefined));
    await expect.poll(() => [hides(here, 'q'), hides(there, 'q')], soon).toEqual([false, false]);
  });

  it('that starts later finds the labels of resources that are there', async () => {
    await put({
      resourceType: 'Observation',
      id: 'o',
      meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'V' }] },
      status: 'final',
      code: { text: 'o' },
    });
    const late = await follow(other);
    const veil = late.of(medecin, []);
    expect(veil?.excluded('s', 'Observation')).toBeDefined();
    expect(veil?.excluded('s', 'Encounter')).toBeDefined();
    await put(consent('inactive'));
    await expect.poll(() => late.of(medecin, [])?.excluded('s', 'Encounter'), soon).toBeUndefined();
    expect(late.of(medecin, [])?.excluded('s', 'Observation')).toBeDefined();
    await late.close();
  });

  it('that was deaf for a while learns what it has missed', async () => {
    const client = new pg.Client({ connectionString: context.databaseUrl });
    await client.connect();
    await client.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'livedoc changed definitions' and datname = current_database()`);
    await client.end();
    await put(consent('active'));
    await expect
      .poll(() => [hides(here, 'p'), hides(there, 'p')], { timeout: 5000, interval: 20 })
      .toEqual([true, true]);
  });
});
