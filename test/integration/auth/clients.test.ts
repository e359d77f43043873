import { exportJWK, generateKeyPair } from 'jose';
import { describe, expect, it } from 'vitest';
import { addClient, type NewClient, removeClient } from '../../../src/auth/clients.ts';
import { findClient } from '../../../src/store/oidc/clients.ts';
import { withStore } from '../../support/store.ts';

const database = withStore();
const pair = await generateKeyPair('ES384', { extractable: true });
const publicKey = { ...(await exportJWK(pair.publicKey)), kid: 'k' };
const privateKey = { ...(await exportJWK(pair.privateKey)), kid: 'k' };
const backend: NewClient = { name: 'EHR', kind: 'backend', scope: 'system/*.rs', jwks: { keys: [publicKey] } };
const app: NewClient = {
  name: 'App',
  kind: 'public',
  scope: 'openid user/*.rs',
  redirectUris: ['https://app.example/cb'],
};

describe('a client', () => {
  it('is stored as it was registered, its secret as a hash', async () => {
    const { db } = database.store;
    const { clientId, clientSecret } = await addClient(database.store, {
      ...app,
      kind: 'confidential',
      scope: ' openid  user/*.rs ',
    });
    const stored = await findClient(db, clientId);
    expect(stored).toMatchObject({
      kind: 'confidential',
      scope: 'openid user/*.rs',
      redirectUris: ['https://app.example/cb'],
    });
    expect(clientSecret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(JSON.stringify(stored)).not.toContain(clientSecret);
  });

  it('that is removed is found no more, and cannot be removed twice', async () => {
    const { clientId } = await addClient(database.store, backend);
    await removeClient(database.store, clientId);
    expect(await findClient(database.store.db, clientId)).toBeUndefined();
    await expect(removeClient(database.store, clientId)).rejects.toMatchObject({ kind: 'notFound' });
  });

  it.each<[string, NewClient, RegExp]>([
    ['no name', { ...backend, name: ' ' }, /name/],
    ['no keys for a backend', { name: 'x', kind: 'backend', scope: 'system/*.rs' }, /JWKS/],
    ['an empty key set', { ...backend, jwks: { keys: [] } }, /no keys/],
    ['a private key', { ...backend, jwks: { keys: [privateKey] } }, /private member d/],
    ['a key without id', { ...backend, jwks: { keys: [{ ...publicKey, kid: '' }] } }, /kid/],
    ['a shared key', { ...backend, jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'k' }] } }, /neither RSA nor EC/],
    ['keys twice', { ...backend, jwksUri: 'https://ehr.example/jwks' }, /either/],
    ['keys without TLS', { ...backend, jwks: undefined as never, jwksUri: 'http://ehr.example/jwks' }, /https/],
    ['scopes of persons for a backend', { ...backend, scope: 'user/*.rs' }, /for persons/],
    ['scopes of systems for an app', { ...app, scope: 'system/*.rs' }, /for backends/],
    ['a scope that is none', { ...backend, scope: 'system/*.rs magic' }, /"magic" is not a scope/],
    ['no redirect for an app', { ...app, redirectUris: [] }, /needs a redirect/],
    ['a redirect for a backend', { ...backend, redirectUris: ['https://x.example/'] }, /no redirect/],
    ['a relative redirect', { ...app, redirectUris: ['/cb'] }, /absolute/],
    ['a redirect with a fragment', { ...app, redirectUris: ['https://app.example/#cb'] }, /fragment/],
    ['a redirect without TLS', { ...app, redirectUris: ['http://app.example/cb'] }, /neither https/],
    ['a redirect that runs', { ...app, redirectUris: ['javascript:alert(1)'] }, /runs/],
    ['keys for a public client', { ...app, jwks: { keys: [publicKey] } }, /public client has no keys/],
    ['a launch URL that is none', { ...app, launchUrl: 'launch' }, /not a URL/],
  ])('with %s is refused', async (_name, client, message) => {
    await expect(addClient(database.store, client)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(message),
    });
  });
});
