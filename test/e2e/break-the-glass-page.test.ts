/** The page of break-the-glass: signing in for it, the act with its proof, shutting and judging, forged forms. */
import { beforeAll, describe, expect, it } from 'vitest';
import { addFactor, newKeyOptions } from '../../src/auth/factors/enrol.ts';
import { relyingPartyOf } from '../../src/auth/factors/webauthn.ts';
import { findUser } from '../../src/store/accounts/users.ts';
import { Authenticator } from '../support/authenticator.ts';
import { Browser, type Page } from '../support/browser.ts';
import { factorDeps, peer } from '../support/factor-deps.ts';
import { emailOf, password, withSmartServer } from '../support/smart-server.ts';

const test = withSmartServer({ LIVEDOC_SECOND_FACTOR: 'none' });
const path = '/break-the-glass';

async function signedIn(role: 'MEDECIN' | 'PERSONNEL' | 'ADMINISTRATEUR', language = 'en', to = path) {
  const browser = new Browser(language);
  const login = await browser.open(new URL(to, test.server.origin));
  return { browser, page: await browser.submit(login, '/login', { email: emailOf(role), password }) };
}

const act = { patient: 'awa', reason: 'vital-emergency', explanation: 'Inconsciente aux urgences', password };

describe('the page of break-the-glass', () => {
  let medecin: { browser: Browser; page: Page };
  let opened: Page;
  beforeAll(async () => {
    await test.server.put({
      resourceType: 'Consent',
      id: 'awa',
      status: 'active',
      scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
      category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
      patient: { reference: 'Patient/awa' },
      policyRule: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'OPTOUT' }] },
    });
    medecin = await signedIn('MEDECIN', 'en', `${path}?patient=awa`);
  }, 60_000);

  it('asks to sign in and comes back with the patient filled in', () => {
    expect(medecin.page.url.pathname + medecin.page.url.search).toBe(`${path}?patient=awa`);
    expect(medecin.page.html).toContain('name="patient" required maxlength="64" value="awa"');
    expect(medecin.page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(medecin.page.headers.get('cache-control')).toBe('no-store');
  });

  it('puts nothing on the page that is no id', async () => {
    const page = await medecin.browser.open(new URL(`${path}?patient="><script>`, test.server.origin));
    expect(page.html).not.toContain('<script>');
    expect(page.html).toContain('value=""');
  });

  it.each<[string, Record<string, string>, number]>([
    ['a wrong password', { password: 'not the password' }, 403],
    ['no password', { password: '' }, 400],
    ['a patient who is not there', { patient: 'nobody' }, 404],
    ['a reason that is none', { reason: 'curiosity' }, 400],
    ['half an explanation', { explanation: 'short' }, 400],
    ['too long a time', { minutes: '9999' }, 400],
    ['a time that is no number', { minutes: 'soon' }, 400],
  ])('refuses %s, says so, and keeps what was filled in but the password', async (_, changes, status) => {
    const answer = await medecin.browser.submit(medecin.page, path, { ...act, ...changes });
    expect(answer.status).toBe(status);
    expect(answer.html).toContain('role="alert"');
    expect(answer.html).not.toContain(password);
    expect(answer.html).toContain(changes['explanation'] ?? act.explanation);
  });

  it('refuses a forged form, and one from another site', async () => {
    expect((await medecin.browser.submit(medecin.page, path, { ...act, csrf: 'forged' })).status).toBe(403);
    const csrf = /name="csrf" value="([^"]+)"/.exec(medecin.page.html)?.[1] ?? '';
    const other = await medecin.browser.request(new URL(path, test.server.origin), {
      method: 'POST',
      body: new URLSearchParams({ ...act, csrf, minutes: '5' }),
      headers: { origin: 'https://evil.example' },
    });
    expect(other.status).toBe(403);
    expect((await new Browser().request(new URL(path, test.server.origin), { method: 'POST' })).status).toBe(401);
  });

  it('opens the record, lists it, and shuts it', async () => {
    const token = await test.server.token({ scope: 'user/*.rs' });
    const status = async () => (await test.server.request('/Patient/awa', token)).status;
    expect(await status()).toBe(403);
    opened = await medecin.browser.submit(medecin.page, path, { ...act, minutes: '5' });
    expect([opened.status, opened.url.pathname]).toEqual([200, path]);
    expect(opened.html).toContain('Patient/awa');
    expect(await status()).toBe(200);
    const shut = await medecin.browser.submit(opened, '/end');
    expect(shut.html).toContain('None.');
    expect(await status()).toBe(403);
  });

  it('shows administrators the queue, in French by choice, and takes their verdict', async () => {
    const { browser, page } = await signedIn('ADMINISTRATEUR', 'fr');
    expect(page.html).toContain('À juger');
    expect(page.html).toContain('Inconsciente aux urgences');
    expect(page.html).not.toContain('name="password"');
    const bad = await browser.submit(page, '/review', { verdict: 'fine', comment: 'x' });
    expect(bad.status).toBe(400);
    const judged = await browser.submit(page, '/review', { verdict: 'justified', comment: 'Vu avec le service.' });
    expect(judged.html).toContain('Aucun.');
  });

  it('offers nothing to another role, and takes nothing from it', async () => {
    const { browser, page } = await signedIn('PERSONNEL');
    expect(page.html).not.toContain('<form');
    const csrf =
      /name="csrf" value="([^"]+)"/.exec((await browser.open(new URL('/account', test.server.origin))).html)?.[1] ?? '';
    const post = (to: string, fields: Record<string, string>) =>
      browser.open(new URL(to, test.server.origin), { method: 'POST', body: new URLSearchParams({ csrf, ...fields }) });
    expect((await post(path, { ...act, minutes: '5' })).status).toBe(403);
    expect((await post(`${path}/none/review`, { verdict: 'justified', comment: 'me' })).status).toBe(403);
    expect((await post(`${path}/none/end`, {})).status).toBe(404);
  });

  it('takes a security key in the place of a code, and asks for it where the account has one', async () => {
    const { store, secret } = test.server.parts;
    const { origin } = test.server;
    const deps = { ...factorDeps(store, secret, () => new Date()), rp: relyingPartyOf(origin) };
    const user = await findUser(store.db, test.server.users.MEDECIN.id);
    if (!user) throw new Error('There is no MEDECIN.');
    const key = new Authenticator();
    const enrolling = { user, boundTo: 'a test' };
    const attestation = key.create(await newKeyOptions(deps, enrolling), origin);
    await addFactor(deps, enrolling, { name: 'Clé', attestation }, peer, true);
    const page = await medecin.browser.open(new URL(path, origin));
    expect(page.headers.get('content-security-policy')).toMatch(/script-src 'sha256-[^']+';/);
    const asked = { ...act, minutes: '5' };
    expect((await medecin.browser.submit(page, path, asked)).status).toBe(403);
    const options = (/data-options="([^"]*)"/.exec(page.html)?.[1] ?? '').replaceAll('&quot;', '"');
    const answer = await medecin.browser.submit(page, path, { ...asked, answer: key.get(options, origin) });
    expect(answer.status).toBe(200);
    expect(answer.html).toContain('/end"');
  });
});
