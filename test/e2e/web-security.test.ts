// The pages against what a browser can be made to do: forged forms, planted sessions, frames, redirects, mixed-up issuers.
// https://www.rfc-editor.org/rfc/rfc9700, https://www.rfc-editor.org/rfc/rfc9207
import { beforeAll, describe, expect, it } from 'vitest';
import { Browser, formOf } from '../support/browser.ts';
import { arrive, tick } from '../support/consenting.ts';
import { authorizationUrl, pkce, redirectUri } from '../support/smart-client.ts';
import { emailOf, password, withSmartServer } from '../support/smart-server.ts';

const smart = withSmartServer();
const scope = 'openid user/*.rs';
const { verifier } = pkce();
/** Signed in once. */
const browser = new Browser();
let clientId: string;

beforeAll(async () => {
  ({ clientId } = await smart.server.register({ name: 'App', kind: 'public', redirectUris: [redirectUri], scope }));
  await arrive(browser, url());
});

function url(changes: Readonly<Record<string, string>> = {}): URL {
  return authorizationUrl({ origin: smart.server.origin, clientId, scope, verifier, changes });
}

const post = (who: Browser, action: URL, fields: URLSearchParams, headers: Record<string, string> = {}) =>
  who.request(action, { method: 'POST', body: fields, headers });

describe('every page', () => {
  it.each([
    ['the login page', () => new Browser().open(url())],
    ['the consent page', () => browser.open(url({ prompt: 'consent' }))],
    ['the page of applications', () => browser.open(new URL('/account/applications', smart.server.origin))],
    ['an error page', () => new Browser().open(url({ client_id: 'invented' }))],
    ['an error of a step', () => new Browser().open(new URL('/interaction/invented', smart.server.origin))],
  ])('%s cannot be framed, run scripts of others, be kept, or tell where it was', async (_name, open) => {
    const { headers } = await open();
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('cache-control')).toContain('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('same-origin');
  });

  it('lets its forms lead to the server and to the application, and nowhere else', async () => {
    const { headers } = await browser.open(url({ prompt: 'consent' }));
    const [targets] = /form-action [^;]*/.exec(headers.get('content-security-policy') ?? '') ?? [];
    expect(targets).toBe(`form-action 'self' ${new URL(redirectUri).origin}`);
  });
});

/** A form that would be taken: of the login page, of the consent page, or to turn back. */
async function goodForm(who: Browser, end: string): Promise<{ action: URL; fields: URLSearchParams }> {
  const page = await who.open(url({ prompt: end === '/consent' ? 'consent' : 'login' }));
  const { action, fields } = formOf(page, end);
  if (end === '/login') fields.set('email', emailOf('MEDECIN'));
  if (end === '/login') fields.set('password', password);
  if (end === '/consent') fields.set('decision', 'allow');
  return { action, fields };
}

describe('a forged form', () => {
  const ends = ['/login', '/consent', '/abort'];

  it.each(ends)('is refused by %s without its token or with another one', async (end) => {
    const who = end === '/consent' ? browser : new Browser();
    const { action, fields } = await goodForm(who, end);
    const csrf = fields.get('csrf') ?? '';
    const { fields: another } = await goodForm(new Browser(), '/login');
    for (const wrong of ['', 'x'.repeat(csrf.length), `${csrf}x`, another.get('csrf') ?? '']) {
      fields.set('csrf', wrong);
      expect((await post(who, action, fields)).status, `csrf ${wrong}`).toBe(403);
    }
    fields.delete('csrf');
    expect((await post(who, action, fields)).status).toBe(403);
  });

  it.each(ends)('is refused by %s when a page of another site sent it', async (end) => {
    const who = end === '/consent' ? browser : new Browser();
    const { action, fields } = await goodForm(who, end);
    for (const origin of ['https://evil.example', 'null']) {
      expect((await post(who, action, fields, { origin })).status, origin).toBe(403);
    }
  });

  it('changes nothing: no consent was given by any of them', async () => {
    const rows = await smart.server.parts.store.db.query({
      text: 'select 1 from app_consent where client_id = $1',
      values: [clientId],
    });
    expect(rows).toEqual([]);
  });
});

describe('a session', () => {
  const sessionOf = (who: Browser) => who.cookies.find(({ name }) => name === '_session')?.value;

  it('gets another id at sign-in, so that one planted before is of no use', async () => {
    const victim = new Browser();
    const page = await victim.open(url());
    const planted = victim.cookies.map((cookie) => ({ ...cookie }));
    await victim.submit(page, '/login', { email: emailOf('MEDECIN'), password });
    const attacker = new Browser();
    attacker.cookies.push(...planted);
    expect(sessionOf(victim)).toBeTruthy();
    expect(planted.map(({ value }) => value)).not.toContain(sessionOf(victim));
    expect((await attacker.open(url())).html).toContain('type="password"');
    expect((await attacker.open(new URL('/account/applications', smart.server.origin))).html).toContain(
      'type="password"',
    );
  });

  it('that nobody made here is not taken for one', async () => {
    const who = new Browser();
    who.cookies.push(
      { name: '_session', value: 'invented', path: '/' },
      { name: '_session.sig', value: 'x', path: '/' },
    );
    expect((await who.open(url())).html).toContain('type="password"');
  });

  it('has cookies that scripts and other sites do not get', async () => {
    const cookies = (await new Browser().request(url())).headers.getSetCookie();
    expect(cookies.length).toBeGreaterThan(1);
    for (const cookie of cookies) expect(cookie).toMatch(/; ?httponly/i);
    for (const cookie of cookies) expect(cookie).toMatch(/; ?samesite=lax/i);
  });
});

describe('a redirect', () => {
  it.each([
    ['another host', 'https://evil.example/callback'],
    ['a path below', `${redirectUri}/more`],
    ['another port', redirectUri.replace(':9/', ':99/x/')],
    ['a query', `${redirectUri}?next=https://evil.example`],
    ['a fragment', `${redirectUri}#x`],
    ['user info', redirectUri.replace('localhost', 'localhost@evil.example')],
    ['a path that leads up', redirectUri.replace('/callback', '/x/../callback/../evil')],
    ['a script', 'javascript:alert(1)'],
    ['nothing', 'about:blank'],
  ])('to %s is not made: an error page, and no Location', async (_name, redirect) => {
    const response = await browser.request(url({ redirect_uri: redirect }));
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
    expect(await response.text()).not.toContain('href="https://evil.example');
  });

  it.each(['https://evil.example/', '//evil.example/', '/\\evil.example', 'javascript:alert(1)'])(
    'after a sign-in for a page of ours is not made to %s',
    async (target) => {
      const path = Buffer.from(target).toString('base64url');
      for (const state of [path, `${path}.${'x'.repeat(43)}`, target]) {
        const response = await browser.request(
          new URL(`/signed-in?${new URLSearchParams({ code: 'x', state })}`, smart.server.origin),
        );
        expect([response.status, response.headers.get('location')]).toEqual([400, null]);
      }
    },
  );

  it('after signing out goes only where the client is registered', async () => {
    const end = new URL('/oidc/session/end', smart.server.origin);
    end.search = String(
      new URLSearchParams({ client_id: clientId, post_logout_redirect_uri: 'https://evil.example/' }),
    );
    const response = await new Browser().request(end);
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
  });
});

describe('an authorization response', () => {
  it.each([
    ['a code', {}, 'code'],
    ['a denial', { decision: 'deny' }, 'error'],
    ['a wrong aud', { aud: 'https://other.example/fhir' }, 'error'],
    ['a missing challenge', { code_challenge: '', code_challenge_method: '' }, 'error'],
    ['an unknown prompt', { prompt: 'dance' }, 'error'],
    ['no page allowed', { prompt: 'none' }, 'error'],
    ['a scope of nothing', { scope: 'system/*.rs' }, 'error'],
  ] as const)('says who it is from (RFC 9207 iss) with %s', async (_name, { ...changes }, member) => {
    const { decision = 'allow', ...others } = changes as Record<string, string>;
    const page = await browser.open(url(others));
    const back = page.html.includes('/consent"') ? await tick(browser, page, ['user/*.rs'], decision) : page;
    expect(back.url.searchParams.get(member)).toBeTruthy();
    expect(back.url.searchParams.get('iss')).toBe(`${smart.server.origin}/oidc`);
    expect(back.url.searchParams.get('state')).toBe('the-state');
    expect(back.headers.get('cache-control')).toContain('no-store');
  });

  it.each([
    ['that says iss itself', { iss: 'https://evil.example' }],
    ['that names another resource', { resource: 'https://other.example/fhir' }],
  ])('to a request %s is not another issuer’s', async (_name, changes) => {
    const page = await browser.open(url({ prompt: 'none', ...changes }));
    expect(page.url.searchParams.get('iss')).toBe(`${smart.server.origin}/oidc`);
    expect(page.url.searchParams.get('code')).toBeNull();
  });
});

describe('a scope of 10,000 items', () => {
  const items = Array.from({ length: 10_000 }, (_, at) => `user/Type${String.fromCharCode(97 + (at % 26))}.rs`).join(
    ' ',
  );

  it('is refused at the authorization endpoint, by POST and by GET, quickly', async () => {
    const begun = performance.now();
    const { origin } = smart.server;
    const fields = new URLSearchParams(url().searchParams);
    fields.set('scope', items);
    const posted = await fetch(`${origin}/oidc/auth`, { method: 'POST', body: fields, redirect: 'manual' });
    expect([303, 400, 413]).toContain(posted.status);
    expect(posted.headers.get('location') ?? 'error=').toContain('error=');
    const got = await fetch(url({ scope: items }), { redirect: 'manual' });
    expect([303, 400, 414, 431]).toContain(got.status);
    expect(got.headers.get('location') ?? 'error=').toContain('error=');
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  it('is refused at the token endpoint', async () => {
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: clientId,
      refresh_token: 'x',
      scope: items,
    });
    const response = await fetch(`${smart.server.origin}/oidc/token`, { method: 'POST', body });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
  });
});

describe('behind https', () => {
  const publicUrl = 'https://livedoc.hopital.example';
  const secure = withSmartServer({ LIVEDOC_PUBLIC_URL: publicUrl });

  /** What a proxy in front would hand through of a sign-in: all cookies that are set on the way. */
  async function cookiesOfSignIn(): Promise<readonly string[]> {
    const { origin } = secure.server;
    const { clientId: own } = await secure.server.register({
      name: 'S',
      kind: 'public',
      redirectUris: [redirectUri],
      scope,
    });
    const who = new Browser();
    const changes = { aud: `${publicUrl}/fhir` };
    const first = await who.request(authorizationUrl({ origin, clientId: own, scope, verifier, changes }));
    const page = await who.open(new URL(first.headers.get('location') ?? '', origin));
    const { action, fields } = formOf(page, '/login');
    fields.set('email', emailOf('MEDECIN'));
    fields.set('password', password);
    const second = await post(who, action, fields, { origin: publicUrl });
    const { pathname } = new URL(second.headers.get('location') ?? '', origin);
    const third = await who.request(new URL(pathname, origin));
    expect(first.headers.get('strict-transport-security')).toMatch(/max-age=\d{7,}/);
    return [first, second, third].flatMap(({ headers }) => headers.getSetCookie());
  }

  it('cookies are held to TLS, and that of the session to this host', async () => {
    const cookies = (await cookiesOfSignIn()).filter((cookie) => !/expires=Thu, 01 Jan 1970/i.test(cookie));
    expect(cookies.length).toBeGreaterThan(3);
    for (const cookie of cookies) {
      expect(cookie).toMatch(/^__(Host|Secure)-/);
      expect(cookie).toMatch(/; ?secure/i);
      expect(cookie).toMatch(/; ?httponly/i);
      expect(cookie).not.toMatch(/domain=/i);
    }
    const session = cookies.find((cookie) => cookie.startsWith('__Host-session=')) ?? '';
    expect(session).toMatch(/; ?path=\/;/i);
  });
});
