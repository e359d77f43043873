// https://profiles.ihe.net/ITI/BALP/: no access without its trace
import type { AuditEvent, Bundle, Patient } from '@medplum/fhirtypes';
import { describe, expect, it, vi } from 'vitest';
import { accessOf } from '../../../src/auth/access.ts';
import { startProjecting } from '../../../src/fhir/audit/project.ts';
import { extract } from '../../../src/fhir/search/extract.ts';
import { silent } from '../../../src/shared/logger.ts';
import { decodeRecord } from '../../../src/store/audit/encode.ts';
import type { AuditRecord } from '../../../src/store/audit/record.ts';
import { withServer } from '../../support/server.ts';

const server = withServer({
  authenticate: ({ authorization = '', address, requestId }) => {
    const caller = { client: { name: 'EHR' }, requestId, ...(address === undefined ? {} : { address }) };
    return Promise.resolve(accessOf(caller, authorization.slice('Bearer '.length), extract));
  },
});
const full = 'Bearer system/*.cruds';
const request = (method: string, path: string, body?: unknown, authorization = full) =>
  server.request(method, path, { body, headers: { authorization } });

/** What `work` leaves in the trail. */
async function trail(work: () => Promise<unknown>): Promise<AuditRecord[]> {
  const text = 'SELECT chain, seq, record FROM audit_log ORDER BY chain, seq';
  type Row = { chain: number; seq: string; record: string };
  const key = ({ chain, seq }: Row) => `${chain}/${seq}`;
  const before = new Set((await server.store.db.query<Row>({ text })).map(key));
  await work();
  const after = await server.store.db.query<Row>({ text });
  return after.filter((row) => !before.has(key(row))).map(({ record }) => decodeRecord(record));
}

const made = async () => (await request('POST', '/Patient', { resourceType: 'Patient' })).as<Patient>().id ?? '';
const observation = (patient: string) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  subject: { reference: `Patient/${patient}` },
});

describe('one record a request', () => {
  it('of a create, with the patient, and who asked from where', async () => {
    const id = await made();
    let created = '';
    const records = await trail(async () => {
      const answer = await request('POST', '/Observation', observation(id));
      created = answer.as<Patient>().id ?? '';
    });
    expect(records).toMatchObject([
      {
        type: 'rest',
        subtype: 'create',
        action: 'C',
        outcome: '0',
        client: { name: 'EHR' },
        entities: [{ reference: `Observation/${created}` }],
        patients: [`Patient/${id}`],
      },
    ]);
    expect(records[0]?.address).toContain('127.0.0.1');
    expect(records[0]?.requestId).toBeDefined();
  });

  it('of a read, with the version that was seen', async () => {
    const id = await made();
    const [record, ...more] = await trail(() => request('GET', `/Patient/${id}`));
    expect(more).toEqual([]);
    expect(record).toMatchObject({
      subtype: 'read',
      action: 'R',
      entities: [{ reference: `Patient/${id}/_history/1` }],
      patients: [`Patient/${id}`],
    });
  });

  it('of a read that found nothing, or what was deleted', async () => {
    const id = await made();
    await request('DELETE', `/Patient/${id}`);
    const records = await trail(async () => {
      await request('GET', `/Patient/${id}`);
      await request('GET', '/Patient/never');
    });
    expect(records.map(({ outcome, entities }) => [outcome, entities[0]?.reference])).toEqual([
      ['4', `Patient/${id}`],
      ['4', 'Patient/never'],
    ]);
  });

  it('of each of many reads at once, with its own version', async () => {
    const ids = await Promise.all(Array.from({ length: 40 }, made));
    const records = await trail(() => Promise.all(ids.map((id) => request('GET', `/Patient/${id}`))));
    const seen = records.map(({ entities }) => entities[0]?.reference);
    expect(seen.toSorted()).toEqual(ids.map((id) => `Patient/${id}/_history/1`).toSorted());
  });

  it('of an update, with the patient of before and the one of after', async () => {
    const [one, two] = [await made(), await made()];
    const id = (await request('POST', '/Observation', observation(one))).as<Patient>().id;
    const [record] = await trail(() => request('PUT', `/Observation/${id}`, { ...observation(two), id }));
    expect(record).toMatchObject({ subtype: 'update', action: 'U' });
    expect(record?.patients.toSorted()).toEqual([`Patient/${one}`, `Patient/${two}`].sort());
  });

  it('of a delete, with the patient of what is gone', async () => {
    const patient = await made();
    const id = (await request('POST', '/Observation', observation(patient))).as<Patient>().id;
    const records = await trail(() => request('DELETE', `/Observation/${id}`));
    expect(records).toMatchObject([{ subtype: 'delete', action: 'D', patients: [`Patient/${patient}`] }]);
    expect(await trail(() => request('DELETE', `/Observation/${id}`))).toHaveLength(1);
  });

  it('of a search, with its text and every patient that it showed', async () => {
    const [one, two] = [await made(), await made()];
    const records = await trail(() => request('GET', `/Patient?_id=${one},${two}`));
    expect(records).toMatchObject([
      { subtype: 'search-type', action: 'E', entities: [{ query: `Patient?_id=${one}%2C${two}` }] },
    ]);
    expect(records[0]?.patients.toSorted()).toEqual([`Patient/${one}`, `Patient/${two}`].sort());
  });

  it('of a search by POST, with what was in the form', async () => {
    const body = new URLSearchParams({ name: 'Dupré' });
    const records = await trail(() =>
      server.request('POST', '/Patient/_search', { body, headers: { authorization: full } }),
    );
    expect(records).toMatchObject([{ entities: [{ query: 'Patient?name=Dupr%C3%A9' }], patients: [] }]);
  });

  it('of a page, with the search that it belongs to', async () => {
    await made();
    const first = (await request('GET', '/Patient?_count=1&active:missing=true')).as<Bundle>();
    const next = first.link?.find(({ relation }) => relation === 'next')?.url ?? '';
    const [record] = await trail(() => request('GET', next));
    expect(record?.entities).toEqual([{ query: 'Patient?_count=1&active%3Amissing=true' }]);
    expect(record?.patients).toHaveLength(1);
  });

  it('of a transaction, with what was done to each resource', async () => {
    const patient = await made();
    const entry = [
      { resource: observation(patient), request: { method: 'POST', url: 'Observation' } },
      { request: { method: 'DELETE', url: `Patient/${patient}` } },
    ];
    const records = await trail(() => request('POST', '', { resourceType: 'Bundle', type: 'transaction', entry }));
    expect(records).toMatchObject([{ subtype: 'transaction', action: 'E', patients: [`Patient/${patient}`] }]);
    expect(records[0]?.entities.map(({ detail }) => detail?.['op'])).toEqual(['delete', 'create']);
  });

  it('of a batch, and one of each of its entries', async () => {
    const id = await made();
    const entry = [
      { request: { method: 'GET', url: `Patient/${id}` } },
      { request: { method: 'GET', url: 'Patient/none' } },
    ];
    const records = await trail(() => request('POST', '', { resourceType: 'Bundle', type: 'batch', entry }));
    expect(records.map(({ subtype, outcome }) => [subtype, outcome])).toEqual([
      ['read', '0'],
      ['read', '4'],
      ['batch', '0'],
    ]);
  });
});

describe('refusals are recorded too', () => {
  it.each([
    ['what is not there', 'GET', '/Patient/none', undefined, 'read', ['Patient/none']],
    ['what is not valid', 'POST', '/Patient', { resourceType: 'Patient', gender: 'x' }, 'create', []],
    ['what is malformed', 'POST', '/Patient', '{', 'create', []],
    ['a bad search', 'GET', '/Patient?birthdate=x', undefined, 'search-type', []],
    ['a bad Bundle', 'POST', '', '{', 'transaction', []],
    ['a write of the trail', 'DELETE', '/AuditEvent/1', undefined, 'delete', []],
  ])('%s', async (_, method, path, body, subtype, patients) => {
    const records = await trail(() => request(method, path, body));
    expect(records).toMatchObject([{ type: 'rest', subtype, outcome: '4', patients }]);
    expect(records[0]?.outcomeText).toBeTruthy();
  });

  it('what is forbidden', async () => {
    const id = await made();
    const records = await trail(() => request('GET', `/Patient/${id}`, undefined, 'Bearer system/Observation.rs'));
    expect(records).toMatchObject([
      {
        subtype: 'read',
        outcome: '4',
        outcomeText: 'You may not read Patient.',
        entities: [{ reference: `Patient/${id}` }],
      },
    ]);
  });

  it('a transaction of which nothing was done', async () => {
    const entry = [{ resource: { resourceType: 'Patient', gender: 'x' }, request: { method: 'POST', url: 'Patient' } }];
    const records = await trail(() => request('POST', '', { resourceType: 'Bundle', type: 'transaction', entry }));
    expect(records).toMatchObject([{ subtype: 'transaction', outcome: '4' }]);
  });
});

describe('AuditEvents', () => {
  const search = async (query: string, authorization = full) =>
    ((await request('GET', `/AuditEvent?${query}`, undefined, authorization)).as<Bundle>().entry ?? []).map(
      ({ resource }) => resource as AuditEvent,
    );

  it('are there for the next one who looks, by patient, entity, action and client', async () => {
    const id = await made();
    await request('GET', `/Patient/${id}`);
    await request('GET', `/Patient/${id}`, undefined, 'Bearer system/Observation.rs');
    const events = await search(`patient=Patient/${id}&_sort=date`);
    expect(events.map(({ subtype, outcome }) => [subtype?.[0]?.code, outcome])).toEqual([
      ['create', '0'],
      ['read', '0'],
      ['read', '4'],
    ]);
    expect(await search(`patient=Patient/${id}&action=R&outcome=0`)).toHaveLength(1);
    expect(await search(`entity=Patient/${id}&subtype=create`)).toHaveLength(1);
    expect(events[0]).toMatchObject({
      source: { observer: { display: 'LIVEDOC' } },
      agent: [{ who: { display: 'EHR' } }, {}],
    });
  });

  it('can be read by id, and are the same afterwards', async () => {
    const id = await made();
    const [event] = await search(`patient=Patient/${id}`);
    const read = await request('GET', `/AuditEvent/${event?.id}`);
    expect([read.status, read.as<AuditEvent>()]).toEqual([200, event]);
  });

  it('name the patients of what was read, though its record does not', async () => {
    const patient = await made();
    const id = (await request('POST', '/Observation', observation(patient))).as<Patient>().id;
    const [record] = await trail(() => request('GET', `/Observation/${id}`));
    expect(record).toMatchObject({ entities: [{ reference: `Observation/${id}/_history/1` }], patients: [] });
    const bundle = (await request('GET', `/AuditEvent?patient=${patient}&subtype=read`)).as<Bundle>();
    expect(bundle.entry).toHaveLength(1);
    expect(JSON.stringify(bundle.entry?.[0]?.resource)).toContain(`Observation/${id}/_history/1`);
  });

  it('are one for each patient of a search', async () => {
    const ids = [await made(), await made(), await made()];
    await request('GET', `/Patient?_id=${ids.join(',')}`);
    for (const id of ids) {
      const [event, ...more] = await search(`patient=Patient/${id}&action=E`);
      expect([event?.meta?.profile?.[0]?.split('.').at(-1), more]).toEqual(['PatientQuery', []]);
      const query = event?.entity?.find((entity) => entity.query)?.query ?? '';
      expect(Buffer.from(query, 'base64').toString()).toContain(ids[0]);
    }
  });

  it('are made once, however many look at the same time', async () => {
    const id = await made();
    const answers = await Promise.all([1, 2, 3, 4].map(() => search(`patient=Patient/${id}&action=C`)));
    for (const events of answers) expect(events).toHaveLength(1);
  });

  it('of others are not shown to who may see only its own', async () => {
    await made();
    expect((await request('GET', '/AuditEvent', undefined, 'Bearer system/Patient.rs')).status).toBe(403);
    const practitioner = { userId: 'u', role: 'MEDECIN', practitioner: 'Practitioner/m1' } as const;
    const own = accessOf({ client: { name: 'app' }, ...practitioner }, 'user/*.rs', extract);
    expect(own.restrict('s', 'AuditEvent')).toEqual([[['agent', 'Practitioner/m1']]]);
  });

  it('are made in the background too', async () => {
    const id = await made();
    const projecting = startProjecting({ store: server.store, base: server.base, now: () => new Date(), log: silent });
    const text =
      "SELECT count(*)::int AS n FROM sp_ref WHERE target = (SELECT rkey FROM resource WHERE ref = 'Patient/' || $1)";
    await vi.waitFor(async () => {
      const [row] = await server.store.db.query<{ n: number }>({ text, values: [id] });
      expect(row?.n).toBeGreaterThan(0);
    });
    await projecting.stop();
  });
});
