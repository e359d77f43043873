/** Second factors on a real PostgreSQL: what is good once is taken once, also when many ask at the same time. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkFactor } from '../../../../src/auth/factors/check.ts';
import type { FactorDeps } from '../../../../src/auth/factors/deps.ts';
import { addFactor, newDevice, newKeyOptions, renewCodes, sameDevice } from '../../../../src/auth/factors/enrol.ts';
import {
  askable,
  dropFactor,
  factorsOf,
  needsSecondFactor,
  resetFactors,
  resetFactorsByEmail,
} from '../../../../src/auth/factors/manage.ts';
import { ofSession, type Reproof, reauthenticate } from '../../../../src/auth/factors/reauthenticate.ts';
import { hashPassword } from '../../../../src/auth/passwords.ts';
import { openSecret, type Secret } from '../../../../src/auth/secret.ts';
import { silent } from '../../../../src/shared/logger.ts';
import type { User, UserRole } from '../../../../src/store/accounts/users.ts';
import { removeOldFactorState } from '../../../../src/store/factors/challenges.ts';
import { type OpenStore, openStore } from '../../../../src/store/open.ts';
import { Authenticator, type Behaviour } from '../../../support/authenticator.ts';
import { aUser, clock, codeAt, factorDeps, peer } from '../../../support/factor-deps.ts';
import { withStore } from '../../../support/store.ts';

const database = withStore();
const time = clock();
let folder: string;
let secret: Secret;
let deps: FactorDeps;
/** Another process of the same installation. */
let other: FactorDeps;
let otherStore: OpenStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livedoc-factors-'));
  secret = await openSecret(folder);
  deps = factorDeps(database.store, secret, time.now);
  const { databaseUrl, schema } = database;
  otherStore = await openStore({ databaseUrl, schema, queryTimeoutSeconds: 20, log: silent });
  other = factorDeps(otherStore, secret, time.now);
});
afterAll(async () => {
  await otherStore.close();
  await rm(folder, { recursive: true });
});

const boundTo = 'session of a test';
/** Delays that there are outlast the test, however slow the machine. */
const holdDelays = () =>
  database.store.db.query({
    text: "update attempt set blocked_until = now() + interval '1 hour' where blocked_until is not null",
  });
const audited = async (subtype: string, user: User) => {
  const rows = await database.store.db.query<{ record: string }>({
    text: 'select record::text as record from audit_log',
  });
  return rows.filter(({ record }) => record.includes(`"${subtype}"`) && record.includes(user.practitionerId)).length;
};

/** Adds an authenticator app; gives its secret and what was answered. */
async function withDevice(user: User, isFirst = true) {
  const device = newDevice(deps, { user, boundTo });
  const enrolment = { name: 'Téléphone', sealed: device.sealed, code: codeAt(device.secret, time.now()) };
  const result = await addFactor(deps, { user, boundTo }, enrolment, peer, isFirst);
  if (result.kind !== 'added') throw new Error('The device was not added.');
  // Its first code is used up with it.
  time.turn(30);
  return { secret: device.secret, sealed: device.sealed, codes: result.recoveryCodes ?? [] };
}

async function withKey(user: User, key: Authenticator, otherwise: Behaviour = {}) {
  const options = await newKeyOptions(deps, { user, boundTo });
  const attestation = key.create(options, deps.rp.origin, otherwise);
  return addFactor(deps, { user, boundTo }, { name: 'Clé', attestation }, peer, false);
}

const prove = (user: User, tried: { code?: string; assertion?: string }, by = deps) =>
  checkFactor(by, { user, boundTo, ...tried }, peer);

describe('a device', () => {
  it('counts after its first right code, and comes with ten recovery codes', async () => {
    const user = await aUser(database.store);
    expect(await needsSecondFactor(deps, user)).toBe(false);
    const { codes, secret: text } = await withDevice(user);
    expect(codes).toHaveLength(10);
    expect(await needsSecondFactor(deps, user)).toBe(true);
    expect(await factorsOf(deps, user)).toMatchObject({
      factors: [{ kind: 'totp', name: 'Téléphone' }],
      codesLeft: 10,
    });
    expect(await prove(user, { code: codeAt(text, time.now()) })).toEqual({
      kind: 'right',
      method: 'otp',
      isUserVerified: false,
    });
    expect(await audited('factor-add', user)).toBe(1);
  });

  it('leaves neither its secret nor a recovery code in the database', async () => {
    const user = await aUser(database.store);
    const { secret: text, codes } = await withDevice(user);
    const rows = await database.store.db.query<Record<string, unknown>>({
      text: `select row_to_json(f)::text as t, encode(sealed_secret, 'escape') as s from second_factor f
        union all select row_to_json(c)::text, null from recovery_code c
        union all select record::text, null from audit_log`,
    });
    const stored = JSON.stringify(rows);
    expect(stored).not.toContain(text);
    for (const code of codes) expect(stored).not.toContain(code);
    for (const code of codes) expect(stored).not.toContain(code.replaceAll('-', ''));
  });

  it.each([
    ['another code', { code: '000000' }],
    ['no code', { code: '' }],
    ['no secret', { sealed: '' }],
    ['a changed secret', { sealed: 'AAAA' }],
  ])('with %s is not added', async (_name, changes) => {
    const user = await aUser(database.store);
    const device = newDevice(deps, { user, boundTo });
    const enrolment = { name: 'x', sealed: device.sealed, code: codeAt(device.secret, time.now()), ...changes };
    expect(await addFactor(deps, { user, boundTo }, enrolment, peer, true)).toEqual({ kind: 'refused' });
    expect((await factorsOf(deps, user)).factors).toEqual([]);
  });

  it('is not added with the secret of another person or another session, or after its time', async () => {
    const [user, neighbour] = [await aUser(database.store), await aUser(database.store)];
    const device = newDevice(deps, { user, boundTo });
    const enrolment = () => ({ name: 'x', sealed: device.sealed, code: codeAt(device.secret, time.now()) });
    const refused = { kind: 'refused' };
    expect(await addFactor(deps, { user: neighbour, boundTo }, enrolment(), peer, true)).toEqual(refused);
    expect(await addFactor(deps, { user, boundTo: 'another' }, enrolment(), peer, true)).toEqual(refused);
    expect(sameDevice(deps, { user, boundTo }, device.sealed)).toEqual(device);
    time.turn(15 * 60 + 1);
    expect(await addFactor(deps, { user, boundTo }, enrolment(), peer, true)).toEqual(refused);
    expect(sameDevice(deps, { user, boundTo }, device.sealed).secret).not.toBe(device.secret);
  });

  it('is added once, and as the first only where there is none', async () => {
    const user = await aUser(database.store);
    const first = newDevice(deps, { user, boundTo });
    const enrolment = { name: 'x', sealed: first.sealed, code: codeAt(first.secret, time.now()) };
    const add = (by: FactorDeps) => addFactor(by, { user, boundTo }, enrolment, peer, false);
    const results = await Promise.all([add(deps), add(other), add(deps), add(other)]);
    expect(results.filter(({ kind }) => kind === 'added')).toHaveLength(1);
    const second = newDevice(deps, { user, boundTo });
    const late = { name: 'y', sealed: second.sealed, code: codeAt(second.secret, time.now()) };
    expect(await addFactor(deps, { user, boundTo }, late, peer, true)).toEqual({ kind: 'refused' });
    expect(await addFactor(deps, { user, boundTo }, late, peer, false)).toEqual({ kind: 'added', method: 'otp' });
  });

  it('has a name of at most 64 characters, without control characters', async () => {
    const user = await aUser(database.store);
    const device = newDevice(deps, { user, boundTo });
    const name = `\u0000${'é'.repeat(100)}`;
    const enrolment = { name, sealed: device.sealed, code: codeAt(device.secret, time.now()) };
    await addFactor(deps, { user, boundTo }, enrolment, peer, true);
    expect((await factorsOf(deps, user)).factors[0]?.name).toBe('é'.repeat(64));
  });
});

describe('a code', () => {
  it('is taken once, also of four at once in two processes (RFC 6238, 5.2)', async () => {
    const user = await aUser(database.store);
    const { secret: text } = await withDevice(user);
    const code = codeAt(text, time.now());
    const results = await Promise.all([deps, other, deps, other].map((by) => prove(user, { code }, by)));
    expect(results.map(({ kind }) => kind).sort()).toEqual(['refused', 'refused', 'refused', 'right']);
    expect((await prove(user, { code })).kind).toBe('refused');
    time.turn(30);
    expect((await prove(user, { code: codeAt(text, time.now()) })).kind).toBe('right');
  });

  it('of any of several devices is right', async () => {
    const user = await aUser(database.store);
    const first = await withDevice(user);
    const second = await withDevice(user, false);
    expect((await prove(user, { code: codeAt(first.secret, time.now()) })).kind).toBe('right');
    expect((await prove(user, { code: codeAt(second.secret, time.now()) })).kind).toBe('right');
  });

  it('of another person is wrong', async () => {
    const [user, neighbour] = [await aUser(database.store), await aUser(database.store)];
    await withDevice(user);
    const { secret: text } = await withDevice(neighbour);
    expect((await prove(user, { code: codeAt(text, time.now()) })).kind).toBe('refused');
  });

  it('cannot be guessed: after five tries the account waits, in every process, and each is in the audit trail', async () => {
    const user = await aUser(database.store);
    const { secret: text, codes } = await withDevice(user);
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, at) => prove(user, { code: '000000' }, at % 2 ? deps : other)),
    );
    // Six, and one more for each delay that a slow machine takes to ask them all.
    expect(results.filter(({ kind }) => kind === 'refused').length).toBeLessThan(9);
    expect(results.filter(({ kind }) => kind === 'wait').length).toBeGreaterThan(3);
    await holdDelays();
    expect((await prove(user, { code: codeAt(text, time.now()) }, other)).kind).toBe('wait');
    expect((await prove(user, { code: codes[0] ?? '' })).kind).toBe('wait');
    expect(await audited('second-factor', user)).toBe(14);
  });
});

describe('a recovery code', () => {
  it('is good once, also of four at once in two processes, and says how many are left', async () => {
    const user = await aUser(database.store);
    const { codes } = await withDevice(user);
    const code = (codes[0] ?? '').toLowerCase().replaceAll('-', ' ');
    const results = await Promise.all([deps, other, deps, other].map((by) => prove(user, { code }, by)));
    expect(results.map(({ kind }) => kind).sort()).toEqual(['refused', 'refused', 'refused', 'right']);
    expect(results.find(({ kind }) => kind === 'right')).toMatchObject({ method: 'otp', codesLeft: 9 });
    expect((await factorsOf(deps, user)).codesLeft).toBe(9);
    expect(await audited('recovery-code-used', user)).toBe(1);
  });

  it('is good no more when new ones are made, and never for somebody else', async () => {
    const [user, neighbour] = [await aUser(database.store), await aUser(database.store)];
    const { codes } = await withDevice(user);
    await withDevice(neighbour);
    expect((await prove(neighbour, { code: codes[1] ?? '' })).kind).toBe('refused');
    const renewed = await database.store.transaction((tx) => renewCodes(deps, tx, user, peer));
    expect((await prove(user, { code: codes[1] ?? '' })).kind).toBe('refused');
    expect(await prove(user, { code: renewed[1] ?? '' })).toMatchObject({ kind: 'right', codesLeft: 9 });
  });
});

describe('a security key', () => {
  const keyOptions = async (user: User) => (await askable(deps, user, boundTo)).keyOptions ?? '';

  it('is registered and proves itself (WebAuthn 7.1, 7.2)', async () => {
    const user = await aUser(database.store);
    const key = new Authenticator();
    expect(await withKey(user, key)).toMatchObject({ kind: 'added', method: 'hwk', recoveryCodes: expect.any(Array) });
    const assertion = key.get(await keyOptions(user), deps.rp.origin);
    expect(await prove(user, { assertion })).toEqual({ kind: 'right', method: 'hwk', isUserVerified: false });
  });

  it('that may be copied is software to RFC 8176, and one that knows its user says so', async () => {
    const user = await aUser(database.store);
    const key = new Authenticator({ verifiesUser: true, isPasskey: true });
    expect(await withKey(user, key)).toMatchObject({ method: 'swk' });
    const assertion = key.get(await keyOptions(user), deps.rp.origin);
    expect(await prove(user, { assertion })).toEqual({ kind: 'right', method: 'swk', isUserVerified: true });
  });

  it.each<[string, Behaviour]>([
    ['for another site', { origin: 'https://evil.example' }],
    ['for another relying party', { rpId: 'evil.example' }],
    ['with another challenge', { challenge: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
    ['of a sign-in', { type: 'webauthn.get' }],
    ['without its user', { flags: 0 }],
  ])('is not registered by an answer %s', async (_name, otherwise) => {
    const user = await aUser(database.store);
    expect(await withKey(user, new Authenticator(), otherwise)).toEqual({ kind: 'refused' });
    expect((await factorsOf(deps, user)).factors).toEqual([]);
  });

  it.each<[string, Behaviour]>([
    ['signed by another key', { isForged: true }],
    ['for another site', { origin: 'https://evil.example' }],
    ['for another relying party', { rpId: 'evil.example' }],
    ['with another challenge', { challenge: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
    ['of a registration', { type: 'webauthn.create' }],
    ['without its user', { flags: 0 }],
    ['of an unknown key', { id: 'AAAA' }],
    ['whose counter has gone back', { counter: 3 }],
  ])('does not prove itself by an answer %s', async (_name, otherwise) => {
    const user = await aUser(database.store);
    const key = new Authenticator();
    await withKey(user, key);
    key.counter = 4;
    expect((await prove(user, { assertion: key.get(await keyOptions(user), deps.rp.origin) })).kind).toBe('right');
    const assertion = key.get(await keyOptions(user), deps.rp.origin, otherwise);
    expect((await prove(user, { assertion })).kind).toBe('refused');
  });

  it.each(['{', 'null', '7', '[]', '{}', `{"id":"${'x'.repeat(20_000)}"}`])(
    'does not prove itself by %.20s',
    async (assertion) => {
      const user = await aUser(database.store);
      await withKey(user, new Authenticator());
      expect((await prove(user, { assertion })).kind).toBe('refused');
    },
  );

  it('answers each challenge once, also when four answers come at once to two processes', async () => {
    const user = await aUser(database.store);
    const key = new Authenticator();
    await withKey(user, key);
    const options = await keyOptions(user);
    // Each with a counter of its own, so that nothing but the challenge can be what is used up.
    const answers = Array.from({ length: 4 }, () => key.get(options, deps.rp.origin));
    const results = await Promise.all(
      answers.map((assertion, at) => prove(user, { assertion }, at % 2 ? deps : other)),
    );
    expect(results.map(({ kind }) => kind).sort()).toEqual(['refused', 'refused', 'refused', 'right']);
  });

  it('answers a challenge only in the session that it was made for, and not for another person', async () => {
    const [user, neighbour] = [await aUser(database.store), await aUser(database.store)];
    const key = new Authenticator();
    await withKey(user, key);
    await withKey(neighbour, new Authenticator());
    const elsewhere = key.get((await askable(deps, user, 'another session')).keyOptions ?? '', deps.rp.origin);
    expect((await prove(user, { assertion: elsewhere })).kind).toBe('refused');
    const theirs = key.get(await keyOptions(neighbour), deps.rp.origin);
    expect((await prove(user, { assertion: theirs })).kind).toBe('refused');
  });

  it('is registered once', async () => {
    const user = await aUser(database.store);
    const key = new Authenticator();
    await withKey(user, key);
    expect(await withKey(user, key)).toEqual({ kind: 'refused' });
    expect(JSON.parse(await newKeyOptions(deps, { user, boundTo }))).toMatchObject({
      excludeCredentials: [{ id: key.id.toString('base64url') }],
      attestation: 'none',
    });
  });

  it('challenges are removed when their time is over', async () => {
    await database.store.db.query({ text: "update factor_challenge set expires_at = now() - interval '1 second'" });
    await removeOldFactorState(database.store.db);
    expect(await database.store.db.query({ text: 'select 1 from factor_challenge' })).toEqual([]);
  });
});

describe('taking a factor away', () => {
  it.each<[UserRole, string]>([
    ['MEDECIN', 'gone'],
    ['ADMINISTRATEUR', 'kept'],
  ])('as %s leaves the last one %s', async (role, expected) => {
    const user = await aUser(database.store, role);
    expect(await needsSecondFactor(deps, user)).toBe(role === 'ADMINISTRATEUR');
    await withDevice(user);
    const [factor] = (await factorsOf(deps, user)).factors;
    const removing = dropFactor(deps, user, factor?.id ?? '', peer);
    if (expected === 'kept') await expect(removing).rejects.toMatchObject({ kind: 'conflict' });
    else await removing;
    const after = await factorsOf(deps, user);
    expect(after.factors).toHaveLength(expected === 'kept' ? 1 : 0);
    expect(after.codesLeft).toBe(expected === 'kept' ? 10 : undefined);
  });

  it('of somebody else is refused', async () => {
    const [user, neighbour] = [await aUser(database.store), await aUser(database.store)];
    await withDevice(user);
    const [factor] = (await factorsOf(deps, user)).factors;
    await expect(dropFactor(deps, neighbour, factor?.id ?? '', peer)).rejects.toMatchObject({ kind: 'notFound' });
    await expect(dropFactor(deps, user, 'no id', peer)).rejects.toMatchObject({ kind: 'notFound' });
    expect((await factorsOf(deps, user)).factors).toHaveLength(1);
  });

  it('by an administrator takes all, and the sessions with them', async () => {
    const user = await aUser(database.store, 'ADMINISTRATEUR');
    const { codes } = await withDevice(user);
    await database.store.db.query({
      text: `insert into oidc_model (model, id_hash, payload, account_id) values ('Session', $1, '{}', $1)`,
      values: [user.id],
    });
    const actor = { client: { name: 'a test' } };
    expect(await resetFactors(database.store, user.id, actor)).toBe(1);
    expect(await factorsOf(deps, user)).toEqual({ factors: [], codesLeft: undefined, isMandatory: true });
    expect((await prove(user, { code: codes[0] ?? '' })).kind).toBe('refused');
    const sessions = { text: 'select 1 from oidc_model where account_id = $1', values: [user.id] };
    expect(await database.store.db.query(sessions)).toEqual([]);
    await expect(resetFactors(database.store, 'nobody', actor)).rejects.toMatchObject({ kind: 'notFound' });
    await expect(resetFactorsByEmail(database.store, 'nobody@x.fr', actor)).rejects.toMatchObject({ kind: 'notFound' });
    expect(await resetFactorsByEmail(database.store, user.email.toUpperCase(), actor)).toBe(0);
    const self = { ...actor, user: { name: 'x', reference: `Practitioner/${user.practitionerId}` } };
    await expect(resetFactors(database.store, user.id, self)).rejects.toMatchObject({ kind: 'conflict' });
  });
});

describe('proving it again', () => {
  const password = 'un mot de passe assez long';
  let hash: string;
  beforeAll(async () => {
    hash = await hashPassword(secret.derive('pepper'), password);
  });

  async function aSession(): Promise<{ user: User; sessionUid: string }> {
    const user = await aUser(database.store);
    await database.store.db.query({
      text: 'update users set password_hash = $2 where id::text = $1',
      values: [user.id, hash],
    });
    return { user, sessionUid: `session-${user.id}` };
  }
  const again = (session: { user: User; sessionUid: string }, proof: Reproof) =>
    reauthenticate(deps, session, proof, peer);

  it('takes the password where there is no second factor', async () => {
    const session = await aSession();
    expect(await again(session, { password })).toEqual({ kind: 'welcome', amr: ['pwd'] });
    expect(await again(session, { password: 'not the password' })).toEqual({ kind: 'refused' });
    expect(await again(session, {})).toEqual({ kind: 'refused' });
    expect(await again(session, { code: '123456' })).toEqual({ kind: 'refused' });
    expect(await audited('reauthentication', session.user)).toBe(1);
  });

  it('takes both where there is one, and a code once', async () => {
    const session = await aSession();
    const { secret: text } = await withDevice(session.user);
    expect(await again(session, { password })).toEqual({ kind: 'refused' });
    expect(await again(session, { code: codeAt(text, time.now()) })).toEqual({ kind: 'refused' });
    const proof = { password, code: codeAt(text, time.now()) };
    expect(await again(session, proof)).toEqual({ kind: 'welcome', amr: ['pwd', 'otp', 'mfa'] });
    expect(await again(session, proof)).toEqual({ kind: 'refused' });
    time.turn(30);
    const wrong = { password: 'not the password', code: codeAt(text, time.now()) };
    expect(await again(session, wrong)).toEqual({ kind: 'refused' });
  });

  it('takes a key alone when it has verified its user, of this session only', async () => {
    const session = await aSession();
    const [key, plain] = [new Authenticator({ verifiesUser: true }), new Authenticator()];
    await withKey(session.user, key);
    await withKey(session.user, plain);
    const ask = async (uid: string) => (await askable(deps, session.user, ofSession(uid))).keyOptions ?? '';
    const elsewhere = key.get(await ask('another'), deps.rp.origin);
    expect(await again(session, { assertion: elsewhere })).toEqual({ kind: 'refused' });
    const bare = plain.get(await ask(session.sessionUid), deps.rp.origin);
    expect(await again(session, { assertion: bare })).toEqual({ kind: 'refused' });
    const assertion = key.get(await ask(session.sessionUid), deps.rp.origin);
    expect(await again(session, { assertion })).toEqual({ kind: 'welcome', amr: ['hwk', 'mfa'] });
  });

  it('is over with the account, and waits after too many tries', async () => {
    const session = await aSession();
    const { secret: text } = await withDevice(session.user);
    for (let guess = 0; guess < 6; guess += 1) await again(session, { password, code: '000000' });
    await holdDelays();
    expect((await again(session, { password, code: codeAt(text, time.now()) })).kind).toBe('wait');
    const suspended = await aSession();
    await database.store.db.query({
      text: "update users set status = 'SUSPENDED' where id::text = $1",
      values: [suspended.user.id],
    });
    expect(await again(suspended, { password })).toEqual({ kind: 'refused' });
  });
});
