// FHIR libraries that others wrote, with tokens of this server: create, read, update, search, delete, and what they are refused.
// https://github.com/Vermonster/fhir-kit-client, https://www.medplum.com/docs/sdk/core.medplumclient
import { MedplumClient } from '@medplum/core';
import type { Bundle, Observation, Patient } from '@medplum/fhirtypes';
import { Client } from 'fhir-kit-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { backendToken, makeKey } from '../support/smart-client.ts';
import { withSmartServer } from '../support/smart-server.ts';

const smart = withSmartServer();
const aPatient = (family: string): Patient => ({ resourceType: 'Patient', name: [{ use: 'official', family }] });
const anObservation = (patient: string): Observation => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'weight' },
  subject: { reference: `Patient/${patient}` },
});

/** Of a backend service, which alone may delete: a person's record goes by no REST call of a person. */
async function systemToken(): Promise<string> {
  const key = await makeKey('ES384');
  const registration = { name: 'Lab', kind: 'backend', jwks: key.jwks, scope: 'system/*.cruds' } as const;
  const { clientId } = await smart.server.register(registration);
  const { body } = await backendToken(smart.server.origin, { clientId, key, scope: 'system/*.cruds' });
  return String(body['access_token']);
}

describe('fhir-kit-client', () => {
  let client: Client;
  const status = (refused: unknown) => (refused as { readonly response: { readonly status: number } }).response.status;

  beforeAll(async () => {
    client = new Client({
      baseUrl: smart.server.base,
      bearerToken: await smart.server.token({ scope: 'user/*.cruds' }),
    });
  });

  it('finds where to authorize, as SMART says', async () => {
    const metadata = (await client.smartAuthMetadata()) as { readonly authorizeUrl?: URL; readonly tokenUrl?: URL };
    expect(String(metadata.authorizeUrl)).toBe(`${smart.server.origin}/oidc/auth`);
    expect(String(metadata.tokenUrl)).toBe(`${smart.server.origin}/oidc/token`);
  });

  it('creates, reads, updates and searches', async () => {
    const made = (await client.create({ resourceType: 'Patient', body: aPatient('Kané') as never })) as Patient;
    const id = made.id ?? '';
    await client.update({ resourceType: 'Patient', id, body: { ...made, active: true } as never });
    const read = (await client.read({ resourceType: 'Patient', id })) as Patient;
    expect([read.active, read.meta?.versionId]).toEqual([true, '2']);
    const old = (await client.vread({ resourceType: 'Patient', id, version: '1' })) as Patient;
    expect(old.active).toBeUndefined();
    const found = (await client.search({
      resourceType: 'Patient',
      searchParams: { family: 'kane' },
    })) as unknown as Bundle;
    expect(found.entry?.map(({ resource }) => resource?.id)).toEqual([id]);
    await client.create({ resourceType: 'Observation', body: anObservation(id) as never });
    const inside = (await client.compartmentSearch({
      resourceType: 'Observation',
      compartment: { resourceType: 'Patient', id },
    })) as unknown as Bundle;
    expect(inside.entry).toHaveLength(1);
  });

  it('deletes, as a backend service', async () => {
    const backend = new Client({ baseUrl: smart.server.base, bearerToken: await systemToken() });
    const made = (await backend.create({ resourceType: 'Patient', body: aPatient('Parti') as never })) as Patient;
    const id = made.id ?? '';
    await backend.delete({ resourceType: 'Patient', id });
    expect(await backend.read({ resourceType: 'Patient', id }).catch(status)).toBe(410);
    const gone = (await backend.search({ resourceType: 'Patient', searchParams: { _id: id } })) as unknown as Bundle;
    expect(gone.entry).toBeUndefined();
    expect(await client.delete({ resourceType: 'Patient', id: 'awa' }).catch(status)).toBe(403);
  });

  it('follows pages', async () => {
    const first = (await client.search({
      resourceType: 'Patient',
      searchParams: { _count: 1, _sort: '_id' },
    })) as unknown as Bundle;
    const second = (await client.nextPage({ bundle: first as never })) as unknown as Bundle;
    expect(second.entry?.[0]?.resource?.id).not.toBe(first.entry?.[0]?.resource?.id);
  });

  it('is refused what its scope does not give, and everything without a token', async () => {
    const bearerToken = await smart.server.token({ scope: 'user/Patient.rs' });
    const reader = new Client({ baseUrl: smart.server.base, bearerToken });
    expect(await reader.read({ resourceType: 'Patient', id: 'awa' })).toMatchObject({ id: 'awa' });
    const create = reader.create({ resourceType: 'Patient', body: aPatient('X') as never });
    expect(await create.catch(status)).toBe(403);
    expect(await reader.read({ resourceType: 'Observation', id: 'awa-pulse' }).catch(status)).toBe(403);
    const nobody = new Client({ baseUrl: smart.server.base });
    expect(await nobody.read({ resourceType: 'Patient', id: 'awa' }).catch(status)).toBe(401);
  });
});

describe('MedplumClient', () => {
  const clientOf = async (scope: string): Promise<MedplumClient> => {
    const client = new MedplumClient({ baseUrl: `${smart.server.origin}/`, fhirUrlPath: 'fhir', cacheTime: 0 });
    client.setAccessToken(await smart.server.token({ scope }));
    return client;
  };

  it('creates, reads, updates and searches', async () => {
    const client = await clientOf('user/*.cruds');
    const made = await client.createResource(aPatient('Coulibaly'));
    const updated = await client.updateResource({ ...made, active: true });
    expect(updated.meta?.versionId).toBe('2');
    expect((await client.searchOne('Patient', { family: 'coulibaly' }))?.id).toBe(made.id);
    const observation = await client.createResource(anObservation(made.id ?? ''));
    expect(await client.searchResources('Observation', { subject: `Patient/${made.id}` })).toHaveLength(1);
    expect((await client.readResource('Observation', observation.id ?? '')).status).toBe('final');
  });

  it('deletes, as a backend service', async () => {
    const client = new MedplumClient({ baseUrl: `${smart.server.origin}/`, fhirUrlPath: 'fhir', cacheTime: 0 });
    client.setAccessToken(await systemToken());
    const made = await client.createResource(aPatient('Absent'));
    await client.deleteResource('Patient', made.id ?? '');
    await expect(client.readResource('Patient', made.id ?? '')).rejects.toThrow();
    expect(await client.searchResources('Patient', { _id: made.id ?? '' })).toHaveLength(0);
  });

  it('is refused what its scope does not give', async () => {
    const client = await clientOf('user/Patient.rs');
    expect((await client.readResource('Patient', 'awa')).id).toBe('awa');
    await expect(client.createResource(aPatient('X'))).rejects.toThrow();
    await expect(client.readResource('Observation', 'awa-pulse')).rejects.toThrow();
  });
});
