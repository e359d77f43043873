/** Links to a password, its change, and the list of sessions, as a person meets them. */
import { beforeAll, describe, expect, it } from 'vitest';
import { setUserStatus } from '../../src/auth/accounts/change-user.ts';
import { inviteUser, issueLink } from '../../src/auth/accounts/links.ts';
import { addClient } from '../../src/auth/clients.ts';
import { Browser, type Page } from '../support/browser.ts';
import { medecin, password, withOidcApp } from '../support/oidc-app.ts';
import { redeem, redirectUri, tokensFor } from '../support/smart-client.ts';

const oidc = withOidcApp();
const admin = { client: { name: 'test' } };
const open = (browser: Browser, path: string) => browser.open(new URL(path, oidc.app.origin));

async function signedIn(browser: Browser, path: string, secret = password, email = medecin.email): Promise<Page> {
  const login = await open(browser, path);
  return login.html.includes('/login"') ? browser.submit(login, '/login', { email, password: secret }) : login;
}

const trail = async () =>
  (await oidc.app.store.db.query<{ record: string }>({ text: 'select record::text as record from audit_log' }))
    .map(({ record }) => record)
    .join('\n');

const choose = (browser: Browser, page: Page, next: string, repeat = next) =>
  browser.submit(page, '/password', { next, repeat });

describe('an invitation', () => {
  const email = 'bienvenue@hopital.fr';
  const chosen = 'une phrase bien à moi';
  let url: URL;
  beforeAll(async () => {
    const person = { email, role: 'PERSONNEL', nom: 'Nguyen', prenom: 'Bao' } as const;
    const invited = await inviteUser(oidc.app.accounts, person, admin);
    expect(invited.purpose).toBe('invitation');
    expect((invited.expires.getTime() - Date.now()) / 3_600_000).toBeCloseTo(72, 1);
    url = new URL(invited.url);
  });

  it('is kept as a hash alone', async () => {
    const token = url.searchParams.get('link') ?? '';
    expect(token).toHaveLength(43);
    const rows = await oidc.app.store.db.query({ text: 'select * from account_link' });
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(await trail()).not.toContain(token);
  });

  it('opens a page that labels its fields and says the rules before', async () => {
    const page = await new Browser('fr').open(url);
    expect(page.status).toBe(200);
    expect(page.html).toContain('<html lang="fr">');
    expect(page.html).toContain('Bienvenue, Bao');
    expect(page.html).toContain('<label for="next">');
    expect(page.html).toContain('autocomplete="new-password"');
    expect(page.html).toContain('aria-describedby="rules"');
    expect(page.headers.get('referrer-policy')).toBe('same-origin');
    expect(page.headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    ['with two that differ', chosen, `${chosen}!`, 'The two do not match'],
    ['with a short one', 'court', 'court', 'has 12 to 1024'],
    ['with a breached one', 'Password2024!', 'Password2024!', 'among those that are tried first'],
    ['with the own name', 'bonjour nguyen !', 'bonjour nguyen !', 'neither your name'],
  ])('is not used up by a try %s', async (_title, next, repeat, words) => {
    const browser = new Browser();
    const page = await choose(browser, await browser.open(url), next, repeat);
    expect(page.status).toBe(422);
    expect(page.html).toContain(words);
    expect((await browser.open(url)).status).toBe(200);
  });

  it('is not tried without end', async () => {
    const browser = new Browser();
    const page = await browser.open(url);
    let last = page;
    for (let at = 0; at < 22 && last.status !== 429; at += 1) last = await choose(browser, page, 'court');
    expect(last.status).toBe(429);
    expect(last.html).toContain('Too many tries');
    await oidc.app.store.db.query({ text: 'delete from attempt' });
    expect((await browser.open(url)).status).toBe(200);
  });

  it('is refused from another site', async () => {
    const body = new URLSearchParams({ link: url.searchParams.get('link') ?? '', next: chosen, repeat: chosen });
    const headers = { origin: 'https://evil.example' };
    const response = await new Browser().request(new URL('/password', url), { method: 'POST', body, headers });
    expect(response.status).toBe(403);
  });

  it('is used by one of four that come at once, and opens the account', async () => {
    const browsers = Array.from({ length: 4 }, () => new Browser());
    const pages = await Promise.all(browsers.map((browser) => browser.open(url)));
    const answers = await Promise.all(
      pages.map((page, at) => choose(browsers[at] as Browser, page, `${chosen} ${at}`)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 410, 410, 410]);
    expect((await new Browser().open(url)).status).toBe(410);
    const winner = answers.findIndex(({ status }) => status === 200);
    const account = await signedIn(new Browser(), '/account', `${chosen} ${winner}`, email);
    expect(account.html).toContain('Bao Nguyen');
  });

  it.each(['', 'x', 'A'.repeat(43), `${'A'.repeat(43)}'--`])('with the link %j opens nothing', async (link) => {
    const page = await open(new Browser(), `/password?link=${encodeURIComponent(link)}`);
    expect(page.status).toBe(410);
    expect(page.html).toContain('good no more');
  });
});

describe('a link after a forgotten password', () => {
  it('is void when it is too old, replaced by a newer one, or of a closed account', async () => {
    const who = { email: medecin.email };
    const first = await issueLink(oidc.app.accounts, who, admin);
    const second = await issueLink(oidc.app.accounts, who, admin);
    expect(second.purpose).toBe('reset');
    expect((await new Browser().open(new URL(first.url))).status).toBe(410);
    await setUserStatus(oidc.app.accounts, { ...who, status: 'SUSPENDED' });
    expect((await new Browser().open(new URL(second.url))).status).toBe(410);
    await expect(issueLink(oidc.app.accounts, who, admin)).rejects.toMatchObject({ kind: 'conflict' });
    await setUserStatus(oidc.app.accounts, { ...who, status: 'ACTIVE' });
    expect((await new Browser().open(new URL(second.url))).status).toBe(200);
    await oidc.app.store.db.query({ text: "update account_link set expires_at = now() - interval '1 second'" });
    expect((await new Browser().open(new URL(second.url))).status).toBe(410);
  });

  it('is asked for on a page that answers the same for an unknown account, and is shown to administrators', async () => {
    const ask = async (email: string) => {
      const browser = new Browser();
      const { status, html } = await browser.submit(await open(browser, '/password/forgotten'), '/forgotten', {
        email,
      });
      return { status, html };
    };
    const known = await ask(medecin.email);
    expect(known.html).toContain('this server sends no mail');
    expect(await ask('nobody@hopital.fr')).toEqual(known);
    const rows = await oidc.app.store.db.query({ text: 'select email from users where reset_asked_at is not null' });
    expect(rows).toEqual([{ email: medecin.email }]);
    expect(await trail()).toContain('password-reset-asked');
  });

  it('is not asked for without end', async () => {
    const browser = new Browser();
    const page = await open(browser, '/password/forgotten');
    let last = page;
    for (let at = 0; at < 21; at += 1) last = await browser.submit(page, '/forgotten', { email: 'x@y.fr' });
    expect(last.status).toBe(429);
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    await oidc.app.store.db.query({ text: 'delete from attempt' });
  });
});

describe('the sessions of a person', () => {
  it('are listed with their device, and ended one by one with their tokens, also for offline use', async () => {
    const { clientId } = await addClient(oidc.app.store, {
      name: 'Appli',
      kind: 'public',
      redirectUris: [redirectUri],
      scope: 'openid fhirUser offline_access user/*.rs',
    });
    const phone = new Browser();
    const asked = { origin: oidc.app.origin, clientId, scope: 'openid offline_access user/Patient.rs' };
    const tokens = await tokensFor(asked, phone);
    const refresh = (token = '') =>
      redeem(oidc.app.origin, { grant_type: 'refresh_token', refresh_token: token, client_id: clientId });
    const renewed = await refresh(tokens['refresh_token']);
    expect(renewed.status).toBe(200);
    const desk = new Browser();
    const list = await signedIn(desk, '/account/sessions');
    expect(list.html.match(/<section>/g)).toHaveLength(2);
    expect(list.html.match(/\(this browser\)/g)).toHaveLength(1);
    expect(list.html).toContain('127.0.0.1');
    expect(list.html).toContain('Appli');

    const forged = await desk.submit(list, '/end', { csrf: 'forged' });
    expect(forged.status).toBe(403);
    const after = await desk.submit(list, '/end');
    expect(after.html.match(/<section>/g)).toHaveLength(1);
    expect((await open(phone, '/account')).html).toContain('/login"');
    expect((await refresh(String(renewed.body['refresh_token']))).status).toBe(400);
    const response = await fetch(`${oidc.app.origin}/fhir/Patient`, {
      headers: { authorization: `Bearer ${renewed.body['access_token']}` },
    });
    expect(response.status).toBe(401);
    expect((await open(desk, '/account')).html).toContain(medecin.email);
  });

  it('of another person cannot be ended', async () => {
    const desk = new Browser();
    const page = await signedIn(desk, '/account/sessions');
    const [other] = await oidc.app.store.db.query<{ uid: string }>({
      text: `select s.uid from browser_session s join users u on u.id = s.user_id where u.email <> $1`,
      values: [medecin.email],
    });
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? '';
    const target = new URL(`/account/sessions/${other?.uid}/end`, oidc.app.origin);
    const answer = await desk.open(target, { method: 'POST', body: new URLSearchParams({ csrf }) });
    expect(answer.status).toBe(404);
  });
});

describe('changing the password', () => {
  const next = 'une autre phrase, plus longue';

  it('needs the old one, and slows down who guesses it', async () => {
    const browser = new Browser();
    const page = await signedIn(browser, '/account/password');
    expect(page.html).toContain('autocomplete="current-password"');
    const wrong = await browser.submit(page, '/account/password', { current: 'not this one', next, repeat: next });
    expect(wrong.status).toBe(403);
    expect(wrong.html).toContain('not your current password');
    const answers = await Promise.all(
      Array.from({ length: 7 }, (_, at) =>
        browser.submit(page, '/account/password', { current: `guess number ${at}`, next, repeat: next }),
      ),
    );
    const codes = answers.map(({ status }) => status);
    expect(codes.filter((status) => status === 403).length).toBeLessThanOrEqual(5);
    expect(codes).toContain(429);
    await oidc.app.store.db.query({ text: 'delete from attempt' });
  });

  it('ends every other session, and lets no former password come back', async () => {
    const [desk, elsewhere] = [new Browser(), new Browser()];
    await signedIn(elsewhere, '/account');
    const page = await signedIn(desk, '/account/password');
    const done = await desk.submit(page, '/account/password', { current: password, next, repeat: next });
    expect(done.html).toContain('Your password is changed');
    expect((await open(desk, '/account')).html).toContain(medecin.email);
    expect((await open(elsewhere, '/account')).html).toContain('/login"');
    for (const repeat of [next, password]) {
      const again = await desk.submit(page, '/account/password', { current: next, next: repeat, repeat });
      expect(again.status).toBe(422);
      expect(again.html).toContain('You had this password before');
    }
    expect((await trail()).match(/"password-change"/g)?.length).toBeGreaterThan(5);
    expect(await trail()).not.toContain(next);
  });
});
