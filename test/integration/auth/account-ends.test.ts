/** What ends with a status, a password or a session: every kind of state, and every process hears of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changePassword } from '../../../src/auth/accounts/change-password.ts';
import { changeUser } from '../../../src/auth/accounts/change-user.ts';
import { acceptLink, issueLink } from '../../../src/auth/accounts/links.ts';
import { signOut } from '../../../src/auth/accounts/sessions.ts';
import { type AccountDeps, addUser } from '../../../src/auth/accounts.ts';
import { purgeExpired } from '../../../src/auth/housekeeping.ts';
import { openSecret } from '../../../src/auth/secret.ts';
import { silent } from '../../../src/shared/logger.ts';
import { noteSession } from '../../../src/store/accounts/browser-sessions.ts';
import { findUser } from '../../../src/store/accounts/users.ts';
import { saveHalfSignIn } from '../../../src/store/factors/half-sign-ins.ts';
import { saveArtifact } from '../../../src/store/oidc/save-artifact.ts';
import { watchRevocations } from '../../../src/store/oidc/watch-revocations.ts';
import { withStore } from '../../support/store.ts';

const database = withStore();
const admin = { client: { name: 'test' } };
const peer = { address: '192.0.2.1' };
const password = 'une phrase de passe';
let folder: string;
let deps: AccountDeps;
let userId = '';
const email = 'fin@hopital.fr';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livedoc-ends-'));
  const secret = await openSecret(folder);
  deps = {
    store: database.store,
    secret,
    validate: () => [],
    now: () => new Date(),
    base: 'http://x/fhir',
    log: silent,
  };
  ({ id: userId } = await addUser(deps, { email, role: 'MEDECIN', nom: 'Roy', prenom: 'Anne', password }));
});
afterAll(() => rm(folder, { recursive: true }));

/** A session of this name with all that comes of one, and a sign-in that waits for its second factor. */
async function openUp(uid: string): Promise<void> {
  const { db } = database.store;
  const own = { accountId: userId, clientId: 'client', grantId: `grant ${uid}`, sessionUid: uid };
  const save = (model: string, payload: Readonly<Record<string, unknown>>) =>
    saveArtifact(db, { model, id: `${model} ${uid}`, payload, expiresIn: 600 });
  await save('Session', { accountId: userId, uid, jti: `Session ${uid}` });
  for (const model of ['AccessToken', 'RefreshToken', 'AuthorizationCode']) await save(model, own);
  await save('Interaction', { session: { accountId: userId, uid } });
  const half = { hash: uid, userId, amr: ['pwd'], authTime: new Date(), isDone: false };
  await saveHalfSignIn(db, half, 300);
}

async function left(): Promise<readonly string[]> {
  const rows = await database.store.db.query<{ name: string }>({
    text: `select model || ' ' || coalesce(uid, payload->>'sessionUid', payload->'session'->>'uid') as name
      from oidc_model where account_id = $1 union all
      select 'half ' || interaction_hash from half_sign_in where user_id::text = $1 order by 1`,
    values: [userId],
  });
  return rows.map(({ name }) => name);
}

/** A promise and what keeps it. */
function promised<T>(): { readonly promise: Promise<T>; readonly keep: (value: T) => void } {
  const kept: { resolve?: (value: T) => void } = {};
  const promise = new Promise<T>((resolve) => {
    kept.resolve = resolve;
  });
  return { promise, keep: (value) => kept.resolve?.(value) };
}

/** Runs it while another process would be listening; answers the milliseconds until that hears. */
async function heard(run: () => Promise<unknown>): Promise<number> {
  const news = promised<number>();
  const listening = promised<void>();
  const watch = watchRevocations({
    databaseUrl: database.databaseUrl,
    schema: database.schema,
    log: silent,
    onDeaf: () => undefined,
    onListening: () => listening.keep(),
    onRevoked: () => news.keep(performance.now()),
    onKeys: () => undefined,
  });
  try {
    await listening.promise;
    await run();
    const done = performance.now();
    return (await news.promise) - done;
  } finally {
    await watch.close();
  }
}

describe('everything that is open', () => {
  it.each(['SUSPENDED', 'INACTIVE', 'ACTIVE'] as const)('ends when the account becomes %s', async (status) => {
    await openUp('one');
    expect(await left()).toHaveLength(6);
    expect(await heard(() => changeUser(deps, { id: userId }, { status }, admin))).toBeLessThan(1000);
    expect(await left()).toEqual([]);
  });

  it('ends when a password was set by a link', async () => {
    await openUp('one');
    const { url } = await issueLink(deps, { email }, admin);
    const token = new URL(url).searchParams.get('link') ?? '';
    const accept = () => acceptLink(deps, { token, password: 'une deuxième phrase' }, peer);
    expect(await heard(accept)).toBeLessThan(1000);
    expect(await left()).toEqual([]);
  });

  it('ends when an administrator signs the person out', async () => {
    await openUp('one');
    expect(await heard(() => signOut(database.store, { id: userId }, 'all', admin))).toBeLessThan(1000);
    expect(await left()).toEqual([]);
  });

  it('but for the own session ends when the person changes the password', async () => {
    await openUp('own');
    await openUp('other');
    const user = await findUser(database.store.db, userId);
    if (!user) throw new Error('There is no account.');
    const change = { current: 'une deuxième phrase', next: 'une troisième phrase' };
    const run = () => changePassword(deps, { user, sessionUid: 'own' }, change, peer);
    expect(await heard(run)).toBeLessThan(1000);
    expect(await left()).toEqual(['AccessToken own', 'AuthorizationCode own', 'RefreshToken own', 'Session own']);
  });

  it('of one session ends with it, and nothing of another', async () => {
    await openUp('lost');
    await database.store.db.query({ text: 'delete from half_sign_in' });
    const run = () => signOut(database.store, { id: userId }, { uid: 'lost' }, admin);
    expect(await heard(run)).toBeLessThan(1000);
    expect(await left()).toEqual(['AccessToken own', 'AuthorizationCode own', 'RefreshToken own', 'Session own']);
  });
});

describe('what is over', () => {
  it('is swept away: old links, and what is known of sessions that ended', async () => {
    const { db } = database.store;
    await issueLink(deps, { email }, admin);
    await noteSession(db, { uid: 'own', userId, userAgent: 'x', address: '192.0.2.1' });
    await noteSession(db, { uid: 'gone', userId, userAgent: 'x', address: '192.0.2.1' });
    await db.query({ text: "update browser_session set last_seen = now() - interval '2 hours'" });
    await db.query({ text: "update account_link set expires_at = now() - interval '2 days'" });
    await purgeExpired(database.store);
    expect(await db.query({ text: 'select uid from browser_session' })).toEqual([{ uid: 'own' }]);
    expect(await db.query({ text: 'select 1 from account_link' })).toEqual([]);
  });
});
