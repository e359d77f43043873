// http://hl7.org/fhir/smart-app-launch/token-introspection.html; tests named by Inferno's group of them.
import { decodeJwt } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../../support/browser.ts';
import { assertionType, claimsFor, type Key, makeKey, post, redirectUri } from '../../support/smart-client.ts';
import { launchApp, postLaunch } from '../../support/smart-launch.ts';
import { withSmartServer } from '../../support/smart-server.ts';

const smart = withSmartServer();
const scope = 'launch openid fhirUser offline_access patient/*.rs user/Practitioner.r';
let clientId = '';
let tokens: Readonly<Record<string, string>> = {};
let key: Key;
let viewer = '';

beforeAll(async () => {
  const { server } = smart;
  const kind = 'public' as const;
  const launchUrl = 'https://app.example/launch';
  ({ clientId } = await server.register({ name: 'A viewer', kind, redirectUris: [redirectUri], scope, launchUrl }));
  key = await makeKey('ES384');
  const resourceServer = { name: 'An archive', kind: 'backend', jwks: key.jwks, scope: 'introspection' } as const;
  ({ clientId: viewer } = await server.register(resourceServer));
  const token = await server.token({ scope: 'user/*.rs' });
  const asked = { client_id: clientId, patient: 'awa', encounter: 'awa-2', intent: 'screening', tenant: 'hospital-1' };
  const { body } = await postLaunch(server, token, asked);
  const changes = { launch: String(body['launch']) };
  ({ body: tokens } = (await launchApp(server.origin, { clientId, scope, changes }, new Browser())) as {
    body: Record<string, string>;
  });
}, 60_000);

const introspect = async (token: string, hint = 'access_token') =>
  post(smart.server.origin, '/oidc/token/introspection', {
    token,
    token_type_hint: hint,
    client_assertion_type: assertionType,
    client_assertion: await key.assertion(claimsFor(viewer, `${smart.server.origin}/oidc/token`)),
  });

describe('introspection', () => {
  it('9.20 smart_token_introspection_response: of a token that is good tells client, scope, end and context', async () => {
    const { status, body } = await introspect(tokens['access_token'] ?? '');
    expect([status, body]).toMatchObject([
      200,
      {
        active: true,
        client_id: clientId,
        patient: tokens['patient'],
        encounter: 'awa-2',
        intent: 'screening',
        tenant: 'hospital-1',
        need_patient_banner: true,
        exp: expect.any(Number),
      },
    ]);
    expect(String(body['scope']).split(' ').sort()).toEqual(String(tokens['scope']).split(' ').sort());
    expect(body['scope']?.toString().split(' ').sort()).toEqual(scope.split(' ').sort());
  });

  it('smart_token_introspection_response: repeats iss, sub and fhirUser of the ID token', async () => {
    const { iss, sub, fhirUser } = decodeJwt(tokens['id_token'] ?? '');
    const { body } = await introspect(tokens['access_token'] ?? '');
    expect(body).toMatchObject({ iss, sub, fhirUser });
    expect(fhirUser).toBe(`${smart.server.base}/Practitioner/${smart.server.users.MEDECIN.practitionerId}`);
  });

  it('smart_token_introspection_response: of anything else tells that it is not active, and nothing more', async () => {
    expect(await introspect('invented')).toMatchObject({ status: 200, body: { active: false } });
    expect((await introspect('invented')).body).toEqual({ active: false });
    const form = { token: tokens['access_token'] ?? '', client_id: 'nobody' };
    expect((await post(smart.server.origin, '/oidc/token/introspection', form)).status).toBe(401);
  });

  it('tells a client nothing of the tokens of another', async () => {
    const other = await smart.server.register({ name: 'Other', kind: 'public', redirectUris: [redirectUri], scope });
    const form = { token: tokens['access_token'] ?? '', client_id: other.clientId };
    expect((await post(smart.server.origin, '/oidc/token/introspection', form)).body).toEqual({ active: false });
  });

  it('knows the context of a refreshed token, and of none that was revoked', async () => {
    const { origin } = smart.server;
    const form = { grant_type: 'refresh_token', refresh_token: tokens['refresh_token'] ?? '', client_id: clientId };
    const { body } = await post(origin, '/oidc/token', form);
    expect((await introspect(String(body['access_token']))).body).toMatchObject({ active: true, patient: 'awa' });
    const revoked = { token: String(body['refresh_token']), client_id: clientId };
    await post(origin, '/oidc/token/revocation', revoked);
    expect((await introspect(String(body['access_token']))).body).toEqual({ active: false });
    expect((await introspect(String(body['refresh_token']), 'refresh_token')).body).toEqual({ active: false });
  });
});
