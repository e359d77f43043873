/** The browser's session on our own pages: signing in for one and coming back, forged forms, fixation, open redirects. */
import { beforeAll, describe, expect, it } from 'vitest';
import { setUserStatus } from '../../src/auth/accounts/change-user.ts';
import { isLocalPath } from '../../src/auth/browser-session.ts';
import { Browser, type Page } from '../support/browser.ts';
import { medecin, password, withOidcApp } from '../support/oidc-app.ts';

const oidc = withOidcApp();

async function signedIn(browser: Browser, path = '/account'): Promise<Page> {
  const login = await browser.open(new URL(path, oidc.app.origin));
  return browser.submit(login, '/login', { email: medecin.email, password });
}

const sessionCookie = (browser: Browser) => browser.cookies.find(({ name }) => name === '_session')?.value;

describe('a page of ours', () => {
  const browser = new Browser();
  let account: Page;
  beforeAll(async () => {
    account = await signedIn(browser, '/account?from=mail');
  });

  it('asks to sign in, without asking for consent, and comes back to what was asked for', () => {
    expect(account.url.href).toBe(`${oidc.app.origin}/account?from=mail`);
    expect(account.html).toContain(medecin.email);
  });

  it('is not framed, kept or found', () => {
    expect(account.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(account.headers.get('x-frame-options')).toBe('DENY');
    expect(account.headers.get('cache-control')).toBe('no-store');
  });

  it('refuses a form without the session’s own token, and one from another site', async () => {
    const forged = await browser.submit(account, '/sign-out', { csrf: 'forged' });
    expect(forged.status).toBe(403);
    const { csrf } = { csrf: /name="csrf" value="([^"]+)"/.exec(account.html)?.[1] ?? '' };
    const other = await browser.request(new URL('/account/sign-out', oidc.app.origin), {
      method: 'POST',
      body: new URLSearchParams({ csrf }),
      headers: { origin: 'https://evil.example' },
    });
    expect(other.status).toBe(403);
    expect((await browser.open(new URL('/account', oidc.app.origin))).html).toContain(medecin.email);
  });

  it('takes no session whose cookie was not signed here', async () => {
    const thief = new Browser();
    thief.cookies.push({ name: '_session', value: sessionCookie(browser) ?? '', path: '/' });
    expect((await thief.open(new URL('/account', oidc.app.origin))).html).toContain('/login"');
  });

  it('refuses a form of who is not signed in with 401', async () => {
    const response = await new Browser().request(new URL('/account/sign-out', oidc.app.origin), { method: 'POST' });
    expect(response.status).toBe(401);
  });

  it('is gone with the account, at once', async () => {
    await setUserStatus(oidc.app.accounts, { email: medecin.email, status: 'SUSPENDED' });
    expect((await browser.open(new URL('/account', oidc.app.origin))).html).toContain('/login"');
    await setUserStatus(oidc.app.accounts, { email: medecin.email, status: 'ACTIVE' });
    expect((await browser.open(new URL('/account', oidc.app.origin))).html).toContain('/login"');
  });
});

describe('the way back', () => {
  it.each(['//evil.example/', '/\\evil.example', 'https://evil.example/', '/\t/evil.example', 'account', ''])(
    'never leads to %j',
    (text) => expect(isLocalPath(text)).toBe(false),
  );

  it('leads to a path with a query', () => expect(isLocalPath('/account/sessions?a=b%20c')).toBe(true));

  it('is refused when its state was not made here', async () => {
    for (const state of ['', 'x', `${Buffer.from('/account').toString('base64url')}.x`, 'https://evil.example']) {
      const query = new URLSearchParams({ code: 'c', state });
      const response = await fetch(`${oidc.app.origin}/signed-in?${query}`, { redirect: 'manual' });
      expect(response.status).toBe(400);
    }
  });
});

describe('session fixation', () => {
  it('does not work: the session that a person signs in with has a new id', async () => {
    const browser = new Browser();
    const login = await browser.open(new URL('/account', oidc.app.origin));
    const planted = sessionCookie(browser);
    await browser.submit(login, '/login', { email: medecin.email, password });
    const own = sessionCookie(browser);
    expect(own).toBeDefined();
    expect(own).not.toBe(planted);
  });
});

describe('signing out', () => {
  it('ends the session for every copy of its cookie', async () => {
    const browser = new Browser();
    const account = await signedIn(browser);
    const copy = new Browser();
    copy.cookies.push(...browser.cookies);
    const page = await browser.submit(account, '/sign-out');
    expect(page.html).toContain('You are signed out');
    expect((await copy.open(new URL('/account', oidc.app.origin))).html).toContain('/login"');
  });
});
