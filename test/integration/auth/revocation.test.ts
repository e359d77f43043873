// What is remembered of a token, and how soon it is forgotten when another process takes the right away.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUserStatus } from '../../../src/auth/accounts/change-user.ts';
import { type AccountDeps, addUser } from '../../../src/auth/accounts.ts';
import { addClient, removeClient } from '../../../src/auth/clients.ts';
import { type Auth, openAuth } from '../../../src/auth/open-auth.ts';
import { openSecret } from '../../../src/auth/secret.ts';
import { silent } from '../../../src/shared/logger.ts';
import { removeArtifact } from '../../../src/store/oidc/remove-artifacts.ts';
import { saveArtifact } from '../../../src/store/oidc/save-artifact.ts';
import { withStore } from '../../support/store.ts';

const database = withStore();
let auth: Auth;
let deps: AccountDeps;
let folder: string;
let tokens = 0;

const base = 'http://localhost/fhir';
const email = 'anne@hopital.fr';

beforeAll(async () => {
  const { store, databaseUrl: url, schema } = database;
  folder = await mkdtemp(join(tmpdir(), 'livedoc-revocation-'));
  const secret = await openSecret(folder);
  deps = { store, secret, validate: () => [], now: () => new Date(), base, log: silent };
  auth = await openAuth({ store, secret, publicUrl: 'http://localhost', log: silent, database: { url, schema } });
});
afterAll(async () => {
  await auth.close();
  await rm(folder, { recursive: true });
});

const query = (text: string) => database.store.db.query<Record<string, unknown>>({ text });
const bearer = (token: string) => auth.authenticate({ authorization: `Bearer ${token}` });
const isGood = (token: string) =>
  bearer(token).then(
    () => true,
    () => false,
  );

async function token(fields: Readonly<Record<string, unknown>>): Promise<string> {
  tokens += 1;
  const id = `token-${tokens}`;
  const payload = { aud: base, scope: 'system/*.rs user/*.rs', ...fields };
  const model = fields['accountId'] ? 'AccessToken' : 'ClientCredentials';
  await saveArtifact(database.store.db, { model, id, payload, expiresIn: 300 });
  return id;
}

const newClient = async () => {
  const app = { name: 'App', kind: 'public', redirectUris: ['https://app.example/'], scope: 'openid' } as const;
  return (await addClient(database.store, app)).clientId;
};

/** Milliseconds until the token is refused. */
async function untilRefused(good: string): Promise<number> {
  const begun = performance.now();
  while (await isGood(good)) await sleep(2);
  return performance.now() - begun;
}

/** Whether two requests get their rules from one look into the database. */
async function isRemembered(good: string): Promise<boolean> {
  const [first, second] = [await bearer(good), await bearer(good)];
  return first.restrict === second.restrict;
}

/** Waits until the database is no longer asked for a token that is known: revocations are heard of. */
async function untilRemembered(good: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await isRemembered(good)) return;
    await sleep(50);
  }
  throw new Error('The token was never remembered.');
}

/** Well below the second after which a token would be asked for again anyway. */
const promised = 900;

describe('a token that is remembered', () => {
  it('is refused as soon as it is revoked', async () => {
    const good = await token({ clientId: await newClient() });
    await untilRemembered(good);
    await removeArtifact(database.store.db, 'ClientCredentials', good);
    expect(await untilRefused(good)).toBeLessThan(promised);
  });

  it('gives a request that is carried out later its access, as long as it is good', async () => {
    const clientId = await newClient();
    const good = await token({ clientId });
    const ticket = auth.later.ticketOf({ authorization: `Bearer ${good}` });
    expect(ticket).not.toContain(good);
    const access = await auth.later.resume(ticket, { requestId: 'r', address: '10.0.0.1' });
    expect(access.caller).toMatchObject({ clientId, requestId: 'r', address: '10.0.0.1' });
    expect([access.may('r', 'Patient'), access.may('c', 'Patient')]).toEqual([true, false]);
    await removeArtifact(database.store.db, 'ClientCredentials', good);
    await expect(auth.later.resume(ticket, {})).rejects.toMatchObject({ kind: 'unauthenticated' });
    await expect(auth.later.resume(good, {})).rejects.toMatchObject({ kind: 'unauthenticated' });
  });

  it('is refused as soon as its person is suspended', async () => {
    const { id: accountId } = await addUser(deps, {
      email,
      role: 'MEDECIN',
      nom: 'Roy',
      prenom: 'Anne',
      password: 'douze lettres',
    });
    const good = await token({ clientId: await newClient(), accountId });
    await untilRemembered(good);
    await setUserStatus(deps, { email, status: 'SUSPENDED' });
    expect(await untilRefused(good)).toBeLessThan(promised);
  });

  it('is refused as soon as its client is removed', async () => {
    const clientId = await newClient();
    const good = await token({ clientId });
    await untilRemembered(good);
    await removeClient(database.store, clientId);
    expect(await untilRefused(good)).toBeLessThan(promised);
  });

  it('is judged anew when the role of its person changes', async () => {
    const person = { email: 'role@hopital.fr', nom: 'Roy', prenom: 'Luc', password: 'douze lettres' };
    const { id: accountId } = await addUser(deps, { ...person, role: 'MEDECIN' });
    const good = await token({ clientId: await newClient(), accountId });
    await untilRemembered(good);
    await query(`update users set role = 'ADMINISTRATEUR' where email = 'role@hopital.fr'`);
    const begun = performance.now();
    while ((await bearer(good)).caller.role !== 'ADMINISTRATEUR') await sleep(2);
    expect(performance.now() - begun).toBeLessThan(promised);
  });

  it('is not forgotten because others have expired', async () => {
    const good = await token({ clientId: await newClient() });
    await untilRemembered(good);
    await saveArtifact(database.store.db, { model: 'AccessToken', id: 'old', payload: {}, expiresIn: -1 });
    const { restrict } = await bearer(good);
    await auth.purge();
    await sleep(20);
    expect((await bearer(good)).restrict).toBe(restrict);
  });
});

describe('while revocations cannot be heard of', () => {
  it('nothing is remembered, and they are heard of again by itself', async () => {
    const good = await token({ clientId: await newClient() });
    await untilRemembered(good);
    await query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'livedoc revocations'
      and datname = current_database()`);
    while (await isRemembered(good)) await sleep(5);
    await untilRemembered(good);
    await removeArtifact(database.store.db, 'ClientCredentials', good);
    expect(await untilRefused(good)).toBeLessThan(promised);
  });
});
