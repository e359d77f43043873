// The ways in which clients prove themselves, and token requests that fail; g10's tests by their short ids and Inferno's ids.
import { beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../../support/browser.ts';
import {
  assertionType,
  authorizationUrl,
  claimsFor,
  type Key,
  makeKey,
  pkce,
  post,
  redeem,
  redirectUri,
  type TokenAnswer,
} from '../../support/smart-client.ts';
import { launchApp, walkThrough } from '../../support/smart-launch.ts';
import { withSmartServer } from '../../support/smart-server.ts';

const smart = withSmartServer();
/** The physician's: signed in once, for bcrypt takes its time. */
const browser = new Browser();
const scope = 'openid fhirUser offline_access user/*.rs';
const { verifier, challenge } = pkce();
let open: string;

beforeAll(async () => {
  const app = { name: 'Public', kind: 'public', redirectUris: [redirectUri], scope } as const;
  ({ clientId: open } = await smart.server.register(app));
}, 60_000);

const origin = () => smart.server.origin;

async function codeFor(clientId: string): Promise<string> {
  const page = await walkThrough(
    browser,
    await browser.open(authorizationUrl({ origin: origin(), clientId, scope, verifier })),
  );
  const code = page.url.searchParams.get('code');
  if (!code) throw new Error(`No code: ${page.status} ${page.url} ${page.html}`);
  return code;
}

const exchange = async (form: Readonly<Record<string, string>>, clientId = open): Promise<TokenAnswer> =>
  redeem(origin(), { client_id: clientId, code: await codeFor(clientId), code_verifier: verifier, ...form });
const codes = ({ status, body }: TokenAnswer) => [status, body['error']];
const read = async (token: unknown) => (await smart.server.request('/Patient/awa', String(token))).status;
const refresh = (clientId: string, token: unknown) =>
  post(origin(), '/oidc/token', { grant_type: 'refresh_token', client_id: clientId, refresh_token: String(token) });

describe('9.16 public client', () => {
  it('g10_public_standalone_launch: gets a token without proving itself', async () => {
    const { status, body } = await exchange({});
    expect([status, await read(body['access_token'])]).toEqual([200, 200]);
  });
});

describe('symmetric client', () => {
  it('smart_token_exchange_stu2_2: proves itself by Basic of the raw id and secret, or in the form', async () => {
    const registration = { name: 'Web', kind: 'confidential', redirectUris: [redirectUri], scope } as const;
    const { clientId, clientSecret = '' } = await smart.server.register(registration);
    const send = async (secret: string, how: 'basic' | 'post') => {
      const form = { code: await codeFor(clientId), code_verifier: verifier };
      const authorization = `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`;
      return how === 'basic'
        ? redeem(origin(), form, { authorization })
        : redeem(origin(), { ...form, client_id: clientId, client_secret: secret });
    };
    expect([(await send(clientSecret, 'basic')).status, (await send(clientSecret, 'post')).status]).toEqual([200, 200]);
    const wrong = await send('wrong', 'basic');
    expect(codes(wrong)).toEqual([401, 'invalid_client']);
    expect(wrong.headers.get('www-authenticate')).toMatch(/^Basic /);
    expect(codes(await exchange({}, clientId))).toEqual([401, 'invalid_client']);
  });
});

describe('9.21 asymmetric client', () => {
  const launchWith = async (key: Key, clientId: string, audience = `${origin()}/oidc/token`) =>
    redeem(origin(), {
      code: await codeFor(clientId),
      code_verifier: verifier,
      client_assertion_type: assertionType,
      client_assertion: await key.assertion(claimsFor(clientId, audience)),
    });

  it.each(['RS384', 'ES384'] as const)(
    'smart_token_exchange_stu2_2: launches with %s, inline and by URL',
    async (alg) => {
      const key = await makeKey(alg);
      const common = { name: alg, kind: 'confidential', redirectUris: [redirectUri], scope } as const;
      const { clientId } = await smart.server.register({ ...common, jwks: key.jwks });
      const { status, body } = await launchWith(key, clientId);
      expect([status, await read(body['access_token'])]).toEqual([200, 200]);
      const again = await post(origin(), '/oidc/token', {
        grant_type: 'refresh_token',
        refresh_token: String(body['refresh_token']),
        client_assertion_type: assertionType,
        client_assertion: await key.assertion(claimsFor(clientId, `${origin()}/oidc/token`)),
      });
      expect(again.status).toBe(200);
      expect(codes(await refresh(clientId, again.body['refresh_token']))).toEqual([401, 'invalid_client']);
    },
  );

  it('is refused without its assertion, with another’s key, and for another audience', async () => {
    const [key, other] = await Promise.all([makeKey('ES384'), makeKey('ES384')]);
    const registration = {
      name: 'A',
      kind: 'confidential',
      redirectUris: [redirectUri],
      scope,
      jwks: key.jwks,
    } as const;
    const { clientId } = await smart.server.register(registration);
    expect(codes(await exchange({}, clientId))).toEqual([401, 'invalid_client']);
    expect(codes(await launchWith(other, clientId))).toEqual([401, 'invalid_client']);
    expect(codes(await launchWith(key, clientId, 'https://other.example/token'))).toEqual([401, 'invalid_client']);
  });
});

describe('9.17 invalid token requests', () => {
  it('g10_invalid_token_request, bad code: 400', async () => {
    const form = { client_id: open, code: 'BAD_CODE', code_verifier: verifier };
    expect(codes(await redeem(origin(), form))).toEqual([400, 'invalid_grant']);
  });

  it('g10_invalid_token_request, bad client_id: 400 or 401', async () => {
    expect(codes(await exchange({ client_id: 'BAD_CLIENT' }))).toEqual([401, 'invalid_client']);
  });

  it.each<[string, Readonly<Record<string, string>>, number, string]>([
    ['another redirect_uri', { redirect_uri: 'http://localhost:9/other' }, 400, 'invalid_grant'],
    ['no redirect_uri', { redirect_uri: '' }, 400, 'invalid_request'],
    ['no code', { code: '' }, 400, 'invalid_request'],
    ['another grant', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['no grant', { grant_type: '' }, 400, 'invalid_request'],
    ['a secret that it does not have', { client_secret: 'guess' }, 401, 'invalid_client'],
  ])('with %s', async (_name, form, status, error) => {
    expect(codes(await exchange(form))).toEqual([status, error]);
  });

  it('a code of one client is of no use to another', async () => {
    const app = { name: 'Other', kind: 'public', redirectUris: [redirectUri], scope } as const;
    const { clientId } = await smart.server.register(app);
    expect(codes(await exchange({ client_id: clientId }))).toEqual([400, 'invalid_grant']);
  });

  it('a parameter twice is refused', async () => {
    const form = new URLSearchParams({ grant_type: 'authorization_code', client_id: open, redirect_uri: redirectUri });
    for (const code of ['a', 'b']) form.append('code', code);
    const response = await fetch(`${origin()}/oidc/token`, { method: 'POST', body: form });
    expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([400, 'invalid_request']);
  });

  it('four redemptions of one code at once: one wins, and its tokens stay good', async () => {
    const form = { client_id: open, code: await codeFor(open), code_verifier: verifier };
    const answers = await Promise.all([1, 2, 3, 4].map(() => redeem(origin(), form)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400]);
    expect(await read(answers.find(({ status }) => status === 200)?.body['access_token'])).toBe(200);
  });
});

describe('9.18 invalid PKCE', () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    ['no verifier', { code_verifier: '' }],
    ['a blank verifier', { code_verifier: ' ' }],
    ['a wrong verifier', { code_verifier: pkce().verifier }],
    ['the challenge for a verifier', { code_verifier: challenge }],
  ])('g10_invalid_pkce_request: %s', async (_name, form) => {
    const { status, body } = await exchange(form);
    expect([400, 401]).toContain(status);
    expect(body).not.toHaveProperty('access_token');
  });
});

describe('9.3 g10_token_revocation', () => {
  it('what is revoked gives nothing any more, at once, in whatever process', async () => {
    const { body } = await launchApp(origin(), { clientId: open, scope }, browser);
    expect(await read(body['access_token'])).toBe(200);
    const form = { client_id: open, token: String(body['refresh_token']) };
    expect((await post(origin(), '/oidc/token/revocation', form)).status).toBe(200);
    expect(await read(body['access_token'])).toBe(401);
    expect(codes(await refresh(open, body['refresh_token']))).toEqual([400, 'invalid_grant']);
  });

  it('nobody revokes the tokens of another client', async () => {
    const app = { name: 'Other', kind: 'public', redirectUris: [redirectUri], scope } as const;
    const { clientId } = await smart.server.register(app);
    const { body } = await launchApp(origin(), { clientId: open, scope }, browser);
    const form = { client_id: clientId, token: String(body['refresh_token']) };
    await post(origin(), '/oidc/token/revocation', form);
    expect(await read(body['access_token'])).toBe(200);
  });

  it('what an unknown token is asked to be revoked with is answered the same (RFC 7009, 2.2)', async () => {
    const form = { client_id: open, token: 'unknown' };
    expect((await post(origin(), '/oidc/token/revocation', form)).status).toBe(200);
  });
});

describe('introspection', () => {
  it('tells a client of its own tokens, and of others only that they are not active', async () => {
    const app = { name: 'Other', kind: 'public', redirectUris: [redirectUri], scope } as const;
    const { clientId } = await smart.server.register(app);
    const { body } = await launchApp(origin(), { clientId: open, scope }, browser);
    const ask = (form: Readonly<Record<string, string>>) => post(origin(), '/oidc/token/introspection', form);
    const token = String(body['access_token']);
    expect((await ask({ client_id: open, token })).body).toMatchObject({ active: true, client_id: open });
    expect((await ask({ client_id: clientId, token })).body).toEqual({ active: false });
    expect((await ask({ token })).status).toBe(400);
    expect((await ask({ client_id: 'unknown', token })).status).toBe(401);
    expect((await ask({ client_id: open, token: 'unknown' })).body).toEqual({ active: false });
  });
});

describe('a refresh token', () => {
  it('of four uses at once serves one, whose tokens stay good', async () => {
    const { body } = await launchApp(origin(), { clientId: open, scope }, browser);
    const answers = await Promise.all([1, 2, 3, 4].map(() => refresh(open, body['refresh_token'])));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400]);
    const winner = answers.find(({ status }) => status === 200);
    expect(await read(winner?.body['access_token'])).toBe(200);
    expect((await refresh(open, winner?.body['refresh_token'])).status).toBe(200);
  });

  it('that comes again later ends the whole family (RFC 9700, 4.14)', async () => {
    const { body } = await launchApp(origin(), { clientId: open, scope }, browser);
    const second = await refresh(open, body['refresh_token']);
    await smart.server.parts.store.db.query({
      text: "update oidc_model set consumed_at = consumed_at - interval '1 minute' where consumed_at is not null",
    });
    expect(codes(await refresh(open, body['refresh_token']))).toEqual([400, 'invalid_grant']);
    expect(codes(await refresh(open, second.body['refresh_token']))).toEqual([400, 'invalid_grant']);
    expect(await read(second.body['access_token'])).toBe(401);
  });

  it('is of no use to another client', async () => {
    const app = { name: 'Other', kind: 'public', redirectUris: [redirectUri], scope } as const;
    const { clientId } = await smart.server.register(app);
    const { body } = await launchApp(origin(), { clientId: open, scope }, browser);
    expect(codes(await refresh(clientId, body['refresh_token']))).toEqual([400, 'invalid_grant']);
  });
});
