/** A physician's word on a reading, by the LIVEDOC API. livedoc-mapping: validations. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Condition, DiagnosticReport, Observation, Provenance, Resource } from '@medplum/fhirtypes';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/fhir/access.ts';
import { api } from '../../src/http/api/api.ts';
import { readingResources, reportId } from '../../src/imaging/reading-resources.ts';
import { aiAsserted } from '../../src/livedoc/canonical.ts';
import { putTogether } from '../../src/livedoc/put-together.ts';
import { isSigned } from '../../src/livedoc/signature.ts';
import { openSigningKeys, type SigningKeys } from '../../src/livedoc/signing-keys.ts';
import type { Prediction } from '../../src/shared/api/prediction.ts';
import type { Validation } from '../../src/shared/api/validation.ts';
import { FhirError } from '../../src/shared/errors.ts';
import { silent } from '../../src/shared/logger.ts';
import { aContext, accessAs, aFinding, aModel, someFacts } from '../support/a-reading.ts';
import { withStore } from '../support/store.ts';

const database = withStore();

const person = (role: Caller['role'], name: string): Caller => ({
  userId: `user-${name}`,
  role: role ?? 'MEDECIN',
  practitioner: `Practitioner/${name}`,
  user: { reference: `Practitioner/${name}`, name: `Dr ${name}` },
  client: { name: 'test' },
});

const callers: Record<string, Caller> = {
  diallo: person('MEDECIN', 'Diallo'),
  lefevre: person('MEDECIN', 'Lefèvre'),
  infirmier: person('PERSONNEL', 'Infirmier'),
  admin: person('ADMINISTRATEUR', 'Admin'),
};

/** Not a sealing, but it shows that what is stored went through one. */
const sealing = {
  seal: (text: string, about: string) => Buffer.from(`${about} ${text}`),
  open: (sealed: Uint8Array, about: string) =>
    Buffer.from(sealed)
      .toString()
      .slice(about.length + 1),
};

let server: Server;
let keys: SigningKeys;
let origin: string;

beforeAll(async () => {
  keys = await openSigningKeys(database.store, sealing);
  const app = express().use(
    '/api',
    api({
      authenticate: (request) => {
        const caller = callers[request.get('authorization')?.replace('Bearer ', '') ?? ''];
        if (caller) return Promise.resolve(accessAs(caller));
        return Promise.reject(new FhirError('unauthenticated', 'A token is needed.'));
      },
      contextOf: ({ caller }) => aContext(database.store, caller),
      server: accessAs({ client: { name: 'livedoc' } }),
      keys,
      // Nobody launches anything here.
      personAccess: () => Promise.reject(new Error('No launch was asked for.')),
      language: 'fr',
      base: 'http://localhost/api',
      log: silent,
    }),
  );
  server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

let last = 0;

/** A preliminary reading in the store; gives the prediction's id. */
async function aPrediction(outcome: 'positive' | 'negative' = 'positive'): Promise<string> {
  const facts = someFacts({ instance: `1.2.3.${++last}` });
  const reading = { kind: 'read', finding: aFinding({ outcome }), warnings: [] } as const;
  const of = {
    facts,
    reading,
    model: aModel,
    threshold: 'screening',
    patient: 'Patient/p1',
    tags: [],
    language: 'fr' as const,
    now: new Date(),
  };
  await putTogether(
    aContext(database.store),
    readingResources(of).map((resource) => ({ resource })),
  );
  return reportId(of);
}

/** What a refusal says. */
interface Problem {
  readonly detail: string;
  readonly errors: readonly { readonly field: string }[];
}

async function say(id: string, token: string | undefined, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${origin}/api/predictions/${id}/validations`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    json: (await response.json()) as Problem,
  };
}

async function get<T = unknown>(path: string, token = 'diallo') {
  const response = await fetch(`${origin}/api${path}`, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, headers: response.headers, json: (await response.json()) as T };
}

async function stored<T extends Resource>(type: string, id: string): Promise<{ text: string; resource: T }> {
  const version = await database.store.resources.read(type, id);
  return { text: version?.body ?? '', resource: JSON.parse(version?.body ?? 'null') as T };
}

async function reportAndObservation(id: string): Promise<[DiagnosticReport, Observation]> {
  const { resource: report } = await stored<DiagnosticReport>('DiagnosticReport', id);
  const { resource } = await stored<Observation>('Observation', report.result?.[0]?.reference?.split('/')[1] ?? '');
  return [report, resource];
}

async function provenancesOf(id: string): Promise<Provenance[]> {
  const where = [{ kind: 'reference' as const, param: 'Provenance.target', any: [{ type: 'DiagnosticReport', id }] }];
  const page = await database.store.search({ type: 'Provenance', where, sort: [], count: 10, total: 'none' });
  const all = page.versions.map(({ body }) => JSON.parse(body) as Provenance);
  return all.filter(({ agent }) => agent?.[0]?.who?.reference?.startsWith('Practitioner/'));
}

const conditionOf = async (id: string) => {
  const where = [
    { kind: 'reference' as const, param: 'Condition.evidence-detail', any: [{ type: 'DiagnosticReport', id }] },
  ];
  const page = await database.store.search({ type: 'Condition', where, sort: [], count: 10, total: 'none' });
  return page.versions.map(({ body }) => JSON.parse(body) as Condition);
};

describe('VALIDE', () => {
  it('makes report and observation final and no longer only an AI’s word', async () => {
    const id = await aPrediction();
    const { status, json } = await say(id, 'diallo', { validation_status: 'VALIDE', commentaire: 'Vu.' });
    expect(status).toBe(201);
    expect(json).toMatchObject({
      prediction_id: id,
      medecin_id: 'user-Diallo',
      validation_status: 'VALIDE',
      commentaire: 'Vu.',
    });
    const [report, observation] = await reportAndObservation(id);
    expect([report.status, observation.status]).toEqual(['final', 'final']);
    expect([report.meta?.security, observation.meta?.security]).toEqual([undefined, undefined]);
    expect(report.resultsInterpreter).toEqual([{ reference: 'Practitioner/Diallo' }]);
    expect(report.conclusionCode?.[0]?.coding?.[0]?.code).toBe('154283005');
  });

  it('of a positive reading proposes a provisional diagnosis, of a negative one none', async () => {
    const positive = await aPrediction('positive');
    const negative = await aPrediction('negative');
    await say(positive, 'diallo', { validation_status: 'VALIDE' });
    await say(negative, 'diallo', { validation_status: 'VALIDE' });
    expect(await conditionOf(positive)).toMatchObject([
      { verificationStatus: { coding: [{ code: 'provisional' }] }, asserter: { reference: 'Practitioner/Diallo' } },
    ]);
    expect(await conditionOf(negative)).toEqual([]);
  });

  it('leaves a Provenance on the version that was looked at, with a signature that can be checked', async () => {
    const id = await aPrediction();
    await say(id, 'diallo', { validation_status: 'VALIDE' });
    const [provenance] = await provenancesOf(id);
    expect(provenance?.target?.[0]?.reference).toBe(`DiagnosticReport/${id}/_history/1`);
    const signature = provenance?.signature?.[0];
    const { text } = await stored('DiagnosticReport', id);
    expect(signature && (await isSigned(signature, text, keys.published))).toBe(true);
    expect(signature && (await isSigned(signature, text.replace('"final"', '"amended"'), keys.published))).toBe(false);
  });

  it('that contradicts the reading is refused with the field', async () => {
    const id = await aPrediction('negative');
    const said = await say(id, 'diallo', { validation_status: 'VALIDE', diagnostic_final: 'Tuberculose' });
    expect(said).toMatchObject({ status: 422, json: { errors: [{ field: 'diagnostic_final' }] } });
    expect((await reportAndObservation(id))[0].status).toBe('preliminary');
  });
});

describe('MODIFIE', () => {
  it('puts the physician’s conclusion in place of the model’s, whose values stay', async () => {
    const id = await aPrediction();
    const body = { validation_status: 'MODIFIE', diagnostic_final: 'Séquelles de pleurésie' };
    expect((await say(id, 'diallo', body)).status).toBe(201);
    const [report, observation] = await reportAndObservation(id);
    expect(report).toMatchObject({
      status: 'final',
      conclusion: 'Séquelles de pleurésie',
      conclusionCode: [{ text: 'Séquelles de pleurésie' }],
    });
    expect(observation.valueCodeableConcept?.coding?.[0]?.code).toBe('positive');
    expect(observation.meta?.security).toMatchObject([aiAsserted]);
    expect(await conditionOf(id)).toEqual([]);
  });

  it('of a final report, by who names its version, amends it and takes the proposed diagnosis back', async () => {
    const id = await aPrediction();
    await say(id, 'diallo', { validation_status: 'VALIDE' });
    const body = { validation_status: 'MODIFIE', diagnostic_final: 'PAS_DE_TUBERCULOSE' };
    expect((await say(id, 'lefevre', body, { 'if-match': 'W/"2"' })).status).toBe(201);
    expect((await reportAndObservation(id)).map(({ status }) => status)).toEqual(['amended', 'final']);
    expect(await conditionOf(id)).toMatchObject([{ verificationStatus: { coding: [{ code: 'refuted' }] } }]);
    const { json } = await get<Validation[]>(`/predictions/${id}/validations`);
    expect(json.map(({ validation_status }) => validation_status)).toEqual(['VALIDE', 'MODIFIE']);
  });
});

describe('REJETE', () => {
  it('cancels what is preliminary and keeps the reason', async () => {
    const id = await aPrediction();
    await say(id, 'diallo', { validation_status: 'REJETE', commentaire: 'Mauvais patient' });
    const [report, observation] = await reportAndObservation(id);
    expect([report.status, observation.status]).toEqual(['cancelled', 'cancelled']);
    const note = report.extension?.find(({ url }) => url.endsWith('/report-note'));
    expect(note?.valueAnnotation?.text).toBe('Mauvais patient');
    expect((await provenancesOf(id))[0]?.reason?.[0]?.text).toBe('Mauvais patient');
  });

  it('makes what is final entered in error', async () => {
    const id = await aPrediction();
    await say(id, 'diallo', { validation_status: 'VALIDE' });
    await say(id, 'diallo', { validation_status: 'REJETE' }, { 'if-match': 'W/"2"' });
    expect((await reportAndObservation(id)).map(({ status }) => status)).toEqual([
      'entered-in-error',
      'entered-in-error',
    ]);
    const again = await say(
      id,
      'diallo',
      { validation_status: 'MODIFIE', diagnostic_final: 'x' },
      { 'if-match': 'W/"3"' },
    );
    expect(again.status).toBe(409);
  });
});

describe('two physicians', () => {
  it('one after the other: the second gets 409 and learns who was first', async () => {
    const id = await aPrediction();
    await say(id, 'diallo', { validation_status: 'VALIDE' });
    const second = await say(id, 'lefevre', { validation_status: 'REJETE' });
    expect(second.status).toBe(409);
    expect(second.json.detail).toContain('Dr Diallo gave VALIDE');
  });

  it('at the same time: exactly one is heard, all others get 409, and there is one Provenance', async () => {
    const id = await aPrediction();
    const answers = await Promise.all(
      ['diallo', 'lefevre', 'diallo', 'lefevre', 'diallo', 'lefevre'].map((token, at) =>
        say(id, token, at % 2 === 0 ? { validation_status: 'VALIDE' } : { validation_status: 'REJETE' }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    expect(await provenancesOf(id)).toHaveLength(1);
    const version = await database.store.resources.read('DiagnosticReport', id);
    expect(version?.version).toBe(2);
  });

  it('with another version than the one named gets 412', async () => {
    const id = await aPrediction();
    const said = await say(id, 'diallo', { validation_status: 'VALIDE' }, { 'if-match': 'W/"7"' });
    expect(said.status).toBe(412);
  });
});

describe('a refusal', () => {
  it.each(['infirmier', 'admin'])('is 403 for %s', async (token) => {
    const id = await aPrediction();
    const said = await say(id, token, { validation_status: 'VALIDE' });
    expect(said).toMatchObject({ status: 403, type: 'application/problem+json; charset=utf-8' });
    expect((await reportAndObservation(id))[0].status).toBe('preliminary');
  });

  it('is 401 without a token, before the body is looked at', async () => {
    expect(await say('x', undefined, '{')).toMatchObject({ status: 401, json: { title: 'Unauthorized' } });
  });

  it('is 404 for an unknown prediction', async () => {
    expect((await say('unknown', 'diallo', { validation_status: 'VALIDE' })).status).toBe(404);
  });

  it('is 400 with one entry for each field that is wrong', async () => {
    const body = { validation_status: 'OUI', commentaire: 7, medecin: 'x' };
    const { status, json } = await say('x', 'diallo', body);
    expect(status).toBe(400);
    expect(json.errors.map(({ field }) => field).sort()).toEqual(['commentaire', 'medecin', 'validation_status']);
  });

  it('is 400 for MODIFIE without a diagnosis, and for a body that is not JSON', async () => {
    const bare = await say('x', 'diallo', { validation_status: 'MODIFIE' });
    expect(bare).toMatchObject({ status: 400, json: { errors: [{ field: 'diagnostic_final' }] } });
    expect((await say('x', 'diallo', '{"validation_status":')).status).toBe(400);
  });

  it('is 415 for another content type', async () => {
    const said = await say('x', 'diallo', 'validation_status=VALIDE', { 'content-type': 'text/plain' });
    expect(said.status).toBe(415);
  });

  it('is audited with who was refused', async () => {
    const id = await aPrediction();
    await say(id, 'infirmier', { validation_status: 'VALIDE' });
    const rows = await database.store.db.query<{ record: string }>({
      text: 'SELECT record FROM audit_log WHERE record LIKE $1',
      values: [`%validation%DiagnosticReport/${id}%`],
    });
    expect(rows.map(({ record }) => JSON.parse(record))).toMatchObject([{ outcome: '4' }]);
  });
});

describe('a prediction', () => {
  it('comes back with the columns of the data model', async () => {
    const id = await aPrediction();
    const { status, json, headers } = await get<Prediction>(`/predictions/${id}`);
    expect(status).toBe(200);
    expect(headers.get('etag')).toBe('W/"1"');
    expect(json).toMatchObject({
      id,
      prediction: 1,
      probability: 0.8765,
      confidence_level: 'ELEVE',
      threshold: 0.2926,
      model_version: null,
      patient_id: 'p1',
      outcome: 'positive',
      status: 'preliminary',
      features_detected: [{ zone: 'right-upper', box: { x: 10, y: 20, width: 300, height: 400 }, share: 0.61 }],
    });
    expect(json.image_path).toMatch(/^\/dicomweb\/studies\/.*\/instances\//);
  });

  it('is found by its patient, newest first', async () => {
    const id = await aPrediction();
    const { json } = await get<Prediction[]>('/predictions?patient_id=p1&limit=1');
    expect(json.map((each) => each.id)).toEqual([id]);
    expect((await get('/predictions?patient_id=nobody')).json).toEqual([]);
    expect((await get('/predictions?patient=p1')).status).toBe(400);
  });

  it('is documented by the shapes that check it', async () => {
    const { json } = await get('/openapi.json');
    const body = { properties: { validation_status: { enum: ['VALIDE', 'REJETE', 'MODIFIE'] } } };
    expect(json).toMatchObject({
      paths: {
        '/predictions/{id}/validations': {
          get: {},
          post: { requestBody: { content: { 'application/json': { schema: body } } } },
        },
      },
    });
  });

  it('has its keys published without their private halves', async () => {
    const { json } = await get<{ keys: object[] }>('/signing-keys');
    expect(json.keys).toHaveLength(1);
    expect(json.keys[0]).not.toHaveProperty('d');
  });
});
