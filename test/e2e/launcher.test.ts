// The launcher's pages: an EHR launch by a person. http://hl7.org/fhir/smart-app-launch/app-launch.html#launch-app-ehr-launch
import { beforeAll, describe, expect, it } from 'vitest';
import { Browser, formOf, type Page } from '../support/browser.ts';
import { redirectUri } from '../support/smart-client.ts';
import { launchApp } from '../support/smart-launch.ts';
import { emailOf, password, withSmartServer } from '../support/smart-server.ts';

const smart = withSmartServer();
const scope = 'launch openid patient/*.rs';
const browser = new Browser('fr');
let clientId = '';
let list: Page;

const at = (path: string) => new URL(path, smart.server.origin);

beforeAll(async () => {
  const common = { kind: 'public', redirectUris: [redirectUri] } as const;
  const { register } = smart.server;
  const launchUrl = 'https://app.example/launch?x=1';
  ({ clientId } = await register({ ...common, name: 'Courbes', scope, launchUrl }));
  await register({ ...common, name: 'Sans lancement', scope });
  const login = await browser.open(at('/launcher'));
  list = await browser.submit(login, '/login', { email: emailOf('MEDECIN'), password });
}, 60_000);

describe('the launcher', () => {
  it('asks who is not signed in to sign in, and comes back', () => {
    expect(list.url.pathname).toBe('/launcher');
    expect(list.html).toContain('Élodie');
    expect(list.headers.get('cache-control')).toBe('no-store');
    expect(list.headers.get('x-frame-options')).toBe('DENY');
  });

  it('finds a patient by name', async () => {
    const { html } = await browser.open(at('/launcher?q=lefevre'));
    expect(html).toContain('/launcher?patient=elodie');
    expect(html).not.toContain('/launcher?patient=awa');
  });

  it('launches the application for the patient, who is in its token', async () => {
    const chosen = await browser.open(at('/launcher?patient=awa'));
    expect(chosen.html).toContain('Ouvrir Courbes');
    expect(chosen.html).not.toContain('Sans lancement');
    expect(chosen.headers.get('content-security-policy')).toContain("form-action 'self' https://app.example");
    const { url } = await browser.submit(chosen, '/launcher', { client_id: clientId, encounter: 'awa-2' });
    const { iss, launch, x } = Object.fromEntries(url.searchParams);
    expect([url.origin, url.pathname, iss, x]).toEqual(['https://app.example', '/launch', smart.server.base, '1']);
    const { body } = await launchApp(
      smart.server.origin,
      { clientId, scope, changes: { launch: launch ?? '' } },
      browser,
    );
    expect(body).toMatchObject({ patient: 'awa', encounter: 'awa-2' });
  });

  it.each([
    ['a form of another session', { csrf: 'x' }, 403],
    ['an unknown patient', { patient: 'nobody' }, 404],
    ['a consultation of another patient', { encounter: 'elodie-1' }, 404],
    ['an unknown application', { client_id: 'nobody' }, 422],
    ['an address for an application', { client_id: 'https://evil.example' }, 422],
  ])('refuses %s', async (_what, changes, status) => {
    const chosen = await browser.open(at('/launcher?patient=awa'));
    const { headers, status: got } = await browser.submit(chosen, '/launcher', { client_id: clientId, ...changes });
    expect([got, headers.get('location')]).toEqual([status, null]);
  });

  it('refuses a form of another site, and one of nobody', async () => {
    const chosen = await browser.open(at('/launcher?patient=awa'));
    const { action, fields } = formOf(chosen, '/launcher');
    fields.set('client_id', clientId);
    const foreign = { method: 'POST', body: fields, headers: { origin: 'https://evil.example' } };
    expect((await browser.request(action, foreign)).status).toBe(403);
    expect((await new Browser().request(action, { method: 'POST', body: fields })).status).toBe(401);
  });

  it('neither finds nor opens a record that a Consent has closed to the person', async () => {
    await smart.server.put({
      resourceType: 'Consent',
      id: 'jean',
      status: 'active',
      scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
      category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
      patient: { reference: 'Patient/jean' },
      policyRule: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'OPTOUT' }] },
    });
    const statusOf = async (path: string) => (await browser.open(at(path))).status;
    await expect.poll(() => statusOf('/launcher?patient=jean'), { timeout: 5000 }).not.toBe(200);
    expect((await browser.open(at('/launcher?q=dupont'))).html).not.toContain('patient=jean');
    const chosen = await browser.open(at('/launcher?patient=awa'));
    const refused = await browser.submit(chosen, '/launcher', { client_id: clientId, patient: 'jean' });
    expect([403, 404]).toContain(refused.status);
    expect(refused.headers.get('location')).toBeNull();
  });

  it('shows nobody what the person may not see', async () => {
    expect((await browser.open(at('/launcher?patient=nobody'))).status).toBe(404);
    expect((await browser.open(at('/launcher?patient=../awa'))).status).toBe(404);
  });
});
