// Clients and keys as administrators handle them: POST, GET, PATCH, DELETE /api/clients, and the commands of the same.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientCommands } from '../../src/client-command.ts';
import type { Values } from '../../src/command-line.ts';
import { silent } from '../../src/shared/logger.ts';
import { backendToken, type Key, makeKey, redirectUri } from '../support/smart-client.ts';
import { withSmartServer } from '../support/smart-server.ts';

const smart = withSmartServer();
const scope = 'system/*.rs';
let key: Key;
let folder: string;
let administrator: string;
let physician: string;

beforeAll(async () => {
  key = await makeKey('ES384');
  folder = await mkdtemp(join(tmpdir(), 'livedoc-clients-'));
  await writeFile(join(folder, 'jwks.json'), JSON.stringify(key.jwks));
  administrator = await smart.server.token({ role: 'ADMINISTRATEUR', scope: 'user/*.cruds' });
  physician = await smart.server.token({ role: 'MEDECIN', scope: 'user/*.cruds' });
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function api(method: string, path: string, body?: unknown, token = administrator): Promise<Answer> {
  const response = await smart.server.request(`/~/api/clients${path}`, token, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

const backend = () => ({ name: 'EHR', kind: 'backend', scope, jwks: key.jwks });
const added = async (body: object = backend()) => String((await api('POST', '', body)).body['client_id']);
const tokenOf = async (clientId: string) => backendToken(smart.server.origin, { clientId, key, scope });
const trail = async (subtype: string) => {
  const rows = await smart.server.parts.store.db.query<{ readonly n: number }>({
    text: `select count(*)::int as n from audit_log where record::jsonb->>'subtype' = $1`,
    values: [subtype],
  });
  return rows[0]?.n ?? 0;
};

describe('the API of clients', () => {
  it('registers, shows, lists, and says who did', async () => {
    const { status, body } = await api('POST', '', backend());
    expect([status, body]).toEqual([201, { client_id: expect.any(String) }]);
    const id = String(body['client_id']);
    const shown = await api('GET', `/${id}`);
    expect(shown.body).toMatchObject({
      client_id: id,
      ...backend(),
      state: 'active',
      token_endpoint_auth_method: 'private_key_jwt',
      has_secret: false,
      registered_itself: false,
    });
    const page = (await api('GET', '?_count=500')).body as unknown as { client_id: string }[];
    expect(page.map(({ client_id }) => client_id)).toContain(id);
    const after = (await api('GET', `?_count=500&after=${id}`)).body as unknown as unknown[];
    expect(after).toHaveLength(page.length - page.findIndex(({ client_id }) => client_id === id) - 1);
    expect((await tokenOf(id)).status).toBe(200);
    expect(await Promise.all(['client-add', 'client-read', 'client-list'].map(trail))).not.toContain(0);
  });

  it('is for administrators alone, and keeps a record of who else tried', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['POST', ''],
      ['GET', '/x'],
      ['PATCH', '/x'],
      ['DELETE', '/x'],
      ['POST', '/x/approve'],
      ['POST', '/x/secret'],
    ] as const) {
      const { status, body } = await api(method, path, method === 'GET' ? undefined : backend(), physician);
      // What is no change is refused as such before anybody is asked; it tells nothing.
      expect([400, 403], `${method} ${path}`).toContain(status);
      if (status === 403) expect(body['code']).toBe('forbidden');
    }
    expect(await trail('clients')).toBeGreaterThan(4);
  });

  it('tells a secret once, and a new one ends the old', async () => {
    const app = { name: 'Web', kind: 'confidential', scope: 'openid user/*.rs', redirect_uris: [redirectUri] };
    const { body } = await api('POST', '', app);
    const id = String(body['client_id']);
    expect(body['client_secret']).toMatch(/^[\w-]{43}$/);
    expect(JSON.stringify((await api('GET', `/${id}`)).body)).not.toContain(String(body['client_secret']));
    const fresh = await api('POST', `/${id}/secret`);
    const isTaken = async (secret: unknown) => {
      const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
      const form = new URLSearchParams({ grant_type: 'authorization_code', code: 'x', redirect_uri: redirectUri });
      const url = `${smart.server.origin}/oidc/token`;
      return (await fetch(url, { method: 'POST', body: form, headers: { authorization } })).status;
    };
    expect([await isTaken(body['client_secret']), await isTaken(fresh.body['client_secret'])]).toEqual([401, 400]);
    const none = await api('POST', `/${await added()}/secret`);
    expect([none.status, none.body['code']]).toEqual([409, 'conflict']);
  });

  it('changes what is named, takes away what is null, and ends tokens that would be more than is allowed now', async () => {
    const id = await added();
    const { body } = await tokenOf(id);
    const read = async () => (await smart.server.request('/Patient/awa', String(body['access_token']))).status;
    expect((await api('PATCH', `/${id}`, { name: 'Another' })).body['name']).toBe('Another');
    expect(await read()).toBe(200);
    const narrower = await api('PATCH', `/${id}`, { scope: 'system/Observation.rs' });
    expect([narrower.status, narrower.body['scope']]).toEqual([200, 'system/Observation.rs']);
    expect(await read()).toBe(401);
    const gone = await api('PATCH', `/${id}`, { jwks: null });
    expect([gone.status, gone.body['detail']]).toEqual([400, 'A backend needs a JWKS or its URL.']);
    const moved = await api('PATCH', `/${id}`, { jwks: null, jwks_uri: 'https://ehr.example/jwks' });
    expect([moved.body['jwks'], moved.body['jwks_uri']]).toEqual([undefined, 'https://ehr.example/jwks']);
  });

  it('disables at once, enables, and removes for good', async () => {
    const id = await added();
    const { body } = await tokenOf(id);
    expect((await api('POST', `/${id}/disable`)).body['state']).toBe('disabled');
    expect((await smart.server.request('/Patient/awa', String(body['access_token']))).status).toBe(401);
    expect((await tokenOf(id)).status).toBe(401);
    expect((await api('POST', `/${id}/enable`)).body['state']).toBe('active');
    expect((await tokenOf(id)).status).toBe(200);
    expect((await api('DELETE', `/${id}`)).status).toBe(204);
    expect((await api('GET', `/${id}`)).status).toBe(404);
    expect((await tokenOf(id)).status).toBe(401);
  });

  it.each<[string, object, RegExp]>([
    ['an unknown field', { magic: true }, /not valid/],
    ['an unknown kind', { kind: 'magic' }, /not valid/],
    ['a secret for a backend', { token_endpoint_auth_method: 'client_secret_basic' }, /never with a secret/],
    [
      'two bindings',
      { dpop_bound_access_tokens: true, tls_client_certificate_bound_access_tokens: true },
      /not to both/,
    ],
    ['FAPI without a binding', { fapi: true }, /FAPI 2.0 needs tokens bound/],
    ['a subject without the method', { tls_client_auth_san_dns: 'a.example' }, /Only a client with tls_client_auth/],
    ['tls_client_auth without a subject', { token_endpoint_auth_method: 'tls_client_auth' }, /needs one of/],
    ['pushed requests of a backend', { require_pushed_authorization_requests: true }, /no authorization requests/],
  ])('refuses %s', async (_name, more, detail) => {
    const { status, body } = await api('POST', '', { ...backend(), ...more });
    expect([status, body['detail']]).toEqual([400, expect.stringMatching(detail)]);
  });

  it('answers 404 for a client that is not there', async () => {
    const answers = await Promise.all([
      api('GET', '/none'),
      api('PATCH', '/none', { name: 'x' }),
      api('DELETE', '/none'),
      api('POST', '/none/approve'),
      api('POST', '/none/secret'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
  });
});

describe('the commands of clients', () => {
  /** What a command prints as JSON. */
  async function run(name: string, values: Values): Promise<unknown> {
    const { parts, config } = smart.server;
    const write = process.stdout.write;
    let printed = '';
    process.stdout.write = ((chunk: string) => {
      printed += chunk;
      return true;
    }) as typeof write;
    try {
      await clientCommands[name]?.run({ parts, config, log: silent }, { ...values, json: true });
    } finally {
      process.stdout.write = write;
    }
    return JSON.parse(printed);
  }
  const added = async (values: Values) => (await run('client add', values)) as { client_id: string };

  it('register a backend by its keys, show it, end it', async () => {
    const { client_id: id } = await added({ name: 'CLI', scope, jwks: join(folder, 'jwks.json') });
    expect((await tokenOf(id)).status).toBe(200);
    const values = { 'client-id': id };
    expect(await run('client show', values)).toMatchObject({ client_id: id, kind: 'backend', state: 'active' });
    expect(await run('client disable', values)).toMatchObject({ state: 'disabled' });
    expect((await tokenOf(id)).status).toBe(401);
    expect(await run('client enable', values)).toMatchObject({ state: 'active' });
    expect(await run('client list', {})).toContainEqual(
      expect.objectContaining({ clientId: id, name: 'CLI', kind: 'backend', state: 'active', scope }),
    );
    expect(await run('client remove', values)).toEqual({ client_id: id, state: 'removed' });
    await expect(run('client show', values)).rejects.toMatchObject({ kind: 'notFound' });
  });

  it('register apps with all that is more than SMART', async () => {
    const app = { name: 'App', scope: 'openid user/*.rs', 'redirect-uri': ['https://app.example/cb'] };
    const secret = await run('client add', { ...app, confidential: true, 'launch-url': 'https://app.example/launch' });
    expect(secret).toEqual({ client_id: expect.any(String), client_secret: expect.stringMatching(/^[\w-]{43}$/) });
    const { client_id: id } = secret as { client_id: string };
    expect(await run('client rotate-secret', { 'client-id': id })).toMatchObject({ client_secret: expect.any(String) });
    const strict = { ...app, confidential: true, fapi: true, dpop: true, jwks: join(folder, 'jwks.json') };
    const { client_id: fapi } = await added({ ...strict, 'signing-alg': 'ES384' });
    expect(await run('client show', { 'client-id': fapi })).toMatchObject({
      fapi: true,
      dpop_bound_access_tokens: true,
      require_pushed_authorization_requests: true,
      token_endpoint_auth_signing_alg: 'ES384',
    });
    const { client_id: tls } = await added({
      name: 'TLS',
      scope,
      mtls: true,
      'auth-method': 'tls_client_auth',
      'tls-san-dns': 'ehr.example',
    });
    expect(await run('client show', { 'client-id': tls })).toMatchObject({ tls_client_auth_san_dns: 'ehr.example' });
  });

  it('say what is wrong with a file or a word', async () => {
    const file = join(folder, 'none.json');
    await expect(run('client add', { name: 'x', scope, jwks: file })).rejects.toThrow(/not a JWKS/);
    await expect(run('client add', { name: 'x', scope })).rejects.toThrow('--jwks is missing.');
    const values = { name: 'x', scope, jwks: join(folder, 'jwks.json'), 'signing-alg': 'HS256' };
    await expect(run('client add', values)).rejects.toThrow(/--signing-alg is HS256/);
  });

  it('rotate and list the keys that sign', async () => {
    const { kid } = (await run('keys rotate', {})) as { kid: string };
    const keys = (await run('keys list', {})) as { kid: string; current: boolean; retiredAt: string | null }[];
    expect(keys[0]).toMatchObject({ kid, current: true, retiredAt: null });
    expect(keys[1]).toMatchObject({ current: false, retiredAt: expect.any(String) });
  });
});
