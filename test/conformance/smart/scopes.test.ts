// http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html; tests named by Inferno's ids.
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../../support/browser.ts';
import { backendToken, makeKey, redirectUri } from '../../support/smart-client.ts';
import { launchApp } from '../../support/smart-launch.ts';
import { withSmartServer } from '../../support/smart-server.ts';

const smart = withSmartServer();
const context = { patient: 'awa' };
const browser = new Browser();
let clientId = '';

const identity = 'launch/patient openid fhirUser offline_access';
const types = ['Patient', 'Observation', 'Encounter', 'Condition', 'DiagnosticReport', 'Practitioner'];
const scopesOf = (letters: string) => types.map((type) => `patient/${type}.${letters}`).join(' ');

const put = (resource: object) => smart.server.put(resource as Resource);

beforeAll(async () => {
  const scope = `${identity} patient/*.cruds user/*.cruds`;
  ({ clientId } = await smart.server.register({
    name: 'Inferno',
    kind: 'public',
    redirectUris: [redirectUri],
    scope,
  }));
  const category = (code: string) => [
    { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code }] },
  ];
  const ofAwa = { reference: 'Patient/awa' };
  await put({ resourceType: 'Organization', id: 'hospital', name: 'Hospital' });
  await put({ resourceType: 'Location', id: 'ward', name: 'Ward' });
  await put({ resourceType: 'Medication', id: 'drug', code: { text: 'drug' } });
  await put({ resourceType: 'PractitionerRole', id: 'role', organization: { reference: 'Organization/hospital' } });
  await put({
    resourceType: 'Observation',
    id: 'awa-lab',
    status: 'final',
    category: category('laboratory'),
    code: { text: 'lab' },
    subject: { reference: `${smart.server.base}/Patient/awa` },
  });
  await put({ resourceType: 'Condition', id: 'awa-cough', subject: ofAwa, code: { text: 'cough' } });
  await put({
    resourceType: 'Condition',
    id: 'elodie-cough',
    subject: { reference: 'Patient/elodie' },
    code: { text: 'cough' },
  });
  await put({
    resourceType: 'Provenance',
    id: 'awa-origin',
    target: [{ reference: 'Condition/awa-cough' }],
    recorded: '2026-01-02T03:04:05Z',
    agent: [{ who: { reference: 'Organization/hospital' } }],
  });
  await put({
    resourceType: 'Provenance',
    id: 'elodie-origin',
    target: [{ reference: 'Condition/elodie-cough' }],
    recorded: '2026-01-02T03:04:05Z',
    agent: [{ who: { reference: 'Organization/hospital' } }],
  });
  await put({
    resourceType: 'Binary',
    id: 'awa-bytes',
    contentType: 'text/plain',
    data: 'aGVsbG8=',
    securityContext: { reference: 'Condition/awa-cough' },
  });
  await put({
    resourceType: 'Binary',
    id: 'elodie-bytes',
    contentType: 'text/plain',
    data: 'aGVsbG8=',
    securityContext: { reference: 'Condition/elodie-cough' },
  });
}, 60_000);

const words = (scope: unknown) => String(scope).split(' ').sort();
const status = async (path: string, token?: string, init?: RequestInit) =>
  (await smart.server.request(path, token, init)).status;
const send = (method: string, path: string, token: string, body: object) =>
  smart.server.request(path, token, {
    method,
    headers: { 'content-type': 'application/fhir+json' },
    body: JSON.stringify(body),
  });
const idsOf = async (path: string, token: string) => {
  const bundle = (await (await smart.server.request(path, token)).json()) as Bundle;
  return (bundle.entry ?? []).map(({ resource }) => `${resource?.resourceType}/${resource?.id}`).sort();
};
const observation = (more: object) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  subject: { reference: 'Patient/awa' },
  ...more,
});

describe('what is asked is granted', () => {
  it.each([
    ['g10_smart_scopes (v2): scopes of version 2 come as they were asked', `${identity} ${scopesOf('rs')}`],
    ['g10_smart_scopes (v22): a wildcard comes as it was asked', `${identity} patient/*.rs`],
    ['9.22 g10_smart_scopes (v1): who asks in version 1 is answered in it', `${identity} ${scopesOf('read')}`],
    ['9.22: a wildcard of version 1 too', `${identity} patient/*.read`],
  ])('%s', async (_, scope) => {
    const { body } = await launchApp(smart.server.origin, { clientId, scope }, browser);
    expect(words(body['scope'])).toEqual(words(scope));
    expect(body['patient']).toBe('awa');
    const token = String(body['access_token']);
    expect(await status('/Patient/awa', token)).toBe(200);
    expect(await status('/Observation?patient=awa', token)).toBe(200);
  });

  it('9.22: version 1 cut down to a registration is still version 1', async () => {
    const { server } = smart;
    const narrow = await server.register({
      name: 'Narrow',
      kind: 'public',
      redirectUris: [redirectUri],
      scope: 'launch/patient openid patient/Patient.cruds patient/Observation.rs',
    });
    const asked = { clientId: narrow.clientId, scope: 'launch/patient openid patient/*.read' };
    const { body } = await launchApp(server.origin, asked, browser);
    expect(words(body['scope'])).toEqual(words('launch/patient openid patient/Patient.read patient/Observation.read'));
  });
});

describe('what is not granted is refused', () => {
  it('g10_unauthorized_access: without a token nothing is read', async () => {
    for (const path of ['/Patient/awa', '/Patient', '/Patient/nobody', '/_history']) {
      const answer = await smart.server.request(path);
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
  });

  it('2.3 restricted access: types that the user took out are refused', async () => {
    const token = await smart.server.token({
      scope: 'launch/patient patient/Patient.rs patient/Observation.rs',
      context,
    });
    expect(await status('/Patient/awa', token)).toBe(200);
    expect(await status('/Observation?patient=awa', token)).toBe(200);
    for (const type of ['Condition', 'Encounter', 'DiagnosticReport', 'Practitioner']) {
      expect([type, await status(`/${type}?patient=awa`, token), await status(`/${type}/awa-1`, token)]).toEqual([
        type,
        403,
        403,
      ]);
    }
  });

  it.each(['c', 'r', 'u', 'd', 's'])('the letter %s gives that interaction and no other', async (letter) => {
    const token = await smart.server.token({ scope: `patient/Observation.${letter}`, context });
    await put(observation({ id: 'letters', status: 'final' }));
    const answers = {
      c: (await send('POST', '/Observation', token, observation({}))).status,
      r: await status('/Observation/letters', token),
      u: (await send('PUT', '/Observation/letters', token, observation({ id: 'letters', status: 'amended' }))).status,
      d: await status('/Observation/letters', token, { method: 'DELETE' }),
      s: await status('/Observation?patient=awa', token),
    };
    const allowed = { c: 201, r: 200, u: 200, d: 403, s: 200 } as const;
    const expected = Object.fromEntries(
      Object.keys(answers).map((one) => [one, one === letter ? allowed[one as keyof typeof allowed] : 403]),
    );
    expect(answers).toEqual(expected);
  });

  it('a patient/ scope without a patient gives nothing, and one of a system is none of a person', async () => {
    for (const scope of ['patient/*.cruds', 'system/*.cruds']) {
      const token = await smart.server.token({ scope, clientId });
      expect([scope, await status('/Patient/awa', token), await status('/Patient', token)]).toEqual([scope, 403, 403]);
    }
  });

  it('ten thousand scopes are refused, and soon', async () => {
    const key = await makeKey('ES384');
    const backend = await smart.server.register({
      name: 'Many',
      kind: 'backend',
      scope: 'system/*.rs',
      jwks: key.jwks as never,
    });
    const began = performance.now();
    const scope = Array.from({ length: 10_000 }, (_, at) => `system/Observation.rs?code=${at}`).join(' ');
    const answer = await backendToken(smart.server.origin, { clientId: backend.clientId, key, scope });
    expect([answer.status >= 400 && answer.status < 500, answer.body['access_token']]).toEqual([true, undefined]);
    const short = Array.from({ length: 600 }, (_, at) => `system/Observation.rs?code=${at}`).join(' ');
    const second = await backendToken(smart.server.origin, { clientId: backend.clientId, key, scope: short });
    expect([second.status, second.body['error']]).toEqual([400, 'invalid_scope']);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe('patient/ is the compartment of the patient in context', () => {
  const whole = () => smart.server.token({ scope: 'patient/*.cruds', context });

  it('9.19: a clinician sees the record, by every reference that makes it one, absolute ones too', async () => {
    const token = await whole();
    expect(await idsOf('/Patient', token)).toEqual(['Patient/awa']);
    expect(await status('/Observation/awa-lab', token)).toBe(200);
    expect(await idsOf('/Condition', token)).toEqual(['Condition/awa-cough']);
    expect(await status('/Condition/elodie-cough', token)).toBe(404);
    expect(await status('/Patient/elodie', token)).toBe(404);
    expect(await status('/Patient/nobody', token)).toBe(404);
  });

  it('US Core: Provenance comes with what it is about (_revinclude=Provenance:target)', async () => {
    const token = await whole();
    expect(await idsOf('/Condition?patient=awa&_revinclude=Provenance:target', token)).toEqual([
      'Condition/awa-cough',
      'Provenance/awa-origin',
    ]);
    expect(await idsOf('/Provenance', token)).toEqual(['Provenance/awa-origin']);
    expect([await status('/Provenance/awa-origin', token), await status('/Provenance/elodie-origin', token)]).toEqual([
      200, 404,
    ]);
  });

  it('US Core: what is no patient data is read, and not written', async () => {
    const token = await whole();
    for (const path of ['/Organization/hospital', '/Location/ward', '/Medication/drug', '/PractitionerRole/role']) {
      expect([path, await status(path, token)]).toEqual([path, 200]);
    }
    const medication = { resourceType: 'Medication', id: 'drug', code: { text: 'other' } };
    expect((await send('PUT', '/Medication/drug', token, medication)).status).toBe(403);
  });

  it('a Binary is for who may read its security context', async () => {
    const token = await whole();
    expect([await status('/Binary/awa-bytes', token), await status('/Binary/elodie-bytes', token)]).toEqual([200, 404]);
    const without = await smart.server.token({ scope: 'patient/Binary.rs', context });
    expect(await status('/Binary/awa-bytes', without)).toBe(404);
    const user = await smart.server.token({ scope: 'user/Binary.rs user/Patient.rs' });
    expect(await status('/Binary/awa-bytes', user)).toBe(404);
  });

  it('what is written is of that patient before and after, and of nobody else', async () => {
    const token = await whole();
    const elodie = { reference: 'Patient/elodie' };
    expect((await send('POST', '/Observation', token, observation({}))).status).toBe(201);
    for (const [title, body] of [
      ['subject', observation({ subject: elodie })],
      ['performer', observation({ performer: [elodie] })],
      ['absolute', observation({ performer: [{ reference: `${smart.server.base}/Patient/elodie` }] })],
      ['elsewhere', observation({ performer: [{ reference: 'https://other.example/fhir/Patient/1' }] })],
      ['of nobody', { ...observation({}), subject: undefined }],
    ] as const) {
      expect([title, (await send('POST', '/Observation', token, body)).status]).toEqual([title, 403]);
    }
    const moved = observation({ id: 'awa-pulse', subject: elodie });
    expect((await send('PUT', '/Observation/awa-pulse', token, moved)).status).toBe(403);
    expect((await send('PUT', '/Observation/elodie-pulse', token, observation({ id: 'elodie-pulse' }))).status).toBe(
      403,
    );
    expect((await send('POST', '/Patient', token, { resourceType: 'Patient' })).status).toBe(403);
  });

  it('a version of what is another patient’s by now is not seen', async () => {
    await put(observation({ id: 'misfiled', note: [{ text: 'of élodie' }] }));
    const token = await whole();
    expect(await status('/Observation/misfiled/_history/1', token)).toBe(200);
    await put(observation({ id: 'misfiled', subject: { reference: 'Patient/elodie' } }));
    for (const path of ['', '/_history', '/_history/1', '/_history/2']) {
      expect([path, await status(`/Observation/misfiled${path}`, token)]).toEqual([path, 404]);
    }
    const all = await (await smart.server.request('/Observation/_history?_count=100', token)).text();
    expect(all).not.toContain('misfiled');
    await put(observation({ id: 'misfiled' }));
    const versions = await idsOf('/Observation/misfiled/_history', token);
    expect(versions).toHaveLength(2);
    expect(await status('/Observation/misfiled/_history/2', token)).toBe(404);
  });

  it('images and other services without compartments are closed to it', async () => {
    const token = await whole();
    const answer = await smart.server.request('/~/dicomweb/studies', token, {
      method: 'POST',
      headers: { 'content-type': 'multipart/related; type="application/dicom"; boundary=x' },
      body: '--x--',
    });
    expect(answer.status).toBe(403);
    expect(await idsOf('/DiagnosticReport', token)).toEqual([]);
    const predictions = await smart.server.request('/~/api/predictions', token);
    expect([predictions.status, await predictions.json()]).toEqual([200, []]);
  });
});

describe('fhirUser', () => {
  it('smart_openid_fhir_user_claim: the resource is read with openid fhirUser alone, and no other', async () => {
    const token = await smart.server.token({ scope: 'openid fhirUser' });
    const own = smart.server.users.MEDECIN.practitionerId;
    const other = smart.server.users.PERSONNEL.practitionerId;
    expect([await status(`/Practitioner/${own}`, token), await status(`/Practitioner/${other}`, token)]).toEqual([
      200, 404,
    ]);
    expect(await status('/Practitioner', token)).toBe(403);
  });
});
