// What persons give to applications: less than was asked, remembered, taken back. Ids are those of the g10 test kit.
import { beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../../support/browser.ts';
import { arrive, boxes, isConsent, tick, tokensAt } from '../../support/consenting.ts';
import { authorizationUrl, redirectUri as nativeUri, pkce, post } from '../../support/smart-client.ts';
import { withSmartServer } from '../../support/smart-server.ts';

const smart = withSmartServer();
const redirectUri = 'https://app.example/callback';
const scope = 'openid fhirUser launch/patient offline_access user/*.cruds patient/*.cruds';
const category = (code: string) => `http://terminology.hl7.org/CodeSystem/condition-category|${code}`;
const laboratory = 'http://terminology.hl7.org/CodeSystem/observation-category|laboratory';
const { verifier } = pkce();
let clientId: string;
/** Signed in once: bcrypt takes its time. */
const browser = new Browser();

beforeAll(async () => {
  const registration = {
    name: 'A & <i>B</i>',
    kind: 'public',
    redirectUris: [redirectUri, 'https://app.example/2'],
  } as const;
  ({ clientId } = await smart.server.register({ ...registration, scope }));
});

const ask = (words: string, changes: Readonly<Record<string, string>> = {}, patient = 'awa') =>
  arrive(
    browser,
    authorizationUrl({
      origin: smart.server.origin,
      clientId,
      scope: words,
      verifier,
      changes: { redirect_uri: redirectUri, ...changes },
    }),
    patient,
  );
const tokensOf = (page: Awaited<ReturnType<typeof ask>>) =>
  tokensAt(page, { clientId, redirectUri, verifier, origin: smart.server.origin });
const refresh = (token: string | undefined, changes: Readonly<Record<string, string>> = {}) =>
  post(smart.server.origin, '/oidc/token', {
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: String(token),
    ...changes,
  });
const set = (words: unknown) => new Set(String(words).split(' '));
/** Each test about the page asks in a way that no earlier answer is an answer to. */
const anew = { prompt: 'consent' };

async function decisions(): Promise<readonly { subtype: string; detail: Record<string, string> }[]> {
  const rows = await smart.server.parts.store.db.query<{ record: string }>({ text: 'select record from audit_log' });
  return rows
    .map(({ record }) => JSON.parse(record))
    .filter(({ type }) => type === 'authorization')
    .map(({ subtype, entities }) => ({ subtype, detail: entities[0].detail }));
}

describe('the consent page', () => {
  it('says in words what is asked, in both languages, and who asks', async () => {
    const page = await ask('openid fhirUser offline_access user/Patient.rs user/Condition.cruds', anew);
    expect(page.html).toContain('A &amp; &lt;i&gt;B&lt;/i&gt; asks for permission to:');
    expect(page.html).toContain('read and search : the patient&#39;s identity, that you have access to');
    expect(page.html).toContain('read, search, create, change and delete : diagnoses and health problems');
    expect(page.html).toContain('keep access when you are not there');
    expect(page.html).toContain('app.example');
    const french = await ask('openid user/Observation.r', { ...anew, ui_locales: 'fr' });
    expect(french.html).toContain('lire : observations et résultats, auxquelles vous avez accès');
  });

  it('g10 2.4 g10_limited_scope_grant: gives exactly the types that are chosen of everything', async () => {
    const page = await ask('openid fhirUser offline_access user/*.rs', anew);
    expect(boxes(page).length).toBeGreaterThan(60);
    const chosen = ['fhirUser', 'offline_access', 'user/Patient.rs', 'user/Condition.rs', 'user/Observation.rs'];
    const tokens = await tokensOf(await tick(browser, page, chosen));
    expect(set(tokens['scope'])).toEqual(new Set(['openid', ...chosen]));
    const refreshed = await refresh(tokens['refresh_token']);
    expect(set(refreshed.body['scope'])).toEqual(new Set(['openid', ...chosen]));
  });

  it('g10 2.3 restricted access: answers 403 for the types that were left out', async () => {
    const page = await ask('openid user/*.rs', anew);
    const { access_token: token } = await tokensOf(await tick(browser, page, ['user/Patient.rs']));
    expect((await smart.server.request('/Patient/awa', token)).status).toBe(200);
    expect((await smart.server.request('/Observation/awa-pulse', token)).status).toBe(403);
    expect((await smart.server.request('/Encounter?patient=awa', token)).status).toBe(403);
  });

  it('g10 9.26 granular scope selection: offers the categories, and gives them in place of the whole', async () => {
    const page = await ask('openid user/Condition.rs user/Observation.rs', anew);
    const chosen = [
      `user/Condition.rs?category=${category('problem-list-item')}`,
      `user/Condition.rs?category=${category('encounter-diagnosis')}`,
      `user/Observation.rs?category=${laboratory}`,
    ];
    expect(boxes(page)).toEqual(expect.arrayContaining(chosen));
    const tokens = await tokensOf(await tick(browser, page, chosen));
    expect(set(tokens['scope'])).toEqual(new Set(['openid', ...chosen]));
    expect((await smart.server.request('/Observation/awa-pulse', tokens['access_token'])).status).not.toBe(200);
  });

  it('lets reading be given without changing', async () => {
    const page = await ask('openid user/Patient.cruds', anew);
    const tokens = await tokensOf(await tick(browser, page, ['user/Patient.rs']));
    expect(tokens['scope']).toBe('openid user/Patient.rs');
  });

  it('never widens at a refresh', async () => {
    const page = await ask('openid offline_access user/*.rs', anew);
    const tokens = await tokensOf(await tick(browser, page, ['offline_access', 'user/Patient.rs']));
    const wider = await refresh(tokens['refresh_token'], { scope: 'openid offline_access user/*.rs' });
    expect([wider.status, wider.body['error']]).toEqual([400, 'invalid_scope']);
    const other = await refresh(tokens['refresh_token'], { scope: 'user/Patient.cruds' });
    expect(other.status).toBe(400);
  });

  it.each([
    ['more than was asked', ['user/Patient.rs', 'user/*.cruds', 'user/Patient.cruds', 'offline_access']],
    ['another level', ['user/Patient.rs', 'system/*.cruds', 'patient/*.rs', 'introspection']],
    ['several words in one box', ['user/Patient.rs', 'user/Patient.rs user/*.cruds']],
    ['a thousand boxes', ['user/Patient.rs', ...Array.from({ length: 900 }, (_, at) => `user/Type${at}.rs`)]],
  ])('gives no more for a form that ticks %s', async (_what, ticked) => {
    const page = await ask('openid user/Patient.rs user/List.rs', anew);
    const tokens = await tokensOf(await tick(browser, page, ticked));
    expect(set(tokens['scope'])).toEqual(new Set(['openid', 'user/Patient.rs']));
  });

  it('cannot give what the application is not registered for', async () => {
    const { clientId: small } = await smart.server.register({
      name: 'Small',
      kind: 'public',
      redirectUris: [redirectUri],
      scope: 'openid user/Patient.rs',
    });
    const page = await ask('openid user/*.cruds', { ...anew, client_id: small });
    expect(boxes(page)).toEqual(['user/Patient.rs']);
    const back = await tick(browser, page, ['user/*.cruds', 'user/Patient.cruds', 'user/Patient.rs']);
    const tokens = await tokensAt(back, { clientId: small, redirectUri, verifier, origin: smart.server.origin });
    expect(tokens['scope']).toBe('openid user/Patient.rs');
  });

  it.each([
    ['nothing is ticked', [], 'allow'],
    ['it is denied', ['user/Patient.rs'], 'deny'],
  ])('is an access_denied with state and iss when %s', async (_what, ticked, decision) => {
    const back = await tick(browser, await ask('openid user/Patient.rs', anew), ticked, decision);
    expect(back.url.searchParams.get('error')).toBe('access_denied');
    expect(back.url.searchParams.get('state')).toBe('the-state');
    expect(back.url.searchParams.get('iss')).toBe(`${smart.server.origin}/oidc`);
    expect(back.url.searchParams.get('code')).toBeNull();
    expect((await decisions()).at(-1)).toMatchObject({ subtype: 'refused', detail: { given: '' } });
  });
});

describe('with a patient in context', () => {
  it('the page names the patient whose data are asked for', async () => {
    const page = await ask('openid launch/patient patient/Condition.rs', anew);
    expect(page.html).toMatch(/Open record: .*1980-02-29/);
    expect(page.html).toMatch(/diagnoses and health problems, of the patient .*1980-02-29/);
  });

  it('g10 2.4 g10_limited_scope_grant: patient/*.rs gives exactly the types that are chosen', async () => {
    const page = await ask('openid fhirUser offline_access launch/patient patient/*.rs', anew);
    const chosen = ['fhirUser', 'offline_access', 'patient/Patient.rs', 'patient/Encounter.rs'];
    const tokens = await tokensOf(await tick(browser, page, chosen));
    expect(set(tokens['scope'])).toEqual(new Set(['openid', 'launch/patient', ...chosen]));
    expect(tokens['patient']).toBe('awa');
    const token = tokens['access_token'];
    expect((await smart.server.request('/Patient/awa', token)).status).toBe(200);
    expect((await smart.server.request('/Observation?patient=awa', token)).status).toBe(403);
    const refreshed = await refresh(tokens['refresh_token']);
    expect(set(refreshed.body['scope'])).toEqual(set(tokens['scope']));
    expect(refreshed.body['patient']).toBe('awa');
  });

  it('g10 9.26: patient/Condition.rs and patient/Observation.rs are given by category', async () => {
    const page = await ask('openid launch/patient patient/Condition.rs patient/Observation.rs', anew);
    const vitals =
      'patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs';
    const chosen = [`patient/Condition.rs?category=${category('problem-list-item')}`, vitals];
    const tokens = await tokensOf(await tick(browser, page, chosen));
    expect(set(tokens['scope'])).toEqual(new Set(['openid', 'launch/patient', ...chosen]));
    expect((await smart.server.request('/Observation/awa-pulse', tokens['access_token'])).status).toBe(200);
    expect((await smart.server.request('/Observation/elodie-pulse', tokens['access_token'])).status).not.toBe(200);
  });

  it('a remembered decision goes on without a page, each launch with its own patient', async () => {
    const words = 'openid launch/patient offline_access patient/*.rs';
    const registration = { name: 'Two patients', kind: 'public', redirectUris: [redirectUri], scope } as const;
    const { clientId: own } = await smart.server.register(registration);
    const app = { clientId: own, redirectUri, verifier, origin: smart.server.origin };
    const first = await ask(words, { client_id: own });
    const awa = await tokensAt(await tick(browser, first, ['offline_access', 'patient/*.rs']), app);
    const second = await ask(words, { client_id: own }, 'elodie');
    expect(isConsent(second)).toBe(false);
    const elodie = await tokensAt(second, app);
    expect([awa['patient'], elodie['patient']]).toEqual(['awa', 'elodie']);
    for (const [tokens, mine, other] of [
      [awa, 'awa', 'elodie'],
      [elodie, 'elodie', 'awa'],
    ] as const) {
      expect((await smart.server.request(`/Patient/${mine}`, tokens['access_token'])).status).toBe(200);
      expect((await smart.server.request(`/Patient/${other}`, tokens['access_token'])).status).not.toBe(200);
    }
  });
});

describe('a decision', () => {
  let own: string;
  const asking = (words: string, changes: Readonly<Record<string, string>> = {}) =>
    ask(words, { client_id: own, ...changes });

  beforeAll(async () => {
    const registration = { name: 'Remembered', kind: 'public', redirectUris: [redirectUri], scope } as const;
    ({ clientId: own } = await smart.server.register(registration));
  });

  it('is asked for once, and answers the same request and narrower ones from then on', async () => {
    const first = await asking('openid offline_access user/*.rs');
    expect(isConsent(first)).toBe(true);
    await tick(browser, first, ['offline_access', 'user/Patient.rs', 'user/List.rs']);
    for (const words of ['openid offline_access user/*.rs', 'openid user/Patient.rs']) {
      const again = await asking(words);
      expect(isConsent(again)).toBe(false);
      expect(again.url.searchParams.get('code')).toBeTruthy();
    }
    expect((await decisions()).at(-1)).toMatchObject({
      subtype: 'remembered',
      detail: { given: 'openid user/Patient.rs' },
    });
  });

  it('gives what was given then, with a refresh token, and each time a grant of its own', async () => {
    const app = { clientId: own, redirectUri, verifier, origin: smart.server.origin };
    const one = await tokensAt(await asking('openid offline_access user/*.rs'), app);
    const two = await tokensAt(await asking('openid offline_access user/*.rs'), app);
    const expected = new Set(['openid', 'offline_access', 'user/Patient.rs', 'user/List.rs']);
    expect(set(one['scope'])).toEqual(expected);
    expect(one['refresh_token']).toBeTruthy();
    await post(smart.server.origin, '/oidc/token/revocation', { client_id: own, token: String(one['refresh_token']) });
    expect((await smart.server.request('/Patient/awa', one['access_token'])).status).toBe(401);
    expect((await smart.server.request('/Patient/awa', two['access_token'])).status).toBe(200);
  });

  it.each([
    ['a wider request', 'openid user/Patient.cruds', {}],
    ['a request that says prompt=consent', 'openid user/Patient.rs', { prompt: 'consent' }],
  ])('does not answer %s', async (_what, words, changes) => {
    expect(isConsent(await asking(words, changes))).toBe(true);
  });

  it('of a person is not one of another, nor for another application', async () => {
    const rows = await smart.server.parts.store.db.query({ text: 'select 1 from app_consent' });
    expect(rows.length).toBeGreaterThan(0);
    expect(isConsent(await ask('openid user/Patient.rs', { client_id: await another() }))).toBe(true);
  });

  it('is asked for each time by a program on the machine, which another one could pass itself off as', async () => {
    const { clientId: native } = await smart.server.register({
      name: 'Native',
      kind: 'public',
      redirectUris: [nativeUri],
      scope,
    });
    const changes = { client_id: native, redirect_uri: nativeUri };
    await tick(browser, await ask('openid user/Patient.rs', changes), ['user/Patient.rs']);
    expect(isConsent(await ask('openid user/Patient.rs', changes))).toBe(true);
  });

  async function another(): Promise<string> {
    const made = await smart.server.register({ name: 'Other', kind: 'public', redirectUris: [redirectUri], scope });
    return made.clientId;
  }
});

describe('the page of applications', () => {
  const applications = () => browser.open(new URL('/account/applications', smart.server.origin));
  let own: string;
  let tokens: Record<string, string>;

  beforeAll(async () => {
    const registration = { name: 'To be <withdrawn>', kind: 'public', redirectUris: [redirectUri], scope } as const;
    ({ clientId: own } = await smart.server.register(registration));
    const page = await ask('openid offline_access user/Patient.rs', { client_id: own });
    const back = await tick(browser, page, ['offline_access', 'user/Patient.rs']);
    tokens = await tokensAt(back, { clientId: own, redirectUri, verifier, origin: smart.server.origin });
  });

  it('shows what each was given and when it was last used', async () => {
    const { html, status, headers } = await applications();
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toContain('no-store');
    expect(html).toContain('To be &lt;withdrawn&gt;');
    expect(html).toContain('Last used: ');
    expect(html).toContain('read and search : the patient&#39;s identity');
    expect(html).toContain('Keeps access when you are not there');
  });

  it('is for who is signed in', async () => {
    const page = await new Browser().open(new URL('/account/applications', smart.server.origin));
    expect(page.html).toContain('type="password"');
  });

  it('takes nothing back for a form without its token, or for an application that has nothing', async () => {
    const page = await applications();
    const forged = await browser.submit(page, `/${own}/withdraw`, { csrf: 'forged' });
    expect(forged.status).toBe(403);
    const nothing = await browser.open(new URL('/account/applications/invented/withdraw', smart.server.origin), {
      method: 'POST',
      body: new URLSearchParams({ csrf: /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? '' }),
    });
    expect(nothing.status).toBe(404);
    expect((await smart.server.request('/Patient/awa', tokens['access_token'])).status).toBe(200);
  });

  it('g10 9.3 g10_token_revocation: takes all of it back at once, and asks again the next time', async () => {
    expect((await smart.server.request('/Patient/awa', tokens['access_token'])).status).toBe(200);
    const page = await browser.submit(await applications(), `/${own}/withdraw`);
    expect(page.html).not.toContain('To be &lt;withdrawn&gt;');
    expect((await smart.server.request('/Patient/awa', tokens['access_token'])).status).toBe(401);
    const again = await post(smart.server.origin, '/oidc/token', {
      grant_type: 'refresh_token',
      client_id: own,
      refresh_token: String(tokens['refresh_token']),
    });
    expect([again.status, again.body['error']]).toEqual([400, 'invalid_grant']);
    expect(isConsent(await ask('openid offline_access user/Patient.rs', { client_id: own }))).toBe(true);
    expect((await decisions()).at(-1)).toMatchObject({
      subtype: 'withdrawn',
      detail: { given: 'openid offline_access user/Patient.rs' },
    });
  });

  it('leaves nothing to an application that refreshes at the same moment', async () => {
    const user = smart.server.users.MEDECIN.id;
    const { store } = smart.server.parts;
    for (let round = 0; round < 6; round += 1) {
      const page = await ask('openid offline_access user/Patient.rs', { client_id: own });
      const back = await tick(browser, page, ['offline_access', 'user/Patient.rs']);
      const mine = await tokensAt(back, { clientId: own, redirectUri, verifier, origin: smart.server.origin });
      const list = await applications();
      const refreshing = { grant_type: 'refresh_token', client_id: own, refresh_token: String(mine['refresh_token']) };
      const [refreshed] = await Promise.all([
        post(smart.server.origin, '/oidc/token', refreshing),
        browser.submit(list, `/${own}/withdraw`),
      ]);
      for (const token of [mine['access_token'], refreshed.body['access_token']]) {
        expect((await smart.server.request('/Patient/awa', String(token))).status).toBe(401);
      }
      const left = await store.db.query({
        text: 'select model from oidc_model where account_id = $1 and client_id = $2',
        values: [user, own],
      });
      expect(left).toEqual([]);
    }
  });
});
