/** The cookie of a browser in which somebody has signed in before. */
import { describe, expect, it } from 'vitest';
import { Browser } from '../support/browser.ts';
import { medecin, password, withOidcApp } from '../support/oidc-app.ts';

const oidc = withOidcApp();
const cookieOf = (browser: Browser) => browser.cookies.find(({ name }) => name === '_known_browser')?.value ?? '';
const start = (browser: Browser) => browser.open(new URL('/account', oidc.app.origin));
const login = async (browser: Browser, secret = password, email = medecin.email) =>
  browser.submit(await start(browser), '/login', { email, password: secret });

describe('a browser', () => {
  it('is known after a right password alone, and gets in while others guess from the same address', async () => {
    const owner = new Browser();
    await login(owner, 'not the password');
    expect(cookieOf(owner)).toBe('');
    await login(owner);
    const cookie = cookieOf(owner);
    expect(cookie).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
    await oidc.app.store.db.query({
      text: `update attempt set failures = 500, blocked_until = now() + interval '1 minute'`,
    });
    await login(new Browser(), 'not the password');
    await oidc.app.store.db.query({ text: "update attempt set blocked_until = now() + interval '1 minute'" });
    expect((await login(new Browser())).status).toBe(429);

    const again = new Browser();
    again.cookies.push({ name: '_known_browser', value: cookie, path: '/interaction' });
    expect((await login(again)).html).toContain(medecin.email);
    // The same one, not one more each time.
    expect(cookieOf(again)).toBe(cookie);
  });

  it('cannot say so itself', async () => {
    for (const value of [
      'A'.repeat(22),
      `${'A'.repeat(22)}.${'A'.repeat(43)}`,
      `${'A'.repeat(22)}.${'A'.repeat(43)}~`.repeat(50),
    ]) {
      const liar = new Browser();
      liar.cookies.push({ name: '_known_browser', value, path: '/interaction' });
      expect((await login(liar)).status).toBe(429);
    }
  });

  it('is known for the account that was signed in to, and for no other', async () => {
    await oidc.app.store.db.query({ text: 'delete from attempt' });
    const owner = new Browser();
    await login(owner);
    const later = new Browser();
    later.cookies.push({ name: '_known_browser', value: cookieOf(owner), path: '/interaction' });
    await login(later, 'x', 'other@hopital.fr');
    const rows = await oidc.app.store.db.query<{ n: number }>({ text: 'select count(*)::int as n from attempt' });
    // By account, by address and by both, as for anybody.
    expect(rows[0]?.n).toBe(3);
  });
});
