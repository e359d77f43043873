/** https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation */
import { describe, expect, it } from 'vitest';
import { openDiscovery } from '../../../../src/auth/federation/discovery.ts';

const issuer = 'https://sso.hopital.fr/realms/h';
const good = {
  issuer,
  authorization_endpoint: `${issuer}/auth`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/certs`,
};

function discovery(first: unknown) {
  const state = { body: first, status: 200, at: 0, urls: [] as string[] };
  const opened = openDiscovery({
    fetch: (url) => {
      state.urls.push(String(url));
      return Promise.resolve(new Response(JSON.stringify(state.body), { status: state.status }));
    },
    isAllowed: ({ protocol }) => protocol === 'https:',
    now: () => state.at,
  });
  return { state, ask: () => opened.metadataOf({ issuer }), fresh: () => opened.metadataOf({ issuer }, true) };
}

describe('discovery', () => {
  it('asks below the issuer, path and all, and remembers for ten minutes', async () => {
    const { state, ask } = discovery(good);
    expect(await ask()).toMatchObject(good);
    await ask();
    expect(state.urls).toEqual([`${issuer}/.well-known/openid-configuration`]);
    state.at = 11 * 60 * 1000;
    await ask();
    expect(state.urls).toHaveLength(2);
  });

  it('refuses the document of another issuer', async () => {
    await expect(discovery({ ...good, issuer: 'https://evil.fr' }).ask()).rejects.toThrow('is of https://evil.fr');
  });

  it.each(['authorization_endpoint', 'token_endpoint', 'jwks_uri'])('refuses a document without %s', async (name) => {
    await expect(discovery({ ...good, [name]: undefined }).ask()).rejects.toThrow(`no ${name}`);
  });

  it.each(['authorization_endpoint', 'end_session_endpoint'])('sends no browser to a plain-text %s', async (name) => {
    await expect(discovery({ ...good, [name]: 'http://sso.hopital.fr/x' }).ask()).rejects.toThrow('not https');
    await expect(discovery({ ...good, [name]: 'javascript:alert(1)' }).ask()).rejects.toThrow('not https');
  });

  it('keeps the last good document for a day when the provider is down, but tells one who asks afresh', async () => {
    const { state, ask, fresh } = discovery(good);
    await ask();
    state.status = 503;
    state.at = 60 * 60 * 1000;
    expect(await ask()).toMatchObject(good);
    await expect(fresh()).rejects.toThrow('answers 503');
    state.at = 25 * 60 * 60 * 1000;
    await expect(ask()).rejects.toThrow('answers 503');
  });
});
