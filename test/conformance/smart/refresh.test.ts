// http://hl7.org/fhir/smart-app-launch/app-launch.html#refresh-access-token; tests named by Inferno's ids.
import { beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../../support/browser.ts';
import { assertionType, claimsFor, type Key, makeKey, post, redirectUri } from '../../support/smart-client.ts';
import { launchApp, postLaunch } from '../../support/smart-launch.ts';
import { withSmartServer } from '../../support/smart-server.ts';

const smart = withSmartServer();
const kept = 'launch openid fhirUser offline_access patient/*.rs';
const online = 'launch openid fhirUser online_access patient/*.rs';
const browser = new Browser();
const redirectUris = [redirectUri];
let clientId = '';
let physician = '';

beforeAll(async () => {
  const scope = `${kept} online_access launch/patient user/*.rs`;
  const launchUrl = 'https://app.example/launch';
  ({ clientId } = await smart.server.register({ name: 'A viewer', kind: 'public', redirectUris, scope, launchUrl }));
  physician = await smart.server.token({ scope: 'user/*.rs' });
}, 60_000);

/** The tokens of a launch from the EHR. */
async function launched(patient: string, scope = kept, own = browser): Promise<Record<string, string>> {
  const { body } = await postLaunch(smart.server, physician, {
    client_id: clientId,
    patient,
    encounter: `${patient}-1`,
    intent: 'screening',
  });
  const changes = { launch: String(body['launch']) };
  const answer = await launchApp(smart.server.origin, { clientId, scope, changes }, own);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body as Record<string, string>;
}

const refresh = (token: string | undefined, changes: Readonly<Record<string, string>> = {}) =>
  post(smart.server.origin, '/oidc/token', {
    grant_type: 'refresh_token',
    refresh_token: token ?? '',
    client_id: clientId,
    ...changes,
  });
const read = async (path: string, token: unknown) => (await smart.server.request(path, String(token))).status;
const context = { patient: 'awa', encounter: 'awa-1', intent: 'screening', need_patient_banner: true };

describe('a refresh', () => {
  it.each([
    ['without scope', {}, kept],
    ['with the received scopes', { scope: kept }, kept],
    ['with fewer', { scope: 'launch patient/*.rs' }, 'launch patient/*.rs'],
  ])(
    'smart_token_refresh, smart_token_refresh_body, g10_patient_context: %s keeps the context',
    async (_how, changes, scope) => {
      const { refresh_token: first } = await launched('awa');
      const { status, body, headers } = await refresh(first, changes);
      expect([status, body]).toMatchObject([
        200,
        { access_token: expect.any(String), token_type: 'Bearer', expires_in: 300, ...context },
      ]);
      expect(String(body['scope']).split(' ').sort()).toEqual(scope.split(' ').sort());
      expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
      expect(await read('/Patient/awa', body['access_token'])).toBe(200);
      expect(await read('/Patient/elodie', body['access_token'])).not.toBe(200);
      const again = await refresh(String(body['refresh_token']));
      expect(again.body).toMatchObject(context);
    },
  );

  it('smart_token_refresh_stu2: by an asymmetric client needs a new assertion each time', async () => {
    const { server } = smart;
    const key: Key = await makeKey('RS384');
    const scope = 'launch/patient openid offline_access patient/*.rs';
    const client = await server.register({ name: 'Keyed', kind: 'confidential', redirectUris, scope, jwks: key.jwks });
    const assertion = async () => ({
      client_assertion_type: assertionType,
      client_assertion: await key.assertion(claimsFor(client.clientId, `${server.origin}/oidc/token`)),
    });
    const proof = await assertion();
    const asked = { clientId: client.clientId, scope };
    const { body } = await launchApp(server.origin, asked, browser, proof);
    const form = { client_id: client.clientId };
    const token = String(body['refresh_token']);
    expect((await refresh(token, { ...form, ...proof })).status).toBe(401);
    expect((await refresh(token, form)).status).toBe(401);
    const { status, body: again } = await refresh(token, { ...form, ...(await assertion()) });
    expect([status, again['patient']]).toEqual([200, 'awa']);
  });

  it('g10_invalid_token_refresh: is refused with an invented token', async () => {
    const { status, body } = await refresh('invented');
    expect([status, body['error']]).toEqual([400, 'invalid_grant']);
  });

  it('gets no more than was granted', async () => {
    const { refresh_token: token } = await launched('awa');
    expect((await refresh(token, { scope: 'user/*.rs' })).status).toBe(400);
    expect((await refresh(token)).status).toBe(200);
  });

  it('by another client is refused', async () => {
    const other = await smart.server.register({ name: 'Other', kind: 'public', redirectUris, scope: kept });
    const { refresh_token: token } = await launched('awa');
    expect((await refresh(token, { client_id: other.clientId })).status).toBe(400);
  });

  it('of four at once is given to one, whose tokens stay good', async () => {
    const { refresh_token: token } = await launched('awa');
    const answers = await Promise.all([1, 2, 3, 4].map(() => refresh(token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400]);
    const winner = answers.find(({ status }) => status === 200);
    expect(await read('/Patient/awa', winner?.body['access_token'])).toBe(200);
  });

  it('9.3 g10_token_revocation: after a revocation nothing is read and nothing refreshed', async () => {
    const { refresh_token: token = '', access_token: access } = await launched('awa');
    expect(await read('/Patient/awa', access)).toBe(200);
    const form = { token, client_id: clientId };
    expect((await post(smart.server.origin, '/oidc/token/revocation', form)).status).toBe(200);
    expect(await read('/Patient/awa', access)).toBe(401);
    expect((await refresh(token)).status).toBe(400);
  });
});

describe('two launches of one application in one session', () => {
  it.each([
    ['with offline_access', kept],
    ['with online_access', online],
    ['with neither', 'launch openid patient/*.rs'],
  ])('do not disturb each other, %s', async (_how, scope) => {
    const first = await launched('awa', scope);
    const second = await launched('elodie', scope);
    expect([first['patient'], second['patient']]).toEqual(['awa', 'elodie']);
    expect(await read('/Patient/awa', first['access_token'])).toBe(200);
    expect(await read('/Patient/elodie', first['access_token'])).not.toBe(200);
    expect(await read('/Patient/elodie', second['access_token'])).toBe(200);
    expect(await read('/Patient/awa', second['access_token'])).not.toBe(200);
    if (first['refresh_token'] === undefined) return;
    expect((await refresh(first['refresh_token'])).body['patient']).toBe('awa');
    expect((await refresh(second['refresh_token'])).body['patient']).toBe('elodie');
  });
});

describe('the end of the session', () => {
  it('ends online_access, of all launches, and no offline_access', async () => {
    const own = new Browser();
    const [offline, first, second] = [
      await launched('awa', kept, own),
      await launched('awa', online, own),
      await launched('elodie', online, own),
    ];
    const question = await own.open(new URL('/oidc/session/end', smart.server.origin));
    await own.submit(question, '/session/end/confirm', { logout: 'yes' });
    for (const tokens of [first, second]) {
      expect(await read(`/Patient/${tokens['patient']}`, tokens['access_token'])).toBe(401);
      expect((await refresh(tokens['refresh_token'])).status).toBe(400);
    }
    expect(await read('/Patient/awa', offline['access_token'])).toBe(200);
    expect((await refresh(offline['refresh_token'])).body).toMatchObject(context);
  });

  it('for one application ends all of its launches, and the session goes on', async () => {
    const own = new Browser();
    const first = await launched('awa', online, own);
    const second = await launched('elodie', online, own);
    const url = new URL('/oidc/session/end', smart.server.origin);
    url.searchParams.set('client_id', clientId);
    await own.submit(await own.open(url), '/session/end/confirm');
    for (const tokens of [first, second]) {
      expect(await read(`/Patient/${tokens['patient']}`, tokens['access_token'])).toBe(401);
      expect((await refresh(tokens['refresh_token'])).status).toBe(400);
    }
    const third = await launched('awa', online, own);
    expect(await read('/Patient/awa', third['access_token'])).toBe(200);
  });
});
