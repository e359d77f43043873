// http://hl7.org/fhir/smart-app-launch/app-launch.html, .../scopes-and-launch-context.html; tests named by Inferno's ids.
import { beforeAll, describe, expect, it } from 'vitest';
import { Browser, formOf } from '../../support/browser.ts';
import { assertionType, authorizationUrl, claimsFor, makeKey, post, redirectUri } from '../../support/smart-client.ts';
import { type Asked, launchApp, postLaunch, refusal, walkThrough } from '../../support/smart-launch.ts';
import { emailOf, withSmartServer } from '../../support/smart-server.ts';

const smart = withSmartServer();
const launchUrl = 'https://app.example/launch?theme=dark';
const ehrScope = 'launch openid fhirUser offline_access user/*.rs patient/*.rs';
const standaloneScope = 'launch/patient launch/encounter openid fhirUser offline_access patient/*.rs';
const uuid = expect.stringMatching(/^[A-Za-z0-9_-]{43}$/);

/** The physician's, signed in by the first test that needs it. */
const browser = new Browser();
let clientId = '';
let physician = '';

beforeAll(async () => {
  const { server } = smart;
  const scope = `${ehrScope} ${standaloneScope} online_access`;
  const kind = 'public' as const;
  ({ clientId } = await server.register({ name: 'A viewer', kind, redirectUris: [redirectUri], scope, launchUrl }));
  physician = await server.token({ scope: 'user/*.rs', role: 'MEDECIN' });
}, 60_000);

const handle = async (body: object = {}, token = physician): Promise<string> => {
  const { status, body: answer } = await postLaunch(smart.server, token, {
    client_id: clientId,
    patient: 'awa',
    ...body,
  });
  if (status !== 201) throw new Error(JSON.stringify(answer));
  return String(answer['launch']);
};

const ehr = (launch: string, changes: Readonly<Record<string, string>> = {}): Asked => ({
  clientId,
  scope: ehrScope,
  changes: { launch, ...changes },
});

const open = (asked: Asked, own = browser) => launchApp(smart.server.origin, asked, own);
const refused = (asked: Asked, own = browser) => refusal(smart.server.origin, asked, own);
const read = async (path: string, token: unknown) => (await smart.server.request(path, String(token))).status;

describe('an EHR launch', () => {
  it('smart_app_launch, smart_launch_received: the EHR gets the launch URL with iss and launch', async () => {
    const before = Date.now();
    const { status, body } = await postLaunch(smart.server, physician, { client_id: clientId, patient: 'awa' });
    expect([status, body]).toMatchObject([201, { launch: uuid }]);
    const url = new URL(String(body['launch_url']));
    expect(Object.fromEntries(url.searchParams)).toEqual({
      theme: 'dark',
      iss: smart.server.base,
      launch: body['launch'],
    });
    const lasts = Date.parse(String(body['expires'])) - before;
    expect(lasts).toBeGreaterThan(0);
    expect(lasts).toBeLessThanOrEqual(301_000);
  });

  it('smart_token_response_body_stu2_2, smart_token_response_headers, g10_patient_context, g10_encounter_context: the whole context comes with the token', async () => {
    const launch = await handle({
      encounter: 'awa-1',
      fhirContext: [{ reference: 'Observation/awa-pulse', role: 'https://livedoc.health/role/pulse' }],
      need_patient_banner: false,
      intent: 'screening',
      tenant: 'hospital-1',
    });
    const { status, body, headers } = await open(ehr(launch));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 300,
      patient: 'awa',
      encounter: 'awa-1',
      fhirContext: [{ reference: 'Observation/awa-pulse', role: 'https://livedoc.health/role/pulse' }],
      need_patient_banner: false,
      intent: 'screening',
      tenant: 'hospital-1',
    });
    expect(String(body['scope']).split(' ').sort()).toEqual(ehrScope.split(' ').sort());
    expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
    expect(await read('/Patient/awa', body['access_token'])).toBe(200);
    expect(await read('/Encounter/awa-1', body['access_token'])).toBe(200);
  });

  it('g10_smart_style_url, g10_smart_need_patient_banner: the style is there for everybody', async () => {
    const { body } = await open(ehr(await handle()));
    expect(body['need_patient_banner']).toBe(true);
    const style = await fetch(String(body['smart_style_url']));
    expect([style.status, style.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
    expect(await style.json()).toHaveProperty('color_background');
  });

  it('9.19 with patient/ scopes alone: they are held to the record of the patient in context', async () => {
    const asked = { ...ehr(await handle()), scope: 'launch openid patient/*.rs' };
    const { body } = await open(asked);
    expect(body['patient']).toBe('awa');
    expect(await read('/Observation/awa-pulse', body['access_token'])).toBe(200);
    expect(await read('/Patient/elodie', body['access_token'])).not.toBe(200);
    expect(await read('/Observation/elodie-pulse', body['access_token'])).not.toBe(200);
  });

  it('smart_app_redirect_stu2, smart_code_received: by POST it comes to the same, and to a refresh token without a prompt', async () => {
    const url = authorizationUrl({ origin: smart.server.origin, ...ehr(await handle()), verifier: 'v'.repeat(50) });
    const form = new URLSearchParams(url.searchParams);
    const first = await browser.open(new URL('/oidc/auth', url), { method: 'POST', body: form });
    const { url: back } = await walkThrough(browser, first);
    expect(back.searchParams.get('state')).toBe('the-state');
    const { body } = await post(smart.server.origin, '/oidc/token', {
      grant_type: 'authorization_code',
      redirect_uri: redirectUri,
      client_id: clientId,
      code: String(back.searchParams.get('code')),
      code_verifier: 'v'.repeat(50),
    });
    expect(body).toMatchObject({ patient: 'awa', refresh_token: expect.any(String) });
  });

  it('asks for the consultation when launch/encounter is asked and the EHR named none', async () => {
    const scope = `${ehrScope} launch/encounter`;
    const { body } = await open({ ...ehr(await handle()), scope, walk: { encounter: 'awa-2' } });
    expect(body).toMatchObject({ patient: 'awa', encounter: 'awa-2' });
  });

  it('leaves a record of who opened what for whom', async () => {
    await open(ehr(await handle()));
    const rows = await smart.server.parts.store.db.query<{ subtype: string }>({
      text: `select record::jsonb->>'subtype' as subtype from audit_log where record::jsonb->>'subtype' = 'launch' and record::jsonb->'patients' ? 'Patient/awa'`,
    });
    expect(rows.length).toBeGreaterThan(1);
  });
});

describe('a launch handle is refused, with an OAuth error and no code,', () => {
  const noCode = (answer: URLSearchParams, error: string) => {
    expect([answer.get('code'), answer.get('error'), answer.get('state')]).toEqual([null, error, 'the-state']);
  };

  it('when nobody made it', async () => noCode(await refused(ehr('invented')), 'invalid_request'));

  it('when it was used', async () => {
    const launch = await handle();
    expect((await open(ehr(launch))).status).toBe(200);
    noCode(await refused(ehr(launch)), 'invalid_request');
  });

  it('when it has expired', async () => {
    const launch = await handle();
    await smart.server.parts.store.db.query({ text: 'update launch_handle set expires_at = now()' });
    noCode(await refused(ehr(launch)), 'invalid_request');
  });

  it('when it is for another client', async () => {
    const other = await smart.server.register({
      name: 'Another viewer',
      kind: 'public',
      redirectUris: [redirectUri],
      scope: ehrScope,
      launchUrl,
    });
    noCode(await refused({ ...ehr(await handle()), clientId: other.clientId }), 'invalid_request');
  });

  it('when it was made for another person, and the trail says so', async () => {
    const nurse = await smart.server.token({ scope: 'user/*.rs', role: 'PERSONNEL' });
    const launch = await handle({}, nurse);
    noCode(await refused(ehr(launch)), 'access_denied');
    const rows = await smart.server.parts.store.db.query({
      text: `select 1 from audit_log where record::jsonb->>'type' = 'access-denied' and record::jsonb->>'subtype' = 'launch'`,
    });
    expect(rows.length).toBe(1);
    // It is still good for whom it was made.
    const own = new Browser();
    const { body } = await open({ ...ehr(launch), walk: { email: emailOf('PERSONNEL') } }, own);
    expect(body['patient']).toBe('awa');
  });

  it('when another person signs in with it', async () => {
    const own = new Browser();
    const launch = await handle({}, await smart.server.token({ scope: 'user/*.rs', role: 'ADMINISTRATEUR' }));
    noCode(await refused({ ...ehr(launch), walk: { email: emailOf('PERSONNEL') } }, own), 'access_denied');
  });

  it('when the application does not ask for the scope launch', async () => {
    noCode(await refused({ ...ehr(await handle()), scope: 'openid patient/*.rs' }), 'invalid_request');
  });

  it('three times of four when four authorizations bring it at once', async () => {
    const launch = await handle();
    const results = await Promise.allSettled([1, 2, 3, 4].map(() => open(ehr(launch))));
    const winners = results.filter(({ status }) => status === 'fulfilled');
    expect(winners.length).toBe(1);
  });
});

describe('POST /api/launches refuses', () => {
  const launch = (body: object, token = physician) =>
    postLaunch(smart.server, token, { client_id: clientId, patient: 'awa', ...body });

  it.each([
    ['an unknown patient', { patient: 'nobody' }, 404],
    ['an unknown encounter', { encounter: 'none' }, 404],
    ['an encounter of another patient', { encounter: 'elodie-1' }, 404],
    ['an unknown client', { client_id: 'nobody' }, 422],
    ['another user', { user: emailOf('PERSONNEL') }, 403],
    ['the patient among the rest of the context', { fhirContext: [{ reference: 'Patient/awa' }] }, 422],
    ['what is not there in the context', { fhirContext: [{ reference: 'Observation/none' }] }, 404],
    ['an empty item of the context', { fhirContext: [{}] }, 400],
    ['a patient that is no id', { patient: '../awa' }, 400],
    ['a style that is no web address', { smart_style_url: 'javascript:alert(1)' }, 400],
    ['a field that there is not', { colour: 'red' }, 400],
    ['a context of a thousand items', { fhirContext: Array(1000).fill({ reference: 'Observation/awa-pulse' }) }, 400],
  ])('%s', async (_what, body, status) => expect((await launch(body)).status).toBe(status));

  it('an application without a launch URL or the scope launch', async () => {
    const plain = { name: 'Plain', kind: 'public', redirectUris: [redirectUri] } as const;
    const without = await smart.server.register({ ...plain, scope: ehrScope });
    const other = await smart.server.register({ ...plain, scope: 'openid user/*.rs', launchUrl });
    expect((await launch({ client_id: without.clientId })).status).toBe(422);
    expect((await launch({ client_id: other.clientId })).status).toBe(422);
  });

  it('a token that may not read the patient', async () => {
    const token = await smart.server.token({ scope: 'user/Observation.rs' });
    expect((await launch({}, token)).status).toBe(403);
    const context = { patient: 'elodie' };
    const held = await smart.server.token({ scope: 'patient/*.rs', context });
    expect((await launch({}, held)).status).toBe(404);
    expect((await launch({ patient: 'elodie' }, held)).status).toBe(201);
  });

  it('who brings no token', async () => {
    const body = JSON.stringify({ client_id: clientId, patient: 'awa' });
    const headers = { 'content-type': 'application/json' };
    const { status } = await smart.server.request('/~/api/launches', undefined, { method: 'POST', headers, body });
    expect(status).toBe(401);
  });
});

describe('an EHR’s backend', () => {
  const backend = async (scope: string) => {
    const { server } = smart;
    const key = await makeKey('ES384');
    const { clientId: id } = await server.register({ name: 'An EHR', kind: 'backend', jwks: key.jwks, scope });
    const { body } = await post(server.origin, '/oidc/token', {
      grant_type: 'client_credentials',
      scope,
      client_assertion_type: assertionType,
      client_assertion: await key.assertion(claimsFor(id, `${server.origin}/oidc/token`)),
    });
    return String(body['access_token']);
  };

  it('launches for the person that it names, who alone can use it', async () => {
    const token = await backend('launch system/Patient.rs system/Encounter.rs');
    const launch = await handle({ user: emailOf('MEDECIN'), encounter: 'awa-1' }, token);
    expect((await open(ehr(launch))).body).toMatchObject({ patient: 'awa', encounter: 'awa-1' });
    const asked = { client_id: clientId, patient: 'awa' };
    expect((await postLaunch(smart.server, token, asked)).status).toBe(422);
    expect((await postLaunch(smart.server, token, { ...asked, user: 'nobody@hopital.fr' })).status).toBe(422);
    const nurse = await handle({ user: smart.server.users.PERSONNEL.id }, token);
    expect((await refused(ehr(nurse))).get('error')).toBe('access_denied');
  });

  it('that is not registered for it launches nothing', async () => {
    const token = await backend('system/*.rs');
    const asked = { client_id: clientId, patient: 'awa', user: emailOf('MEDECIN') };
    expect((await postLaunch(smart.server, token, asked)).status).toBe(403);
  });
});

describe('a standalone launch', () => {
  const standalone = (scope: string, walk: Asked['walk'] = {}): Asked => ({ clientId, scope, walk });
  const pickerOf = async (scope: string, language = 'fr') => {
    // The same session under another language: the server renews its cookie now and then.
    const own = Object.assign(new Browser(language), { cookies: browser.cookies });
    return { own, page: await own.open(authorizationUrl({ origin: smart.server.origin, clientId, scope })) };
  };

  it('9.16, g10_patient_context: lets the person choose the patient, and the consultation', async () => {
    const { body } = await open(standalone(standaloneScope, { patient: 'elodie', encounter: 'elodie-1' }));
    expect(body).toMatchObject({ patient: 'elodie', encounter: 'elodie-1', need_patient_banner: true });
    expect(String(body['scope']).split(' ').sort()).toEqual(standaloneScope.split(' ').sort());
    expect(await read('/Patient/elodie', body['access_token'])).toBe(200);
    expect(await read('/Patient/awa', body['access_token'])).not.toBe(200);
  });

  it('asks for a patient for patient/ scopes too, and for none otherwise', async () => {
    expect((await open(standalone('openid patient/*.rs', { patient: 'jean' }))).body['patient']).toBe('jean');
    expect((await open(standalone('openid fhirUser user/*.rs'))).body).not.toHaveProperty('patient');
  });

  it('goes on without a consultation when there is none to choose', async () => {
    const { body } = await open(standalone('launch/encounter patient/*.rs', { patient: 'jean' }));
    expect(body['patient']).toBe('jean');
    expect(body).not.toHaveProperty('encounter');
  });

  it('does not grant the scope launch to who comes without a handle', async () => {
    const { body } = await open(standalone('launch launch/patient patient/*.rs'));
    expect(String(body['scope']).split(' ')).not.toContain('launch');
  });

  it.each([
    ['a name without its accents', 'lefevre elo', ['Lefèvre'], []],
    ['a record number', '2026-000101', ['Diaye'], ['Lefèvre']],
    ['a date of birth', '14/07/1975', ['Lefèvre'], ['Diaye']],
    ['markup', '<script>alert(1)</script>', [], ['<script>alert']],
    ['what nobody is called', 'zzzz', ['Aucun patient'], ['Diaye']],
  ])('finds patients by %s', async (_what, words, shown, hidden) => {
    const { own, page } = await pickerOf('launch/patient patient/*.rs');
    const url = new URL(page.url);
    url.searchParams.set('q', words);
    const { html, status } = await own.open(url);
    expect(status).toBe(200);
    const list = html.replaceAll('LEFÈVRE', 'Lefèvre').replaceAll('DIAYE', 'Diaye');
    for (const each of shown) expect(list).toContain(each);
    for (const each of hidden) expect(list).not.toContain(each);
  });

  it('speaks the reader’s language, and shows twenty at a time', async () => {
    for (let at = 0; at < 25; at += 1) {
      const name = [{ family: 'Zola', given: [`Numéro ${at}`] }];
      await smart.server.put({ resourceType: 'Patient', id: `zola-${at}`, name });
    }
    const { own, page } = await pickerOf('launch/patient patient/*.rs', 'en');
    const url = new URL(page.url);
    url.searchParams.set('q', 'zola');
    const first = await own.open(url);
    expect(first.html).toContain('Choose a patient');
    expect(first.html.match(/name="patient"/g)?.length).toBe(20);
    const next = /<a href="([^"]*page=[^"]*)"/.exec(first.html)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const second = await own.open(new URL(next, url));
    expect(second.html.match(/name="patient"/g)?.length).toBe(5);
  });

  it('audits the search', async () => {
    await pickerOf('launch/patient patient/*.rs');
    const rows = await smart.server.parts.store.db.query({
      text: `select 1 from audit_log where record::jsonb->>'subtype' = 'search-type' and record::jsonb->'client'->>'name' = 'A viewer'`,
    });
    expect(rows.length).toBeGreaterThan(0);
  });

  it('refuses a form that was tampered with, and stays where it is', async () => {
    const { own, page } = await pickerOf('launch/encounter patient/*.rs');
    const send = (changes: Record<string, string>, from = page) => own.submit(from, '/patient', changes);
    expect((await send({ patient: 'nobody' })).status).toBe(404);
    expect((await send({ patient: '../../Observation/awa-pulse' })).status).toBe(404);
    expect((await send({ patient: 'awa', csrf: 'x' })).status).toBe(403);
    const { action, fields } = formOf(page, '/patient');
    fields.set('patient', 'awa');
    const stranger = await new Browser().open(action, { method: 'POST', body: fields });
    expect(stranger.status).toBe(404);
    const foreign = await own.request(action, {
      method: 'POST',
      body: fields,
      headers: { origin: 'https://evil.example' },
    });
    expect(foreign.status).toBe(403);
    const encounters = await send({ patient: 'awa' });
    expect((await send({ encounter: 'elodie-1' }, encounters)).status).toBe(404);
    expect((await send({ patient: 'elodie', encounter: 'elodie-1' }, encounters)).status).toBe(404);
    const { url } = await walkThrough(own, await own.open(encounters.url), { encounter: 'awa-1' });
    expect(url.searchParams.get('code')).toEqual(expect.any(String));
  });

  it('cannot be made to skip the choice', async () => {
    const { own, page } = await pickerOf('launch/patient patient/*.rs');
    const uid = page.url.pathname.split('/').at(-1) ?? '';
    const { fields } = formOf(page, '/patient');
    const consent = new URL(`/interaction/${uid}/consent`, page.url);
    const body = new URLSearchParams({ csrf: fields.get('csrf') ?? '', decision: 'allow', scope: 'patient/*.rs' });
    expect((await own.open(consent, { method: 'POST', body })).status).toBe(409);
    const silent = { clientId, scope: 'patient/*.rs', changes: { prompt: 'none' } };
    expect((await refused(silent)).get('error')).toBe('interaction_required');
  });

  it('turns back when the person does', async () => {
    const { own, page } = await pickerOf('launch/patient patient/*.rs');
    const { url } = await own.submit(page, '/abort');
    expect([url.searchParams.get('error'), url.href.startsWith(redirectUri)]).toEqual(['access_denied', true]);
  });

  it('9.4 g10_smart_invalid_aud: gives no code for another server’s address', async () => {
    const changes = { aud: 'https://inferno.healthit.gov/invalid_aud' };
    const answer = await refused({ clientId, scope: standaloneScope, changes });
    expect([answer.get('code'), answer.get('error')]).toEqual([null, 'invalid_request']);
  });

  it('redirects nowhere but to the registered address', async () => {
    const changes = { redirect_uri: 'https://evil.example/callback' };
    const url = authorizationUrl({ origin: smart.server.origin, clientId, scope: standaloneScope, changes });
    const { status, headers } = await browser.open(url);
    expect([status, headers.get('location')]).toEqual([400, null]);
  });

  it('g10_unauthorized_access: nothing is read without a token', async () =>
    expect((await smart.server.request('/Patient/awa')).status).toBe(401));
});

describe('every kind of client is launched', () => {
  const token = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    post(
      smart.server.origin,
      '/oidc/token',
      { grant_type: 'authorization_code', redirect_uri: redirectUri, ...form },
      headers,
    );
  const verifier = 'w'.repeat(50);

  async function codeFor(id: string, scope: string, changes: Record<string, string> = {}): Promise<string> {
    const asked = { origin: smart.server.origin, clientId: id, scope, verifier, changes };
    const { url } = await walkThrough(browser, await browser.open(authorizationUrl(asked)));
    return String(url.searchParams.get('code'));
  }

  it.each(['ES384', 'RS384'] as const)('9.21 asymmetric, by %s', async (alg) => {
    const { server } = smart;
    const key = await makeKey(alg);
    const common = { kind: 'confidential', redirectUris: [redirectUri] } as const;
    const { clientId: id } = await server.register({ ...common, name: alg, scope: standaloneScope, jwks: key.jwks });
    const code = await codeFor(id, 'launch/patient patient/*.rs');
    const assertion = await key.assertion(claimsFor(id, `${server.origin}/oidc/token`));
    const proof = { client_assertion_type: assertionType, client_assertion: assertion };
    const { status, body } = await token({ code, code_verifier: verifier, ...proof });
    expect([status, body['patient']]).toEqual([200, 'awa']);
  });

  it('symmetric, by its secret in a Basic header', async () => {
    const common = { kind: 'confidential', redirectUris: [redirectUri] } as const;
    const { clientId: id, clientSecret } = await smart.server.register({
      ...common,
      name: 'S',
      scope: standaloneScope,
    });
    const code = await codeFor(id, 'launch/patient patient/*.rs');
    const authorization = `Basic ${Buffer.from(`${id}:${clientSecret}`).toString('base64')}`;
    const { status, body } = await token({ code, code_verifier: verifier }, { authorization });
    expect([status, body['patient']]).toEqual([200, 'awa']);
  });

  it('9.22 with scopes of version 1, and gets them back', async () => {
    const scope = 'launch/patient openid patient/*.read patient/Observation.read';
    const { body } = await open({ clientId, scope });
    expect(String(body['scope']).split(' ').sort()).toEqual(scope.split(' ').sort());
    expect(await read('/Observation/awa-pulse', body['access_token'])).toBe(200);
  });

  it('9.17, 9.18: a wrong code, client or verifier gives no token', async () => {
    const code = await codeFor(clientId, 'launch/patient patient/*.rs');
    const form = { client_id: clientId, code, code_verifier: verifier };
    expect((await token({ ...form, code: 'invented' })).status).toBe(400);
    expect([400, 401]).toContain((await token({ ...form, client_id: 'nobody' })).status);
    for (const wrong of ['', 'x'.repeat(50)]) expect((await token({ ...form, code_verifier: wrong })).status).toBe(400);
  });

  it('by a pushed authorization request (RFC 9126) too, with the handle in it', async () => {
    const { server } = smart;
    const url = authorizationUrl({ origin: server.origin, ...ehr(await handle()), verifier });
    const pushed = await post(server.origin, '/oidc/request', Object.fromEntries(url.searchParams));
    expect(pushed.status).toBe(201);
    const short = new URL('/oidc/auth', server.origin);
    short.search = String(
      new URLSearchParams({ client_id: clientId, request_uri: String(pushed.body['request_uri']) }),
    );
    const { url: back } = await walkThrough(browser, await browser.open(short));
    const code = String(back.searchParams.get('code'));
    expect((await token({ client_id: clientId, code, code_verifier: verifier })).body['patient']).toBe('awa');
    const bad = await post(server.origin, '/oidc/request', {
      ...Object.fromEntries(url.searchParams),
      launch: 'invented',
    });
    expect([bad.status, bad.body['error']]).toEqual([400, 'invalid_request']);
  });

  it('not with two handles', async () => {
    const url = authorizationUrl({ origin: smart.server.origin, ...ehr(await handle()) });
    url.searchParams.append('launch', await handle());
    const { url: back } = await browser.open(url);
    expect([back.searchParams.get('code'), back.searchParams.get('error')]).toEqual([null, 'invalid_request']);
  });
});
