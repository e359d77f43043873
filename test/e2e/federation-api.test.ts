/** Identity providers as an administrator sets them up, over the JSON API. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HospitalIdp, startHospitalIdp } from '../support/hospital-idp.ts';
import { emailOf, withSmartServer } from '../support/smart-server.ts';

const test = withSmartServer();
const scope = 'user/*.cruds';
const tokens: Record<string, string> = {};
let idp: HospitalIdp;

beforeAll(async () => {
  const { server } = test;
  for (const role of ['ADMINISTRATEUR', 'MEDECIN'] as const) tokens[role] = await server.token({ role, scope });
  idp = await startHospitalIdp();
});
afterAll(() => idp.close());

const ask = (method: string, path: string, body?: unknown, role: string | undefined = 'ADMINISTRATEUR') =>
  test.server.request(`/~/api/identity-providers${path}`, role && tokens[role], {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });

const settings = () => ({
  preset: 'keycloak',
  issuer: idp.issuer,
  client_id: idp.clientId,
  client_secret: 'a very secret thing',
});

describe('/api/identity-providers', () => {
  it('is for administrators alone, and tells the trail who else tried', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/x'],
      ['DELETE', '/x'],
      ['POST', '/x/test'],
      ['GET', '/x/accounts'],
    ] as const) {
      expect((await ask(method, path, undefined, 'MEDECIN')).status).toBe(403);
    }
    const unknown = await test.server.request('/~/api/identity-providers', undefined, { method: 'GET' });
    expect(unknown.status).toBe(401);
  });

  it('adds one, with the addresses to register there and never its secret', async () => {
    const added = await ask('PUT', '/keycloak', settings());
    expect(added.status).toBe(201);
    const shown = (await added.json()) as Record<string, unknown>;
    expect(shown).toMatchObject({ id: 'keycloak', enabled: true, has_secret: true, scope: 'openid profile email' });
    expect(shown['redirect_uri']).toMatch(/\/federation\/keycloak\/callback$/);
    const all = [shown, await (await ask('GET', '')).json(), await (await ask('GET', '/keycloak')).json()];
    expect(JSON.stringify(all)).not.toContain('very secret');
    const { store } = test.server.parts;
    const rows = await store.db.query<{ all: string }>({
      text: `select (select string_agg(p::text, ' ') from identity_provider p)
        || (select string_agg(record, ' ') from audit_log) as all`,
    });
    expect(rows[0]?.all).not.toContain('very secret');
    expect(rows[0]?.all).toContain('identity-provider-add');
  });

  it('keeps the secret that is there, but gives it to no other issuer', async () => {
    const { client_secret: _, ...rest } = settings();
    expect((await ask('PUT', '/keycloak', { ...rest, acr_values: 'gold' })).status).toBe(200);
    const moved = await ask('PUT', '/keycloak', { ...rest, issuer: 'https://evil.example' });
    expect(moved.status).toBe(422);
    expect(await (await ask('GET', '/keycloak')).json()).toMatchObject({ issuer: idp.issuer, acr_values: 'gold' });
  });

  it.each<[string, object, number]>([
    ['an unknown field', { secret: 'x' }, 400],
    ['an issuer that is no URL', { issuer: 'hopital' }, 400],
    ['an issuer that is a script', { issuer: 'javascript:alert(1)' }, 400],
    ['an unknown role', { roles: { claim: 'r', values: [{ value: 'x', role: 'CHEF' }] } }, 400],
    ['a scope without openid', { scope: 'email' }, 422],
    ['a state of its own', { authorization_parameters: { state: 'x' } }, 422],
  ])('refuses %s, and changes nothing', async (_, changes, status) => {
    expect((await ask('PUT', '/keycloak', { ...settings(), ...changes })).status).toBe(status);
    expect(await (await ask('GET', '/keycloak')).json()).toMatchObject({ issuer: idp.issuer, acr_values: 'gold' });
  });

  it.each(['UPPER', 'a'.repeat(41), '-x', 'a_b'])('takes no id %s', async (id) => {
    expect((await ask('PUT', `/${id}`, settings())).status).toBe(400);
  });

  it('speaks to no address inside that the installation does not vouch for', async () => {
    const { ok, problems } = (await (await ask('POST', '/keycloak/test')).json()) as {
      ok: boolean;
      problems: string[];
    };
    expect(ok).toBe(false);
    expect(problems.join()).toMatch(/not https|inside/);
  });

  it('links an account to a subject, expects another, shows and unlinks them', async () => {
    const [medecin, personnel] = [emailOf('MEDECIN'), emailOf('PERSONNEL')];
    const path = '/keycloak/accounts';
    expect((await ask('POST', path, { email: medecin, by: 'subject', value: 's-1' })).status).toBe(204);
    expect((await ask('POST', path, { email: personnel, by: 'subject', value: 's-1' })).status).toBe(409);
    expect((await ask('POST', path, { email: personnel, by: 'rpps', value: '12' })).status).toBe(422);
    expect((await ask('POST', path, { email: 'nobody@x.fr', by: 'subject', value: 's-2' })).status).toBe(404);
    expect((await ask('POST', path, { email: personnel, by: 'rpps', value: '10001234567' })).status).toBe(204);
    expect(await (await ask('GET', path)).json()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ email: medecin, subject: 's-1', expected_by: null }),
        expect.objectContaining({ email: personnel, subject: null, expected_by: 'rpps 10001234567' }),
      ]),
    );
    expect((await ask('DELETE', `${path}/${encodeURIComponent(medecin)}`)).status).toBe(204);
    expect((await ask('DELETE', `${path}/${encodeURIComponent(medecin)}`)).status).toBe(404);
  });

  it('is disabled, enabled and removed', async () => {
    expect(await (await ask('POST', '/keycloak/disable')).json()).toMatchObject({ enabled: false });
    expect(await (await ask('POST', '/keycloak/enable')).json()).toMatchObject({ enabled: true });
    expect((await ask('DELETE', '/keycloak')).status).toBe(204);
    expect((await ask('DELETE', '/keycloak')).status).toBe(404);
  });
});
