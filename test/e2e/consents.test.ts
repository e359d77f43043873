/**
 * Patients' Consents and labels narrow every kind of access: https://hl7.org/fhir/R4/consent.html,
 * https://hl7.org/fhir/R4/security-labels.html
 */
import type { AuditEvent, Bundle, Consent, ConsentProvision, Resource } from '@medplum/fhirtypes';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { withSmartServer } from '../support/smart-server.ts';

const test = withSmartServer({ LIVEDOC_CLIENT_PURPOSES: 'research=HRESCH,ward=TREAT' });

const token = { medecin: '', personnel: '', administrateur: '' };
const scope = 'user/*.cruds openid fhirUser';

function consent(provision: ConsentProvision | undefined, rest: Partial<Consent> = {}): Consent {
  return {
    resourceType: 'Consent',
    id: 'awa',
    status: 'active',
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: 'Patient/awa' },
    dateTime: '2026-11-01',
    policyRule: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'OPTIN' }] },
    ...(provision ? { provision } : {}),
    ...rest,
  };
}

const actor = (reference: string) => ({
  role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
  reference: { reference },
});
const deny = (rest: ConsentProvision = {}): ConsentProvision => ({ type: 'deny', ...rest });
const optOut: Partial<Consent> = {
  policyRule: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'OPTOUT' }] },
};

async function get(
  path: string,
  as = token.medecin,
): Promise<{ status: number; body: Bundle & Resource & { issue?: unknown[] } }> {
  const response = await test.server.request(path, as, { headers: { accept: 'application/fhir+json' } });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

async function send(method: string, path: string, body: unknown, as = token.medecin) {
  const headers = { 'content-type': 'application/fhir+json' };
  const response = await test.server.request(path, as, { method, headers, body: JSON.stringify(body) });
  return { status: response.status, text: await response.text() };
}

const names = (bundle: Bundle) =>
  (bundle.entry ?? []).map(({ resource }) => `${resource?.resourceType}/${resource?.id}`).sort();
const found = async (path: string, as?: string) => names((await get(path, as)).body);

const actReason = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';
const action = (code: string) => ({
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentaction', code }],
});
const me = () => `Practitioner/${test.server.users.MEDECIN.practitionerId}`;

beforeAll(async () => {
  token.medecin = await test.server.token({ scope });
  token.personnel = await test.server.token({ role: 'PERSONNEL', scope });
  token.administrateur = await test.server.token({ role: 'ADMINISTRATEUR', scope });
});

afterEach(async () => {
  await test.server.put(consent(undefined, { status: 'inactive' }));
});

const all = ['Observation/awa-pulse', 'Observation/elodie-pulse'];

describe('a Consent that denies', () => {
  it.each([
    ['everybody, by its policy', () => consent(undefined, optOut)],
    ['everybody, by a provision', () => consent(deny())],
    ['this person', () => consent(deny({ actor: [actor(me())] }))],
    ['a purpose', () => consent(deny({ purpose: [{ system: actReason, code: 'TREAT' }] }))],
    ['a time that has begun', () => consent(deny({ period: { start: '2020-01-01' } }))],
    ['access', () => consent(deny({ action: [action('access')] }))],
    ['all but somebody else', () => consent({ type: 'permit', actor: [actor('Practitioner/other')] }, optOut)],
  ])('%s hides the record in every interaction', async (_, make) => {
    await test.server.put(make());
    expect((await get('/Observation/awa-pulse')).status).toBe(404);
    expect((await get('/Observation/awa-pulse/_history')).status).toBe(404);
    expect((await get('/Observation/awa-pulse/_history/1')).status).toBe(404);
    expect((await get('/Patient/awa/_history')).status).toBe(404);
    expect((await get('/Patient/awa/Observation')).status).toBe(404);
    expect((await get('/Patient/awa/$everything')).status).toBe(404);
    expect(await found('/Patient')).toEqual(['Patient/elodie', 'Patient/jean']);
    expect(await found('/Observation')).toEqual(['Observation/elodie-pulse']);
    expect(await found('/Observation?patient=awa')).toEqual([]);
    expect(await found('/Encounter?patient.name=Aïssatou')).toEqual([]);
    expect(await found('/Patient?_has:Observation:patient:code=8867-4')).toEqual(['Patient/elodie']);
    expect(await found('/Observation?_include=Observation:subject')).toEqual([
      'Observation/elodie-pulse',
      'Patient/elodie',
    ]);
    expect(await found('/Patient?_revinclude=Observation:subject')).not.toContain('Observation/awa-pulse');
    expect(await found('/_history')).not.toContain('Observation/awa-pulse');
    expect(await found('/Observation/_history')).not.toContain('Observation/awa-pulse');
    expect((await get('/Observation?_summary=count')).body.total).toBe(1);
    expect(await found('/Observation?_filter=patient eq Patient/awa')).toEqual([]);
    const batch = {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [{ request: { method: 'GET', url: 'Observation?patient=awa' } }],
    };
    const { text } = await send('POST', '', batch);
    expect(text).not.toContain('awa-pulse');
  });
});

describe('a Consent', () => {
  it.each([
    ['denies somebody else', () => consent(deny({ actor: [actor('Practitioner/other')] }))],
    ['denies another purpose', () => consent(deny({ purpose: [{ system: actReason, code: 'HRESCH' }] }))],
    ['denies for a time that is over', () => consent(deny({ period: { end: '2020-01-01' } }))],
    ['denies from a time that is to come', () => consent(deny({ period: { start: '2999-01-01' } }))],
    ['denies to collect', () => consent(deny({ action: [action('collect')] }))],
    ['permits this person, where all is denied', () => consent({ type: 'permit', actor: [actor(me())] }, optOut)],
    ['is a draft', () => consent(deny(), { status: 'proposed' })],
    ['is not about privacy', () => consent(deny(), { scope: { coding: [{ code: 'research' }] } })],
    ['permits', () => consent(undefined)],
  ])('that %s changes nothing for this person', async (_, make) => {
    await test.server.put(make());
    expect((await get('/Patient/awa')).status).toBe(200);
    expect(await found('/Observation')).toEqual(all);
  });

  it('closes only the class of resources that it names', async () => {
    await test.server.put(
      consent(deny({ class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Observation' }] })),
    );
    expect((await get('/Observation/awa-pulse')).status).toBe(404);
    expect((await get('/Encounter/awa-1')).status).toBe(200);
    expect((await get('/Patient/awa')).status).toBe(200);
    expect(await found('/Patient/awa/$everything')).not.toContain('Observation/awa-pulse');
    expect(await found('/Patient/awa/$everything')).toContain('Encounter/awa-1');
  });

  it('closes what has a code, and only that', async () => {
    await test.server.put(consent(deny({ code: [{ coding: [{ system: 'http://loinc.org', code: '8867-4' }] }] })));
    expect([(await get('/Observation/awa-pulse')).status, (await get('/Patient/awa')).status]).toEqual([404, 200]);
    await test.server.put(consent(deny({ code: [{ coding: [{ system: 'http://loinc.org', code: '1-8' }] }] })));
    expect((await get('/Observation/awa-pulse')).status).toBe(200);
  });

  it('closes what is of a time', async () => {
    await test.server.put(consent(deny({ dataPeriod: { start: '2026-11-21', end: '2026-11-22' } })));
    expect((await get('/Encounter/awa-2')).status).toBe(404);
    expect(await found('/Encounter')).not.toContain('Encounter/awa-2');
    // An encounter without an end goes on, so it is of that time, too; an instant before it is not.
    expect((await get('/Observation/awa-pulse')).status).toBe(200);
    expect(await found('/Observation')).toEqual(all);
  });

  it('closes one resource, or what refers to it as well', async () => {
    const data = (meaning: 'instance' | 'dependents', reference: string) =>
      consent(deny({ data: [{ meaning, reference: { reference } }] }));
    await test.server.put(data('instance', 'Observation/awa-pulse'));
    expect([(await get('/Observation/awa-pulse')).status, (await get('/Encounter/awa-1')).status]).toEqual([404, 200]);
    await test.server.put(data('dependents', 'Patient/awa'));
    expect([(await get('/Observation/awa-pulse')).status, (await get('/Encounter/awa-1')).status]).toEqual([404, 404]);
  });

  it('excepts from what it denies', async () => {
    const vitals = deny({
      provision: [{ type: 'permit', class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Observation' }] }],
    });
    await test.server.put(consent(vitals));
    expect((await get('/Observation/awa-pulse')).status).toBe(200);
    expect((await get('/Encounter/awa-1')).status).toBe(404);
    expect(await found('/Observation')).toEqual(all);
    expect(await found('/Encounter')).toEqual(['Encounter/elodie-1']);
  });

  it('is about the persons of an organization as they come and go', async () => {
    await test.server.put({
      resourceType: 'Organization',
      id: 'ward',
      name: 'Ward',
      partOf: { reference: 'Organization/house' },
    });
    await test.server.put(consent(deny({ actor: [actor('Organization/house')] })));
    expect((await get('/Patient/awa')).status).toBe(200);
    const role: Resource = {
      resourceType: 'PractitionerRole',
      id: 'here',
      active: true,
      practitioner: { reference: me() },
      organization: { reference: 'Organization/ward' },
    };
    await test.server.put(role);
    expect((await get('/Patient/awa')).status).toBe(403);
    expect((await get('/Patient/awa', token.personnel)).status).toBe(200);
    await test.server.put({ ...role, active: false });
    expect((await get('/Patient/awa')).status).toBe(200);
  });

  it('begins and ends by the clock, without being written again', async () => {
    const start = new Date(Date.now() + 400).toISOString();
    const end = new Date(Date.now() + 1200).toISOString();
    await test.server.put(consent(deny({ period: { start, end } })));
    expect((await get('/Observation/awa-pulse')).status).toBe(200);
    const status = async () => (await get('/Observation/awa-pulse')).status;
    await expect.poll(status, { timeout: 1500, interval: 50 }).toBe(404);
    await expect.poll(status, { timeout: 2500, interval: 50 }).toBe(200);
  });

  it('of two, one that permits does not lift the denial of the other', async () => {
    await test.server.put(consent(deny()));
    await test.server.put({ ...consent(undefined), id: 'awa-too' });
    expect((await get('/Observation/awa-pulse')).status).toBe(404);
  });

  it('hides what refers to the patient by escapes, as JSON may', async () => {
    const body = `{"resourceType":"Observation","id":"odd","status":"final","code":{"text":"odd"},"subject":{"reference":"Patient\\u002f\\u0061wa"}}`;
    const headers = { 'content-type': 'application/fhir+json' };
    const put = await test.server.request('/Observation/odd', token.medecin, { method: 'PUT', headers, body });
    expect(put.status).toBe(201);
    expect((await get('/Observation/odd')).status).toBe(200);
    await test.server.put(consent(deny()));
    expect((await get('/Observation/odd')).status).toBe(404);
    expect(await found('/Observation')).not.toContain('Observation/odd');
    await test.server.put({ ...consent(undefined), status: 'inactive' });
    await test.server.parts.store.db.query({
      text: `update resource set deleted = true where ref = 'Observation/odd'`,
    });
  });

  it('hides where the record comes from, its bytes, and what operations would tell of it', async () => {
    await test.server.put({
      resourceType: 'Provenance',
      id: 'origin',
      recorded: '2026-11-20T10:00:00Z',
      target: [{ reference: 'Observation/awa-pulse' }],
      agent: [{ who: { reference: me() } }],
    });
    await test.server.put({
      resourceType: 'Binary',
      id: 'bytes',
      contentType: 'text/plain',
      securityContext: { reference: 'Observation/awa-pulse' },
      data: 'YQ==',
    });
    const paths = ['/Provenance/origin', '/Binary/bytes', '/Observation/$lastn?subject=Patient/awa&code=8867-4'];
    const graphql = '/$graphql?query={ObservationList(patient:"awa"){id}}';
    const before = await Promise.all(paths.map(async (path) => (await get(path)).status));
    expect(before).toEqual([200, 200, 200]);
    expect(JSON.stringify((await get(graphql)).body)).toContain('awa-pulse');
    await test.server.put(consent(deny()));
    expect((await get('/Provenance/origin')).status).toBe(404);
    expect((await get('/Binary/bytes')).status).toBe(404);
    expect(await found('/Provenance')).not.toContain('Provenance/origin');
    expect(await found('/Provenance/_history')).not.toContain('Provenance/origin');
    expect(await found('/Observation?_id=elodie-pulse&_revinclude=Provenance:target')).toEqual([
      'Observation/elodie-pulse',
    ]);
    expect(JSON.stringify((await get(graphql)).body)).not.toContain('awa-pulse');
    expect(JSON.stringify((await get('/Observation/$lastn?subject=Patient/awa&code=8867-4')).body)).not.toContain(
      'awa-pulse',
    );
    const match = {
      resourceType: 'Parameters',
      parameter: [
        {
          name: 'resource',
          resource: { resourceType: 'Patient', name: [{ family: "N'Diaye" }], birthDate: '1980-02-29' },
        },
      ],
    };
    expect((await send('POST', '/Patient/$match', match)).text).not.toContain('"awa"');
  });

  it('leaves one record of a refused read, and of one that is shown', async () => {
    await test.server.put(consent(deny()));
    const since = new Date().toISOString();
    await get('/Observation/awa-pulse');
    await get('/Observation/elodie-pulse');
    const read = async (id: string) => {
      const { body } = await get(`/AuditEvent?date=ge${since}&entity=Observation/${id}`, token.administrateur);
      return (body.entry ?? []).map(({ resource }) => (resource as AuditEvent).outcome);
    };
    expect([await read('awa-pulse'), await read('elodie-pulse')]).toEqual([['4'], ['0']]);
  });

  it('leaves other patients as they are', async () => {
    await test.server.put(consent(deny()));
    expect((await get('/Patient/elodie')).status).toBe(200);
    expect((await get('/Observation/elodie-pulse')).status).toBe(200);
  });

  it('holds for administrators, too', async () => {
    await test.server.put(consent(deny()));
    expect((await get('/Patient/awa', token.administrateur)).status).toBe(404);
    expect(await found('/Patient', token.administrateur)).not.toContain('Patient/awa');
  });

  it('tells only who may break the glass that a Patient is closed, and of nothing else whether it is there', async () => {
    await test.server.put(consent(deny()));
    const { status, body } = await get('/Patient/awa');
    expect(status).toBe(403);
    expect(body.issue).toMatchObject([
      { code: 'suppressed', diagnostics: expect.stringContaining('/break-the-glass?patient=awa') },
    ]);
    const [hidden, absent] = [
      await get('/Patient/awa', token.personnel),
      await get('/Patient/nobody', token.personnel),
    ];
    expect([hidden.status, absent.status]).toEqual([404, 404]);
    expect(JSON.stringify(hidden.body).replaceAll('awa', 'nobody')).toBe(JSON.stringify(absent.body));
  });

  it('stays visible itself, and is not changed by whom it denies', async () => {
    await test.server.put(consent(deny()));
    expect((await get('/Consent/awa')).status).toBe(200);
    expect((await send('PUT', '/Consent/awa', consent(undefined))).status).toBe(403);
    expect((await get('/Observation/awa-pulse')).status).toBe(404);
  });

  it('lets nothing of a closed record be changed', async () => {
    await test.server.put(consent(deny()));
    const body = { resourceType: 'Encounter', id: 'awa-1', status: 'cancelled', class: { code: 'AMB' } };
    expect((await send('PUT', '/Encounter/awa-1', body)).status).toBe(403);
    expect((await send('PUT', '/Encounter/awa-none', { ...body, id: 'awa-none' })).status).toBe(403);
    const patch = await test.server.request('/Encounter/awa-1', token.medecin, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json-patch+json' },
      body: JSON.stringify([{ op: 'replace', path: '/status', value: 'cancelled' }]),
    });
    expect(patch.status).toBe(404);
  });

  it('written by one who may is in force before the answer', async () => {
    const { status } = await send('PUT', '/Consent/elodie', {
      ...consent(deny({ actor: [actor(me())] })),
      id: 'elodie',
      patient: { reference: 'Patient/elodie' },
    });
    expect(status).toBe(201);
    expect((await get('/Observation/elodie-pulse')).status).toBe(404);
    await test.server.put({
      ...consent(undefined, { status: 'inactive' }),
      id: 'elodie',
      patient: { reference: 'Patient/elodie' },
    });
  });

  it.each<[string, Partial<Consent>]>([
    ['Consent.patient', { patient: { reference: 'https://elsewhere.example/Patient/1' } }],
    ['Consent.policyRule', { policyRule: { text: 'as agreed' } }],
    ['Consent.provision.class[0]', { provision: deny({ class: [{ system: 'urn:ietf:bcp:13', code: 'text/plain' }] }) }],
    ['Consent.provision.actor[0]', { provision: deny({ actor: [actor('https://elsewhere.example/Practitioner/1')] }) }],
    ['Consent.provision.action[0]', { provision: deny({ action: [{ text: 'look' }] }) }],
    ['Consent.provision.purpose[0]', { provision: deny({ purpose: [{ code: 'TREAT' }] }) }],
    ['Consent.provision.code[0]', { provision: deny({ code: [{ text: 'HIV' }] }) }],
    ['Consent.provision.securityLabel[0]', { provision: deny({ securityLabel: [{ display: 'secret' }] }) }],
    [
      'Consent.provision.provision[0].data[0]',
      {
        provision: {
          type: 'permit',
          provision: [deny({ data: [{ meaning: 'instance', reference: { display: 'all' } }] })],
        },
      },
    ],
  ])('whose denial cannot be told is refused with 422: %s', async (expression, rest) => {
    const { status, text } = await send('POST', '/Consent', { ...consent(undefined), id: undefined, ...rest });
    expect(status).toBe(422);
    expect(JSON.parse(text).issue).toMatchObject([
      { severity: 'error', code: 'not-supported', expression: [expression] },
    ]);
  });

  it('with more provisions than anybody means is refused', async () => {
    const provision = { type: 'permit', provision: Array.from({ length: 300 }, () => deny()) };
    const { status, text } = await send('POST', '/Consent', { ...consent(undefined), id: undefined, provision });
    expect([status, JSON.parse(text).issue[0].code]).toEqual([422, 'too-costly']);
  });
});

describe('a label', () => {
  const restriction = { system: 'https://livedoc.health/fhir/CodeSystem/restriction', code: 'restricted' };
  const confidentiality = (code: string) => ({
    system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality',
    code,
  });
  const patient = async (security: readonly { system: string; code: string }[]) => {
    const version = await test.server.parts.store.resources.read('Patient', 'awa');
    const { meta: _, ...rest } = JSON.parse(version?.body ?? '{}');
    await test.server.put({ ...rest, ...(security.length > 0 ? { meta: { security } } : {}) });
  };
  const statuses = async () =>
    Promise.all(
      [token.medecin, token.personnel, token.administrateur].map(async (as) => (await get('/Patient/awa', as)).status),
    );
  const soon = { timeout: 1000, interval: 20 };

  it.each([
    ['N', confidentiality('N'), [200, 200, 200]],
    ['R', confidentiality('R'), [200, 404, 404]],
    ['V', confidentiality('V'), [403, 404, 404]],
    ['restricted (GDPR, article 18)', restriction, [403, 404, 404]],
  ])('%s of a Patient closes the whole record within a second', async (_, label, expected) => {
    await patient([label]);
    await expect.poll(statuses, soon).toEqual(expected);
    expect((await get('/Observation/awa-pulse', token.personnel)).status).toBe(expected[1]);
    await patient([]);
    await expect.poll(statuses, soon).toEqual([200, 200, 200]);
  });

  it('of a resource closes that resource, with its past', async () => {
    const version = await test.server.parts.store.resources.read('Observation', 'awa-pulse');
    const { meta: _, ...plain } = JSON.parse(version?.body ?? '{}');
    await test.server.put({ ...plain, meta: { security: [confidentiality('V')] } });
    await expect.poll(async () => (await get('/Observation/awa-pulse')).status, soon).toBe(404);
    expect((await get('/Observation/awa-pulse/_history/1')).status).toBe(404);
    expect(await found('/Observation')).toEqual(['Observation/elodie-pulse']);
    expect(await found('/Observation/_history')).not.toContain('Observation/awa-pulse');
    expect((await get('/Patient/awa')).status).toBe(200);
    await test.server.put(plain as Resource);
    expect((await get('/Observation/awa-pulse')).status).toBe(200);
  });
});
