/**
 * What must not pass for a sign-in by a hospital's identity provider: answers that are forged, mixed up, replayed or another
 * browser's, and a provider that does not answer.
 * https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation, https://www.rfc-editor.org/rfc/rfc9207,
 * https://www.rfc-editor.org/rfc/rfc9700#section-4.4
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addClient } from '../../src/auth/clients.ts';
import type { Page } from '../support/browser.ts';
import { connect, linkOf, Traveller } from '../support/federation.ts';
import { type HospitalIdp, type Mischief, startHospitalIdp } from '../support/hospital-idp.ts';
import { medecin, withOidcApp } from '../support/oidc-app.ts';
import { authorizationUrl, redirectUri } from '../support/smart-client.ts';

const test = withOidcApp('127.0.0.1', ['127.0.0.1']);
let idp: HospitalIdp;
let other: HospitalIdp;
let clientId: string;

const claire = { sub: 'claire', claims: { email: medecin.email, email_verified: true } };
const seconds = () => Math.floor(Date.now() / 1000);

beforeAll(async () => {
  [idp, other] = await Promise.all([startHospitalIdp(), startHospitalIdp({ alg: 'ES256' })]);
  await connect(test.app, idp, 'hopital', { accounts: { link_by_email: true } });
  await connect(test.app, other, 'clinique', { accounts: { link_by_email: true } });
  idp.person = claire;
  other.person = { ...claire, sub: 'claire-too' };
  const client = await addClient(test.app.store, {
    name: 'App',
    kind: 'public',
    scope: 'openid',
    redirectUris: [redirectUri],
  });
  clientId = client.clientId;
});
afterAll(() => Promise.all([idp.close(), other.close()]));
afterEach(() => {
  idp.mischief = undefined;
  idp.down = undefined;
  idp.denies = undefined;
});

const asks = () => authorizationUrl({ origin: test.app.origin, clientId, scope: 'openid' });
const browser = () => new Traveller(test.app.origin, new URL(idp.issuer).origin, new URL(other.issuer).origin);
const isCallback = ({ pathname }: URL) => pathname.endsWith('/callback') && pathname.startsWith('/federation');
const isSignedIn = ({ url, html }: Page) => url.href.startsWith(redirectUri) || html.includes('/consent"');

async function press(traveller: Traveller, stop?: (url: URL) => boolean, id = 'hopital'): Promise<Page> {
  return traveller.go(linkOf(await traveller.go(asks()), `/federated/${id}`), stop);
}

/** A browser that the hospital has just sent to the callback, which has not been asked yet. */
async function arriving(id = 'hopital'): Promise<{ traveller: Traveller; callback: URL }> {
  const traveller = browser();
  return { traveller, callback: (await press(traveller, isCallback, id)).url };
}

function changed(url: URL, changes: Readonly<Record<string, string | undefined>>): URL {
  const copy = new URL(url);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) copy.searchParams.delete(name);
    else copy.searchParams.set(name, value);
  }
  return copy;
}

describe('an ID token', () => {
  it.each<[string, Mischief]>([
    ['with another nonce', { claims: { nonce: 'another' } }],
    ['without a nonce', { claims: { nonce: undefined } }],
    ['of another issuer', { claims: { iss: 'https://evil.example' } }],
    ['for another audience', { claims: { aud: 'another' } }],
    ['for several audiences without azp', { claims: { aud: ['livedoc-at-the-hospital', 'another'] } }],
    ['that has expired', { claims: { exp: seconds() - 3600 } }],
    ['without exp', { claims: { exp: undefined } }],
    ['that is not valid yet', { claims: { nbf: seconds() + 3600 } }],
    ['without a subject', { claims: { sub: undefined } }],
    ['that nobody signed (alg none)', { alg: 'none' }],
    ['signed with the secret that both have (HS256)', { alg: 'HS256' }],
    ['signed with a key that is not the provider\u2019s', { isForged: true }],
  ])('%s is not believed', async (_, mischief) => {
    idp.mischief = mischief;
    const page = await press(browser());
    expect(page.html).toContain('<code>untrusted</code>');
    expect(page.status).toBe(403);
    expect(isSignedIn(page)).toBe(false);
  });

  it('signed with a key that was rotated in a moment ago is believed', async () => {
    expect(isSignedIn(await press(browser()))).toBe(true);
    await idp.rotateKeys();
    expect(isSignedIn(await press(browser()))).toBe(true);
  });

  it('with ES256 is believed as one with RS256', async () => {
    const page = await press(browser(), undefined, 'clinique');
    // The account is the other hospital's person already, which is found out after the token is believed.
    expect(page.html).not.toContain('untrusted');
  });
});

describe('an answer', () => {
  it('with the `iss` of another provider is refused (RFC 9207)', async () => {
    const { traveller, callback } = await arriving();
    const page = await traveller.go(changed(callback, { iss: other.issuer }));
    expect(page.html).toContain('<code>untrusted</code>');
  });

  it('without `iss`, from a provider that says that it always sends it, is refused', async () => {
    const { traveller, callback } = await arriving();
    const page = await traveller.go(changed(callback, { iss: undefined }));
    expect(page.html).toContain('<code>untrusted</code>');
  });

  it("at another provider's address is refused, and the code is not sent to it", async () => {
    const { traveller, callback } = await arriving();
    const before = other.asked.length;
    const mixed = new URL(callback);
    mixed.pathname = mixed.pathname.replace('hopital', 'clinique');
    const page = await traveller.go(mixed);
    expect(page.status).toBe(410);
    expect(other.asked.length).toBe(before);
  });

  it.each<[string, string | undefined]>([
    ['without a state', undefined],
    ['with an invented state', 'a'.repeat(43)],
    ['with a state that looks right', `${'a'.repeat(43)}.${'b'.repeat(43)}`],
    ['with an endless state', 'a'.repeat(9000)],
  ])('%s is refused', async (_, state) => {
    const { traveller, callback } = await arriving();
    const page = await traveller.go(changed(callback, { state }));
    expect(page.status).toBe(410);
    expect(page.html).toContain('<code>stale</code>');
  });

  it('with two states is refused', async () => {
    const { traveller, callback } = await arriving();
    const twice = new URL(callback);
    twice.searchParams.append('state', callback.searchParams.get('state') ?? '');
    expect(isSignedIn(await traveller.go(twice))).toBe(false);
  });

  it('with an invented code is refused', async () => {
    const { traveller, callback } = await arriving();
    const page = await traveller.go(changed(callback, { code: 'invented' }));
    expect(page.html).toContain('<code>upstream</code>');
  });

  it('is good once', async () => {
    const { traveller, callback } = await arriving();
    expect(isSignedIn(await traveller.go(callback))).toBe(true);
    const again = await traveller.go(callback);
    expect(again.status).toBe(410);
  });

  it('that comes four times at once is taken once', async () => {
    const { traveller, callback } = await arriving();
    const last = await traveller.go(callback, ({ pathname }) => pathname.endsWith('/return'));
    const jar = traveller.at(test.app.origin);
    const answers = await Promise.all([1, 2, 3, 4].map(() => jar.request(last.url)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([303, 410, 410, 410]);
  });

  it('that comes too late is refused', async () => {
    const { traveller, callback } = await arriving();
    await test.app.store.db.query({ text: `update federated_sign_in set expires_at = now() - interval '1 second'` });
    expect((await traveller.go(callback)).status).toBe(410);
  });

  it('of a provider that was disabled meanwhile is refused', async () => {
    const { traveller, callback } = await arriving();
    await test.app.store.db.query({ text: `update identity_provider set enabled = false where id = 'hopital'` });
    const page = await traveller.go(callback);
    await test.app.store.db.query({ text: `update identity_provider set enabled = true where id = 'hopital'` });
    expect(page.status).toBe(404);
    expect(isSignedIn(page)).toBe(false);
  });
});

describe('another browser', () => {
  it("cannot be signed in as the attacker by the attacker's answer (login CSRF)", async () => {
    const { callback } = await arriving();
    const victim = browser();
    const page = await victim.go(callback);
    expect(page.status).toBe(404);
    expect(isSignedIn(page)).toBe(false);
    expect(victim.at(test.app.origin).cookies).toEqual([]);
  });

  it('that is in a sign-in of its own cannot be given the answer of another one', async () => {
    const { callback } = await arriving();
    const victim = browser();
    const login = await victim.go(asks());
    const injected = new URL(`${linkOf(login, '/federated/hopital')}/return${callback.search}`);
    const page = await victim.go(injected);
    expect(page.status).toBe(410);
    expect(isSignedIn(page)).toBe(false);
  });

  it('cannot prepare the session that somebody signs in to (session fixation)', async () => {
    const { traveller, callback } = await arriving();
    const jar = traveller.at(test.app.origin);
    const names = ['_session', '_session.legacy'];
    const before = jar.cookies.filter(({ name }) => names.includes(name)).map(({ value }) => value);
    expect(isSignedIn(await traveller.go(callback))).toBe(true);
    const after = jar.cookies.filter(({ name }) => name === '_session').map(({ value }) => value);
    expect(after).toHaveLength(1);
    expect(before).not.toContain(after[0]);
  });

  it('learns nothing at a callback of who is signing in', async () => {
    const { callback } = await arriving();
    const answer = await fetch(changed(callback, { state: 'x' }), { redirect: 'manual' });
    expect(answer.headers.get('location')).toBeNull();
    expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(answer.headers.get('referrer-policy')).toBe('same-origin');
  });
});

describe('a provider', () => {
  it.each([500, 503, 404])('whose token endpoint answers %s is said to be down', async (status) => {
    idp.down = status;
    const page = await press(browser());
    expect(page.status).toBe(503);
    expect(page.html).toContain('<code>unavailable</code>');
    expect(page.html).not.toContain('out of order');
  });

  it.each(['server_error', 'invalid_scope'])(
    'that answers %s is quoted in the trail and not on the page',
    async (error) => {
      idp.denies = error;
      const page = await press(browser());
      expect(page.html).toContain('<code>upstream</code>');
      expect(page.html).not.toContain('as the test wants it');
      const rows = await test.app.store.db.query({
        text: `select 1 from audit_log where record like '%login-failed%' and record like $1`,
        values: [`%${error} as the test wants it%`],
      });
      expect(rows.length).toBeGreaterThan(0);
    },
  );

  it('that is away is said to be, in French as well', async () => {
    const gone = await startHospitalIdp();
    await connect(test.app, gone, 'partie');
    await gone.close();
    const traveller = new Traveller(test.app.origin);
    const login = await traveller.go(asks());
    const jar = traveller.at(test.app.origin);
    const answer = await jar.request(linkOf(login, '/federated/partie'), { headers: { 'accept-language': 'fr' } });
    expect(answer.status).toBe(503);
    const text = await answer.text();
    expect(text).toContain('ne répond pas');
    expect(text).not.toContain('ECONNREFUSED');
  });

  it('that there is none of is not found, and neither is a disabled one', async () => {
    const traveller = browser();
    const login = await traveller.go(asks());
    const link = linkOf(login, '/federated/hopital');
    for (const id of ['nowhere', '..%2f..', 'HOPITAL', '%00']) {
      const url = new URL(link.href.replace(/hopital$/, id));
      expect((await traveller.go(url)).status).toBe(404);
    }
  });
});
