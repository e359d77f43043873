// Client libraries that others wrote work against this server: create, read, update, patch, search, operations, delete
import { MedplumClient } from '@medplum/core';
import type { Bundle, Observation, Patient } from '@medplum/fhirtypes';
import { Client } from 'fhir-kit-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { withServer } from '../support/server.ts';

const server = withServer();
let client: MedplumClient;

beforeAll(() => {
  client = new MedplumClient({ baseUrl: `${server.origin}/`, fhirUrlPath: 'fhir', cacheTime: 0 });
  client.setAccessToken('test');
});

describe('MedplumClient', () => {
  it('creates, reads, updates, patches and deletes', async () => {
    const made = await client.createResource<Patient>({ resourceType: 'Patient', name: [{ family: 'Koné' }] });
    expect(made.meta?.versionId).toBe('1');
    const updated = await client.updateResource<Patient>({ ...made, active: true });
    expect([updated.meta?.versionId, updated.active]).toEqual(['2', true]);
    const patched = await client.patchResource('Patient', made.id ?? '', [
      { op: 'replace', path: '/active', value: false },
    ]);
    expect([patched.meta?.versionId, patched.active]).toEqual(['3', false]);
    expect((await client.readVersion('Patient', made.id ?? '', '2')).active).toBe(true);
    expect((await client.readHistory('Patient', made.id ?? '')).entry).toHaveLength(3);
    await client.deleteResource('Patient', made.id ?? '');
    await expect(client.readResource('Patient', made.id ?? '')).rejects.toThrow();
  });

  it('creates once what it asks to be there (If-None-Exist)', async () => {
    const query = 'identifier=http://id|once';
    const patient: Patient = { resourceType: 'Patient', identifier: [{ system: 'http://id', value: 'once' }] };
    const first = await client.createResourceIfNoneExist(patient, query);
    expect((await client.createResourceIfNoneExist(patient, query)).id).toBe(first.id);
  });

  it('searches, pages, and gets a whole record', async () => {
    const patient = await client.createResource<Patient>({ resourceType: 'Patient', name: [{ family: 'Traoré' }] });
    const subject = { reference: `Patient/${patient.id}` };
    for (const text of ['a', 'b', 'c']) {
      await client.createResource<Observation>({
        resourceType: 'Observation',
        status: 'final',
        code: { text },
        subject,
      });
    }
    const found: string[] = [];
    for await (const page of client.searchResourcePages('Observation', { subject: subject.reference, _count: '2' })) {
      found.push(...page.map(({ code }) => code.text ?? ''));
    }
    expect(found.toSorted()).toEqual(['a', 'b', 'c']);
    expect((await client.searchOne('Patient', { name: 'traore' }))?.id).toBe(patient.id);
    const record = await client.readPatientEverything(patient.id ?? '');
    expect(record.entry).toHaveLength(4);
  });

  it('runs batches, GraphQL and $validate', async () => {
    const entry = [{ request: { method: 'GET' as const, url: 'Patient?_count=1' } }];
    const answered = await client.executeBatch({ resourceType: 'Bundle', type: 'batch', entry });
    expect((answered.entry?.[0]?.resource as Bundle | undefined)?.type).toBe('searchset');
    const patient = await client.createResource<Patient>({ resourceType: 'Patient', name: [{ family: 'Soro' }] });
    const answer = (await client.graphql(`{ Patient(id: "${patient.id}") { name { family } } }`)) as { data: unknown };
    expect(answer.data).toEqual({ Patient: { name: [{ family: 'Soro' }] } });
    const outcome = await client.validateResource({ resourceType: 'Patient' });
    expect(outcome.issue?.some(({ severity }) => severity === 'error')).toBe(false);
  });
});

describe('fhir-kit-client', () => {
  let kit: Client;
  const as = <T>(answer: unknown) => answer as T;

  beforeAll(() => {
    kit = new Client({ baseUrl: server.base, bearerToken: 'test' });
  });

  it('reads what the server can, and the histories of a resource, a type and the server', async () => {
    expect(await kit.capabilityStatement()).toMatchObject({ fhirVersion: '4.0.1' });
    const { id = '' } = as<Patient>(await kit.create({ resourceType: 'Patient', body: { resourceType: 'Patient' } }));
    await kit.update({ resourceType: 'Patient', id, body: { resourceType: 'Patient', id, active: true } as never });
    const history = as<Bundle>(await kit.resourceHistory({ resourceType: 'Patient', id }));
    expect(history.entry?.map(({ request }) => request?.method)).toEqual(['PUT', 'POST']);
    expect(as<Bundle>(await kit.typeHistory({ resourceType: 'Patient' })).type).toBe('history');
    expect(as<Bundle>(await kit.systemHistory()).type).toBe('history');
  });

  it('patches, runs transactions and batches, and searches by POST', async () => {
    const { id = '' } = as<Patient>(await kit.create({ resourceType: 'Patient', body: { resourceType: 'Patient' } }));
    const patch = [{ op: 'add', path: '/name', value: [{ family: 'Dembélé' }] }] as never;
    await kit.patch({ resourceType: 'Patient', id, jsonPatch: patch });
    const entry = [{ request: { method: 'GET', url: `Patient/${id}` } }];
    const read = as<Bundle>(await kit.batch({ body: { resourceType: 'Bundle', type: 'batch', entry } as never }));
    expect(read.entry?.[0]?.resource).toMatchObject({ name: [{ family: 'Dembélé' }] });
    const subject = { reference: `Patient/${id}` };
    const observation = { resourceType: 'Observation', status: 'final', code: { text: 'toux' }, subject };
    const body = {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [{ resource: observation, request: { method: 'POST', url: 'Observation' } }],
    };
    const made = as<Bundle>(await kit.transaction({ body: body as never }));
    expect(made.entry?.[0]?.response?.status).toBe('201 Created');
    const searchParams = { 'subject.family': 'dembele' };
    const found = await kit.resourceSearch({
      resourceType: 'Observation',
      searchParams,
      options: { postSearch: true },
    });
    expect(as<Bundle>(found).entry).toHaveLength(1);
    const inside = await kit.compartmentSearch({
      resourceType: 'Observation',
      compartment: { resourceType: 'Patient', id },
    });
    expect(as<Bundle>(inside).entry).toHaveLength(1);
    expect(
      as<Bundle>(await kit.operation({ name: 'everything', resourceType: 'Patient', id, method: 'GET' })).entry,
    ).toHaveLength(2);
  });
});
