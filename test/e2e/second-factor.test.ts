/** Signing in with two factors, over HTTP: enrolment, codes, keys, recovery codes, stepping up, and all that must not work. */
import { decodeJwt } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { addUser } from '../../src/auth/accounts.ts';
import { addClient } from '../../src/auth/clients.ts';
import { multiFactor, singleFactor } from '../../src/auth/factors/methods.ts';
import { Authenticator } from '../support/authenticator.ts';
import { Browser, type Page } from '../support/browser.ts';
import { codeAt } from '../support/factor-deps.ts';
import { medecin, password, withOidcApp } from '../support/oidc-app.ts';
import { authorizationUrl, pkce, redeem, redirectUri } from '../support/smart-client.ts';

const server = withOidcApp();
const scope = 'openid user/*.rs';
const { verifier } = pkce();
let clientId: string;

const administrateur = { ...medecin, email: 'admin@hopital.fr', role: 'ADMINISTRATEUR' as const };
const personnel = { ...medecin, email: 'paul@hopital.fr', role: 'PERSONNEL' as const };

beforeAll(async () => {
  const { store, accounts } = server.app;
  ({ clientId } = await addClient(store, { name: 'An app', kind: 'public', redirectUris: [redirectUri], scope }));
  await addUser(accounts, administrateur);
  await addUser(accounts, personnel);
});

const authorize = (browser: Browser, changes: Readonly<Record<string, string>> = {}) =>
  browser.open(authorizationUrl({ origin: server.app.origin, clientId, scope, verifier, changes }));

const withPassword = (browser: Browser, page: Page, email: string) =>
  browser.submit(page, '/login', { email, password });

/** Allows what is asked, if it is asked; gives the claims of the ID token. */
async function claimsAt(browser: Browser, page: Page): Promise<Record<string, unknown>> {
  const last = page.html.includes('/consent"') ? await browser.submit(page, '/consent', { decision: 'allow' }) : page;
  const code = last.url.searchParams.get('code');
  if (!code) throw new Error(`${last.status} at ${last.url}: ${last.html}`);
  const { body } = await redeem(server.app.origin, { client_id: clientId, code, code_verifier: verifier });
  return decodeJwt(String(body['id_token']));
}

const secretIn = ({ html }: Page) => /<code id="secret">([A-Z2-7 ]+)</.exec(html)?.[1] ?? '';
const codesIn = ({ html }: Page) => [...html.matchAll(/<li><code>([0-9A-Z-]{19})</g)].map(([, code]) => code ?? '');
const optionsIn = ({ html }: Page) => (/data-options="([^"]*)"/.exec(html)?.[1] ?? '').replaceAll('&quot;', '"');

const lastSteps = new Map<string, number>();
/** A code that was not used before: the server takes those of one step either way, so in a moment there are three. */
function nextCode(secret: string): string {
  const now = Math.floor(Date.now() / 30_000);
  const step = Math.max((lastSteps.get(secret) ?? 0) + 1, now - 1);
  lastSteps.set(secret, step);
  return codeAt(secret, new Date(step * 30_000));
}

/** Nobody is signed in, whatever was done so far. */
async function hasNoSession(browser: Browser): Promise<boolean> {
  const { url } = await authorize(browser, { prompt: 'none' });
  return url.searchParams.get('error') === 'login_required';
}

async function enrolDevice(
  browser: Browser,
  page: Page,
  actionEnd: string,
): Promise<{ secret: string; code: string; page: Page }> {
  const secret = secretIn(page);
  const code = nextCode(secret);
  return { secret, code, page: await browser.submit(page, actionEnd, { code, name: 'Mon téléphone' }) };
}

describe('an ADMINISTRATEUR without a second factor', () => {
  const browser = new Browser('fr');
  let secret = '';
  let usedCode = '';
  let codes: readonly string[] = [];

  it('has to add one before there is a session', async () => {
    const page = await withPassword(browser, await authorize(browser), administrateur.email);
    expect(page.html).toContain('Un second facteur est nécessaire');
    expect(page.html).toContain('<svg');
    expect(page.headers.get('content-security-policy')).toMatch(/script-src 'sha256-[^']+';/);
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
    expect(await hasNoSession(new Browser())).toBe(true);
    // The provider's own way on leads back to the same step.
    const uid = page.url.pathname.split('/').at(-1);
    const resumed = await browser.open(new URL(`/oidc/auth/${uid}`, page.url));
    expect(resumed.url.searchParams.get('code')).toBeNull();
    expect(await hasNoSession(browser)).toBe(true);
  });

  it('keeps the same secret after a wrong code, and sees ten recovery codes after a right one', async () => {
    const page = await withPassword(browser, await authorize(browser), administrateur.email);
    const wrong = await browser.submit(page, '/enrol', { code: '000000' });
    expect(wrong.status).toBe(401);
    expect(secretIn(wrong)).toBe(secretIn(page));
    const done = await enrolDevice(browser, wrong, '/enrol');
    ({ secret, code: usedCode } = done);
    codes = codesIn(done.page);
    expect(codes).toHaveLength(10);
    expect(done.page.headers.get('cache-control')).toBe('no-store');
    expect(await hasNoSession(new Browser())).toBe(true);
    const claims = await claimsAt(browser, await browser.submit(done.page, '/go-on'));
    expect(claims).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], acr: multiFactor });
    // Signed in, and not asked again.
    expect((await authorize(browser)).html).toContain('/consent"');
  });

  it('is asked for a code at the next sign-in; the one that was used is no good', async () => {
    const other = new Browser();
    const page = await withPassword(other, await authorize(other), administrateur.email);
    expect(page.html).toContain('one-time-code');
    expect(page.html).not.toContain(secret);
    const used = await other.submit(page, '/factor', { code: usedCode });
    expect(used.status).toBe(401);
    expect(used.html).toContain('was used before');
    const claims = await claimsAt(other, await other.submit(used, '/factor', { code: nextCode(secret) }));
    expect(claims).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], acr: multiFactor });
  });

  it('gets in with a recovery code, once, and is told how many are left', async () => {
    const [code = ''] = codes;
    const other = new Browser();
    const page = await withPassword(other, await authorize(other), administrateur.email);
    const told = await other.submit(page, '/factor', { code: code.toLowerCase() });
    expect(told.html).toContain('9 recovery codes left');
    // The page can be loaded again; the code cannot be used again.
    const again = await other.open(told.url);
    expect(again.html).toContain('/go-on');
    expect(await claimsAt(other, await other.submit(again, '/go-on'))).toMatchObject({ acr: multiFactor });
    const thief = new Browser();
    const theirs = await withPassword(thief, await authorize(thief), administrateur.email);
    expect((await thief.submit(theirs, '/factor', { code })).status).toBe(401);
  });
});

describe('a key', () => {
  const key = new Authenticator();
  const browser = new Browser();

  it('is added on the page of the account, after a fresh sign-in', async () => {
    const add = new URL('/account/second-factor/add', server.app.origin);
    const login = await browser.open(add);
    const page = await withPassword(browser, login, personnel.email);
    expect(page.url.pathname).toBe('/account/second-factor/add');
    const forged = await browser.submit(page, '/add', { answer: '{}' });
    expect(forged.status).toBe(401);
    const answer = key.create(optionsIn(forged), server.app.origin);
    const added = await browser.submit(forged, '/add', { answer, name: 'Clé <bleue>' });
    expect(codesIn(added)).toHaveLength(10);
    const list = await browser.open(new URL('/account/second-factor', server.app.origin));
    expect(list.html).toContain('Clé &lt;bleue&gt;');
  });

  it('steps the session of the password up when more is to be changed, and when an application asks', async () => {
    // The session has one factor still, and the account two.
    const page = await browser.open(new URL('/account/second-factor/codes', server.app.origin));
    expect(page.html).not.toContain('type="password"');
    expect(page.html).toContain('data-webauthn="get"');
    const answer = key.get(optionsIn(page), server.app.origin);
    const asked = await browser.submit(page, '/factor', { answer });
    expect(asked.url.pathname).toBe('/account/second-factor/codes');
    expect(codesIn(await browser.submit(asked, '/codes'))).toHaveLength(10);
    const claims = await claimsAt(browser, await authorize(browser, { acr_values: multiFactor }));
    expect(claims).toMatchObject({ amr: ['pwd', 'hwk', 'mfa'], acr: multiFactor });
  });

  it('signs in over HTTP; an answer that was used, or is for another sign-in, is no good', async () => {
    const first = new Browser();
    const page = await withPassword(first, await authorize(first), personnel.email);
    const second = new Browser();
    const elsewhere = await withPassword(second, await authorize(second), personnel.email);
    const answer = key.get(optionsIn(page), server.app.origin);
    const stolen = await second.submit(elsewhere, '/factor', { answer });
    expect(stolen.status).toBe(401);
    const used = key.get(optionsIn(stolen), server.app.origin);
    expect((await second.submit(stolen, '/factor', { answer: used, code: '' })).url.href).not.toContain('/factor');
    const fresh = await first.open(page.url);
    const claims = await claimsAt(
      first,
      await first.submit(fresh, '/factor', { answer: key.get(optionsIn(fresh), server.app.origin) }),
    );
    expect(claims).toMatchObject({ amr: ['pwd', 'hwk', 'mfa'] });
  });

  it('is removed behind a form of the session, and then the password is enough', async () => {
    const list = await browser.open(new URL('/account/second-factor', server.app.origin));
    const [, path = ''] = /href="(\/account\/second-factor\/[^"]+\/remove)"/.exec(list.html) ?? [];
    const ask = await browser.open(new URL(path, server.app.origin));
    expect((await browser.submit(ask, '/remove', { csrf: 'forged' })).status).toBe(403);
    const after = await browser.submit(ask, '/remove');
    expect(after.html).toContain('nothing but its password');
    const other = new Browser();
    const claims = await claimsAt(other, await withPassword(other, await authorize(other), personnel.email));
    expect(claims).toMatchObject({ amr: ['pwd'], acr: singleFactor });
  });
});

describe('stepping up', () => {
  const browser = new Browser();
  let secret = '';
  let authTime = 0;

  it('asks the password again before a first device, never an open session alone', async () => {
    const claims = await claimsAt(browser, await withPassword(browser, await authorize(browser), medecin.email));
    expect(claims).toMatchObject({ amr: ['pwd'], acr: singleFactor });
    const page = await authorize(browser, { acr_values: `urn:other ${multiFactor}` });
    expect(page.html).toContain('type="password"');
    const enrol = await withPassword(browser, page, medecin.email);
    const done = await enrolDevice(browser, enrol, '/enrol');
    secret = done.secret;
    expect(await claimsAt(browser, await browser.submit(done.page, '/go-on'))).toMatchObject({ acr: multiFactor });
  });

  it('asks for the code alone, and leaves auth_time as it was (RFC 9470, 4)', async () => {
    const other = new Browser();
    // A session with one factor, as it was before the account had a second one.
    await claimsAt(other, await withPassword(other, await authorize(other), personnel.email));
    await server.app.store.db.query({
      text: `update second_factor set user_id = (select id from users where email = $1)
        where user_id = (select id from users where email = $2)`,
      values: [personnel.email, medecin.email],
    });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const none = await authorize(other, { prompt: 'none' });
    expect(none.url.searchParams.get('error')).toBe('login_required');
    const page = await authorize(other);
    expect(page.html).not.toContain('type="password"');
    const before = Math.floor(Date.now() / 1000);
    const claims = await claimsAt(other, await other.submit(page, '/factor', { code: nextCode(secret) }));
    expect(claims).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], acr: multiFactor });
    authTime = Number(claims['auth_time']);
    expect(authTime).toBeLessThan(before);
    expect(await claimsAt(other, await authorize(other, { acr_values: multiFactor }))).toMatchObject({
      acr: multiFactor,
    });
  });

  it.each([{ prompt: 'login' }, { max_age: '0' }])('asks for both after %j', async (changes) => {
    const other = new Browser();
    const first = await withPassword(other, await authorize(other), administrateur.email);
    expect(first.html).toContain('one-time-code');
    const page = await authorize(browser, changes);
    expect(page.html).toContain('type="password"');
  });
});

describe('a half-done sign-in', () => {
  const halfDone = async (browser: Browser) => {
    const page = await withPassword(browser, await authorize(browser), administrateur.email);
    expect(page.html).toContain('/factor"');
    return page;
  };

  it('begins again after five minutes', async () => {
    const browser = new Browser();
    const page = await halfDone(browser);
    await server.app.store.db.query({ text: "update half_sign_in set expires_at = now() - interval '1 second'" });
    expect((await browser.submit(page, '/factor', { code: '123456' })).html).toContain('type="password"');
    expect((await browser.submit(page, '/factor')).html).toContain('type="password"');
  });

  it('cannot go on without the second factor', async () => {
    const browser = new Browser();
    const page = await halfDone(browser);
    const { pathname } = page.url;
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? '';
    const send = (step: string, fields: Record<string, string>) =>
      browser.open(new URL(`${pathname}/${step}`, page.url), { method: 'POST', body: new URLSearchParams(fields) });
    expect((await send('go-on', { csrf })).html).toContain('/factor"');
    // A device is not added by who has the password alone, where there is one already.
    expect((await send('enrol', { csrf, code: '000000', sealed: 'x', name: 'x' })).status).toBe(401);
    expect((await send('factor', { code: '000000' })).status).toBe(403);
    expect((await send('factor', { csrf: 'forged', code: '000000' })).status).toBe(403);
    expect((await send('factor', { csrf })).status).toBe(401);
    expect(await hasNoSession(browser)).toBe(true);
  });

  it('is of one browser: another does not see it, and its forms are refused', async () => {
    const page = await halfDone(new Browser());
    const thief = new Browser();
    expect((await thief.open(page.url)).status).toBe(404);
    expect((await thief.submit(page, '/factor', { code: '000000' })).status).toBe(404);
  });

  it('ends with the account', async () => {
    const browser = new Browser();
    const page = await halfDone(browser);
    await server.app.store.db.query({
      text: "update users set status = 'SUSPENDED' where email = $1",
      values: [administrateur.email],
    });
    expect((await browser.submit(page, '/factor', { code: '000000' })).html).toContain('type="password"');
    await server.app.store.db.query({
      text: "update users set status = 'ACTIVE' where email = $1",
      values: [administrateur.email],
    });
  });

  it('is not told from no account by a wrong password', async () => {
    const answers = [];
    for (const email of [administrateur.email, 'nobody@hopital.fr']) {
      const browser = new Browser();
      const page = await browser.submit(await authorize(browser), '/login', { email, password: 'not the password' });
      answers.push({ status: page.status, alert: /role="alert">([^<]+)/.exec(page.html)?.[1] });
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  it('slows a guesser down: after five codes the account waits, with Retry-After', async () => {
    const browser = new Browser();
    let page = await halfDone(browser);
    for (let guess = 0; guess < 12 && page.status !== 429; guess += 1) {
      page = await browser.submit(page, '/factor', { code: '000000' });
    }
    expect(page.status).toBe(429);
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(page.html).toContain('Too many tries');
  });
});

describe('pages of second factors', () => {
  it('are for who is signed in', async () => {
    const { origin } = server.app;
    for (const path of ['', '/add', '/codes', '/some-id/remove']) {
      const page = await new Browser().open(new URL(`/account/second-factor${path}`, origin));
      expect(page.html).toContain('type="password"');
      const sent = await new Browser().open(new URL(`/account/second-factor${path || '/add'}`, origin), {
        method: 'POST',
        body: new URLSearchParams({}),
      });
      expect(sent.status).toBe(401);
    }
  });

  it('tell their context classes in discovery', async () => {
    const response = await fetch(new URL('/oidc/.well-known/openid-configuration', server.app.origin));
    expect(await response.json()).toMatchObject({ acr_values_supported: [singleFactor, multiFactor] });
  });
});
