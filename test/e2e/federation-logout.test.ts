/**
 * Sessions that began at a hospital's identity provider end with it, and it with them.
 * https://openid.net/specs/openid-connect-rpinitiated-1_0.html, https://openid.net/specs/openid-connect-backchannel-1_0.html,
 * https://openid.net/specs/openid-connect-frontchannel-1_0.html
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addClient } from '../../src/auth/clients.ts';
import { removeProvider, setProviderEnabled } from '../../src/auth/federation/identity-providers.ts';
import { unlinkAccount } from '../../src/auth/federation/links.ts';
import { connect, linkOf, Traveller } from '../support/federation.ts';
import { type HospitalIdp, startHospitalIdp } from '../support/hospital-idp.ts';
import { medecin, withOidcApp } from '../support/oidc-app.ts';
import { authorizationUrl, post, redeem, redirectUri } from '../support/smart-client.ts';

const test = withOidcApp('127.0.0.1', ['127.0.0.1']);
const verifier = 'v'.repeat(50);
const bye = 'http://localhost:9/bye';
const admin = { client: { name: 'test' } };
let idp: HospitalIdp;
let clientId: string;

beforeAll(async () => {
  idp = await startHospitalIdp();
  await connect(test.app, idp, 'hopital', { accounts: { link_by_email: true } });
  idp.person = { sub: 'claire', claims: { email: medecin.email, email_verified: true } };
  const client = await addClient(test.app.store, {
    name: 'App',
    kind: 'public',
    scope: 'openid fhirUser offline_access user/*.rs',
    redirectUris: [redirectUri],
    postLogoutRedirectUris: [bye],
  });
  clientId = client.clientId;
});
afterAll(() => idp.close());

interface SignedIn {
  readonly traveller: Traveller;
  readonly token: string;
  readonly refresh: string | undefined;
  readonly idToken: string;
  /** The session at the hospital, as its ID token named it. */
  readonly sid: string;
}

async function signIn(scope = 'openid fhirUser user/*.rs'): Promise<SignedIn> {
  const traveller = new Traveller(test.app.origin, new URL(idp.issuer).origin);
  const login = await traveller.go(authorizationUrl({ origin: test.app.origin, clientId, scope, verifier }));
  let page = await traveller.go(linkOf(login, '/federated/hopital'));
  if (page.html.includes('/consent"')) page = await traveller.submit(page, '/consent', { decision: 'allow' });
  const code = page.url.searchParams.get('code') ?? '';
  const { body } = await redeem(test.app.origin, { client_id: clientId, code, code_verifier: verifier });
  const [row] = await test.app.store.db.query<{ sid: string }>({
    text: 'select sid from federated_session where session_uid is not null order by created_at desc limit 1',
  });
  return {
    traveller,
    token: String(body['access_token']),
    refresh: body['refresh_token'] as string | undefined,
    idToken: String(body['id_token']),
    sid: row?.sid ?? '',
  };
}

async function works(token: string): Promise<boolean> {
  const answer = await fetch(`${test.app.origin}/fhir/Patient`, { headers: { authorization: `Bearer ${token}` } });
  return answer.status === 200;
}

function backchannel(token: string): Promise<Response> {
  const body = new URLSearchParams({ logout_token: token });
  return fetch(`${test.app.origin}/federation/hopital/backchannel-logout`, { method: 'POST', body });
}

describe('signing out here', () => {
  const end = (traveller: Traveller, idToken: string) => {
    const url = new URL('/oidc/session/end', test.app.origin);
    url.search = String(new URLSearchParams({ id_token_hint: idToken, post_logout_redirect_uri: bye, state: 's' }));
    return traveller.go(url);
  };

  it('signs out at the hospital too, then goes where the application said', async () => {
    const { traveller, token, idToken } = await signIn();
    const question = await end(traveller, idToken);
    const there = await traveller.submit(question, '/session/end/confirm', { logout: 'yes' });
    expect(there.url.origin).toBe(new URL(idp.issuer).origin);
    expect(there.url.searchParams.get('id_token_hint')).toBeTruthy();
    expect(await works(token)).toBe(false);
    const gone = await traveller.submit(there, '/session/end/confirm');
    expect(gone.url.href).toBe(`${bye}?state=s`);
    expect(traveller.visited.some(({ pathname }) => pathname === '/federation/hopital/signed-out')).toBe(true);
  });

  it('stays here where the settings say so', async () => {
    await connect(test.app, idp, 'hopital', { accounts: { link_by_email: true }, logout: { upstream: false } });
    const { traveller, idToken } = await signIn();
    const out = await traveller.submit(await end(traveller, idToken), '/session/end/confirm', { logout: 'yes' });
    expect(out.url.href).toBe(`${bye}?state=s`);
    await connect(test.app, idp, 'hopital', { accounts: { link_by_email: true } });
  });

  it.each([
    ['without a state', ''],
    ['with one of its own', `?state=${Buffer.from('https://evil.example').toString('base64url')}`],
  ])('leads nowhere else by the way back %s', async (_, query) => {
    const answer = await fetch(`${test.app.origin}/federation/hopital/signed-out${query}`, { redirect: 'manual' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('location')).toBeNull();
  });
});

describe('signing out on the page of the account', () => {
  it('leads on to the hospital, though forms may not, and back', async () => {
    const { traveller, token } = await signIn();
    const account = await traveller.go(new URL('/account', test.app.origin));
    const out = await traveller.submit(account, '/account/sign-out');
    expect(out.status).toBe(200);
    expect(await works(token)).toBe(false);
    const there = linkOf(out, '/session/end');
    expect(out.headers.get('refresh')).toBe(`0; url=${there}`);
    const back = await traveller.submit(await traveller.go(there), '/session/end/confirm');
    expect(back.url.pathname).toBe('/oidc/session/end/success');
  });
});

describe('signing out at the hospital', () => {
  it('ends the session here and its tokens at once, told by the hospital itself', async () => {
    const { traveller, token } = await signIn();
    const question = await traveller.go(new URL(`${idp.issuer}/session/end`));
    await traveller.submit(question, '/session/end/confirm');
    expect(await works(token)).toBe(false);
  });
});

describe('a logout token', () => {
  it('ends the session that it names and its tokens at once, and no other session', async () => {
    const [one, two] = [await signIn(), await signIn()];
    expect(one.sid).not.toBe(two.sid);
    const answer = await backchannel(await idp.logoutToken(idp.logoutClaims({ sid: one.sid })));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await works(one.token)).toBe(false);
    expect(await works(two.token)).toBe(true);
  });

  it('asks the person of the session to sign in again', async () => {
    const { traveller, sid } = await signIn();
    await backchannel(await idp.logoutToken(idp.logoutClaims({ sid })));
    const page = await traveller.go(authorizationUrl({ origin: test.app.origin, clientId, scope: 'openid', verifier }));
    expect(page.html).toContain('type="password"');
  });

  it('that names the person ends all of their sessions', async () => {
    const [one, two] = [await signIn(), await signIn()];
    await backchannel(await idp.logoutToken(idp.logoutClaims({ sub: 'claire' })));
    expect([await works(one.token), await works(two.token)]).toEqual([false, false]);
  });

  it('leaves what is for offline use, as section 2.7 has it', async () => {
    const { refresh = '', sid } = await signIn('openid fhirUser offline_access user/*.rs');
    await backchannel(await idp.logoutToken(idp.logoutClaims({ sid })));
    const form = { grant_type: 'refresh_token', refresh_token: refresh, client_id: clientId };
    expect((await post(test.app.origin, '/oidc/token', form)).status).toBe(200);
  });

  it('is in the audit trail with the person', async () => {
    const { sid } = await signIn();
    await backchannel(await idp.logoutToken(idp.logoutClaims({ sid })));
    const rows = await test.app.store.db.query<{ record: string }>({
      text: `select record from audit_log where record like '%backchannel-logout%'`,
    });
    expect(rows.at(-1)?.record).toContain('Claire Petit');
  });

  it('is good once', async () => {
    const { token, sid } = await signIn();
    const logout = await idp.logoutToken(idp.logoutClaims({ sub: 'nobody', jti: 'again' }));
    expect((await backchannel(logout)).status).toBe(200);
    const again = await backchannel(logout);
    expect(again.status).toBe(400);
    expect(await again.json()).toMatchObject({ error: 'invalid_request' });
    expect(sid).not.toBe('');
    expect(await works(token)).toBe(true);
  });

  const now = () => Math.floor(Date.now() / 1000);
  it.each<[string, object, object]>([
    ['of another issuer', { iss: 'https://evil.example' }, {}],
    ['for another audience', { aud: 'another' }, {}],
    ['without events', { events: undefined }, {}],
    ['of another event', { events: { 'https://example.org/other': {} } }, {}],
    ['with a nonce (an ID token)', { nonce: 'n' }, {}],
    ['without jti', { jti: undefined }, {}],
    ['without sub and sid', { sub: undefined, sid: undefined }, {}],
    ['without iat', { iat: undefined }, {}],
    ['that is old', { iat: now() - 3600, exp: now() + 60 }, {}],
    ['that has expired', { exp: now() - 3600 }, {}],
    ['that nobody signed', {}, { alg: 'none' }],
    ['of another type', {}, { typ: 'at+jwt' }],
  ])('%s is refused and ends nothing', async (_, changes, header) => {
    const { token, sid } = await signIn();
    const claims = idp.logoutClaims({ sid, sub: 'claire', ...changes });
    const answer = await backchannel(
      await idp.logoutToken({ ...claims } as Record<string, unknown>, header as Record<string, unknown>),
    );
    expect(answer.status).toBe(400);
    expect(await works(token)).toBe(true);
  });

  it.each([
    ['', 400],
    ['nonsense', 400],
    ['a.b.c', 400],
    [`${'a'.repeat(20_000)}`, 400],
  ])('is not text like %.12s', async (token, status) => expect((await backchannel(token)).status).toBe(status));

  it('for a provider that there is none of is not found', async () => {
    const answer = await fetch(`${test.app.origin}/federation/nowhere/backchannel-logout`, { method: 'POST' });
    expect(answer.status).toBe(404);
  });

  it('is no larger than 64 KB', async () => {
    expect((await backchannel('a'.repeat(100_000))).status).toBe(413);
  });
});

describe('a front-channel logout', () => {
  const url = (query: Record<string, string>) =>
    `${test.app.origin}/federation/hopital/frontchannel-logout?${new URLSearchParams(query)}`;

  it('ends the session that it names, in a frame of the provider and of nobody else', async () => {
    const { token, sid } = await signIn();
    const answer = await fetch(url({ iss: idp.issuer, sid }));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-security-policy')).toContain(`frame-ancestors ${new URL(idp.issuer).origin}`);
    expect(answer.headers.get('x-frame-options')).toBeNull();
    expect(await works(token)).toBe(false);
  });

  it('of another issuer, or without a session, ends nothing', async () => {
    const { token, sid } = await signIn();
    await fetch(url({ iss: 'https://evil.example', sid }));
    await fetch(url({ iss: idp.issuer }));
    await fetch(url({ sid }));
    expect(await works(token)).toBe(true);
  });
});

describe('an account', () => {
  it('that an administrator unlinks loses what it has open by the provider', async () => {
    const { token } = await signIn();
    await unlinkAccount(test.app.auth.federation.deps, { id: 'hopital', email: medecin.email }, admin);
    expect(await works(token)).toBe(false);
  });
});

describe('a provider', () => {
  it('that is disabled takes the sessions that began there with it', async () => {
    const { token } = await signIn();
    await setProviderEnabled(test.app.auth.federation.deps, 'hopital', false, admin);
    expect(await works(token)).toBe(false);
    await setProviderEnabled(test.app.auth.federation.deps, 'hopital', true, admin);
  });

  it('that is removed, as well; who comes back when it is set up anew has the same account', async () => {
    const { token, idToken } = await signIn();
    const { deps } = test.app.auth.federation;
    await removeProvider(deps, 'hopital', admin);
    expect(await works(token)).toBe(false);
    // Not even by address: the subject is known.
    await connect(test.app, idp, 'hopital', {});
    const sub = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()).sub as string;
    expect(sub((await signIn()).idToken)).toBe(sub(idToken));
  });
});
