/**
 * Signing in by a hospital's identity provider, over real HTTP against a second provider.
 * https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addUser } from '../../src/auth/accounts.ts';
import { addClient } from '../../src/auth/clients.ts';
import { linkAccount } from '../../src/auth/federation/links.ts';
import type { IdentityProviderRequest } from '../../src/shared/api/identity-provider.ts';
import { findUserByEmail } from '../../src/store/accounts/users.ts';
import type { Page } from '../support/browser.ts';
import { connect, linkOf, Traveller } from '../support/federation.ts';
import { type HospitalIdp, type Person, startHospitalIdp } from '../support/hospital-idp.ts';
import { medecin, withOidcApp } from '../support/oidc-app.ts';
import { authorizationUrl, redeem, redirectUri } from '../support/smart-client.ts';

const test = withOidcApp('127.0.0.1', ['127.0.0.1']);
const verifier = 'v'.repeat(50);
const admin = { client: { name: 'test' } };
let idp: HospitalIdp;
let clientId: string;

const roles: IdentityProviderRequest['roles'] = {
  claim: 'realm_access.roles',
  values: [
    { value: 'medecins', role: 'MEDECIN' },
    { value: 'secretaires', role: 'PERSONNEL' },
    { value: 'informatique', role: 'ADMINISTRATEUR' },
  ],
};

const claire: Person = {
  sub: 'claire-at-the-hospital',
  claims: {
    email: medecin.email,
    email_verified: true,
    family_name: 'Petit',
    given_name: 'Claire',
    realm_access: { roles: ['medecins', 'offline_access'] },
  },
};

const paul = (sub: string, changes: object = {}): Person => ({
  sub,
  claims: {
    email: `${sub}@hopital.fr`,
    email_verified: true,
    family_name: 'Martin',
    given_name: 'Paul',
    realm_access: { roles: ['secretaires'] },
    ...changes,
  },
});

beforeAll(async () => {
  idp = await startHospitalIdp();
  const client = await addClient(test.app.store, {
    name: 'App',
    kind: 'public',
    scope: 'openid fhirUser user/*.rs',
    redirectUris: [redirectUri],
  });
  clientId = client.clientId;
});
afterAll(() => idp.close());

const asks = (changes: Readonly<Record<string, string>> = {}) =>
  authorizationUrl({ origin: test.app.origin, clientId, scope: 'openid fhirUser user/*.rs', verifier, changes });

const browser = () => new Traveller(test.app.origin, new URL(idp.issuer).origin);

/** From the login page by the button to wherever that leads. */
async function press(traveller: Traveller, id = 'hopital', changes = {}): Promise<Page> {
  const login = await traveller.go(asks(changes));
  return traveller.go(linkOf(login, `/federated/${id}`));
}

/** To the end: consent, code, tokens; gives what the ID token says. */
async function finish(traveller: Traveller, page: Page): Promise<Record<string, unknown>> {
  const end = page.html.includes('/consent"') ? await traveller.submit(page, '/consent', { decision: 'allow' }) : page;
  const code = end.url.searchParams.get('code');
  if (!code) throw new Error(`No code: ${end.status} ${end.url} ${end.html}`);
  const form = { client_id: clientId, code, code_verifier: verifier };
  const { status, body } = await redeem(test.app.origin, form);
  if (status !== 200) throw new Error(JSON.stringify(body));
  const [, payload = ''] = String(body['id_token']).split('.');
  return { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), access_token: body['access_token'] };
}

async function caller(token: unknown): Promise<{ status: number; caller?: { role?: string; userId?: string } }> {
  const response = await fetch(`${test.app.origin}/fhir/Patient`, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, ...((await response.json()) as object) };
}

/** Of the newest record of a refused sign-in, why. */
async function lastFailure(): Promise<string> {
  const rows = await test.app.store.db.query<{ record: string }>({
    text: `select record from audit_log where record like '%login-failed%'`,
  });
  const records = rows.map(({ record }) => JSON.parse(record) as { recorded: string; outcomeText?: string });
  const [last] = records.sort((a, b) => b.recorded.localeCompare(a.recorded));
  return JSON.stringify(last ?? '');
}

afterEach(() => {
  idp.mischief = undefined;
  idp.denies = undefined;
});

describe('a known account', () => {
  beforeEach(() => {
    idp.person = claire;
  });

  beforeAll(async () => {
    await connect(test.app, idp, 'hopital', { roles, accounts: { link_by_email: true } });
  });

  it('signs in by the button, and has amr `fed` and its own role', async () => {
    const traveller = browser();
    const claims = await finish(traveller, await press(traveller));
    expect(claims).toMatchObject({ amr: ['fed'] });
    expect(await caller(claims['access_token'])).toMatchObject({ status: 200, caller: { role: 'MEDECIN' } });
    const away = traveller.visited.find(({ pathname }) => pathname.endsWith('/realms/hopital/auth'));
    expect(away?.searchParams.get('code_challenge_method')).toBe('S256');
    expect(away?.searchParams.get('redirect_uri')).toBe(`${test.app.origin}/federation/hopital/callback`);
    expect(away?.searchParams.get('nonce')).toMatch(/^[\w-]{43}$/);
  });

  it('never hands the application a token of the hospital', async () => {
    const traveller = browser();
    const page = await press(traveller);
    expect(page.html).not.toContain('id_token');
    const claims = await finish(traveller, page);
    expect(claims['iss']).toBe(`${test.app.origin}/oidc`);
  });

  it('is found by subject, whatever its address is later', async () => {
    idp.person = { ...claire, claims: { ...claire.claims, email: 'mariee@hopital.fr' } };
    const traveller = browser();
    const { sub } = await finish(traveller, await press(traveller));
    expect(sub).toBe((await findUserByEmail(test.app.store.db, medecin.email))?.id);
  });

  it('is not given to another subject who has its address now', async () => {
    idp.person = { ...claire, sub: 'somebody-else' };
    const page = await press(browser());
    expect(page.status).toBe(403);
    expect(page.html).toContain('emailTaken');
    expect(await lastFailure()).toContain('another subject');
  });

  it.each(['idp_hint', 'kc_idp_hint'])('is sent there at once by %s', async (name) => {
    const traveller = browser();
    const page = await traveller.go(asks({ [name]: 'hopital' }));
    expect(traveller.visited.some(({ origin }) => origin === new URL(idp.issuer).origin)).toBe(true);
    await finish(traveller, page);
  });

  it('sees the login page for the hint of a provider that there is none of', async () => {
    const page = await browser().go(asks({ idp_hint: 'nowhere' }));
    expect(page.html).toContain('/federated/hopital');
  });

  it('gets the language, and the login_hint, at the hospital too', async () => {
    const traveller = browser();
    await press(traveller, 'hopital', { login_hint: 'claire@hopital.fr', ui_locales: 'fr' });
    const away = traveller.visited.find(({ pathname }) => pathname.endsWith('/realms/hopital/auth'));
    expect(away?.searchParams.get('login_hint')).toBe('claire@hopital.fr');
    expect(away?.searchParams.get('ui_locales')).toBe('fr');
  });

  it('has to prove again who it is when the application asks for it', async () => {
    const traveller = browser();
    await finish(traveller, await press(traveller));
    const before = traveller.visited.length;
    await finish(traveller, await press(traveller, 'hopital', { max_age: '0' }));
    const away = traveller.visited.slice(before).find(({ pathname }) => pathname.endsWith('/realms/hopital/auth'));
    expect(away?.searchParams.get('prompt')).toBe('login');
    expect(away?.searchParams.get('max_age')).toBe('0');
  });

  it('is refused when the hospital does not ask again and says so', async () => {
    idp.mischief = { claims: { auth_time: Math.floor(Date.now() / 1000) - 3600 } };
    const page = await press(browser(), 'hopital', { max_age: '0' });
    expect(page.html).toContain('notFresh');
  });

  it.each(['SUSPENDED', 'INACTIVE'])('stays out while it is %s', async (status) => {
    await test.app.store.db.query({ text: 'update users set status = $1::status', values: [status] });
    const page = await press(browser());
    expect(page.status).toBe(403);
    expect(page.html).toContain('not active');
    expect(await lastFailure()).toContain(status);
    await test.app.store.db.query({ text: `update users set status = 'ACTIVE'` });
  });

  it('may try its password after the hospital has failed', async () => {
    idp.denies = 'access_denied';
    const traveller = browser();
    const page = await press(traveller);
    expect(page.html).toContain('You turned back');
    const login = await traveller.go(linkOf(page, '?choose=1'));
    expect(login.html).toContain('type="password"');
  });
});

describe('who has no account', () => {
  it('is told so where only known ones come in', async () => {
    await connect(test.app, idp, 'hopital', { roles, accounts: { create: false } });
    idp.person = paul('unknown');
    const page = await press(browser());
    expect(page.status).toBe(403);
    expect(page.html).toContain('you have no LIVEDOC account');
    expect(await findUserByEmail(test.app.store.db, 'unknown@hopital.fr')).toBeUndefined();
  });

  it('is given one with a role, a Practitioner and no password where the settings say so', async () => {
    const claims = { national_id: 'SubjectNameID' };
    await connect(test.app, idp, 'hopital', { roles, claims, accounts: { create: true } });
    idp.person = paul('paul', { SubjectNameID: '810100473148' });
    const traveller = browser();
    const { fhirUser, access_token } = await finish(traveller, await press(traveller));
    expect(await caller(access_token)).toMatchObject({ caller: { role: 'PERSONNEL' } });
    const user = await findUserByEmail(test.app.store.db, 'paul@hopital.fr');
    expect(user).toMatchObject({ nom: 'Martin', prenom: 'Paul', role: 'PERSONNEL', passwordHash: null });
    expect(fhirUser).toBe(`${test.app.origin}/fhir/Practitioner/${user?.practitionerId}`);
    const practitioner = await test.app.store.resources.read('Practitioner', user?.practitionerId ?? '');
    expect(JSON.parse(practitioner?.body ?? '{}')).toMatchObject({
      identifier: [{ system: 'https://rpps.esante.gouv.fr', value: '10100473148' }],
    });
  });

  it('has tomorrow the role that the hospital says tomorrow', async () => {
    idp.person = paul('paul', { realm_access: { roles: ['medecins'] } });
    const traveller = browser();
    const { access_token } = await finish(traveller, await press(traveller));
    expect(await caller(access_token)).toMatchObject({ caller: { role: 'MEDECIN' } });
    const [role] = await test.app.store.db.query<{ body: string }>({
      text: `select body from resource where ref like 'PractitionerRole/%' and body like '%Martin%' order by version desc`,
    });
    expect(role?.body).toContain('MEDECIN');
    expect(role?.body).not.toContain('PERSONNEL');
  });

  it.each<[string, object, string]>([
    ['without a role', { realm_access: { roles: ['others'] } }, 'unknownRole'],
    ['with several roles', { realm_access: { roles: ['medecins', 'informatique'] } }, 'severalRoles'],
    ['without a verified address', { email_verified: false }, 'emailUnverified'],
    ['without an address', { email: undefined }, 'incomplete'],
    ['without a name', { family_name: undefined }, 'incomplete'],
    ["with an account's address that is not linked", { email: medecin.email }, 'emailTaken'],
  ])('and comes %s is refused, and nothing is made', async (_, changes, why) => {
    idp.person = paul('refused', changes);
    const page = await press(browser());
    expect(page.status).toBe(403);
    expect(page.html).toContain(`<code>${why}</code>`);
    expect(await lastFailure()).toContain(why);
    expect(await findUserByEmail(test.app.store.db, 'refused@hopital.fr')).toBeUndefined();
    const rows = await test.app.store.db.query({ text: `select 1 from federated_identity where subject = 'refused'` });
    expect(rows).toEqual([]);
  });

  it('but is expected by an administrator is let in by the national identifier', async () => {
    const user = { email: 'attendue@hopital.fr', role: 'MEDECIN', nom: 'Roy', prenom: 'Anne' } as const;
    await addUser(test.app.accounts, user);
    await connect(test.app, idp, 'hopital', { claims: { rpps: 'rpps' } });
    const { deps } = test.app.auth.federation;
    const link = { by: 'rpps', value: '10001234567' } as const;
    await linkAccount(deps, { id: 'hopital', email: user.email, link }, admin);
    idp.person = { sub: 'anne', claims: { rpps: '10001234567' } };
    const traveller = browser();
    const { sub } = await finish(traveller, await press(traveller));
    expect(sub).toBe((await findUserByEmail(test.app.store.db, user.email))?.id);
    // Whoever else comes with the same number later is not her.
    idp.person = { sub: 'not-anne', claims: { rpps: '10001234567' } };
    expect((await press(browser())).html).toContain('unknownAccount');
  });

  it('is not let in from another tenant', async () => {
    await connect(test.app, idp, 'hopital', {
      roles,
      accounts: { create: true },
      allowed: { claims: { tid: ['ours'] } },
    });
    idp.person = paul('tenant', { tid: 'theirs' });
    expect((await press(browser())).html).toContain('notAllowed');
  });
});

describe('the second factor', () => {
  const setUp = (more: Partial<IdentityProviderRequest>) =>
    connect(test.app, idp, 'hopital', { roles, accounts: { create: true }, ...more });
  const boss = (amr: readonly string[]): Person => ({
    ...paul('boss', { realm_access: { roles: ['informatique'] } }),
    amr,
  });

  it('is asked of an administrator when the hospital is not trusted for it, whatever it says', async () => {
    await setUp({});
    idp.person = boss(['pwd', 'mfa']);
    const page = await press(browser());
    expect(page.url.pathname).toMatch(/^\/interaction\/[\w-]+$/);
    expect(page.html).not.toContain('/consent"');
    expect(page.url.searchParams.get('code')).toBeNull();
  });

  it('is not asked when the hospital has checked two and is trusted to say so', async () => {
    await setUp({ second_factor: { amr: ['mfa'] } });
    const traveller = browser();
    const claims = await finish(traveller, await press(traveller));
    expect(claims['amr']).toEqual(['fed', 'pwd', 'mfa']);
  });

  it('is asked when it says that it has checked one', async () => {
    idp.person = boss(['pwd']);
    expect((await press(browser())).html).not.toContain('/consent"');
  });

  it('may be demanded of the hospital by acr', async () => {
    await setUp({ acr_values: 'eidas1', required_acr: ['eidas1'], second_factor: { acr: ['eidas1'] } });
    idp.person = { ...boss([]), acr: 'eidas1' };
    const traveller = browser();
    expect((await finish(traveller, await press(traveller)))['amr']).toEqual(['fed', 'mfa']);
    idp.mischief = { claims: { acr: 'low' } };
    expect((await press(browser())).html).toContain('weak');
  });
});
