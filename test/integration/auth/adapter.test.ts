// What oidc-provider asks of its adapter, and what it leaves to it: that of many at once, in several processes, one wins.
import { errors } from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapterOn } from '../../../src/auth/adapter.ts';
import { silent } from '../../../src/shared/logger.ts';
import { findSession } from '../../../src/store/oidc/find-artifact.ts';
import { removeByAccount, removeExpired } from '../../../src/store/oidc/remove-artifacts.ts';
import { type OpenStore, openStore } from '../../../src/store/open.ts';
import { withStore } from '../../support/store.ts';

const database = withStore();
let others: OpenStore[];

beforeAll(async () => {
  const { databaseUrl, schema } = database;
  const options = { databaseUrl, schema, queryTimeoutSeconds: 20, log: silent };
  others = await Promise.all([openStore(options), openStore(options)]);
});
afterAll(() => Promise.all(others.map((store) => store.close())));

const noKeys = { keysFor: () => Promise.resolve({ keys: [] }) };

/** The model's adapter in this process and in two that share the database. */
const processes = (model: string) => [database.store, ...others].map(({ db }) => adapterOn(db, noKeys)(model));
const only = (model: string) => adapterOn(database.store.db, noKeys)(model);
const rows = (text: string) => database.store.db.query<Record<string, unknown>>({ text });

/** How twelve attempts at once, in three processes, came out. */
async function race(attempt: (model: ReturnType<typeof only>) => Promise<unknown>, model: string): Promise<unknown[]> {
  const adapters = processes(model);
  const tries = Array.from({ length: 12 }, (_, at) => attempt(adapters[at % adapters.length] as (typeof adapters)[0]));
  return (await Promise.allSettled(tries)).flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
}

describe('an artifact', () => {
  it('is found with its id by its id, which the database does not have', async () => {
    await only('AccessToken').upsert('the-secret-value', { jti: 'the-secret-value', accountId: 'a', scope: 'x' }, 60);
    expect(await only('AccessToken').find('the-secret-value')).toEqual({
      jti: 'the-secret-value',
      accountId: 'a',
      scope: 'x',
    });
    expect(JSON.stringify(await rows('select * from oidc_model'))).not.toContain('the-secret-value');
  });

  it('is not one of another model, unknown, destroyed or expired', async () => {
    await only('Grant').upsert('g', {}, 60);
    expect(await only('AccessToken').find('g')).toBeUndefined();
    expect(await only('Grant').find('h')).toBeUndefined();
    await only('Grant').destroy('g');
    expect(await only('Grant').find('g')).toBeUndefined();
    await only('Grant').upsert('late', {}, -1);
    expect(await only('Grant').find('late')).toBeUndefined();
  });

  it('saved again is the new one, and stays consumed', async () => {
    await only('RefreshToken').upsert('r', { scope: 'a' }, 60);
    await only('RefreshToken').consume('r');
    await only('RefreshToken').upsert('r', { scope: 'b' }, 60);
    await rows("update oidc_model set consumed_at = now() - interval '1 minute' where consumed_at is not null");
    const found = await only('RefreshToken').find('r');
    expect(found).toMatchObject({ scope: 'b' });
    expect(Math.abs(Number(found?.consumed) - (Date.now() / 1000 - 60))).toBeLessThan(30);
  });

  it('goes with its grant', async () => {
    await only('RefreshToken').upsert('r1', { grantId: 'g1' }, 60);
    await only('AccessToken').upsert('a1', { grantId: 'g1' }, 60);
    await only('AccessToken').upsert('a2', { grantId: 'g2' }, 60);
    await only('AccessToken').revokeByGrantId('g1');
    await only('RefreshToken').revokeByGrantId('g1');
    expect(await only('AccessToken').find('a1')).toBeUndefined();
    expect(await only('RefreshToken').find('r1')).toBeUndefined();
    expect(await only('AccessToken').find('a2')).toBeDefined();
  });

  it('of whatever model goes with its account, sign-ins under way too', async () => {
    await only('Session').upsert('s', { uid: 'u1', jti: 's', accountId: 'leaver' }, 60);
    await only('Interaction').upsert('i', { session: { accountId: 'leaver' } } as never, 60);
    await only('Interaction').upsert('j', { result: { login: { accountId: 'leaver' } } }, 60);
    await only('Grant').upsert('k', { accountId: 'stayer' }, 60);
    await removeByAccount(database.store.db, 'leaver');
    const left = await Promise.all([
      only('Session').find('s'),
      only('Interaction').find('i'),
      only('Interaction').find('j'),
    ]);
    expect(left).toEqual([undefined, undefined, undefined]);
    expect(await only('Grant').find('k')).toBeDefined();
  });

  it('is swept away when it has expired, a limited number at a time', async () => {
    for (const id of ['1', '2', '3']) await only('Grant').upsert(`old-${id}`, {}, -1);
    await only('Grant').upsert('new', {}, 60);
    await only('Client').find('nobody');
    expect(await removeExpired(database.store.db, 2)).toBe(2);
    expect(await removeExpired(database.store.db, 1000)).toBeGreaterThanOrEqual(1);
    expect(await removeExpired(database.store.db, 1000)).toBe(0);
    expect(await only('Grant').find('new')).toBeDefined();
  });
});

describe('a session', () => {
  it('is found by its uid and moves to a new id', async () => {
    const session = only('Session');
    await session.upsert('old', { uid: 'u', jti: 'old', accountId: 'a' }, 60);
    await session.upsert('new', { uid: 'u', jti: 'new', accountId: 'a' }, 60);
    expect(await session.findByUid('u')).toMatchObject({ jti: 'new' });
    expect(await session.find('old')).toBeUndefined();
    expect(await findSession(database.store.db, 'nobody')).toBeUndefined();
  });

  it('that moves twelve times at once is one session', async () => {
    let at = 0;
    const failures = await race((model) => {
      at += 1;
      return model.upsert(`id-${at}`, { uid: 'busy', jti: `id-${at}` }, 60);
    }, 'Session');
    expect(failures).toEqual([]);
    expect(await rows("select 1 from oidc_model where uid = 'busy'")).toHaveLength(1);
  });
});

describe('of twelve at once in three processes', () => {
  it.each(['AuthorizationCode', 'RefreshToken'])('one consumes a %s', async (model) => {
    for (let round = 0; round < 5; round += 1) {
      await only(model).upsert(`once-${round}`, { grantId: 'g' }, 60);
      const failures = await race((adapter) => Promise.resolve(adapter.consume(`once-${round}`)), model);
      expect(failures).toHaveLength(11);
      for (const failure of failures) expect(failure).toBeInstanceOf(errors.InvalidGrant);
    }
  });

  it('one uses an assertion, which may be used again when it has long expired', async () => {
    const use = (adapter: ReturnType<typeof only>) => Promise.resolve(adapter.upsert('jti', { iss: 'client' }, 60));
    const failures = await race(use, 'ReplayDetection');
    expect(failures).toHaveLength(11);
    for (const failure of failures) expect(failure).toBeInstanceOf(errors.InvalidClientAuth);
    await rows("update oidc_model set expires_at = now() - interval '1 second' where model = 'ReplayDetection'");
    expect(await race(use, 'ReplayDetection')).toHaveLength(11);
  });
});
