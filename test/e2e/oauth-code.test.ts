// http://hl7.org/fhir/smart-app-launch/app-launch.html
import { beforeAll, describe, expect, it } from 'vitest';
import { addClient } from '../../src/auth/clients.ts';
import { withOidcApp } from '../support/oidc-app.ts';
import { redirectUri, tokensFor } from '../support/smart-client.ts';

const server = withOidcApp();
const scope = 'openid fhirUser offline_access user/*.cruds';
let clientId: string;

beforeAll(async () => {
  const { store } = server.app;
  ({ clientId } = await addClient(store, { name: 'An app', kind: 'public', redirectUris: [redirectUri], scope }));
});

describe('authorization code with PKCE', () => {
  it('ends in a token', async () => {
    const { origin } = server.app;
    const tokens = await tokensFor({ origin, clientId, scope });
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 300 });
    const response = await fetch(`${origin}/fhir/Patient`, {
      headers: { authorization: `Bearer ${tokens['access_token']}` },
    });
    expect(await response.json()).toMatchObject({ letters: 'crus', caller: { role: 'MEDECIN' } });
  });
});
