/**
 * Providers of several kinds: by client authentication, pushed requests, signed userinfo; and their administration by the API.
 * https://www.rfc-editor.org/rfc/rfc9126, https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addUser } from '../../src/auth/accounts.ts';
import { addClient } from '../../src/auth/clients.ts';
import { linkAccount } from '../../src/auth/federation/links.ts';
import type { IdentityProviderRequest } from '../../src/shared/api/identity-provider.ts';
import { connect, linkOf, Traveller } from '../support/federation.ts';
import { type HospitalIdp, type IdpOptions, startHospitalIdp } from '../support/hospital-idp.ts';
import { medecin, withOidcApp } from '../support/oidc-app.ts';
import { authorizationUrl, redirectUri } from '../support/smart-client.ts';

const test = withOidcApp('127.0.0.1', ['127.0.0.1']);
const admin = { client: { name: 'test' } };
const idps: HospitalIdp[] = [];
let clientId: string;

beforeAll(async () => {
  const client = await addClient(test.app.store, {
    name: 'App',
    kind: 'public',
    scope: 'openid',
    redirectUris: [redirectUri],
  });
  clientId = client.clientId;
});
afterAll(() => Promise.all(idps.map((idp) => idp.close())));

/** A provider of these ways, with Claire linked by her subject. */
async function provider(
  id: string,
  options: IdpOptions,
  settings: Partial<IdentityProviderRequest>,
): Promise<HospitalIdp> {
  const idp = await startHospitalIdp(options);
  idps.push(idp);
  await connect(test.app, idp, id, settings);
  idp.person = { sub: 'claire', claims: { SubjectNameID: '810100473148' } };
  const link = { by: 'subject', value: 'claire' } as const;
  await linkAccount(test.app.auth.federation.deps, { id, email: medecin.email, link }, admin);
  return idp;
}

async function signIn(idp: HospitalIdp, id: string) {
  const traveller = new Traveller(test.app.origin, new URL(idp.issuer).origin);
  const login = await traveller.go(authorizationUrl({ origin: test.app.origin, clientId, scope: 'openid' }));
  const page = await traveller.go(linkOf(login, `/federated/${id}`));
  return { traveller, page, isIn: page.url.href.startsWith(redirectUri) || page.html.includes('/consent"') };
}

describe('a provider', () => {
  it('is shown who we are by a secret in the body', async () => {
    const idp = await provider('post', { clientAuth: 'client_secret_post' }, { client_auth: 'client_secret_post' });
    expect((await signIn(idp, 'post')).isIn).toBe(true);
    expect(idp.asked.at(-1)?.get('code_verifier')).toMatch(/^[\w-]{43}$/);
  });

  it('is shown it by PKCE alone, as a public client', async () => {
    const idp = await provider('none', { clientAuth: 'none' }, { client_auth: 'none' });
    expect((await signIn(idp, 'none')).isIn).toBe(true);
    expect(idp.asked.at(-1)?.has('client_secret')).toBe(false);
  });

  it('is shown it by a key of our own, published, also after it was replaced', async () => {
    const settings = { client_auth: 'private_key_jwt' } as const;
    const idp = await provider('key', { clientAuth: 'private_key_jwt' }, settings);
    expect((await signIn(idp, 'key')).isIn).toBe(true);
    const keys = async () => {
      const answer = await fetch(`${test.app.origin}/federation/key/jwks`);
      return ((await answer.json()) as { keys: Record<string, unknown>[] }).keys;
    };
    const [before] = await keys();
    expect(before).toMatchObject({ kty: 'RSA', use: 'sig', alg: 'RS256' });
    expect(before).not.toHaveProperty('d');
    await connect(test.app, idp, 'key', { ...settings, new_key: true });
    expect((await keys()).map(({ kid }) => kid)).toEqual([
      expect.not.stringMatching(String(before?.['kid'])),
      before?.['kid'],
    ]);
    expect((await signIn(idp, 'key')).isIn).toBe(true);
  });

  it('that takes pushed requests is pushed ours, and the browser carries none of it', async () => {
    const idp = await provider('par', { par: true }, {});
    const { isIn, traveller } = await signIn(idp, 'par');
    expect(isIn).toBe(true);
    const away = traveller.visited.find(({ pathname }) => pathname.endsWith('/auth') && pathname.startsWith('/realms'));
    expect([...(away?.searchParams.keys() ?? [])].sort()).toEqual(['client_id', 'request_uri']);
    expect(idp.asked.some((form) => form.get('nonce') !== null && form.get('code_challenge_method') === 'S256')).toBe(
      true,
    );
  });

  it('that signs its userinfo is believed', async () => {
    const idp = await provider('jwt', { userinfoSignedAlg: 'RS256' }, { userinfo_signed_alg: 'RS256' });
    expect((await signIn(idp, 'jwt')).isIn).toBe(true);
  });

  it('that should sign its userinfo and does not is refused', async () => {
    const idp = await provider('unsigned', {}, { userinfo_signed_alg: 'RS256' });
    expect((await signIn(idp, 'unsigned')).page.html).toContain('<code>untrusted</code>');
  });

  it('like Pro Santé Connect gives the RPPS number in userinfo to find the expected account by', async () => {
    const idp = await startHospitalIdp();
    idps.push(idp);
    await connect(test.app, idp, 'psc', {
      preset: 'pro-sante-connect',
      discovery_url: `${idp.issuer}/.well-known/openid-configuration`,
      name: { fr: 'Pro Santé Connect', en: 'Pro Santé Connect' },
    });
    idp.person = { sub: 'f:1:810100473148', claims: { SubjectNameID: '810100473148' }, acr: 'eidas1' };
    const user = { email: 'anne@hopital.fr', role: 'MEDECIN', nom: 'Roy', prenom: 'Anne' } as const;
    await addUser(test.app.accounts, user);
    expect((await signIn(idp, 'psc')).page.html).toContain('<code>unknownAccount</code>');
    const link = { by: 'rpps', value: '10100473148' } as const;
    await linkAccount(test.app.auth.federation.deps, { id: 'psc', email: user.email, link }, admin);
    expect((await signIn(idp, 'psc')).isIn).toBe(true);
  });
});
