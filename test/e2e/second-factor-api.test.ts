/** Second factors as an administrator sees them, over the JSON API. */
import { beforeAll, describe, expect, it } from 'vitest';
import { addFactor, newDevice } from '../../src/auth/factors/enrol.ts';
import { findUser } from '../../src/store/accounts/users.ts';
import { codeAt, factorDeps, peer } from '../support/factor-deps.ts';
import { withSmartServer } from '../support/smart-server.ts';

const test = withSmartServer();
const scope = 'user/*.cruds';
const tokens: Record<string, string> = {};

beforeAll(async () => {
  const { server } = test;
  for (const role of ['ADMINISTRATEUR', 'MEDECIN'] as const) tokens[role] = await server.token({ role, scope });
  const deps = factorDeps(server.parts.store, server.parts.secret, () => new Date());
  const user = await findUser(server.parts.store.db, server.users.MEDECIN.id);
  if (!user) throw new Error('There is no MEDECIN.');
  const device = newDevice(deps, { user, boundTo: 'x' });
  const enrolment = { name: 'Téléphone', sealed: device.sealed, code: codeAt(device.secret, new Date()) };
  await addFactor(deps, { user, boundTo: 'x' }, enrolment, peer, true);
});

const ask = (method: string, id: string, role: string | undefined) =>
  test.server.request(`/~/api/users/${id}/second-factor`, role && tokens[role], { method });

describe('/api/users/{id}/second-factor', () => {
  it('is for administrators alone', async () => {
    const { id } = test.server.users.MEDECIN;
    for (const method of ['GET', 'DELETE']) {
      expect((await ask(method, id, undefined)).status).toBe(401);
      expect((await ask(method, id, 'MEDECIN')).status).toBe(403);
      expect((await ask(method, 'nobody', 'ADMINISTRATEUR')).status).toBe(404);
    }
  });

  it('lists factors without their secrets', async () => {
    const response = await ask('GET', test.server.users.MEDECIN.id, 'ADMINISTRATEUR');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      factors: [
        {
          id: expect.any(String),
          kind: 'totp',
          name: 'Téléphone',
          created_at: expect.any(String),
          last_used_at: expect.any(String),
        },
      ],
      recovery_codes_left: 10,
    });
  });

  it('takes all away and ends what the person is signed in to; not for oneself', async () => {
    const { MEDECIN, ADMINISTRATEUR } = test.server.users;
    expect((await ask('DELETE', ADMINISTRATEUR.id, 'ADMINISTRATEUR')).status).toBe(409);
    expect((await ask('DELETE', MEDECIN.id, 'ADMINISTRATEUR')).status).toBe(204);
    const after = await ask('GET', MEDECIN.id, 'ADMINISTRATEUR');
    expect(await after.json()).toEqual({ factors: [], recovery_codes_left: null });
    expect((await test.server.request('/Patient/awa', tokens['MEDECIN'])).status).toBe(401);
  });
});

describe('a person who becomes an administrator', () => {
  it('keeps no token of a sign-in with one factor', async () => {
    const { server } = test;
    const { id } = server.users.PERSONNEL;
    const token = await server.token({ role: 'PERSONNEL', scope });
    expect((await server.request('/Patient/awa', token)).status).toBe(200);
    const changed = await server.request(`/~/api/users/${id}`, tokens['ADMINISTRATEUR'], {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ role: 'ADMINISTRATEUR' }),
    });
    expect(changed.status).toBe(200);
    expect((await server.request('/Patient/awa', token)).status).toBe(401);
  });
});
