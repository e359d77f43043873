/**
 * Bulk Data Access 2.0, by the ids of Inferno's suite.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CapabilityStatement, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { backendToken, type Key, makeKey } from '../../support/smart-client.ts';
import { withSmartServer } from '../../support/smart-server.ts';

interface Manifest {
  readonly transactionTime: string;
  readonly request: string;
  readonly requiresAccessToken: boolean;
  readonly output: readonly { readonly type: string; readonly url: string; readonly count: number }[];
  readonly error: readonly unknown[];
}

const smart = withSmartServer();
const scope = 'system/*.rs';
const asyncHeaders = { accept: 'application/fhir+json', prefer: 'respond-async' };
const levels = ['/$export', '/Patient/$export', '/Group/two/$export'] as const;
let key: Key;
let token: string;

async function tokenOf(scopes: string, name = scopes): Promise<string> {
  const { clientId } = await smart.server.register({ name, kind: 'backend', jwks: key.jwks, scope: scopes });
  return tokenFor(clientId, scopes);
}

async function tokenFor(clientId: string, scopes: string): Promise<string> {
  const { body } = await backendToken(smart.server.origin, { clientId, key, scope: scopes });
  return String(body['access_token']);
}

beforeAll(async () => {
  key = await makeKey('ES384');
  token = await tokenOf(scope, 'Bulk');
  await smart.server.put({
    resourceType: 'Group',
    id: 'two',
    type: 'person',
    actual: true,
    member: [
      { entity: { reference: 'Patient/awa' } },
      { entity: { reference: 'Patient/elodie' } },
      { entity: { reference: 'Patient/jean' }, inactive: true },
    ],
  });
}, 60_000);

const kickOff = (path: string, bearer: string | undefined = token, init: RequestInit = {}) =>
  smart.server.request(path, bearer, { ...init, headers: { ...asyncHeaders, ...init.headers } });

/** Waits for an answer other than 202; a `location` is absolute. */
async function poll(location: string, bearer = token): Promise<Response> {
  for (let tries = 0; tries < 200; tries += 1) {
    const answer = await fetch(location, { headers: { authorization: `Bearer ${bearer}` } });
    if (answer.status !== 202) return answer;
    await sleep(50);
  }
  throw new Error('The export does not end.');
}

async function exported(path: string, bearer = token, init: RequestInit = {}) {
  const taken = await kickOff(path, bearer, init);
  expect(taken.status).toBe(202);
  const location = taken.headers.get('content-location') ?? '';
  const done = await poll(location, bearer);
  expect(done.status).toBe(200);
  const manifest = (await done.json()) as Manifest;
  return { location, done, manifest, resources: await linesOf(manifest, bearer) };
}

async function linesOf({ output }: Manifest, bearer: string): Promise<readonly Resource[]> {
  const found: Resource[] = [];
  for (const { type, url, count } of output) {
    const file = await fetch(url, { headers: { authorization: `Bearer ${bearer}` } });
    expect([file.status, file.headers.get('content-type')]).toEqual([200, 'application/fhir+ndjson']);
    const lines = (await file.text()).trimEnd().split('\n');
    const resources = lines.map((line) => JSON.parse(line) as Resource);
    expect(resources.every(({ resourceType }) => resourceType === type)).toBe(true);
    expect(resources).toHaveLength(count);
    found.push(...resources);
  }
  return found;
}

const namesOf = (resources: readonly Resource[]) =>
  resources.map(({ resourceType, id }) => `${resourceType}/${id}`).sort();
const ofAwa = ['Encounter/awa-1', 'Encounter/awa-2', 'Observation/awa-pulse', 'Patient/awa'];
const ofElodie = ['Encounter/elodie-1', 'Observation/elodie-pulse', 'Patient/elodie'];

describe('bulk_data_v200', () => {
  it('bulk_data_*_export_operation_support: the three levels are named with their definitions', async () => {
    const answer = await smart.server.request('/metadata');
    const statement = (await answer.json()) as CapabilityStatement;
    expect(statement.instantiates).toContain('http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data');
    const [rest] = statement.rest ?? [];
    const ofType = (type: string) => rest?.resource?.find((one) => one.type === type)?.operation;
    const definition = (name: string) => ({
      name: 'export',
      definition: `http://hl7.org/fhir/uv/bulkdata/OperationDefinition/${name}`,
    });
    expect(rest?.operation).toContainEqual(definition('export'));
    expect(ofType('Patient')).toContainEqual(definition('patient-export'));
    expect(ofType('Group')).toContainEqual(definition('group-export'));
  });

  it.each(levels)('bulk_data_no_auth_reject: %s', async (path) => {
    const answer = await smart.server.request(path, undefined, { headers: asyncHeaders });
    expect(answer.status).toBe(401);
  });

  it.each(levels)('bulk_data_kick_off, bulk_data_status_check, bulk_data_output_check: %s', async (path) => {
    const { location, done, manifest } = await exported(path);
    expect(location).toMatch(new RegExp(`^${smart.server.base}/_export/[^/]+$`));
    expect(done.headers.get('content-type')).toMatch(/^application\/json/);
    expect(Date.parse(done.headers.get('expires') ?? '')).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    expect(manifest).toMatchObject({ request: `${smart.server.base}${path}`, requiresAccessToken: true, error: [] });
    expect(Date.parse(manifest.transactionTime)).toBeLessThanOrEqual(Date.now());
    expect(manifest.output.length).toBeGreaterThan(0);
    expect(manifest.output.every(({ type, url }) => type !== '' && /^https?:/.test(url))).toBe(true);
  });

  it('bulk_data_status_check: 202 with X-Progress and Retry-After while it goes on', async () => {
    const taken = await kickOff('/Patient/$export');
    const location = taken.headers.get('content-location') ?? '';
    const answer = await fetch(location, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('x-progress')).not.toBeNull();
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await poll(location)).status).toBe(200);
  });

  it('bulk_data_ndjson_download: a file needs the token, and is for nobody else', async () => {
    const { location, manifest } = await exported('/Patient/$export?_type=Patient');
    const url = manifest.output[0]?.url ?? '';
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(location)).status).toBe(401);
    const other = await tokenOf(scope, 'Another');
    const person = await smart.server.token({ scope: 'user/*.rs' });
    for (const bearer of [other, person]) {
      for (const address of [url, location]) {
        const answer = await fetch(address, { headers: { authorization: `Bearer ${bearer}` } });
        expect(answer.status).toBe(404);
        expect(((await answer.json()) as OperationOutcome).resourceType).toBe('OperationOutcome');
      }
      const headers = { authorization: `Bearer ${bearer}` };
      expect((await fetch(location, { method: 'DELETE', headers })).status).toBe(404);
    }
    expect((await poll(location)).status).toBe(200);
  });

  it('bulk_data_valid_resources: each line is the resource exactly as it is stored', async () => {
    const { manifest } = await exported('/Patient/$export?_type=Observation');
    const file = await fetch(manifest.output[0]?.url ?? '', { headers: { authorization: `Bearer ${token}` } });
    const lines = (await file.text()).split('\n');
    const read = await smart.server.request('/Observation/awa-pulse', token);
    expect(lines).toContain(await read.text());
    expect(lines.at(-1)).toBe('');
  });

  it('bulk_data_multiple_patients, g10: the patients are the members of the Group, with their compartments', async () => {
    const { resources } = await exported('/Group/two/$export');
    expect(namesOf(resources).filter((name) => !name.startsWith('Group/'))).toEqual([...ofAwa, ...ofElodie].sort());
  });

  it('the Patient level has all compartments and nothing that is in none', async () => {
    const { resources } = await exported('/Patient/$export?_type=Patient,Encounter&_type=Observation');
    const names = namesOf(resources);
    expect(names).toEqual([...ofAwa, ...ofElodie, 'Patient/jean'].sort());
    expect(
      namesOf((await exported('/Patient/$export')).resources).some((name) => name.startsWith('Practitioner/')),
    ).toBe(false);
    expect(namesOf((await exported('/$export')).resources).some((name) => name.startsWith('Practitioner/'))).toBe(true);
  });

  it('bulk_data_export_cancel_stu2: DELETE answers 202, then the status is 404 with an OperationOutcome', async () => {
    for (const isDone of [false, true]) {
      const taken = await kickOff('/$export');
      const location = taken.headers.get('content-location') ?? '';
      if (isDone) await poll(location);
      const headers = { authorization: `Bearer ${token}` };
      expect((await fetch(location, { method: 'DELETE', headers })).status).toBe(202);
      const after = await fetch(location, { headers });
      expect(after.status).toBe(404);
      expect(((await after.json()) as OperationOutcome).resourceType).toBe('OperationOutcome');
    }
  });

  it.each(['application/fhir+ndjson', 'application/ndjson', 'ndjson'])(
    'output_format_in_export_response: %s',
    async (format) => {
      await exported(`/Patient/$export?_type=Patient&_outputFormat=${encodeURIComponent(format)}`);
    },
  );

  it('since_in_export_response: only what has changed since the last transactionTime', async () => {
    const { manifest } = await exported('/Patient/$export');
    const read = await smart.server.request('/Patient/jean', token);
    await smart.server.put({ ...((await read.json()) as Resource), language: 'fr' });
    const since = encodeURIComponent(manifest.transactionTime);
    expect(namesOf((await exported(`/Patient/$export?_since=${since}`)).resources)).toEqual(['Patient/jean']);
  });
});

describe('what may not be', () => {
  it('400 without Prefer: respond-async', async () => {
    const answer = await smart.server.request('/$export', token);
    expect(answer.status).toBe(400);
  });

  it.each([
    '_outputFormat=text/csv',
    '_type=Nothing',
    '_type=AuditEvent',
    '_since=yesterday',
    '_typeFilter=Patient%3Fname=a',
    'what=ever',
  ])('400 for %s', async (query) => {
    const answer = await kickOff(`/$export?${query}`);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as OperationOutcome).resourceType).toBe('OperationOutcome');
  });

  it('400 at the Patient level for a type that is in no compartment', async () => {
    expect((await kickOff('/Patient/$export?_type=Organization')).status).toBe(400);
  });

  it('404 for a Group that is not known, and other levels', async () => {
    expect((await kickOff('/Group/none/$export')).status).toBe(404);
    expect((await kickOff('/Observation/$export')).status).toBe(404);
    expect((await kickOff('/Patient/awa/$export')).status).toBe(404);
  });

  it('403 for persons, whatever their role', async () => {
    for (const role of ['MEDECIN', 'ADMINISTRATEUR'] as const) {
      const person = await smart.server.token({ role, scope: 'user/*.rs' });
      expect((await kickOff('/$export', person)).status).toBe(403);
    }
  });

  it('types without permission are left out; asked for by name they are 403', async () => {
    const narrow = await tokenOf('system/Patient.read');
    const { manifest } = await exported('/$export', narrow);
    expect(manifest.output.map(({ type }) => type)).toEqual(['Patient']);
    expect((await kickOff('/$export?_type=Observation', narrow)).status).toBe(403);
    expect((await kickOff('/Group/two/$export', narrow)).status).toBe(403);
    const none = await tokenOf('system/Patient.c');
    expect((await kickOff('/$export', none)).status).toBe(403);
  });

  it('a granular scope narrows the export', async () => {
    const narrow = await tokenOf('system/Observation.rs?_id=awa-pulse');
    expect(namesOf((await exported('/$export', narrow)).resources)).toEqual(['Observation/awa-pulse']);
    expect(namesOf((await exported('/Patient/$export', narrow)).resources)).toEqual(['Observation/awa-pulse']);
  });

  it('another token of the same client with the same scopes fetches what was asked with the first; one with less does not', async () => {
    const { clientId } = await smart.server.register({ name: 'Two tokens', kind: 'backend', jwks: key.jwks, scope });
    const { manifest } = await exported('/Patient/$export?_type=Patient', await tokenFor(clientId, scope));
    const url = manifest.output[0]?.url ?? '';
    const status = async (scopes: string) => {
      const headers = { authorization: `Bearer ${await tokenFor(clientId, scopes)}` };
      return (await fetch(url, { headers })).status;
    };
    expect([await status(scope), await status('system/Observation.rs')]).toEqual([200, 404]);
  });

  it('405 for other methods on status and files', async () => {
    const { location, manifest } = await exported('/$export?_type=Patient');
    const url = manifest.output[0]?.url ?? '';
    expect((await kickOff(location.slice(smart.server.base.length), token, { method: 'PUT' })).status).toBe(405);
    expect((await kickOff(url.slice(smart.server.base.length), token, { method: 'DELETE' })).status).toBe(405);
  });

  it('429 with Retry-After when too many are kept', async () => {
    const busy = await tokenOf(scope, 'Busy');
    const answers: Response[] = [];
    for (let n = 0; n < 17; n += 1) answers.push(await kickOff('/$export?_type=Group', busy));
    const refused = answers.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('POST, audit and the end', () => {
  it('takes Parameters, with the patients that are wanted', async () => {
    const parameter = [
      { name: '_type', valueString: 'Patient,Observation' },
      { name: 'patient', valueReference: { reference: 'Patient/awa' } },
    ];
    const post = (path: string, more: readonly object[] = parameter) => ({
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify({ resourceType: 'Parameters', parameter: more }),
      path,
    });
    for (const path of ['/Patient/$export', '/Group/two/$export']) {
      const { resources } = await exported(path, token, post(path));
      expect(namesOf(resources)).toEqual(['Observation/awa-pulse', 'Patient/awa']);
    }
    const stranger = [{ name: 'patient', valueReference: { reference: 'Patient/jean' } }];
    expect((await kickOff('/Group/two/$export', token, post('', stranger))).status).toBe(400);
    expect((await kickOff('/$export', token, post('', stranger))).status).toBe(400);
  });

  it('is audited as an export: the request, and each file with its patients', async () => {
    const { location } = await exported('/Group/two/$export?_type=Patient');
    const id = location.slice(location.lastIndexOf('/') + 1);
    const rows = await smart.server.parts.store.db.query<{ record: string }>({
      text: `SELECT a::text AS record FROM audit_log a WHERE a::text LIKE '%' || $1 || '%'`,
      values: [id],
    });
    const records = rows.map(({ record }) => record);
    expect(records.some((record) => record.includes('bulk-export'))).toBe(true);
    const file = records.find((record) => record.includes('bulk-file')) ?? '';
    expect([file.includes('Patient/awa'), file.includes('Patient/elodie')]).toEqual([true, true]);
  });

  it('is gone, with its files, when it has expired', async () => {
    const { location, manifest } = await exported('/$export?_type=Patient');
    const { db } = smart.server.parts.store;
    const id = location.slice(location.lastIndexOf('/') + 1);
    await db.query({ text: `UPDATE bulk_export SET expires_at = now() - interval '1 s' WHERE id = $1`, values: [id] });
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(location, { headers })).status).toBe(404);
    expect((await fetch(manifest.output[0]?.url ?? '', { headers })).status).toBe(404);
    await exported('/$export?_type=Patient');
    const left = await db.query({ text: 'SELECT 1 FROM bulk_chunk WHERE export_id = $1', values: [id] });
    expect(left).toEqual([]);
  });
});
