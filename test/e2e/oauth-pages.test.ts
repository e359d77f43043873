// The sign-in pages: what they say, what they refuse, how long they make one wait.
import { beforeAll, describe, expect, it } from 'vitest';
import { setUserStatus } from '../../src/auth/accounts/change-user.ts';
import { addUser } from '../../src/auth/accounts.ts';
import { addClient } from '../../src/auth/clients.ts';
import { Browser, formOf, type Page } from '../support/browser.ts';
import { medecin, password, withOidcApp } from '../support/oidc-app.ts';
import { authorizationUrl, redirectUri, tokensFor } from '../support/smart-client.ts';

const server = withOidcApp();
const scope = 'openid offline_access user/*.rs';
let clientId: string;

beforeAll(async () => {
  const registration = { name: '<b>"App" & Co\'</b>', kind: 'public', redirectUris: [redirectUri], scope } as const;
  ({ clientId } = await addClient(server.app.store, registration));
});

const start = (browser: Browser, changes: Readonly<Record<string, string>> = {}): Promise<Page> =>
  browser.open(authorizationUrl({ origin: server.app.origin, clientId, scope, changes }));
const login = (browser: Browser, page: Page, email: string, secret: string) =>
  browser.submit(page, '/login', { email, password: secret });

/** What the audit trail has of a type, as JSON texts. */
async function audited(type: string): Promise<string> {
  const rows = await server.app.store.db.query<{ record: string }>({ text: 'select record from audit_log' });
  return rows
    .map(({ record }) => record)
    .filter((record) => record.includes(`"${type}"`))
    .join('\n');
}

describe('the login page', () => {
  it.each([
    ['fr', {}, 'Mot de passe'],
    ['en', {}, 'Password'],
    ['de, en;q=0.5', {}, 'Password'],
    ['de', {}, 'Mot de passe'],
    ['en', { ui_locales: 'fr' }, 'Mot de passe'],
  ])('speaks to %s %j', async (language, changes, words) => {
    const page = await start(new Browser(language), changes);
    expect(page.html).toContain(words);
    expect(page.html).toMatch(words === 'Password' ? /<html lang="en">/ : /<html lang="fr">/);
  });

  it('has labels for its fields and shows what the app is called, as text', async () => {
    const { html } = await start(new Browser());
    for (const [, id] of html.matchAll(/<input id="([^"]+)"/g)) expect(html).toContain(`<label for="${id}">`);
    expect(html).toContain('&lt;b&gt;&quot;App&quot; &amp; Co&#39;&lt;/b&gt;');
    expect(html).not.toMatch(/<script|\son\w+=|https?:\/\//);
  });

  it('can be neither framed nor kept, and lets forms lead to the app alone', async () => {
    const { headers } = await start(new Browser());
    const policy = headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("script-src 'none'");
    expect(policy).toContain("form-action 'self' http://localhost:9");
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('fills in who the app thinks it is, as text', async () => {
    const { html } = await start(new Browser(), { login_hint: '"><script>alert(1)</script>' });
    expect(html).toContain('value="&quot;&gt;&lt;script&gt;');
    expect(html).not.toContain('<script>');
  });

  it('lets the person turn back', async () => {
    const browser = new Browser();
    const back = await browser.submit(await start(browser), '/abort');
    expect(back.url.searchParams.get('error')).toBe('access_denied');
  });

  it('shows an error as a page when there is nowhere to go back to', async () => {
    const page = await start(new Browser(), { redirect_uri: 'http://evil.example/' });
    expect(page.status).toBe(400);
    expect(page.html).toContain('Sign-in failed');
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  });
});

describe('a form is refused', () => {
  it('from another site', async () => {
    const browser = new Browser();
    const { action, fields } = formOf(await start(browser), '/login');
    const page = await browser.open(action, {
      method: 'POST',
      body: fields,
      headers: { origin: 'https://evil.example' },
    });
    expect(page.status).toBe(403);
  });

  it.each(['/login', '/abort'])('at %s without its token', async (step) => {
    const browser = new Browser();
    const page = await start(browser);
    for (const csrf of ['', 'x', 'é'.repeat(43)]) expect((await browser.submit(page, step, { csrf })).status).toBe(403);
  });

  it('in another browser', async () => {
    const page = await start(new Browser());
    expect((await login(new Browser(), page, medecin.email, password)).status).toBe(404);
  });

  it('for a step that is over', async () => {
    const browser = new Browser();
    const page = await start(browser);
    await login(browser, page, medecin.email, password);
    expect((await login(browser, page, medecin.email, password)).status).toBe(404);
  });

  it('without any sign-in', async () => {
    const page = await new Browser().open(new URL('/interaction/invented', server.app.origin));
    expect(page.status).toBe(404);
    expect(page.html).toContain('Sign-in failed');
  });
});

describe('a wrong password', () => {
  it('is answered as an unknown account is', async () => {
    const answers = [];
    for (const email of [medecin.email, 'nobody@hopital.fr']) {
      const browser = new Browser();
      const page = await login(browser, await start(browser), email, 'wrong');
      answers.push([page.status, page.html.replaceAll(/value="[^"]*"|interaction\/[\w-]+/g, '')]);
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.[0]).toBe(401);
    expect(answers[0]?.[1]).toContain('The address or the password is wrong.');
  });

  it('takes as long as an unknown account does', async () => {
    const time = async (email: string) => {
      const browser = new Browser();
      const page = await start(browser);
      const begun = performance.now();
      await login(browser, page, email, 'wrong');
      return performance.now() - begun;
    };
    const known = Math.min(await time(medecin.email), await time(medecin.email));
    const unknown = Math.min(await time('nobody@hopital.fr'), await time('nobody@hopital.fr'));
    expect(unknown / known).toBeGreaterThan(0.5);
    expect(unknown / known).toBeLessThan(2);
  });

  it('makes the next tries wait, longer and longer, and the right password too', async () => {
    const email = 'slow@hopital.fr';
    await addUser(server.app.accounts, { ...medecin, email });
    const browser = new Browser();
    let page = await start(browser);
    for (let wrong = 0; wrong < 5; wrong += 1) page = await login(browser, page, email, 'wrong');
    expect(page.status).toBe(401);
    const sixth = await login(browser, page, email, 'wrong');
    // However slow this machine is at the moment.
    const longer = "update attempt set blocked_until = now() + interval '1 minute' where blocked_until is not null";
    await server.app.store.db.query({ text: longer });
    const blocked = await login(browser, sixth, email, password);
    expect(blocked.status).toBe(429);
    expect(Number(blocked.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(blocked.html).toContain('Too many tries');
    await server.app.store.db.query({ text: 'update attempt set blocked_until = now()' });
    expect((await login(browser, blocked, email, password)).html).toContain('/consent"');
  });

  it('and the right one are in the audit trail', async () => {
    const browser = new Browser();
    const page = await login(browser, await start(browser), medecin.email, 'wrong');
    await login(browser, page, medecin.email, password);
    expect(await audited('login-failed')).toContain('Claire Petit');
    expect(await audited('login')).toContain('Claire Petit');
  });
});

describe('an account that is not active', () => {
  const email = 'leaving@hopital.fr';
  const read = (token: string | undefined) =>
    fetch(`${server.app.origin}/fhir/Patient`, { headers: { authorization: `Bearer ${token}` } });

  it.each(['SUSPENDED', 'INACTIVE'] as const)('%s loses session, code and tokens at once', async (status) => {
    await addUser(server.app.accounts, { ...medecin, email: `${status}-${email}` });
    const browser = new Browser();
    const consent = await login(browser, await start(browser), `${status}-${email}`, password);
    const tokens = await tokensFor({ origin: server.app.origin, clientId, scope }, browser);
    expect((await read(tokens['access_token'])).status).toBe(200);
    await setUserStatus(server.app.accounts, { email: `${status}-${email}`, status });
    expect((await read(tokens['access_token'])).status).toBe(401);
    expect((await browser.submit(consent, '/consent', { decision: 'allow' })).status).toBe(404);
    const again = await start(browser);
    expect(again.html).toContain('type="password"');
    const refused = await login(browser, again, `${status}-${email}`, password);
    expect(refused.html).toContain('The address or the password is wrong.');
    await setUserStatus(server.app.accounts, { email: `${status}-${email}`, status: 'ACTIVE' });
    expect((await login(browser, refused, `${status}-${email}`, password)).html).toContain('/consent"');
  });
});

describe('a session', () => {
  it('gets a new id at sign-in, so that one planted before is of no use', async () => {
    const browser = new Browser();
    const page = await start(browser);
    const ids = () => browser.cookies.filter(({ name }) => name === '_session').map(({ value }) => value);
    const planted = ids();
    await login(browser, page, medecin.email, password);
    expect(ids()).toHaveLength(1);
    expect(planted).not.toContain(ids()[0]);
  });

  it('keeps its cookies from scripts and other sites', async () => {
    const browser = new Browser();
    const first = await browser.request(authorizationUrl({ origin: server.app.origin, clientId, scope }));
    const cookies = first.headers.getSetCookie();
    expect(cookies.length).toBeGreaterThan(1);
    for (const cookie of cookies) expect(cookie).toMatch(/httponly/i);
    for (const cookie of cookies) expect(cookie).toMatch(/samesite=lax/i);
  });

  it('that is ended ends the tokens that are not for offline use', async () => {
    const browser = new Browser();
    const tokens = await tokensFor({ origin: server.app.origin, clientId, scope: 'openid user/*.rs' }, browser);
    const read = () =>
      fetch(`${server.app.origin}/fhir/Patient`, { headers: { authorization: `Bearer ${tokens['access_token']}` } });
    expect((await read()).status).toBe(200);
    const page = await browser.open(new URL('/oidc/session/end', server.app.origin));
    const end = await browser.submit(page, '/session/end/confirm', { logout: 'yes' });
    expect(end.html).toContain('You are signed out');
    expect((await read()).status).toBe(401);
    expect(await audited('logout')).toContain('Claire Petit');
  });
});
