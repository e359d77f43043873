/** Administration of accounts by the API: who may, what is refused, and that what is taken away is gone at once. */
import type { Practitioner, PractitionerRole } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { emailOf, withSmartServer } from '../support/smart-server.ts';

const smart = withSmartServer();
let admin = '';

interface Reply<T> {
  readonly status: number;
  readonly body: T;
  readonly headers: Headers;
}

async function call<T = Record<string, unknown>>(
  method: string,
  path: string,
  { token = admin, body }: { readonly token?: string; readonly body?: unknown } = {},
): Promise<Reply<T>> {
  const response = await smart.server.request(`/~/api${path}`, token, {
    method,
    ...(body === undefined
      ? {}
      : {
          headers: { 'content-type': 'application/json' },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? undefined : JSON.parse(text)) as T,
  };
}

const person = { email: 'Zoe.Martin@Hopital.fr', nom: 'Martin', prenom: 'Zoé', role: 'PERSONNEL' };

interface Created {
  readonly user: { readonly id: string; readonly practitioner_id: string; readonly [key: string]: unknown };
  readonly link: { readonly url: string; readonly expires_at: string; readonly purpose: string } | null;
}

let zoe: Created;
beforeAll(async () => {
  admin = await smart.server.token({ role: 'ADMINISTRATEUR', scope: 'openid fhirUser user/*.cruds' });
  zoe = (await call<Created>('POST', '/users', { body: person })).body;
});

const resource = async <T>(path: string) => (await smart.server.request(path, admin)).json() as Promise<T>;

async function roleOf(practitionerId: string): Promise<PractitionerRole | undefined> {
  const { entry = [] } = await resource<{ entry?: { resource: PractitionerRole }[] }>(
    `/PractitionerRole?practitioner=Practitioner/${practitionerId}`,
  );
  return entry[0]?.resource;
}

describe('an account', () => {
  it('is created with a link that is told once, and without a password', () => {
    expect(zoe.user).toMatchObject({
      email: 'zoe.martin@hopital.fr',
      nom: 'Martin',
      prenom: 'Zoé',
      role: 'PERSONNEL',
      status: 'ACTIVE',
      has_password: false,
      last_login: null,
      reset_requested_at: null,
    });
    expect(zoe.link?.purpose).toBe('invitation');
    expect(zoe.link?.url.startsWith(`${smart.server.origin}/password?link=`)).toBe(true);
    expect(JSON.stringify(zoe.user)).not.toMatch(/hash|bcrypt/);
  });

  it('has a Practitioner and a PractitionerRole that claim their profiles', async () => {
    const practitioner = await resource<Practitioner>(`/Practitioner/${zoe.user.practitioner_id}`);
    expect(practitioner.meta?.profile).toEqual([
      'https://livedoc.health/fhir/StructureDefinition/livedoc-practitioner',
    ]);
    const role = await roleOf(zoe.user.practitioner_id);
    expect(role?.meta?.profile).toEqual(['https://livedoc.health/fhir/StructureDefinition/livedoc-practitioner-role']);
  });

  it('of who signs in elsewhere has no link', async () => {
    const body = { ...person, email: 'federe@hopital.fr', invite: false };
    const made = await call<Created>('POST', '/users', { body });
    expect([made.status, made.body.link]).toEqual([201, null]);
  });

  it('is found by part of a name, role and status, page by page', async () => {
    type Page = { users: { email: string }[]; next: string | null };
    const emails = async (query: string) =>
      (await call<Page>('GET', `/users${query}`)).body.users.map(({ email }) => email);
    expect(await emails('?q=mart')).toEqual(['federe@hopital.fr', 'zoe.martin@hopital.fr']);
    expect(await emails('?q=zoe.')).toEqual(['zoe.martin@hopital.fr']);
    expect(await emails('?role=MEDECIN')).toEqual([emailOf('MEDECIN')]);
    expect(await emails('?status=SUSPENDED')).toEqual([]);
    expect(await emails('?reset_requested=true')).toEqual([]);
    const seen: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const query: string = after === '' ? '' : `&after=${encodeURIComponent(after)}`;
      const { body }: Reply<Page> = await call<Page>('GET', `/users?limit=2${query}`);
      seen.push(...body.users.map(({ email }) => email));
      after = body.next;
    }
    expect(seen).toEqual([...seen].sort());
    expect(seen).toHaveLength(5);
  });

  it('is read by its id, and by its owner as /me', async () => {
    const one = await call('GET', `/users/${zoe.user.id}`);
    expect([one.status, one.body['email']]).toEqual([200, 'zoe.martin@hopital.fr']);
    const token = await smart.server.token({ role: 'PERSONNEL', user: zoe.user.id, scope: 'openid fhirUser' });
    const own = await call('GET', '/me', { token });
    expect([own.status, own.body['id'], own.body['role']]).toEqual([200, zoe.user.id, 'PERSONNEL']);
    const blind = await smart.server.token({ role: 'PERSONNEL', user: zoe.user.id, scope: 'user/Patient.rs' });
    expect((await call('GET', '/me', { token: blind })).status).toBe(403);
  });

  it('changes its names, address and role together with its resources, without touching what others wrote', async () => {
    const changes = { nom: 'Martin-Roy', email: 'z.roy@hopital.fr', role: 'MEDECIN' };
    const changed = await call('PATCH', `/users/${zoe.user.id}`, { body: changes });
    expect(changed.body).toMatchObject({ ...changes, prenom: 'Zoé' });
    const practitioner = await resource<Practitioner>(`/Practitioner/${zoe.user.practitioner_id}`);
    expect(practitioner.name).toEqual([{ use: 'official', family: 'Martin-Roy', given: ['Zoé'] }]);
    expect(practitioner.telecom).toEqual([{ system: 'email', value: 'z.roy@hopital.fr', use: 'work' }]);
    const role = await roleOf(zoe.user.practitioner_id);
    expect(role?.practitioner?.display).toBe('Zoé Martin-Roy');
    expect(role?.code?.[0]?.coding?.map(({ code }) => code)).toEqual(['MEDECIN', '309343006']);
  });

  it("has its new role in the next request of a token that it had before, but never an administrator's", async () => {
    const aToken = () => smart.server.token({ user: zoe.user.id, scope: 'fhirUser user/*.cruds' });
    const before = await aToken();
    expect((await call('GET', '/users', { token: before })).status).toBe(403);
    await call('PATCH', `/users/${zoe.user.id}`, { body: { role: 'ADMINISTRATEUR' } });
    // The sign-in may have been one with one factor.
    expect((await call('GET', '/users', { token: before })).status).toBe(401);
    const after = await aToken();
    expect((await call('GET', '/users', { token: after })).status).toBe(200);
    await call('PATCH', `/users/${zoe.user.id}`, { body: { role: 'PERSONNEL' } });
    expect((await call('GET', '/users', { token: after })).status).toBe(403);
  });

  it('that is suspended has no token in the next request, and none comes back with it', async () => {
    const token = await smart.server.token({ role: 'PERSONNEL', user: zoe.user.id, scope: 'fhirUser user/*.rs' });
    expect((await call('GET', '/me', { token })).status).toBe(200);
    await call('PATCH', `/users/${zoe.user.id}`, { body: { status: 'SUSPENDED' } });
    expect((await call('GET', '/me', { token })).status).toBe(401);
    expect((await call('POST', `/users/${zoe.user.id}/reset`)).status).toBe(409);
    await call('PATCH', `/users/${zoe.user.id}`, { body: { status: 'ACTIVE' } });
    expect((await call('GET', '/me', { token })).status).toBe(401);
  });

  it('gets another link, and the one before is void', async () => {
    const again = await call<{ url: string; purpose: string }>('POST', `/users/${zoe.user.id}/reset`);
    expect([again.status, again.body.purpose]).toEqual([200, 'invitation']);
    expect((await fetch(zoe.link?.url ?? '')).status).toBe(410);
    expect((await fetch(again.body.url)).status).toBe(200);
  });

  it('is signed out everywhere', async () => {
    const token = await smart.server.token({ role: 'PERSONNEL', user: zoe.user.id, scope: 'fhirUser user/*.rs' });
    expect((await call('GET', `/users/${zoe.user.id}/sessions`)).body).toEqual([]);
    expect((await call('POST', `/users/${zoe.user.id}/sign-out`, { body: { session: 'nobody' } })).status).toBe(404);
    expect((await call('POST', `/users/${zoe.user.id}/sign-out`, { body: {} })).status).toBe(204);
    expect((await call('GET', '/me', { token })).status).toBe(401);
  });
});

describe('the last active administrator', () => {
  it('is neither suspended nor given another role, and of two who shut each other out at once one stays', async () => {
    const { id } = smart.server.users.ADMINISTRATEUR;
    for (const body of [{ status: 'SUSPENDED' }, { status: 'INACTIVE' }, { role: 'MEDECIN' }]) {
      const refused = await call('PATCH', `/users/${id}`, { body });
      expect([refused.status, refused.body['detail']]).toEqual([409, expect.stringContaining('last active')]);
    }
    const second = await call<Created>('POST', '/users', {
      body: { email: 'second@hopital.fr', nom: 'Second', prenom: 'Admin', role: 'ADMINISTRATEUR' },
    });
    const other = second.body.user.id;
    const both = await Promise.all(
      [id, other].map((one) => call('PATCH', `/users/${one}`, { body: { status: 'INACTIVE' } })),
    );
    expect(both.map(({ status }) => status).sort()).not.toEqual([200, 200]);
    const { db } = smart.server.parts.store;
    const text = "select count(*)::int as n from users where role = 'ADMINISTRATEUR' and status = 'ACTIVE'";
    expect(await db.query({ text })).toEqual([{ n: 1 }]);
    await db.query({ text: "update users set status = 'ACTIVE' where role = 'ADMINISTRATEUR'" });
    admin = await smart.server.token({ role: 'ADMINISTRATEUR', scope: 'openid fhirUser user/*.cruds' });
  });
});

describe('a request that may not or cannot be', () => {
  const paths = [
    ['GET', '/users'],
    ['POST', '/users'],
    ['GET', '/users/x'],
    ['PATCH', '/users/x'],
    ['POST', '/users/x/reset'],
    ['GET', '/users/x/sessions'],
    ['POST', '/users/x/sign-out'],
  ] as const;
  const bodyFor = (method: string, path: string) =>
    method === 'GET' || path.endsWith('reset') ? {} : { body: path === '/users' ? person : { nom: 'X' } };

  it.each(paths)('%s %s is refused without a token', async (method, path) => {
    const refused = await call(method, path, { token: 'none', ...bodyFor(method, path) });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
  });

  it('is refused for every other role and for an administrator whose token is for less', async () => {
    const tokens = await Promise.all([
      smart.server.token({ role: 'MEDECIN', scope: 'openid fhirUser user/*.cruds' }),
      smart.server.token({ role: 'PERSONNEL', scope: 'openid fhirUser user/*.cruds' }),
      smart.server.token({ role: 'ADMINISTRATEUR', scope: 'openid fhirUser user/Patient.rs' }),
    ]);
    for (const token of tokens) {
      const answers = await Promise.all([
        call('GET', '/users', { token }),
        call('POST', '/users', { token, body: { ...person, email: 'new@hopital.fr' } }),
        call('PATCH', `/users/${zoe.user.id}`, { token, body: { role: 'ADMINISTRATEUR' } }),
        call('POST', `/users/${zoe.user.id}/reset`, { token }),
        call('GET', `/users/${zoe.user.id}/sessions`, { token }),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
    }
  });

  it.each([
    ['an address with another account', { ...person, email: emailOf('MEDECIN').toUpperCase() }, 409],
    ['what is no address', { ...person, email: 'nobody' }, 422],
    ['a name of spaces', { ...person, email: 'a@b.fr', nom: '   ' }, 400],
    ['a role that is none', { ...person, email: 'a@b.fr', role: 'ROOT' }, 400],
    ['an unknown field', { ...person, email: 'a@b.fr', password: 'une phrase longue' }, 400],
    ['a name of a megabyte', { ...person, email: 'a@b.fr', nom: 'x'.repeat(2 ** 20) }, 413],
    ['no JSON', '{', 400],
  ])('creates nothing with %s', async (_title, body, status) => {
    const refused = await call('POST', '/users', { body });
    expect(refused.status).toBe(status);
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    const rows = await smart.server.parts.store.db.query({ text: "select 1 from users where email = 'a@b.fr'" });
    expect(rows).toEqual([]);
  });

  it.each([
    [{}, 400],
    [{ status: 'GONE' }, 400],
    [{ email: emailOf('PERSONNEL') }, 409],
    [{ email: 'no address' }, 422],
    [{ id: 'other' }, 400],
  ])('changes nothing with %j', async (body, status) => {
    const before = (await call('GET', `/users/${zoe.user.id}`)).body;
    expect((await call('PATCH', `/users/${zoe.user.id}`, { body })).status).toBe(status);
    expect((await call('GET', `/users/${zoe.user.id}`)).body).toEqual(before);
  });

  it('of an unknown account is not found', async () => {
    expect((await call('GET', '/users/x')).status).toBe(404);
    expect((await call('POST', '/users/x/reset')).status).toBe(404);
    expect((await call('GET', '/users/x/sessions')).status).toBe(404);
    expect((await call('POST', '/users/x/sign-out', { body: {} })).status).toBe(404);
    expect((await call('PATCH', '/users/x', { body: { nom: 'X' } })).status).toBe(404);
    expect((await call('GET', '/users?limit=1000')).status).toBe(400);
    expect((await call('GET', "/users?q=' or 1=1 --")).body).toEqual({ users: [], next: null });
  });
});

describe('the audit trail', () => {
  it('has every deed with its administrator, the refused ones too, and no link', async () => {
    const rows = await smart.server.parts.store.db.query<{ record: string }>({
      text: 'select record::text as record from audit_log',
    });
    const trail = rows.map(({ record }) => record).join('\n');
    const subtypes = ['user-add', 'user-invite', 'user-search', 'user-read', 'user-update', 'user-role', 'user-status'];
    for (const subtype of [...subtypes, 'user-sessions', 'sign-out']) expect(trail).toContain(`"${subtype}"`);
    expect(trail).toContain('"access-denied"');
    expect(trail).toContain('Ada Roche');
    expect(trail).not.toContain(new URL(zoe.link?.url ?? 'x:').searchParams.get('link'));
  });
});
